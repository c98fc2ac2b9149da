"""What ticks call: idempotent, each with its JobRun, and no fault of one that costs another its turn."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from digest import jobs, pipeline, special
from digest.demo.inbox import Inbox
from digest.desk import releasing
from digest.model.delivery import Lease
from digest.model.edition import Edition, EditionState
from digest.model.job_run import JobRun, JobState
from digest.services import Services
from digest.settings import load
from digest.special import SpecialWish
from digest.store import deliveries, editions, job_runs
from digest.store import notices as notice_store
from subscribers.cadence import Cadence
from subscribers.segments import EVERYBODY
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import drop_news, mails, recipients, subscribe

DUE = datetime(2026, 11, 23, 6, tzinfo=UTC)  # 07:00 in Berlin
REVIEW = DUE - timedelta(minutes=60)
EVENING = """
[[newsletter.source]]
folder = "news"
section = "World"

[[newsletter]]
slug = "evening"
title = "The Evening"
sender = "The Evening <evening@news.example.org>"
zone = "Europe/Berlin"
minimum_stories = 1
"""


def drop(services: Services, *places: str) -> None:
    """Put the stories of *places* into the folder `news` beside the config."""
    drop_news(services.settings.state.parent / "news", *places, at=services.clock.now())


def states(services: Services, slug: str = "morning") -> dict[int, str]:
    """Return the states of the newsletter's Editions by the day of the month."""
    with services.reading() as session:
        found = session.scalars(select(Edition).where(Edition.newsletter == slug))
        return {edition.date.day: edition.state.value for edition in found}


def last_runs(services: Services) -> dict[str, JobRun]:
    with services.reading() as session:
        return {run.job: run for run in job_runs.last_of_each(session)}


def test_a_tick_with_nothing_to_do_leaves_no_trace(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock
) -> None:
    clock.set(DUE - timedelta(hours=9))
    services = make_services(sqlite_url)
    first = jobs.tick(services)
    runs = len(last_runs(services))

    second = jobs.tick(services)

    assert first["plan"]["planned"] == 2
    assert not any(number for counts in second.values() for number in counts.values())
    assert len(last_runs(services)) == runs
    assert list(second) == list(jobs.JOBS)


def test_a_day_goes_by_itself_from_plan_to_sent(
    make_services: MakeServices, database_url: str, clock: FixedClock, inbox: Inbox
) -> None:
    clock.set(DUE - timedelta(hours=9))
    services = make_services(database_url, smtp_port=inbox.port)
    subscribe(services, "ana")
    seen = []
    for at in (clock.at, REVIEW - timedelta(minutes=1), REVIEW, DUE - timedelta(minutes=1), DUE):
        clock.set(at)
        drop(services, "aldmere", "brackwater")
        jobs.tick(services)
        seen.append((states(services)[23], len(mails(inbox))))

    assert seen == [("planned", 0), ("planned", 0), ("draft", 0), ("draft", 0), ("sent", 1)]


def test_a_newsletter_that_wants_approval_waits_for_it(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox
) -> None:
    clock.set(REVIEW)
    services = make_services(sqlite_url, smtp_port=inbox.port, more='approval = "required"')
    subscribe(services, "ana")
    drop(services, "aldmere")
    jobs.tick(services)

    clock.set(DUE + timedelta(hours=1))
    jobs.tick(services)
    waiting = (states(services)[23], len(mails(inbox)))
    with services.reading() as session:
        edition = editions.in_states(session, EditionState.DRAFT)[0]
    releasing.approve(services, edition.id, by="anna@example.org")
    jobs.tick(services)

    assert waiting == ("draft", 0)
    assert (states(services)[23], len(mails(inbox))) == ("sent", 1)


def test_a_held_edition_stays_until_it_is_released(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox
) -> None:
    clock.set(REVIEW)
    services = make_services(sqlite_url, smtp_port=inbox.port)
    subscribe(services, "ana")
    drop(services, "aldmere")
    jobs.tick(services)
    with services.reading() as session:
        edition = editions.in_states(session, EditionState.DRAFT)[0]
    releasing.hold(services, edition.id, by="anna@example.org")

    clock.set(DUE)
    jobs.tick(services)
    held = (states(services)[23], len(mails(inbox)))
    releasing.release(services, edition.id, by="ben@example.org")
    jobs.tick(services)

    assert held == ("held", 0)
    assert (states(services)[23], len(mails(inbox))) == ("sent", 1)


def test_a_broken_template_of_one_newsletter_never_keeps_another_from_going_out(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox, tmp_path: Path
) -> None:
    (tmp_path / "own" / "digest").mkdir(parents=True)
    (tmp_path / "own" / "digest" / "body.mjml").write_text("{{ broken", encoding="utf-8")
    clock.set(REVIEW)
    services = make_services(sqlite_url, smtp_port=inbox.port, more=f'templates = "own"\n{EVENING}')
    subscribe(services, "ana", newsletter="morning")
    subscribe(services, "ben", newsletter="evening")
    drop(services, "aldmere")
    jobs.tick(services)

    clock.set(DUE)
    counts = jobs.tick(services)

    assert states(services, "morning")[23] == "held"
    assert states(services, "evening")[23] == "sent"
    assert recipients(inbox) == {"ben": 1}
    assert counts["approve"] == {"approved": 1, "faults": 0}
    with services.reading() as session:
        held = session.scalars(select(Edition).where(Edition.newsletter == "morning", Edition.date == DUE.date())).one()
    assert held.reason.startswith("a template is at fault: digest/body.mjml, line 1")


