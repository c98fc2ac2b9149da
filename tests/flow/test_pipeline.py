"""The flow keeps its promises: each step is safe to repeat, what is approved is what is sent, and to whom it may."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from digest import pipeline, sending
from digest.demo.inbox import Inbox
from digest.errors import UnfitToSend, UnknownEdition, WrongState
from digest.model.article import Article
from digest.model.delivery import Account, Delivery, DeliveryState, Reason
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.pipeline import Held, Prepared, Skipped
from digest.services import Services
from digest.store import deliveries, editions
from subscribers import suppression, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.model import Subscription, SuppressionReason
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import STORIES, approved, drop_news, mails, prepare, recipients, subscribe

DAY = timedelta(days=1)


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str, inbox: Inbox) -> Services:
    """Give services on SQLite, whose relay is the inbox."""
    return make_services(sqlite_url, smtp_port=inbox.port)


@pytest.fixture
def on_both(make_services: MakeServices, database_url: str, inbox: Inbox) -> Services:
    """Give services as above, for a test that is run on both databases."""
    return make_services(database_url, smtp_port=inbox.port)


def drop(services: Services, *places: str, name: str = "a.xml") -> None:
    """Put the stories of *places* into the folder `news` beside the config."""
    drop_news(services.settings.state.parent / "news", *places, at=services.clock.now(), name=name)


def account(services: Services, edition_id: EditionId) -> Account:
    with services.reading() as session:
        return deliveries.account(session, edition_id)


def stories(services: Services, edition_id: EditionId) -> set[str]:
    """Return the towns whose stories the Edition carries."""
    with services.reading() as session:
        headlines = " ".join(story.headline for story in editions.get(session, edition_id).draft.stories)
    return {place for place, (headline, _) in STORIES.items() if headline in headlines}


def state(services: Services, edition_id: EditionId) -> EditionState:
    with services.reading() as session:
        return editions.get(session, edition_id).state


def suppress(services: Services, public_id: str) -> None:
    with services.session() as session:
        mark = Subscription.by_public_id(session, public_id).subscriber.fingerprint
        suppression.suppress(session, mark, SuppressionReason.HARD_BOUNCE, at=services.clock.now())


# -- gather ------------------------------------------------------------------------------------------------------------


def test_one_bad_source_never_costs_another_its_news(
    make_services: MakeServices, sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "gone").mkdir()
    services = make_services(sqlite_url, more='[[newsletter.source]]\nfolder = "gone"\nsection = "World"')
    (tmp_path / "gone").rmdir()
    drop(services, "aldmere")
    (tmp_path / "news" / "broken.xml").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    told: list[str] = []

    report = pipeline.gather_afresh(services, services.settings.newsletters, on_done=lambda name, _: told.append(name))

    assert (report.asked, report.answered, report.new) == (2, 1, 1)
    assert [source for source, _ in report.failures] == [str(tmp_path / "gone")]
    assert [fault.partition(":")[0] for _, fault in report.faults] == ["broken.xml"]
    assert sorted(told) == [str(tmp_path / "gone"), str(tmp_path / "news")]


def test_what_was_asked_a_moment_ago_is_not_asked_once_more(services: Services, clock: FixedClock) -> None:
    newsletters = services.settings.newsletters
    asked = [pipeline.gather_due(services).asked, pipeline.gather_due(services).asked]

    clock.advance(timedelta(minutes=9))
    fresh = pipeline.gather_afresh(services, newsletters, unless_asked_within=pipeline.FRESH).asked
    clock.advance(timedelta(minutes=2))
    stale = pipeline.gather_afresh(services, newsletters, unless_asked_within=pipeline.FRESH).asked

    assert asked == [1, 0]
    assert (fresh, stale) == (0, 1)


# -- prepare -----------------------------------------------------------------------------------------------------------


def test_an_edition_that_has_its_draft_is_returned_unchanged(on_both: Services) -> None:
    drop(on_both, "aldmere")
    first = prepare(on_both)
    drop(on_both, "brackwater", name="b.xml")

    second = prepare(on_both)

    assert first == second
    assert isinstance(first, Prepared)
    assert stories(on_both, first.edition_id) == {"aldmere"}


def test_an_edition_that_began_later_than_its_hour_can_be_asked_for_again(
    services: Services, clock: FixedClock
) -> None:
    drop(services, "aldmere")
    clock.advance(timedelta(hours=9))
    edition_id = approved(services)

    again = prepare(services)

    assert isinstance(again, Prepared)
    assert again.edition_id == edition_id
    with services.reading() as session:
        assert editions.get(session, edition_id).due_at == clock.at


def test_too_little_news_skips_the_edition_and_says_how_little(make_services: MakeServices, sqlite_url: str) -> None:
    services = make_services(sqlite_url)
    newsletter = services.settings.newsletters[0]

    skipped = prepare(services)
    drop(services, "aldmere")
    again = prepare(services)

    assert isinstance(skipped, Skipped)
    assert skipped.reason == f"too little news: 0 of at least {newsletter.minimum_stories} stories"
    assert again == skipped


def test_a_skipped_day_costs_no_number_and_no_news(services: Services, clock: FixedClock) -> None:
    clock.advance(-DAY)
    prepare(services)
    drop(services, "aldmere")
    pipeline.gather_afresh(services, services.settings.newsletters)
    clock.advance(DAY)

    made = prepare(services)

    assert stories(services, made.edition_id) == {"aldmere"}
    with services.reading() as session:
        assert editions.get(session, made.edition_id).number == 1


def test_too_few_answers_hold_the_edition_for_its_editors(
    make_services: MakeServices, sqlite_url: str, inbox: Inbox, tmp_path: Path
) -> None:
    (tmp_path / "gone").mkdir()
    more = 'coverage_floor = 0.8\n[[newsletter.source]]\nfolder = "gone"\nsection = "World"'
    services = make_services(sqlite_url, smtp_port=inbox.port, more=more)
    (tmp_path / "gone").rmdir()
    subscribe(services, "ana")
    drop(services, "aldmere")

    held = prepare(services)

    assert isinstance(held, Held)
    assert held.reason == "only 1 of 2 sources answered; the floor is 80%"
    with pytest.raises(WrongState, match="is held; approve it first"):
        sending.send_edition(services, held.edition_id)
    pipeline.approve(services, held.edition_id, by="anna@example.org")
    assert sending.send_edition(services, held.edition_id, every_wave=True).state is EditionState.SENT


def test_a_date_that_never_was_has_no_edition(make_services: MakeServices, sqlite_url: str, clock: FixedClock) -> None:
    clock.set(datetime(2011, 12, 29, 12, tzinfo=UTC))
    services = make_services(sqlite_url, zone="Pacific/Apia")

    with pytest.raises(WrongState, match="2011-12-30 never was in Pacific/Apia; name another date"):
        pipeline.prepare_edition(services, services.settings.newsletters[0], Cadence.DAILY, date(2011, 12, 30))


def test_a_story_that_was_sent_never_comes_again_in_its_cadence(
    make_services: MakeServices, database_url: str, inbox: Inbox, clock: FixedClock
) -> None:
    services = make_services(database_url, smtp_port=inbox.port, more='cadences = ["daily", "weekly"]')
    drop(services, "aldmere", "brackwater")
    monday = approved(services)

    drop(services, "aldmere", "corvane", name="b.xml")
    clock.advance(DAY)
    tuesday = approved(services)
    week = approved(services, Cadence.WEEKLY)

    assert stories(services, monday) == {"aldmere", "brackwater"}
    assert stories(services, tuesday) == {"corvane"}
    assert stories(services, week) == {"aldmere", "brackwater", "corvane"}


def test_a_draft_that_nobody_approved_uses_no_stories_up(services: Services, clock: FixedClock) -> None:
    drop(services, "aldmere")
    prepare(services)

    clock.advance(DAY)
    tuesday = prepare(services)

    assert stories(services, tuesday.edition_id) == {"aldmere"}


# -- approve -----------------------------------------------------------------------------------------------------------


def test_approval_freezes_what_is_sent_whatever_changes_afterwards(
    make_services: MakeServices, database_url: str, inbox: Inbox, tmp_path: Path
) -> None:
    (tmp_path / "own" / "digest").mkdir(parents=True)
    services = make_services(database_url, smtp_port=inbox.port, more='templates = "own"')
    subscribe(services, "ana")
    drop(services, "aldmere")
    edition_id = approved(services)

    for name in ("body.mjml", "body.txt"):
        (tmp_path / "own" / "digest" / name).write_text("{{ broken", encoding="utf-8")
    with services.session() as session:
        for article in session.scalars(select(Article)):
            article.title = article.summary = "Something else altogether"
    sent = sending.send_edition(services, edition_id, every_wave=True)

    (mail,) = mails(inbox)
    assert sent.state is EditionState.SENT
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert STORIES["aldmere"][0] in part.get_content()
        assert "Something else" not in part.get_content()


def test_an_approval_that_cannot_be_rendered_changes_nothing(
    make_services: MakeServices, sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "own" / "digest").mkdir(parents=True)
    (tmp_path / "own" / "digest" / "body.mjml").write_text("{{ broken", encoding="utf-8")
    services = make_services(sqlite_url, more='templates = "own"')
    subscribe(services, "ana")
    drop(services, "aldmere")
    made = prepare(services)

    with pytest.raises(UnfitToSend, match=r"body\.mjml"):
        pipeline.approve(services, made.edition_id, by="anna@example.org")

    assert state(services, made.edition_id) is EditionState.HELD
    assert account(services, made.edition_id).intended == 0


def test_an_edition_is_approved_once(on_both: Services) -> None:
    subscribe(on_both, "ana")
    drop(on_both, "aldmere")
    edition_id = approved(on_both)

    with pytest.raises(WrongState, match="is approved; only one that is draft or held can become approved"):
        pipeline.approve(on_both, edition_id, by="anna@example.org")

    assert account(on_both, edition_id).intended == 1


def test_an_edition_without_a_draft_cannot_be_approved_or_sent(services: Services) -> None:
    skipped = prepare(services)

    with pytest.raises(WrongState, match="is skipped, for too little news"):
        pipeline.approve(services, skipped.edition_id, by="anna@example.org")
    with pytest.raises(WrongState, match=r"is skipped; only one that is approved or .* can become sending"):
        sending.send_edition(services, skipped.edition_id)


def test_an_edition_that_does_not_exist_is_told(services: Services) -> None:
    with pytest.raises(UnknownEdition, match="there is no edition with the id 4711"):
        pipeline.approve(services, EditionId(4711), by="anna@example.org")


# -- send --------------------------------------------------------------------------------------------------------------


def test_a_draft_cannot_be_sent(services: Services, inbox: Inbox) -> None:
    subscribe(services, "ana")
    drop(services, "aldmere")
    made = prepare(services)

    with pytest.raises(WrongState, match="is draft; approve it first"):
        sending.send_edition(services, made.edition_id)

    assert mails(inbox) == []


def test_sending_twice_sends_nothing_twice(on_both: Services, inbox: Inbox) -> None:
    for name in ("ana", "ben"):
        subscribe(on_both, name)
    drop(on_both, "aldmere")
    edition_id = approved(on_both)
    told: list[Account] = []

    first = sending.send_edition(on_both, edition_id, every_wave=True, on_progress=told.append)
    second = sending.send_edition(on_both, edition_id, every_wave=True)

    assert (first.counts, second.counts) == ({"sent": 2}, {})
    assert first.account == second.account == told[-1] == Account(intended=2, sent=2)
    assert recipients(inbox) == {"ana": 1, "ben": 1}


def test_who_leaves_after_planning_gets_nothing_and_is_accounted_for(on_both: Services, inbox: Inbox) -> None:
    subscribe(on_both, "ana")
    leaving = subscribe(on_both, "ben")
    drop(on_both, "aldmere")
    edition_id = approved(on_both)
    with on_both.session() as session:
        evidence = Evidence(wording="Unsubscribe", source="test")
        unsubscribe.one_click(session, leaving, evidence, now=on_both.clock.now())

    sent = sending.send_edition(on_both, edition_id, every_wave=True)

    assert sent.state is EditionState.SENT
    assert sent.account == Account(intended=2, sent=1, skipped=1)
    assert recipients(inbox) == {"ana": 1}
    with on_both.reading() as session:
        skipped = session.scalars(select(Delivery).where(Delivery.state == DeliveryState.SKIPPED)).one()
    assert (skipped.public_id, skipped.reason) == (leaving, Reason.UNSUBSCRIBED)


@pytest.mark.parametrize("moment", ["before planning", "after planning"])
def test_a_suppressed_reader_is_counted_as_suppressed(on_both: Services, inbox: Inbox, moment: str) -> None:
    subscribe(on_both, "ana")
    bounced = subscribe(on_both, "ben")
    drop(on_both, "aldmere")
    if moment == "before planning":
        suppress(on_both, bounced)
    edition_id = approved(on_both)
    if moment == "after planning":
        suppress(on_both, bounced)

    sent = sending.send_edition(on_both, edition_id, every_wave=True)

    assert sent.account == Account(intended=2, sent=1, suppressed=1)
    assert recipients(inbox) == {"ana": 1}


def test_who_joins_after_planning_waits_for_the_next_edition(services: Services, inbox: Inbox) -> None:
    subscribe(services, "ana")
    drop(services, "aldmere")
    edition_id = approved(services)
    subscribe(services, "ben")

    sent = sending.send_edition(services, edition_id, every_wave=True)

    assert sent.account.intended == 1
    assert recipients(inbox) == {"ana": 1}


def test_an_edition_without_readers_is_sent_to_nobody(services: Services, inbox: Inbox) -> None:
    drop(services, "aldmere")
    edition_id = approved(services)

    sent = sending.send_edition(services, edition_id)

    assert (sent.state, sent.account) == (EditionState.SENT, Account(intended=0))


def test_a_dead_relay_loses_nothing_and_a_later_send_completes(
    make_services: MakeServices, database_url: str, tmp_path: Path
) -> None:
    with Inbox(tmp_path / "inbox", port=0) as gone:
        port = gone.port
    services = make_services(database_url, smtp_port=port)
    for name in ("ana", "ben", "cleo"):
        subscribe(services, name)
    drop(services, "aldmere")
    edition_id = approved(services)

    halted = sending.send_edition(services, edition_id, every_wave=True)
    with Inbox(tmp_path / "inbox", port=port) as inbox:
        completed = sending.send_edition(services, edition_id, every_wave=True)

    assert (halted.state, halted.account) == (EditionState.SENDING, Account(intended=3, waiting=3))
    assert f"127.0.0.1:{port}" in halted.halted
    assert (completed.state, completed.account, completed.halted) == (
        EditionState.SENT,
        Account(intended=3, sent=3),
        "",
    )
    assert recipients(inbox) == {"ana": 1, "ben": 1, "cleo": 1}
