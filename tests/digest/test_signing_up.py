"""Sign-ups: the same work for every address, taken up once each, and nothing that a stranger's address suffers from."""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select, update

from digest import jobs
from digest.database import Session
from digest.errors import DatabaseNotReady
from digest.model.job_run import JobRun, JobState
from digest.model.keeping import Admission
from digest.model.notice import Notice
from digest.readers import signing_up
from digest.readers.opening import Standing
from digest.readers.signing_up import SignUp
from digest.services import Services
from digest.web.app import create_app
from subscribers import address as addresses
from subscribers import signup, suppression, tokens, unsubscribe
from subscribers.consent import Evidence
from subscribers.errors import BadAddress
from subscribers.model import (
    ConsentEvent,
    SignupRequest,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from tests.conftest import MakeServices
from tests.fakes import FakeDns, FixedClock

SEEN = Evidence(wording="We ask you to confirm. [en]", source="sign-up page", network_address="192.0.2.1")
PAPERS = """
[[newsletter.source]]
folder = "news"
section = "World"

[[newsletter]]
slug = "noon"
title = "The Noon"
sender = "The Noon <noon@news.example.org>"
zone = "Europe/Berlin"

[[newsletter.source]]
folder = "news"
section = "World"

[[newsletter]]
slug = "evening"
title = "The Evening"
sender = "The Evening <evening@news.example.org>"
zone = "Europe/Berlin"
"""


def asked(address: str = "ana@reader.example", newsletter: str = "morning") -> SignUp:
    return SignUp(newsletter=newsletter, address=address)


def count(services: Services, row: Any) -> int:
    with services.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def kinds(services: Services) -> Counter[str]:
    with services.reading() as session:
        return Counter(session.scalars(select(Notice.kind)))


# -- the same answer after the same work -------------------------------------------------------------------------------


def known(services: Services, address: str, state: SubscriptionState) -> None:
    """Bring *address* into *state* in the ordinary ways."""
    wish = signing_up.signup_wish(services, services.newsletter("morning"), asked(address))
    now = services.clock.now()
    with services.session() as session:
        if state is SubscriptionState.PENDING:
            signup.request(session, wish, SEEN, fingerprint_key=services.keys.fingerprint, now=now)
            return
        subscription = signup.add(session, wish, SEEN, fingerprint_key=services.keys.fingerprint, now=now).subscription
        if state is SubscriptionState.PAUSED:
            subscription.pause()
        if state is SubscriptionState.ENDED:
            unsubscribe.one_click(session, subscription.public_id, SEEN, now=now)


@contextmanager
def statements(services: Services) -> Iterator[list[str]]:
    """Take down every statement that the database is given, the beginnings and ends of transactions too."""
    told: list[str] = []

    def on_statement(_c: object, _cursor: object, statement: str, *_: object) -> None:
        told.append(statement)

    def on_commit(_c: object) -> None:
        told.append("COMMIT")

    engine = services.database.engine
    event.listen(engine, "before_cursor_execute", on_statement)
    event.listen(engine, "commit", on_commit)
    yield told
    event.remove(engine, "before_cursor_execute", on_statement)
    event.remove(engine, "commit", on_commit)


@pytest.mark.parametrize("path", ["/subscribe/morning", "/subscribe/morning/form"])
def test_a_sign_up_does_the_same_work_whoever_the_address_belongs_to(services: Services, path: str) -> None:
    for state in SubscriptionState:
        known(services, f"{state}@reader.example", state)
    with services.session() as session:
        mark = addresses.fingerprint("suppressed@reader.example", services.keys.fingerprint)
        suppression.suppress(session, mark, SuppressionReason.COMPLAINT, at=services.clock.now())
    client = TestClient(create_app(services))
    answers, work = {}, {}

    for name in ("unknown", "suppressed", *SubscriptionState):
        with statements(services) as told:
            answer = client.post(path, data={"address": f"{name}@reader.example", "section": "world"})
        answers[str(name)] = (answer.status_code, answer.text, sorted(answer.headers.items()))
        work[str(name)] = told

    assert answers["unknown"][0] == 200
    assert [name for name, answer in answers.items() if answer != answers["unknown"]] == []
    assert [name for name, told in work.items() if told != work["unknown"]] == []
    assert [statement.split()[0] for statement in work["unknown"] if not statement.startswith("BEGIN")] == [
        "DELETE",
        "INSERT",
        "COMMIT",
    ]
    assert all("signup_request" in statement for statement in work["unknown"][-3:-1])


# -- taken up ----------------------------------------------------------------------------------------------------------


def test_the_next_tick_of_the_single_mails_asks_the_owner(
    make_services: MakeServices, database_url: str, clock: FixedClock
) -> None:
    services = make_services(database_url, smtp_port=1)
    signing_up.sign_up(services, asked(), SEEN)
    before = kinds(services)

    counts = jobs.run("notices", services)

    assert (before, kinds(services)) == (Counter(), Counter(confirm=1))
    assert counts["asked_to_confirm"] == 1
    assert counts["put_back"] == 1, "it was tried within the same tick"
    assert count(services, SignupRequest) == 0


@pytest.mark.parametrize(("times", "tag"), [(1000, ""), (120, "+{n}")])
def test_a_thousand_sign_ups_of_a_strangers_address_send_three_mails(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, times: int, tag: str
) -> None:
    services = make_services(sqlite_url, more=PAPERS)
    papers = [newsletter.slug for newsletter in services.settings.newsletters]
    most_waiting = 0

    for n in range(times):
        address = f"ana{tag.format(n=n)}@reader.example"
        signing_up.sign_up(services, asked(address, newsletter=papers[n % 3]), SEEN)
        clock.advance(timedelta(hours=48) / times)
        if n % 20 == 19:
            most_waiting = max(most_waiting, count(services, SignupRequest))
            signing_up.take_up(services)

    assert len(papers) == 3
    assert kinds(services) == Counter(confirm=3)
    assert most_waiting == (20 if tag else 3)
    assert [count(services, row) for row in (Subscriber, SignupRequest)] == [3 if tag else 1, 0]
    assert count(services, Subscription) <= 3
    assert count(services, ConsentEvent) == 3


def test_two_processes_take_up_each_sign_up_once(services: Services) -> None:
    for n in range(40):
        signing_up.sign_up(services, asked(f"reader{n}@reader.example"), SEEN)

    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda _: signing_up.take_up(services), range(2))

    assert first + second == Counter(asked_to_confirm=40)
    assert kinds(services) == Counter(confirm=40)
    assert count(services, Subscription) == 40