def test_a_dead_relay_is_told_and_the_next_tick_completes(
    make_services: MakeServices, database_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    with Inbox(tmp_path / "inbox", port=0) as gone:
        port = gone.port
    clock.set(REVIEW)
    more = 'editors = ["anna@news.example"]'
    services = make_services(database_url, smtp_port=port, more=more)
    subscribe(services, "ana")
    drop(services, "aldmere")
    jobs.tick(services)
    clock.set(DUE)

    dead = jobs.tick(services)
    told = {job: run.fault for job, run in last_runs(services).items() if run.state is JobState.FAILED}
    with Inbox(tmp_path / "inbox", port=port) as inbox:
        alive = jobs.tick(services)

    assert (dead["send"]["faults"], dead["notices"]["faults"]) == (1, 1)
    assert set(told) == {"send", "notices"}
    assert all(f"127.0.0.1:{port}" in fault for fault in told.values())
    assert (alive["send"]["sent"], alive["send"]["faults"]) == (1, 0)
    assert (alive["notices"]["sent"], alive["notices"]["faults"]) == (2, 0)
    assert recipients(inbox) == {"ana": 1, "anna": 2}


def test_editors_are_told_once_of_each_draft(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox
) -> None:
    clock.set(REVIEW)
    services = make_services(sqlite_url, smtp_port=inbox.port, more='editors = ["Anna <anna@news.example>"]')
    drop(services, "aldmere")

    for _ in range(3):
        jobs.tick(services)

    (mail,) = mails(inbox)
    part = mail.get_body(("plain",))
    assert part is not None
    assert "It goes out at 07:00 CET by itself, unless somebody holds it." in part.get_content()


def test_editors_are_told_of_a_special_edition_that_it_waits_for_them(
    make_services: MakeServices, sqlite_url: str, inbox: Inbox
) -> None:
    services = make_services(sqlite_url, smtp_port=inbox.port, more='editors = ["Anna <anna@news.example>"]')
    drop(services, "aldmere")
    newsletter = services.newsletter("morning")
    pipeline.gather_afresh(services, [newsletter])
    special.prepare(services, newsletter, SpecialWish(date=date(2026, 11, 23), audience=EVERYBODY))

    jobs.run("notices", services)

    (mail,) = mails(inbox)
    part = mail.get_body(("plain",))
    assert part is not None
    assert "It waits for somebody to approve it, and then goes out at once." in part.get_content()


def test_a_day_of_too_little_news_is_skipped_without_a_mail(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox
) -> None:
    clock.set(REVIEW)
    services = make_services(sqlite_url, smtp_port=inbox.port, more='editors = ["anna@news.example"]')
    subscribe(services, "ana")

    jobs.tick(services)
    clock.set(DUE)
    jobs.tick(services)

    assert states(services)[23] == "skipped"
    assert mails(inbox) == []


def test_editions_of_a_newsletter_that_config_defines_no_more_rest(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    clock.set(REVIEW - timedelta(hours=1))
    jobs.tick(make_services(sqlite_url))
    config = tmp_path / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('"morning"', '"evening"'), encoding="utf-8")
    services = Services.start(load(config), clock)
    clock.set(DUE)
    drop(services, "aldmere")

    counts = jobs.tick(services)

    assert not any(counted["faults"] for counted in counts.values())
    assert states(services, "morning")[23] == "planned"
    assert states(services, "evening")[23] == "sent"
    services.close()


def test_a_fault_of_our_own_ends_in_the_run_and_not_in_the_caller(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock
) -> None:
    clock.set(REVIEW)
    services = make_services(sqlite_url)
    with services.session() as session:
        edition = editions.open_for(session, "morning", Cadence.DAILY, DUE.date(), due_at=DUE)
        edition.state, edition.draft_json = EditionState.DRAFT, {"written by": "a later version"}
        edition.due_at = REVIEW

    counts = jobs.run("approve", services)

    assert counts["faults"] == 1
    assert last_runs(services)["approve"].state is JobState.FAILED


def test_runs_are_forgotten_after_thirty_days(make_services: MakeServices, sqlite_url: str, clock: FixedClock) -> None:
    services = make_services(sqlite_url)
    jobs.tick(services)
    clock.advance(timedelta(days=29))
    kept = jobs.run("upkeep", services)["forgotten"]
    clock.advance(timedelta(days=2))

    counts = jobs.tick(services)

    assert kept == 0
    assert counts["upkeep"]["forgotten"] >= 1


def test_mail_of_a_sender_that_did_not_come_back_is_set_in_doubt(
    make_services: MakeServices, database_url: str, clock: FixedClock
) -> None:
    clock.set(REVIEW)
    services = make_services(database_url)
    subscribe(services, "ana")
    drop(services, "aldmere")
    jobs.tick(services)
    with services.reading() as session:
        edition = editions.in_states(session, EditionState.DRAFT)[0]
    releasing.approve(services, edition.id, by="anna@example.org")
    clock.set(DUE)
    with services.session() as session:
        lease = Lease(owner="vanished", until=DUE + timedelta(minutes=30))
        assert len(deliveries.claim(session, edition.id, DUE, lease=lease, limit=9)) == 1
    clock.set(DUE + timedelta(minutes=31))

    counts = jobs.run("leases", services)

    assert counts["in_doubt"] == 1
    with services.reading() as session:
        account = deliveries.account(session, edition.id)
        assert notice_store.waiting(session) == 0
    assert (account.in_doubt, account.adds_up) == (1, True)
