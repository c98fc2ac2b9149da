import hashlib
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from digest.database import Database
from digest.model.staff import Role, SignInFailure
from digest.staff import accounts, guesses, passwords, sessions
from digest.staff.sessions import CodeNeeded, Refusal, SignedIn
from digest.store import staff as store
from tests.fakes import FixedClock

EMAIL, PASSWORD = "eve@desk.example", "a long enough password"


@pytest.fixture(autouse=True)
def _eve(database: Database, clock: FixedClock) -> None:
    with database.session() as session:
        accounts.add(session, EMAIL, "Eve", Role.OPERATOR, PASSWORD, clock.now())


def enter(
    database: Database, clock: FixedClock, email: str = EMAIL, password: str = PASSWORD, network: str = "192.0.2.1"
) -> SignedIn | CodeNeeded | Refusal:
    return sessions.sign_in(database, email, password, network=network, now=clock.now())


def secret(database: Database, clock: FixedClock) -> str:
    signed_in = enter(database, clock)
    assert isinstance(signed_in, SignedIn)
    return signed_in.secret


def test_the_owner_comes_in_and_is_known_by_the_cookies_secret(database: Database, clock: FixedClock) -> None:
    held = secret(database, clock)

    with database.reading() as session:
        visitor = sessions.visitor(session, held, clock.now())

    assert visitor is not None
    assert (visitor.email, visitor.name, visitor.is_operator) == (EMAIL, "Eve", True)
    assert len(visitor.csrf_token) > 40


def test_the_table_holds_only_the_hash_of_the_secret(database: Database, clock: FixedClock) -> None:
    held = secret(database, clock)

    with database.reading() as session:
        row = store.signed_in(session, hashlib.sha256(held.encode()).hexdigest(), clock.now())

    assert row is not None
    assert held not in (row.secret_hash, row.csrf_token)


def test_each_sign_in_has_its_own_secret_and_its_own_form_token(database: Database, clock: FixedClock) -> None:
    held = [secret(database, clock) for _ in range(2)]

    with database.reading() as session:
        tokens = {visitor.csrf_token for s in held if (visitor := sessions.visitor(session, s, clock.now()))}

    assert len(set(held)) == len(tokens) == 2


@pytest.mark.parametrize(
    "wrong", [("eve@desk.example", "a wrong password"), ("nobody@desk.example", PASSWORD), ("", "")]
)
def test_wrong_e_mail_and_wrong_password_are_told_alike(
    database: Database, clock: FixedClock, wrong: tuple[str, str]
) -> None:
    assert enter(database, clock, *wrong) is Refusal.WRONG


def test_a_secret_expires_and_a_foreign_one_opens_nothing(database: Database, clock: FixedClock) -> None:
    held = secret(database, clock)

    clock.advance(sessions.LIFETIME)

    with database.reading() as session:
        assert sessions.visitor(session, held, clock.now()) is None
        assert sessions.visitor(session, held, clock.now() - timedelta(seconds=1)) is not None
        for rubbish in ("", "x", "\ud800", "a" * 5000):
            assert sessions.visitor(session, rubbish, clock.now()) is None


def test_signing_out_makes_the_secret_worthless_and_may_be_repeated(database: Database, clock: FixedClock) -> None:
    held = secret(database, clock)

    for _ in range(2):
        with database.session() as session:
            sessions.sign_out(session, held)

    with database.reading() as session:
        assert sessions.visitor(session, held, clock.now()) is None


def fail(
    database: Database, clock: FixedClock, times: int, email: str = "guess@desk.example", network: str = "x"
) -> None:
    """Write down *times* failed sign-ins, as ``sign_in`` does, without their work."""
    mark = hashlib.sha256(email.encode()).hexdigest()
    with database.session() as session:
        session.add_all(SignInFailure(email_hash=mark, network=network, at=clock.now()) for _ in range(times))


def test_a_failure_counts_for_its_e_mail_and_for_its_network(database: Database, clock: FixedClock) -> None:
    enter(database, clock, " EVE@desk.example", "a wrong password", network="2001:db8:1:2::77")

    with database.reading() as session:
        counts = store.failures(
            session,
            email_hash=hashlib.sha256(EMAIL.encode()).hexdigest(),
            network="2001:db8:1:2::/64",
            since=clock.now() - guesses.WINDOW,
        )

    assert counts == (1, 1)


def test_guessing_at_one_e_mail_is_stopped_from_wherever_it_comes(database: Database, clock: FixedClock) -> None:
    fail(database, clock, guesses.FAILURES_PER_EMAIL, email=EMAIL)

    stopped = enter(database, clock, network="198.51.100.1")
    clock.advance(guesses.WINDOW)

    assert stopped is Refusal.TOO_MANY
    assert isinstance(enter(database, clock), SignedIn)


@pytest.mark.parametrize(
    ("network", "same", "other"),
    [
        ("192.0.2.9", "192.0.2.9", "192.0.2.10"),
        ("192.0.2.9", "::ffff:192.0.2.9", "::ffff:192.0.2.10"),
        ("2001:db8:1:2::/64", "2001:db8:1:2:ffff::1", "2001:db8:1:3::1"),
    ],
)
def test_guessing_from_one_network_is_stopped_whatever_the_e_mail(
    database: Database, clock: FixedClock, network: str, same: str, other: str
) -> None:
    fail(database, clock, guesses.FAILURES_PER_NETWORK, network=network)

    assert enter(database, clock, network=same) is Refusal.TOO_MANY
    assert isinstance(enter(database, clock, network=other), SignedIn)


def test_coming_in_forgives_the_failures_before(database: Database, clock: FixedClock) -> None:
    for _ in range(3):
        enter(database, clock, password="a wrong password")

    secret(database, clock)

    with database.reading() as session:
        since = clock.now() - guesses.WINDOW
        by_email, _ = store.failures(
            session, email_hash=hashlib.sha256(EMAIL.encode()).hexdigest(), network="192.0.2.1", since=since
        )
    assert by_email == 0


def test_a_sign_in_that_finds_no_free_place_is_told_to_wait(
    database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "PATIENCE_SECONDS", 0.01)

    with passwords.turn(), passwords.turn():
        assert enter(database, clock) is Refusal.BUSY


def test_a_hash_of_older_strength_is_renewed_when_its_owner_comes_in(database: Database, clock: FixedClock) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    with database.session() as session:
        staff = store.account(session, EMAIL)
        assert staff is not None
        staff.password_hash = weak

    secret(database, clock)

    with database.reading() as session:
        staff = store.account(session, EMAIL)
        assert staff is not None
        assert not passwords.is_outdated(staff.password_hash)
        assert passwords.verify(PASSWORD, staff.password_hash)
