"""A special Edition: made for some readers, approved by hand, sent at once, and no trace of it in the daily ones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest import archive, jobs, pipeline, sending, special
from digest.demo.inbox import Inbox
from digest.desk import listing, opening, releasing
from digest.errors import WrongState
from digest.model.delivery import Account
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.pipeline import Held, Prepared
from digest.readers import reading
from digest.services import Services
from digest.special import SpecialWish
from digest.store import deliveries, editions, published
from subscribers import suppression, tokens, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadWish
from subscribers.model import Subscription, SuppressionReason
from subscribers.segments import EVERYBODY, Segment
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import drop_news, mails, prepare, recipients, subscribe

EUROPE = Segment(time_zones=("Europe/",))
TODAY = date(2026, 11, 23)
TWO_SECTIONS = """
[[newsletter.source]]
folder = "science"
section = "Science"
"""

Special = Callable[..., EditionId]


@pytest.fixture
def services(make_services: MakeServices, database_url: str, inbox: Inbox, tmp_path: Path) -> Services:
    (tmp_path / "science").mkdir()
    return make_services(database_url, smtp_port=inbox.port, more=TWO_SECTIONS)


@pytest.fixture
def make_special(services: Services, clock: FixedClock, tmp_path: Path) -> Special:
    """Give the function that makes today's special Edition of three stories, which are there already."""
    drop_news(tmp_path / "news", "aldmere", "brackwater", at=clock.now())
    drop_news(tmp_path / "science", "dunmoor", at=clock.now())

    def make(audience: Segment = EUROPE, day: date = TODAY) -> EditionId:
        newsletter = services.newsletter("morning")
        pipeline.gather_afresh(services, [newsletter])
        made = special.prepare(services, newsletter, SpecialWish(date=day, audience=audience))
        assert isinstance(made, Prepared)
        return made.edition_id

    return make


def approve(services: Services, edition_id: EditionId) -> int:
    return pipeline.approve(services, edition_id, by="anna@example.org")


def the(services: Services, edition_id: EditionId) -> Edition:
    with services.reading() as session:
        return editions.get(session, edition_id)


def account(services: Services, edition_id: EditionId) -> Account:
    with services.reading() as session:
        found = deliveries.account(session, edition_id)
    settled = found.sent + found.failed + found.suppressed + found.skipped + found.in_doubt
    assert found.intended == settled + found.deferred + found.waiting
    return found


def texts(inbox: Inbox) -> dict[str, str]:
    """Return the text part of each mail by its Message-ID."""
    return {
        str(mail["Message-ID"]): part.get_content()
        for mail in mails(inbox)
        if (part := mail.get_body(("plain",))) is not None
    }


def headlines(services: Services, edition_id: EditionId) -> set[str]:
    with services.reading() as session:
        return {story.headline for story in editions.get(session, edition_id).draft.stories}


def test_it_goes_at_once_to_just_the_active_readers_of_its_segment_whatever_their_wish(
    services: Services, make_special: Special, inbox: Inbox
) -> None:
    subscribe(services, "daily", zone="Europe/Berlin")
    subscribe(services, "weekly", zone="Europe/Lisbon", cadence=Cadence.WEEKLY)
    subscribe(services, "boston", zone="America/New_York")
    paused = subscribe(services, "paused")
    with services.session() as session:
        Subscription.by_public_id(session, paused).pause()

    edition_id = make_special()
    planned = approve(services, edition_id)
    jobs.run("send", services)

    edition = the(services, edition_id)
    assert (planned, edition.state) == (2, EditionState.SENT)
    assert (edition.due_at, edition.audience) == (services.clock.now(), EUROPE)
    assert recipients(inbox) == {"daily": 1, "weekly": 1}
    assert account(services, edition_id).sent == 2
    for text in texts(inbox).values():
        assert all(word in text for word in ("Special No. 1", "INSIDE THIS EDITION", "That is all for this edition."))


