"""Every choice is honoured through the whole flow: how often, on which days, and not at all for a while."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from digest import jobs, sending
from digest.demo.inbox import Inbox
from digest.model.delivery import Account
from digest.model.edition import Edition, EditionState
from digest.model.job_run import JobRun
from digest.readers import choosing
from digest.services import Services
from digest.store import editions
from subscribers import preferences, tokens
from subscribers.cadence import Cadence
from subscribers.model import Subscription, SubscriptionState
from subscribers.tokens import Claim, Purpose
from tests.conftest import MakeServices
from tests.factories import write_feed
from tests.fakes import FixedClock
from tests.flow.walk import approved, drop_news, mails, subscribe

MONDAY = date(2026, 11, 23)
#: One story a day, no two of which have a telling word in common.
HEADLINES = (
    "Quarry council settles stone dispute",
    "Ferries resume after harbour strike",
    "Orchestra finds lost violin in attic",
    "Vaccine trial shows early promise",
    "Otters return to the city canal",
    "Parliament elects its first woman speaker",
    "Bakers warn of dearer flour",
)


@pytest.fixture
def services(make_services: MakeServices, database_url: str, inbox: Inbox) -> Services:
    """Give services on both databases, whose newsletter comes daily and on Saturdays, at 07:00 in Berlin."""
    return make_services(database_url, smtp_port=inbox.port, more='cadences = ["daily", "weekly"]')


def live_a_day(
    services: Services,
    clock: FixedClock,
    day: date,
    headline: str,
    ticks: Sequence[timedelta] = (timedelta(hours=5, minutes=5), timedelta(hours=6, minutes=5)),
) -> None:
    """Let *headline* come in at midnight UTC, and tick before and after the hour of the newsletter."""
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    clock.set(midnight)
    news = services.settings.state.parent / "news"
    write_feed(news, (headline, f"https://wire.example/{day}"), published=midnight, name=f"{day}.xml")
    for after in ticks:
        clock.set(midnight + after)
        jobs.tick(services)


def got(inbox: Inbox, name: str) -> list[EmailMessage]:
    return [mail for mail in mails(inbox) if str(mail["To"]).startswith(f"{name}@")]


def link(services: Services, public_id: str) -> str:
    return tokens.sign(Purpose.PREFERENCES, Claim(public_id), services.keys.tokens)


def choose(services: Services, public_id: str, **values: Any) -> None:
    """Let the reader save other wishes."""
    before = choosing.wishes(services, link(services, public_id))
    assert before is not None
    choosing.change_wishes(services, link(services, public_id), replace(before.wishes, **values), network="")


def edition_of(services: Services, day: date) -> Edition:
    """Return the daily Edition of *day*."""
    with services.reading() as session:
        edition = editions.find(session, "morning", Cadence.DAILY, day)
        assert edition is not None
        return edition


def test_a_week_brings_each_reader_what_they_chose_and_the_weekly_one_all_its_news(
    services: Services, clock: FixedClock, inbox: Inbox
) -> None:
    clock.set(datetime(2026, 11, 23, 12, tzinfo=UTC))
    for cadence in (Cadence.DAILY, Cadence.WEEKDAYS, Cadence.WEEKLY):
        subscribe(services, cadence, cadence=cadence)

    seen: dict[str, list[int]] = {"daily": [], "weekdays": [], "weekly": []}
    for number, headline in enumerate(HEADLINES):
        before = Counter({name: len(got(inbox, name)) for name in seen})
        live_a_day(services, clock, MONDAY + timedelta(days=1 + number), headline)
        for name, counts in seen.items():
            counts.append(len(got(inbox, name)) - before[name])

    assert seen == {"daily": [1] * 7, "weekdays": [1, 1, 1, 1, 0, 0, 1], "weekly": [0, 0, 0, 0, 1, 0, 0]}
    (weekly,) = got(inbox, "weekly")
    body = weekly.get_body(("plain",))
    assert body is not None
    told = " ".join(body.get_content().split())
    assert [headline for headline in HEADLINES if headline in told] == list(HEADLINES[:5])


def test_an_hour_that_has_passed_when_it_is_chosen_hurries_no_edition_and_costs_nobody_theirs(
    services: Services, clock: FixedClock, inbox: Inbox
) -> None:
    clock.set(datetime(2026, 11, 22, 12, tzinfo=UTC))
    far, early, late = (subscribe(services, name) for name in ("far", "early", "late"))
    subscribe(services, "ben")
    jobs.tick(services)

    clock.set(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))  # half past midnight in Berlin
    choose(services, far, time_zone="Pacific/Kiritimati")
    choose(services, early, hour=time(0))
    jobs.tick(services)
    planned = edition_of(services, MONDAY)
    live_a_day(services, clock, MONDAY, HEADLINES[0], ticks=[timedelta(hours=5, minutes=5)])
    reviewed = edition_of(services, MONDAY)
    choose(services, late, hour=time(0))  # while editors look at the Draft
    before = len(mails(inbox))
    clock.set(datetime(2026, 11, 23, 6, 5, tzinfo=UTC))
    jobs.tick(services)

    assert (planned.state, planned.due_at) == (EditionState.PLANNED, datetime(2026, 11, 23, 6, tzinfo=UTC))
    assert (reviewed.state, before) == (EditionState.DRAFT, 0)
    assert [len(got(inbox, name)) for name in ("far", "early", "late", "ben")] == [1, 1, 1, 1]


def test_a_pause_holds_for_what_is_planned_and_ends_with_the_editions_of_its_day(
    services: Services, clock: FixedClock, inbox: Inbox
) -> None:
    clock.set(datetime(2026, 11, 22, 12, tzinfo=UTC))
    ana = subscribe(services, "ana")
    subscribe(services, "ben")

    live_a_day(services, clock, MONDAY, HEADLINES[0])
    choosing.pause(services, link(services, ana), MONDAY + timedelta(days=3), network="")
    for number in (1, 2, 3):
        live_a_day(services, clock, MONDAY + timedelta(days=number), HEADLINES[number])

    days = [str(mail["Date"])[:11] for mail in got(inbox, "ana")]
    assert days == ["Mon, 23 Nov", "Thu, 26 Nov"]
    assert len(got(inbox, "ben")) == 4


def test_a_pause_after_approval_is_accounted_for(services: Services, clock: FixedClock, inbox: Inbox) -> None:
    ana = subscribe(services, "ana")
    subscribe(services, "ben")
    drop_news(services.settings.state.parent / "news", "aldmere", at=clock.now())
    edition_id = approved(services)

    choosing.pause(services, link(services, ana), None, network="")
    sent = sending.send_edition(services, edition_id, every_wave=True)

    assert sent.account == Account(intended=2, sent=1, skipped=1)
    assert (len(got(inbox, "ana")), len(got(inbox, "ben"))) == (0, 1)


def test_who_resumes_after_approval_is_sent_the_edition(services: Services, clock: FixedClock, inbox: Inbox) -> None:
    ana = subscribe(services, "ana")
    choosing.pause(services, link(services, ana), None, network="")
    drop_news(services.settings.state.parent / "news", "aldmere", at=clock.now())
    edition_id = approved(services)

    choosing.resume(services, link(services, ana), network="")
    clock.advance(timedelta(hours=1))
    sent = sending.send_edition(services, edition_id)

    assert sent.account == Account(intended=1, sent=1)
    assert len(got(inbox, "ana")) == 1


def test_the_upkeep_ends_pauses_that_are_over(services: Services, clock: FixedClock) -> None:
    ana = subscribe(services, "ana")
    choosing.pause(services, link(services, ana), MONDAY + timedelta(days=1), network="")

    counts = [jobs.run("upkeep", services)["resumed"]]
    clock.advance(timedelta(days=1))
    counts += [jobs.run("upkeep", services)["resumed"] for _ in range(2)]

    assert counts == [0, 1, 0]
    with services.reading() as session:
        subscription = Subscription.by_public_id(session, ana)
        assert (subscription.state, subscription.paused_until) == (SubscriptionState.ACTIVE, None)
        assert preferences.of(subscription).cadence is Cadence.DAILY
        assert [run.counts["resumed"] for run in session.scalars(select(JobRun).where(JobRun.job == "upkeep"))] == [1]
