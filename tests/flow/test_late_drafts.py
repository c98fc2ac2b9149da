"""Drafts that nobody approved in time: they give way to newer ones, and use up no stories."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from digest import jobs, pipeline
from digest.demo.inbox import Inbox
from digest.model.edition import Edition, EditionState, EditionStory
from digest.services import Services
from subscribers.cadence import Cadence
from tests.conftest import MakeServices
from tests.factories import write_feed
from tests.fakes import FixedClock
from tests.flow.walk import subscribe

DUE = datetime(2026, 11, 23, 6, tzinfo=UTC)  # 07:00 in Berlin


def with_a_reader(services: Services) -> Services:
    subscribe(services, "ana")
    return services


def states(services: Services) -> dict[str, str]:
    """Return state and reason of every Edition that is past its planning, by date."""
    with services.reading() as session:
        found = session.scalars(select(Edition).where(Edition.state != EditionState.PLANNED)).all()
    return {f"{edition.date:%d}": f"{edition.state}: {edition.reason}" for edition in found}


def test_a_draft_whose_hour_fell_into_an_outage_is_skipped_and_its_stories_stay_fresh(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox, tmp_path: Path
) -> None:
    clock.set(DUE - timedelta(minutes=30))
    services = with_a_reader(make_services(sqlite_url, smtp_port=inbox.port))
    write_feed(tmp_path / "news", ("Harbour opens after nine years", "https://post.example/1"), published=DUE)
    jobs.tick(services)
    assert states(services) == {"23": "draft: "}

    clock.set(DUE + timedelta(hours=9))
    jobs.tick(services)

    assert states(services) == {"23": "skipped: too late"}
    assert inbox.files() == []
    with services.reading() as session:
        assert session.scalar(select(func.count()).select_from(EditionStory)) == 0


def test_a_draft_that_nobody_approved_gives_way_to_the_next_days(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox, tmp_path: Path
) -> None:
    clock.set(DUE - timedelta(minutes=30))
    services = with_a_reader(make_services(sqlite_url, smtp_port=inbox.port, more='approval = "required"'))
    write_feed(tmp_path / "news", ("Harbour opens after nine years", "https://post.example/1"), published=DUE)
    jobs.tick(services)

    clock.set(DUE + timedelta(hours=23, minutes=30))
    jobs.tick(services)

    assert states(services) == {"23": "skipped: superseded by the Edition of 2026-11-24", "24": "draft: "}
    with services.reading() as session:
        newest = session.scalars(select(Edition).where(Edition.state == EditionState.DRAFT)).one()
        assert [story.headline for story in newest.draft.stories] == ["Harbour opens after nine years"]


def test_an_editor_who_approves_late_still_sends_it(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox, tmp_path: Path
) -> None:
    clock.set(DUE - timedelta(minutes=30))
    services = with_a_reader(make_services(sqlite_url, smtp_port=inbox.port, more='approval = "required"'))
    write_feed(tmp_path / "news", ("Harbour opens after nine years", "https://post.example/1"), published=DUE)
    jobs.tick(services)
    clock.set(DUE + timedelta(hours=9))
    jobs.tick(services)
    prepared = pipeline.prepare_edition(services, services.newsletter("morning"), Cadence.DAILY, DUE.date())

    pipeline.approve(services, prepared.edition_id, by="ed@paper.example")
    jobs.tick(services)

    assert states(services) == {"23": "sent: "}
    assert len(inbox.files()) == 1
