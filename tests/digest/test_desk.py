"""The acts of editors: what the desk lists, shows, previews, holds and releases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest import pipeline
from digest.desk import listing, opening, proofs, releasing
from digest.errors import UnknownEdition, UnknownNewsletter, WrongState
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.proof import Viewpoint
from digest.render.lint import Rule, Severity
from digest.services import INERT_TOKEN, Services
from digest.store import editions
from subscribers.cadence import Cadence
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import drop_news

DUE = datetime(2026, 11, 23, 6, tzinfo=UTC)  # 07:00 in Berlin, an hour after the clock's first instant
DAY = timedelta(days=1)
TWO_SECTIONS = """
[[newsletter.source]]
folder = "science"
section = "Science"
"""


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str, clock: FixedClock, tmp_path: Path) -> Services:
    drop_news(tmp_path / "news", "aldmere", at=clock.now())
    drop_news(tmp_path / "science", "dunmoor", at=clock.now())
    return make_services(sqlite_url, more=TWO_SECTIONS)


def plan(services: Services, *days: int, cadence: Cadence = Cadence.DAILY) -> None:
    """Plan the Editions of today and so many days."""
    newsletter = services.newsletter("morning")
    with services.session() as session:
        for day in days:
            pipeline.plan_edition(session, newsletter, cadence, (DUE + day * DAY).date(), DUE - DAY)


def test_the_desk_lists_todays_edition_while_later_ones_are_planned(services: Services) -> None:
    plan(services, -1, 0, 1, 2)

    (row,) = listing.todays(services)

    assert (row.date, row.state) == (DUE.date(), EditionState.PLANNED)


def test_the_desk_lists_the_next_edition_on_a_day_without_one(services: Services) -> None:
    plan(services, -1, 2)

    (row,) = listing.todays(services)

    assert row.date == (DUE + 2 * DAY).date()


def test_the_desk_lists_each_cadence_even_before_anything_is_planned(
    make_services: MakeServices, sqlite_url: str
) -> None:
    services = make_services(sqlite_url, more='cadences = ["daily", "weekly"]')

    rows = listing.todays(services)

    assert [(row.cadence, row.date, row.edition_id) for row in rows] == [
        (Cadence.DAILY, DUE.date(), None),
        (Cadence.WEEKLY, DUE.date(), None),
    ]


def test_today_is_the_newsletters_own_day(make_services: MakeServices, sqlite_url: str, clock: FixedClock) -> None:
    clock.set(datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    services = make_services(sqlite_url)

    (row,) = listing.todays(services)

    assert row.date.isoformat() == "2026-11-24"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(-90, "in 1 h 30 min"), (-60, "in 1 h"), (-5, "in 5 min"), (0, "now"), (90, "now")],
)
def test_the_desk_says_when_a_draft_goes_out(services: Services, clock: FixedClock, minutes: int, words: str) -> None:
    releasing.prepare(services, "morning")
    clock.set(DUE + timedelta(minutes=minutes))

    (row,) = listing.todays(services)

    assert row.will_happen == f"goes out {words}, automatically"


def test_the_desk_says_that_a_draft_waits_where_approval_is_required(
    make_services: MakeServices, services: Services, sqlite_url: str
) -> None:
    strict = make_services(sqlite_url, more=f'approval = "required"\n{TWO_SECTIONS}')
    releasing.prepare(strict, "morning")

    (row,) = listing.todays(strict)

    assert row.will_happen == "due in 1 h, once approved"


def test_preparing_at_the_desk_gathers_first_and_is_safe_to_repeat(services: Services) -> None:
    first = releasing.prepare(services, "morning")
    second = releasing.prepare(services, "morning")

    opened = opening.open_edition(services, first)
    assert first == second
    assert [section.title for section in opened.draft.sections] == ["Science", "World"]
    assert (opened.row.stories, opened.row.coverage) == (2, "2 of 2 sources answered")
    assert proofs.checks(services, first).layout.size_bytes > 1000
    assert opened.rendered_hash is None


def test_a_preview_carries_links_that_open_nothing(services: Services) -> None:
    edition_id = releasing.prepare(services, "morning")

    filled = proofs.preview(services, edition_id)

    assert services.links.unsubscribe(INERT_TOKEN) in filled.html
    assert services.links.unsubscribe(INERT_TOKEN) in filled.text


@pytest.mark.parametrize(
    ("sections", "shows_world", "shows_science"),
    [(None, True, True), (("world",), True, False), (("science",), False, True), (("sports",), True, True)],
    ids=["all", "one", "the other", "one without news shows all"],
)
def test_a_preview_shows_what_a_reader_of_those_sections_gets(
    services: Services, sections: tuple[str, ...] | None, shows_world: bool, shows_science: bool
) -> None:
    edition_id = releasing.prepare(services, "morning")

    text = proofs.preview(services, edition_id, Viewpoint(sections=sections)).text

    assert ("Quarry council" in text) is shows_world
    assert ("Vaccine trial" in text) is shows_science


def test_after_approval_the_preview_is_the_frozen_mail(
    make_services: MakeServices, services: Services, sqlite_url: str
) -> None:
    edition_id = releasing.prepare(services, "morning")
    releasing.approve(services, edition_id, by="anna@example.org")
    before = proofs.preview(services, edition_id)

    renamed = make_services(sqlite_url, more=f'look = {{ accent = "#123456" }}\n{TWO_SECTIONS}')

    assert proofs.preview(renamed, edition_id) == before
    assert opening.open_edition(renamed, edition_id).rendered_hash is not None


def test_an_edition_is_opened_with_what_the_lint_says_of_it(services: Services) -> None:
    edition_id = releasing.prepare(services, "morning")

    assert proofs.checks(services, edition_id).findings == ()


def test_a_newsletters_own_list_of_accepted_features_is_used(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    drop_news(tmp_path / "news", "aldmere", at=clock.now())
    (tmp_path / "own" / "lint").mkdir(parents=True)
    (tmp_path / "own" / "lint" / "accepted.txt").write_text("# Nothing.", encoding="utf-8")
    services = make_services(sqlite_url, more='templates = "own"')
    edition_id = releasing.prepare(services, "morning")

    findings = proofs.checks(services, edition_id).findings

    assert {finding.rule for finding in findings} == {Rule.CLIENT_SUPPORT}


def test_a_list_of_accepted_features_at_fault_is_told_and_hides_no_edition(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    drop_news(tmp_path / "news", "aldmere", at=clock.now())
    (tmp_path / "own" / "lint").mkdir(parents=True)
    (tmp_path / "own" / "lint" / "accepted.txt").write_text("css-gap", encoding="utf-8")
    services = make_services(sqlite_url, more='templates = "own"')
    edition_id = releasing.prepare(services, "morning")

    (finding,) = proofs.checks(services, edition_id).findings

    assert (finding.severity, finding.rule) == (Severity.ERROR, Rule.CLIENT_SUPPORT)
    assert finding.message.startswith("lint/accepted.txt, line 1: css-gap has no reason")


def test_a_hold_names_its_editor_and_a_release_takes_it_back(services: Services) -> None:
    edition_id = releasing.prepare(services, "morning")

    releasing.hold(services, edition_id, by="anna@example.org")
    (held,) = listing.todays(services)
    releasing.release(services, edition_id, by="ben@example.org")
    (released,) = listing.todays(services)

    assert (held.state, held.reason) == (EditionState.HELD, "held by anna@example.org")
    assert held.will_happen == "held; goes out only when approved or released"
    assert (released.state, released.reason) == (EditionState.DRAFT, "")


def test_what_is_approved_can_no_longer_be_held(services: Services) -> None:
    edition_id = releasing.prepare(services, "morning")
    releasing.approve(services, edition_id, by="anna@example.org")

    with pytest.raises(WrongState, match="is approved; only one that is draft can become held"):
        releasing.hold(services, edition_id, by="anna@example.org")


def test_an_edition_without_a_draft_cannot_be_opened(services: Services) -> None:
    plan(services, 0)
    with services.reading() as session:
        (planned,) = editions.in_states(session, EditionState.PLANNED)

    with pytest.raises(WrongState, match="has no draft yet"):
        opening.open_edition(services, planned.id)
    with pytest.raises(WrongState, match="has no draft yet"):
        proofs.preview(services, planned.id)


def test_what_does_not_exist_is_told(services: Services) -> None:
    with pytest.raises(UnknownEdition, match="4711"):
        opening.open_edition(services, EditionId(4711))
    with pytest.raises(UnknownNewsletter, match="evening"):
        listing.recent(services, "evening")
    with pytest.raises(UnknownNewsletter, match="evening"):
        releasing.prepare(services, "evening")


def test_recent_editions_stand_the_newest_first(services: Services) -> None:
    plan(services, -2, 0, -1)

    rows = listing.recent(services, "morning")

    assert [row.date for row in rows] == [(DUE + day * DAY).date() for day in (0, -1, -2)]