def test_it_is_not_dated_ahead_since_it_goes_at_once(make_special: Special) -> None:
    with pytest.raises(WrongState, match="2026-11-24 cannot be made before that day; date it 2026-11-23"):
        make_special(day=date(2026, 11, 24))


def test_nothing_sends_it_without_an_editor_however_long_it_waits(
    services: Services, make_special: Special, clock: FixedClock, inbox: Inbox
) -> None:
    subscribe(services, "ana")
    edition_id = make_special()

    for _ in range(8):
        clock.advance(timedelta(hours=12))
        jobs.tick(services)

    assert the(services, edition_id).state is EditionState.DRAFT
    assert account(services, edition_id).intended == 0
    assert not any("Special No." in text for text in texts(inbox).values())


def test_a_hold_that_is_taken_back_still_waits_for_an_editor(
    services: Services, make_special: Special, clock: FixedClock
) -> None:
    edition_id = make_special()
    releasing.hold(services, edition_id, by="ben@example.org")
    releasing.release(services, edition_id, by="ben@example.org")

    clock.advance(timedelta(hours=2))
    jobs.run("approve", services)

    assert the(services, edition_id).state is EditionState.DRAFT


def test_an_approval_after_days_sends_it_to_all_all_the_same(
    services: Services, make_special: Special, clock: FixedClock, inbox: Inbox
) -> None:
    subscribe(services, "ana")
    edition_id = make_special()

    clock.advance(timedelta(days=5))
    approve(services, edition_id)
    jobs.run("send", services)

    assert the(services, edition_id).due_at == clock.now()
    assert account(services, edition_id).sent == 1
    assert recipients(inbox) == {"ana": 1}


@pytest.mark.parametrize(("hours", "sent"), [(47, 1), (49, 0)])
def test_what_an_outage_keeps_back_goes_out_within_the_time_of_a_weekly_edition(
    services: Services, make_special: Special, clock: FixedClock, hours: int, sent: int
) -> None:
    subscribe(services, "ana")
    edition_id = make_special()
    approve(services, edition_id)

    clock.advance(timedelta(hours=hours))
    jobs.run("send", services)

    found = account(services, edition_id)
    assert (found.sent, found.skipped) == (sent, 1 - sent)


def test_the_daily_edition_of_the_day_is_as_if_it_were_not_there(
    services: Services, make_special: Special, inbox: Inbox
) -> None:
    subscribe(services, "ana")
    special_id = make_special()
    approve(services, special_id)
    jobs.run("send", services)

    daily = prepare(services)
    assert isinstance(daily, Prepared)
    approve(services, daily.edition_id)
    sending.send_edition(services, daily.edition_id, every_wave=True)

    assert headlines(services, special_id) == headlines(services, daily.edition_id)
    assert (the(services, special_id).number, the(services, daily.edition_id).number) == (1, 1)
    assert recipients(inbox) == {"ana": 2}
    assert len({mail["Message-ID"] for mail in mails(inbox)}) == 2


def test_what_a_daily_edition_has_told_may_stand_in_it_and_what_a_special_one_told_may_not(
    services: Services, make_special: Special, clock: FixedClock
) -> None:
    subscribe(services, "ana")
    daily = prepare(services)
    assert isinstance(daily, Prepared)
    approve(services, daily.edition_id)
    sending.send_edition(services, daily.edition_id, every_wave=True)

    today = make_special()
    approve(services, today)
    jobs.run("send", services)
    clock.advance(timedelta(days=1))
    tomorrow = TODAY + timedelta(days=1)
    with pytest.raises(WrongState, match="too little news: 0 of at least 1 stories; name more days"):
        make_special(day=tomorrow)

    assert headlines(services, today) == headlines(services, daily.edition_id)
    with services.reading() as session:
        assert editions.find(session, "morning", Cadence.SPECIAL, tomorrow) is None


