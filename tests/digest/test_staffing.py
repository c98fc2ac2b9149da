"""Invitations and links by mail, on both databases, with the mails that carry them."""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from digest import jobs, notices
from digest.demo.inbox import Inbox
from digest.desk import staffing
from digest.desk.staffing import Invitation
from digest.model.audit import AuditEntry
from digest.model.notice import Notice
from digest.model.staff import Role, SignInFailure, StaffLink
from digest.services import Services
from digest.staff import accounts, coming_in, guesses, sessions
from digest.staff.sessions import Refusal, SignedIn
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import mails

EMAIL, PASSWORD, NETWORK = "eve@desk.example", "a long enough password", "192.0.2.1"


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path / "inbox", port=0) as started:
        yield started


@pytest.fixture
def services(make_services: MakeServices, database_url: str, inbox: Inbox) -> Services:
    """Give services whose newsletter is German, with one account."""
    services = make_services(database_url, smtp_port=inbox.port, more='language = "de"')
    with services.session() as session:
        accounts.add(session, EMAIL, "Eve", Role.OPERATOR, PASSWORD, services.clock.now())
    return services


@contextmanager
def statements(services: Services) -> Iterator[list[str]]:
    """Collect every statement that the database is given, without its values, and every commit."""
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        heard.append(statement)

    def committed(_connection: object) -> None:
        heard.append("COMMIT")

    engine = services.database.engine
    event.listen(engine, "before_cursor_execute", hear)
    event.listen(engine, "commit", committed)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)
        event.remove(engine, "commit", committed)


def sent_link(inbox: Inbox, address: str) -> str:
    """Return the link in the newest mail to *address*."""
    mail = [mail for mail in mails(inbox) if address in str(mail["To"])][-1]
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"^(https?://\S+)\s*$", str(body.get_content()), re.MULTILINE)
    assert found
    return found[1]


def rows(services: Services, table: type) -> int:
    with services.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def ask(services: Services, email: str) -> bool:
    return staffing.ask_for_link(services, email, network=NETWORK)


def test_a_known_and_an_unknown_address_make_the_same_work(services: Services) -> None:
    ask(services, "warm@desk.example")

    heard: list[list[str]] = []
    for email in (EMAIL, "nobody@desk.example"):
        with statements(services) as said:
            answer = ask(services, email)
        heard.append([*said, str(answer)])

    assert heard[0] == heard[1]
    assert heard[0].count("COMMIT") == 2
    assert len(heard[0]) >= 7
    assert (rows(services, StaffLink), rows(services, Notice), rows(services, SignInFailure)) == (1, 1, 3)


@pytest.mark.parametrize("typed", [EMAIL, "  EVE@desk.example "])
def test_the_link_comes_by_mail_in_english_and_signs_in(
    services: Services, inbox: Inbox, clock: FixedClock, typed: str
) -> None:
    ask(services, typed)
    notices.send(services)

    link = sent_link(inbox, EMAIL)
    secret = link.rpartition("/")[2]
    came = coming_in.by_link(services.database, secret, network=NETWORK, now=clock.now())

    mail = mails(inbox)[-1]
    assert (mail["Content-Language"], mail["Subject"]) == ("en", "Your link to the desk of The Morning")
    assert link == services.links.sign_in_link(secret)
    assert isinstance(came, SignedIn)


def test_no_table_holds_a_secret_that_opens_anything(services: Services, inbox: Inbox) -> None:
    ask(services, EMAIL)
    staffing.invite(services, Invitation(email="ina@desk.example"), by=EMAIL)
    notices.send(services)
    secrets = [sent_link(inbox, address).rpartition("/")[2] for address in (EMAIL, "ina@desk.example")]

    with services.reading() as session:
        kept = "".join(
            str(session.execute(select(*columns)).all())
            for columns in ([Notice.values], [StaffLink.secret_hash], [AuditEntry.about, AuditEntry.detail])
        )

    assert all(len(secret) > 40 and secret not in kept for secret in secrets)


def test_a_link_that_was_not_sent_in_time_is_not_sent_at_all(
    services: Services, inbox: Inbox, clock: FixedClock
) -> None:
    ask(services, EMAIL)
    clock.advance(dt.timedelta(minutes=15))

    notices.send(services)

    assert mails(inbox) == []


