import pytest

from digest.database import Database
from digest.model.staff import Role
from digest.staff import accounts, passwords, sessions
from digest.store import staff as store
from tests.fakes import FixedClock

PASSWORD = "a long enough password"


def add(database: Database, clock: FixedClock, email: str = "eve@desk.example", password: str = PASSWORD) -> None:
    with database.session() as session:
        accounts.add(session, email, "Eve", Role.EDITOR, password, clock.now())


def test_an_account_keeps_only_the_argon2id_hash_of_its_password(database: Database, clock: FixedClock) -> None:
    add(database, clock)

    with database.reading() as session:
        staff = store.account(session, "eve@desk.example")

    assert staff is not None
    assert staff.password_hash.startswith("$argon2id$")
    assert PASSWORD not in staff.password_hash
    assert (staff.role, staff.created_at) == (Role.EDITOR, clock.now())


@pytest.mark.parametrize("again", ["eve@desk.example", "  EVE@Desk.Example "])
def test_an_e_mail_has_one_account_however_it_is_written(database: Database, clock: FixedClock, again: str) -> None:
    add(database, clock)

    with pytest.raises(accounts.AccountError, match="has an account already"):
        add(database, clock, again)


@pytest.mark.parametrize(
    ("password", "fault"), [("123456789", "at least 10"), ("x" * 501, "at most 500"), ("", "at least")]
)
def test_a_password_must_be_neither_short_nor_endless(
    database: Database, clock: FixedClock, password: str, fault: str
) -> None:
    with pytest.raises(accounts.AccountError, match=fault):
        add(database, clock, password=password)


@pytest.mark.parametrize(
    "email", ["", "eve", "@desk.example", "eve@", "eve @desk.example", "eve\x00@x.example", "e" * 320 + "@x"]
)
def test_rubbish_is_no_e_mail(database: Database, clock: FixedClock, email: str) -> None:
    with pytest.raises(accounts.AccountError, match="is no mail address"):
        add(database, clock, email)


def test_a_new_password_ends_every_sign_in_with_the_old_one(database: Database, clock: FixedClock) -> None:
    add(database, clock)
    signed_in = sessions.sign_in(database, "eve@desk.example", PASSWORD, network="192.0.2.1", now=clock.now())
    assert isinstance(signed_in, sessions.SignedIn)

    with database.session() as session:
        accounts.replace_password(session, "eve@desk.example", "another long password")

    with database.reading() as session:
        assert sessions.visitor(session, signed_in.secret, clock.now()) is None
    old = sessions.sign_in(database, "eve@desk.example", PASSWORD, network="192.0.2.1", now=clock.now())
    new = sessions.sign_in(database, "eve@desk.example", "another long password", network="192.0.2.1", now=clock.now())
    assert old is sessions.Refusal.WRONG
    assert isinstance(new, sessions.SignedIn)


def test_nobody_gets_a_new_password(database: Database) -> None:
    with database.session() as session, pytest.raises(accounts.AccountError, match="has no account"):
        accounts.replace_password(session, "nobody@desk.example", PASSWORD)


def test_letters_composed_or_not_are_the_same_password() -> None:
    stored = passwords.hashed("Stra\u00dfencafe\u0301")

    assert passwords.verify("Stra\u00dfencaf\u00e9", stored)
    assert not passwords.verify("Strassencafe", stored)


def test_a_lone_surrogate_and_a_broken_hash_are_refused_and_break_nothing() -> None:
    assert not passwords.verify("\ud800" * 12, passwords.NOBODY)
    assert not passwords.verify("whatever it is", "no hash at all")


def test_an_unknown_account_is_checked_with_the_work_of_a_known_one() -> None:
    assert not passwords.is_outdated(passwords.NOBODY)
    assert not passwords.verify("", passwords.NOBODY)


def test_at_most_two_passwords_are_checked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PATIENCE_SECONDS", 0.01)

    with passwords.turn() as first, passwords.turn() as second, passwords.turn() as third:
        taken = (first, second, third)
    with passwords.turn() as later:
        assert later

    assert taken == (True, True, False)