def test_an_open_one_that_is_called_off_is_skipped_and_goes_nowhere(
    services: Services, make_special: Special, clock: FixedClock
) -> None:
    edition_id = make_special()

    sending.cancel(services, edition_id, reason="not needed")

    edition = the(services, edition_id)
    assert (edition.state, edition.reason) == (EditionState.SKIPPED, "not needed")
    with pytest.raises(WrongState, match="is skipped"):
        approve(services, edition_id)
    with pytest.raises(WrongState, match="is skipped, for readers in Europe/; give another date"):
        make_special()


def test_older_news_is_in_it_only_when_it_tells_of_enough_days(
    services: Services, clock: FixedClock, tmp_path: Path
) -> None:
    newsletter = services.newsletter("morning")
    drop_news(tmp_path / "news", "aldmere", at=clock.now())
    pipeline.gather_afresh(services, [newsletter])
    clock.advance(timedelta(days=4))

    day = timedelta(days=1)
    with pytest.raises(WrongState, match="too little news"):
        special.prepare(services, newsletter, SpecialWish(date=TODAY, audience=EVERYBODY, span=day))
    week = special.prepare(services, newsletter, SpecialWish(date=TODAY, audience=EVERYBODY, span=7 * day))

    assert headlines(services, week.edition_id) == {"Quarry council settles stone dispute"}


def test_suppressed_readers_and_those_without_news_in_their_sections_are_skipped(
    services: Services, make_special: Special, inbox: Inbox
) -> None:
    every: dict[str, tuple[str, ...] | None] = {"ana": None, "ben": ("science",), "cleo": ("world",), "dora": None}
    ids = {name: subscribe(services, name) for name in every}
    with services.session() as session:
        for name, sections in every.items():
            Subscription.by_public_id(session, ids[name]).sections = sections
        dora = Subscription.by_public_id(session, ids["dora"]).subscriber
        suppression.suppress(session, dora.fingerprint, SuppressionReason.COMPLAINT, at=services.clock.now())

    edition_id = make_special(Segment(sections=("science",)))
    approve(services, edition_id)
    with services.session() as session:  # who changes their mind between the plan and the mail
        Subscription.by_public_id(session, ids["ana"]).sections = ("culture",)
    jobs.run("send", services)

    found = account(services, edition_id)
    assert (found.intended, found.sent, found.suppressed, found.skipped) == (3, 1, 1, 1)
    assert recipients(inbox) == {"ben": 1}
    (to_ben,) = texts(inbox).values()
    assert "Vaccine trial" in to_ben
    assert "Quarry council" not in to_ben


def test_who_moves_out_of_the_segment_after_the_plan_gets_it_and_who_leaves_does_not(
    services: Services, make_special: Special, inbox: Inbox
) -> None:
    mover, leaver = subscribe(services, "mover"), subscribe(services, "leaver")
    edition_id = make_special()
    approve(services, edition_id)

    with services.session() as session:
        Subscription.by_public_id(session, mover).subscriber.time_zone = "America/New_York"
        evidence = Evidence(wording="one click", source="test")
        unsubscribe.one_click(session, leaver, evidence, now=services.clock.now())
    subscribe(services, "late")
    jobs.run("send", services)

    found = account(services, edition_id)
    assert (found.intended, found.sent, found.skipped) == (2, 1, 1)
    assert recipients(inbox) == {"mover": 1}


def test_approved_twice_it_goes_out_once(services: Services, make_special: Special, inbox: Inbox) -> None:
    subscribe(services, "ana")
    edition_id = make_special()

    approve(services, edition_id)
    with pytest.raises(WrongState, match="is approved"):
        approve(services, edition_id)
    jobs.run("send", services)
    jobs.run("send", services)

    assert recipients(inbox) == {"ana": 1}


def test_made_again_while_it_is_open_it_keeps_its_draft_and_is_for_the_audience_named_last(
    services: Services, make_special: Special
) -> None:
    subscribe(services, "boston", zone="America/New_York")
    first = make_special()
    before = the(services, first).draft_version

    again = make_special(EVERYBODY)

    edition = the(services, again)
    assert (again, edition.draft_version, edition.audience_json) == (first, before, None)
    assert approve(services, again) == 1