def test_browsers_that_confirm_at_once_begin_and_greet_once(services: Services) -> None:
    signing_up.sign_up(services, asked(), SEEN)
    signing_up.take_up(services)
    with services.reading() as session:
        row = session.scalars(select(Subscription)).one()
        claim = tokens.Claim(row.public_id, row.confirmation_nonce)
    link = tokens.sign(tokens.Purpose.CONFIRM, claim, services.keys.tokens, issued=services.clock.now())

    with ThreadPoolExecutor(4) as browsers:
        seen = list(browsers.map(lambda _: signing_up.confirm(services, link, network="").state, range(8)))

    assert seen == [Standing.DONE] * 8
    assert kinds(services) == Counter(confirm=1, welcome=1)
    assert count(services, ConsentEvent) == 2, "requested and confirmed"


def test_a_sign_up_that_cannot_be_taken_up_costs_no_other_its_turn(
    services: Services, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ana", "poison", "lost", "ben"):
        signing_up.sign_up(services, asked(f"{name}@reader.example"), SEEN)
    with services.session() as session:
        spoil(session, "poison@reader.example", time_zone="Mars/Olympus")
        spoil(session, "lost@reader.example", newsletter="midnight")

    counts = signing_up.take_up(services)

    assert counts == Counter(asked_to_confirm=2, dropped=2)
    assert count(services, SignupRequest) == 0
    with services.reading() as session:
        assert set(session.scalars(select(Subscriber.address))) == {"ana@reader.example", "ben@reader.example"}
    told = caplog.text + "".join(capsys.readouterr())
    assert "reader.example" not in told


def spoil(session: Session, address: str, **values: str) -> None:
    session.execute(update(SignupRequest).where(SignupRequest.address == address).values(**values))


def test_what_was_dropped_is_told_in_the_run_of_the_job(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock
) -> None:
    services = make_services(sqlite_url, smtp_port=1)
    signing_up.sign_up(services, asked(), SEEN)
    with services.session() as session:
        spoil(session, "ana@reader.example", time_zone="Mars/Olympus")

    jobs.run("notices", services)

    with services.reading() as session:
        run = session.scalars(select(JobRun)).one()
    assert run.state is JobState.FAILED
    assert "sign-ups: 1 could not be taken up" in run.fault
    assert "reader.example" not in run.fault


@pytest.mark.parametrize(("troubled", "left"), [({"ana"}, 1), ({"ana", "ben"}, 3)])
def test_trouble_with_the_database_drops_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch, troubled: set[str], left: int
) -> None:
    for name in ("ana", "ben", "eve"):
        signing_up.sign_up(services, asked(f"{name}@reader.example"), SEEN)
    take_up = signup.take_up

    def troublesome(session: Session, request_id: int, **values: Any) -> signup.SignupOutcome | None:
        if session.get_one(SignupRequest, request_id).address.partition("@")[0] in troubled:
            raise DatabaseNotReady("the disk is full")
        return take_up(session, request_id, **values)

    with monkeypatch.context() as patched:
        patched.setattr(signup, "take_up", troublesome)
        with pytest.raises(DatabaseNotReady):
            signing_up.take_up(services)
    waiting = count(services, SignupRequest)
    later = signing_up.take_up(services)

    assert waiting == left
    assert later == Counter(asked_to_confirm=left)
    assert kinds(services) == Counter(confirm=3)