def test_an_invitation_lets_its_bearer_set_a_password_once(services: Services, inbox: Inbox, clock: FixedClock) -> None:
    staffing.invite(services, Invitation(email="Ina@desk.example", name="Ina", role=Role.EDITOR), by=EMAIL)
    notices.send(services)
    secret = sent_link(inbox, "ina@desk.example").rpartition("/")[2]
    clock.advance(dt.timedelta(days=6, hours=23))

    def put(password: str) -> str | Refusal:
        return staffing.set_password_by_link(services, secret, password, network=NETWORK)

    with pytest.raises(accounts.AccountError, match="at least 10"):
        put("short")
    outcomes = [put("a password of hers"), put("another one of hers")]

    came = sessions.sign_in(
        services.database, "ina@desk.example", "a password of hers", network=NETWORK, now=clock.now()
    )
    assert outcomes == ["ina@desk.example", Refusal.DEAD_LINK]
    assert isinstance(came, SignedIn)


@pytest.mark.parametrize(("is_new", "life"), [(True, dt.timedelta(days=7)), (False, dt.timedelta(days=2))])
def test_a_link_for_a_password_ends_in_time(
    services: Services, inbox: Inbox, clock: FixedClock, is_new: bool, life: dt.timedelta
) -> None:
    if is_new:
        staffing.invite(services, Invitation(email="ina@desk.example"), by=EMAIL)
    else:
        staffing.send_password_link(services, EMAIL, by="otto@desk.example")
    notices.send(services)
    secret = sent_link(inbox, "ina@desk.example" if is_new else EMAIL).rpartition("/")[2]
    clock.advance(life)

    outcome = staffing.set_password_by_link(services, secret, "a password of hers", network=NETWORK)

    assert outcome is Refusal.DEAD_LINK


def test_of_several_links_for_a_password_only_the_newest_is_good(services: Services, inbox: Inbox) -> None:
    staffing.invite(services, Invitation(email="ina@desk.example"), by=EMAIL)
    notices.send(services)
    older = sent_link(inbox, "ina@desk.example").rpartition("/")[2]
    staffing.send_password_link(services, "ina@desk.example", by=EMAIL)
    notices.send(services)
    newer = sent_link(inbox, "ina@desk.example").rpartition("/")[2]

    outcomes = [
        staffing.set_password_by_link(services, secret, "a password of hers", network=NETWORK)
        for secret in (older, newer)
    ]

    assert outcomes == [Refusal.DEAD_LINK, "ina@desk.example"]


def test_a_link_to_sign_in_sets_no_password_and_the_other_way_round(
    services: Services, inbox: Inbox, clock: FixedClock
) -> None:
    staffing.send_password_link(services, EMAIL, by=EMAIL)
    notices.send(services)
    to_set = sent_link(inbox, EMAIL).rpartition("/")[2]
    ask(services, EMAIL)
    notices.send(services)
    to_sign_in = sent_link(inbox, EMAIL).rpartition("/")[2]

    put = staffing.set_password_by_link(services, to_sign_in, "a password of hers", network=NETWORK)
    came = coming_in.by_link(services.database, to_set, network=NETWORK, now=clock.now())

    assert put is Refusal.DEAD_LINK
    assert came is Refusal.DEAD_LINK


def test_the_audit_trail_and_spent_failures_are_forgotten_on_time(services: Services, clock: FixedClock) -> None:
    ask(services, EMAIL)
    staffing.send_password_link(services, EMAIL, by="otto@desk.example")
    clock.advance(dt.timedelta(days=365))
    jobs.run("upkeep", services)
    kept = rows(services, AuditEntry)
    clock.advance(dt.timedelta(seconds=1))

    counts = jobs.run("upkeep", services)

    assert (kept, rows(services, AuditEntry), counts["audit_forgotten"]) == (1, 0, 1)
    assert (rows(services, SignInFailure), rows(services, StaffLink)) == (0, 0)
    assert dt.timedelta(days=365) > guesses.WINDOW


def test_an_operator_may_keep_the_audit_trail_for_ever(make_services: MakeServices, sqlite_url: str) -> None:
    services = make_services(sqlite_url)
    object.__setattr__(services.settings, "audit", None)
    with services.session() as session:
        session.add(AuditEntry(at=services.clock.now() - dt.timedelta(days=9999), by="otto", act="approve"))

    jobs.run("upkeep", services)

    assert rows(services, AuditEntry) == 1