def test_made_again_once_it_is_approved_it_stands_and_is_for_nobody_else(
    services: Services, make_special: Special
) -> None:
    edition_id = make_special()
    approve(services, edition_id)

    assert make_special() == edition_id
    with pytest.raises(WrongState, match="is approved, for readers in Europe/; give another date"):
        make_special(EVERYBODY)
    assert the(services, edition_id).audience == EUROPE


def test_one_of_another_day_takes_nothing_from_one_that_still_waits(services: Services, make_special: Special) -> None:
    first = make_special()
    second = make_special(day=TODAY - timedelta(days=1))

    assert [the(services, one).state for one in (first, second)] == [EditionState.DRAFT] * 2


def test_a_section_that_the_newsletter_has_not_is_refused(services: Services) -> None:
    wish = SpecialWish(date=TODAY, audience=Segment(sections=("sports",)))

    with pytest.raises(BadWish, match='section "sports" is none of morning; there are science, world'):
        special.prepare(services, services.newsletter("morning"), wish)


def test_one_whose_sources_mostly_did_not_answer_is_held(services: Services, tmp_path: Path, clock: FixedClock) -> None:
    newsletter = replace(services.newsletter("morning"), coverage_floor=0.9)
    drop_news(tmp_path / "news", "aldmere", at=clock.now())
    (tmp_path / "science").rmdir()
    pipeline.gather_afresh(services, [newsletter])

    made = special.prepare(services, newsletter, SpecialWish(date=TODAY, audience=EVERYBODY))

    assert isinstance(made, Held)
    assert made.reason == "only 1 of 2 sources answered; the floor is 90%"


@pytest.mark.parametrize(("audience", "is_public"), [(EUROPE, False), (EVERYBODY, True)])
def test_the_archive_shows_only_one_that_was_for_everybody(
    services: Services, make_special: Special, audience: Segment, is_public: bool
) -> None:
    ana, boston = subscribe(services, "ana"), subscribe(services, "boston", zone="America/New_York")
    edition_id = make_special(audience)
    approve(services, edition_id)
    jobs.run("send", services)

    own, of_another = (
        reading.view(services, edition_id, tokens.sign(tokens.Purpose.VIEW, tokens.Claim(one), services.keys.tokens))
        for one in (ana, boston)
    )
    with services.reading() as session:
        latest = published.latest(session, "morning")

    assert own is not None
    assert "Quarry council" in own.html
    assert (of_another is not None) is is_public
    assert (archive.month(services, "morning") is not None) is is_public
    assert (archive.page(services, "morning", Cadence.SPECIAL, TODAY) is not None) is is_public
    assert (archive.find(services, "morning", Cadence.SPECIAL, TODAY) is not None) is is_public
    assert bool(archive.newest(services, "morning")) is is_public
    assert (latest is not None) is is_public


def test_the_desk_says_whom_it_is_for_and_how_many_they_are(services: Services, make_special: Special) -> None:
    subscribe(services, "ana")
    subscribe(services, "boston", zone="America/New_York")
    edition_id = make_special()

    (row,) = (row for row in listing.todays(services) if row.cadence is Cadence.SPECIAL)
    approve(services, edition_id)
    approved = opening.open_edition(services, edition_id).row

    assert (row.audience, row.readers, row.due_at) == ("readers in Europe/", 1, None)
    assert row.will_happen == "goes out at once, when approved"
    assert (approved.audience, approved.readers) == ("readers in Europe/", None)
    assert approved.will_happen == "approved; goes out now"


def test_the_desk_lists_an_old_one_until_it_is_settled(
    services: Services, make_special: Special, clock: FixedClock
) -> None:
    edition_id = make_special()
    clock.advance(timedelta(days=3))

    before = [row.edition_id for row in listing.todays(services)]
    sending.cancel(services, edition_id, reason="too old")
    after = [row.edition_id for row in listing.todays(services)]

    assert edition_id in before
    assert edition_id not in after