def test_who_is_asked_to_stop_takes_up_no_more(services: Services) -> None:
    signing_up.sign_up(services, asked(), SEEN)
    stop = Event()
    stop.set()

    assert signing_up.take_up(services, stop=stop) == Counter()
    assert count(services, SignupRequest) == 1


# -- whose addresses are taken -----------------------------------------------------------------------------------------

ZONE = {
    "MX takes.example.org": "10 mx.example.org",
    "MX null.example.org": "0 .",
    "A bare.example.org": "198.51.100.7",
    "AAAA six.example.org": "2001:db8::7",
}


def admitting(services: Services, admission: Admission) -> Services:
    return dataclasses.replace(services, settings=dataclasses.replace(services.settings, admission=admission))


@pytest.mark.parametrize(
    ("domain", "is_taken"),
    [
        ("takes.example.org", True),
        ("bare.example.org", True),
        ("six.example.org", True),
        ("silent.example.org", True),
        ("null.example.org", False),
        ("nowhere.example.org", False),
    ],
)
def test_dns_refuses_only_what_certainly_takes_no_mail(services: Services, domain: str, is_taken: bool) -> None:
    asking = admitting(services, Admission(asks_dns=True))
    resolver = FakeDns(ZONE, silent=frozenset({"silent.example.org"}))

    if is_taken:
        signing_up.sign_up(asking, asked(f"ana@{domain}"), SEEN, resolver=resolver)
    else:
        with pytest.raises(BadAddress, match=rf"takes mail for {re.escape(domain)}; check"):
            signing_up.sign_up(asking, asked(f"ana@{domain}"), SEEN, resolver=resolver)

    assert count(services, SignupRequest) == is_taken


def test_dns_is_asked_only_where_the_operator_wants_it(services: Services) -> None:
    resolver = FakeDns()

    signing_up.sign_up(services, asked("ana@nowhere.example.org"), SEEN, resolver=resolver)

    assert resolver.asked == []


@pytest.mark.parametrize(
    ("domain", "is_taken"),
    [
        ("throwaway.example", False),
        ("mail.throwaway.example", False),
        ("ThrowAway.Example", False),
        ("bücher.example", False),
        ("nothrowaway.example", True),
        ("throwaway.example.org", True),
        ("example", True),
    ],
)
def test_the_domains_that_the_operator_lists_and_those_below_are_refused(
    services: Services, domain: str, is_taken: bool
) -> None:
    strict = admitting(services, Admission(refused_domains=frozenset({"throwaway.example", "xn--bcher-kva.example"})))

    if is_taken:
        signing_up.sign_up(strict, asked(f"secret.person@{domain}"), SEEN)
    else:
        with pytest.raises(BadAddress, match="are not taken here; give another") as caught:
            signing_up.sign_up(strict, asked(f"secret.person@{domain}"), SEEN)
        assert "secret" not in str(caught.value)

    assert count(services, SignupRequest) == is_taken


def test_an_operator_may_add_whom_the_form_refuses(services: Services) -> None:
    strict = admitting(services, Admission(refused_domains=frozenset({"reader.example"})))

    wish = signing_up.signup_wish(strict, strict.newsletter("morning"), asked())

    assert wish.address.domain == "reader.example"
