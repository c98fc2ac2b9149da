"""Links and second factors, on both databases."""

import datetime as dt
from collections.abc import Iterator

import pyotp
import pytest

from digest.database import Database
from digest.model.staff import Role, Staff
from digest.sealing import Sealed, seal
from digest.staff import accounts, coming_in, guesses, links, own, second_factor, sessions
from digest.staff.coming_in import Shown
from digest.staff.links import Use
from digest.staff.own import Change, Held
from digest.staff.sessions import CodeNeeded, Refusal, SignedIn
from digest.store import audit
from digest.store import staff as store
from subscribers.tokens import Keys
from tests.fakes import FixedClock

EMAIL, PASSWORD, NETWORK = "eve@desk.example", "a long enough password", "192.0.2.1"
KEYS = Keys((b"k" * 32,))


@pytest.fixture
def database(database_url: str, clock: FixedClock) -> Iterator[Database]:
    database = Database(database_url)
    with database.session() as session:
        accounts.add(session, EMAIL, "Eve", Role.OPERATOR, PASSWORD, clock.now())
    yield database
    database.close()


def link(database: Database, clock: FixedClock, use: Use = Use.SIGN_IN) -> str:
    with database.session() as session:
        return links.make(session, accounts.of(session, EMAIL), use, now=clock.now())


def eve(database: Database) -> Staff:
    with database.reading() as session:
        found = store.account(session, EMAIL)
        assert found is not None
        return found


def held(secret: str = "") -> Held:
    return Held(email=EMAIL, secret=secret, network=NETWORK)


def code_at(database: Database, at: dt.datetime) -> str:
    return pyotp.TOTP(second_factor.secret(eve(database), KEYS)).at(at)


def enrolled(database: Database, clock: FixedClock) -> tuple[str, ...]:
    """Turn the second factor on, and let its first code pass; return the codes for paper."""
    with database.session() as session:
        own.begin_second_factor(session, EMAIL, KEYS)
    fresh = own.confirm_second_factor(database, held(), code_at(database, clock.now()), KEYS, clock.now())
    assert isinstance(fresh, tuple)
    clock.advance(dt.timedelta(seconds=60))
    return fresh


def half(database: Database, clock: FixedClock) -> str:
    """Show the password, and return the browser's half of a sign-in."""
    needed = sessions.sign_in(database, EMAIL, PASSWORD, network=NETWORK, now=clock.now())
    assert isinstance(needed, CodeNeeded)
    return needed.secret


def finish(database: Database, clock: FixedClock, half: str, code: str) -> SignedIn | Refusal:
    shown = Shown(half=half, code=code)
    return coming_in.with_code(database, shown, KEYS, network=NETWORK, now=clock.now())


def trail(database: Database) -> list[tuple[str, str, str]]:
    with database.reading() as session:
        return [(entry.by, entry.act, entry.detail) for entry in audit.recent(session)]


def enter(database: Database, clock: FixedClock, secret: str) -> SignedIn | CodeNeeded | Refusal:
    return coming_in.by_link(database, secret, network=NETWORK, now=clock.now())


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_link_signs_in_once_and_is_written_down(database: Database, clock: FixedClock) -> None:
    secret = link(database, clock)

    outcomes = [enter(database, clock, secret) for _ in range(2)]

    assert isinstance(outcomes[0], SignedIn)
    assert outcomes[1] is Refusal.DEAD_LINK
    assert trail(database) == [(EMAIL, "sign in", "by link")]


@pytest.mark.parametrize(
    ("use", "age", "opens"),
    [
        (Use.SIGN_IN, dt.timedelta(minutes=14, seconds=59), True),
        (Use.SIGN_IN, dt.timedelta(minutes=15), False),
        (Use.PASSWORD, dt.timedelta(), False),
        (Use.CODE, dt.timedelta(), False),
    ],
)
def test_a_link_signs_in_for_a_quarter_of_an_hour_and_only_one_that_is_made_for_it(
    database: Database, clock: FixedClock, use: Use, age: dt.timedelta, opens: bool
) -> None:
    secret = link(database, clock, use)
    clock.advance(age)

    assert isinstance(enter(database, clock, secret), SignedIn) == opens


@pytest.mark.parametrize("forged", ["", "x", "\ud800", "a" * 5000, "sign in:", "../../desk"])
def test_a_forged_link_opens_nothing_and_counts_as_a_failure(
    database: Database, clock: FixedClock, forged: str
) -> None:
    outcome = enter(database, clock, forged)

    assert outcome is Refusal.DEAD_LINK
    with database.reading() as session:
        since = clock.now() - guesses.WINDOW
        assert store.failures(session, email_hash="", network=NETWORK, since=since) == (0, 1)


def test_the_table_holds_only_the_hash_of_a_link(database: Database, clock: FixedClock) -> None:
    secret = link(database, clock)

    with database.reading() as session:
        row = store.link(session, links.mark(Use.SIGN_IN, secret), clock.now())

    assert row is not None
    assert secret not in row.secret_hash


def test_guessing_at_links_is_stopped_by_network_alone(database: Database, clock: FixedClock) -> None:
    for _ in range(guesses.FAILURES_PER_NETWORK):
        enter(database, clock, "x")

    stopped = enter(database, clock, link(database, clock))
    elsewhere = coming_in.by_link(database, link(database, clock), network="198.51.100.7", now=clock.now())

    assert stopped is Refusal.TOO_MANY
    assert isinstance(elsewhere, SignedIn)


@pytest.mark.parametrize("email", [EMAIL, "nobody@desk.example"])
def test_three_links_to_an_address_are_enough_for_a_quarter_of_an_hour(
    database: Database, clock: FixedClock, email: str
) -> None:
    def ask() -> bool:
        return coming_in.may_ask(database, email, network=NETWORK, now=clock.now())

    asked = [ask() for _ in range(4)]
    clock.advance(guesses.WINDOW)

    assert asked == [True, True, True, False]
    assert ask()


def test_one_network_gets_links_for_no_more_than_twenty_addresses(database: Database, clock: FixedClock) -> None:
    asked = [
        coming_in.may_ask(database, f"{n}@desk.example", network=f"2001:db8:1:2::{n:x}", now=clock.now())
        for n in range(21)
    ]

    assert asked == [True] * 20 + [False]
    assert isinstance(sessions.sign_in(database, EMAIL, PASSWORD, network="2001:db8:1:2::9", now=clock.now()), SignedIn)


def test_a_new_password_ends_every_link(database: Database, clock: FixedClock) -> None:
    secret = link(database, clock)

    with database.session() as session:
        accounts.replace_password(session, EMAIL, "another long password")

    assert enter(database, clock, secret) is Refusal.DEAD_LINK


# -- the second factor -------------------------------------------------------------------------------------------------


def test_a_second_factor_counts_only_once_a_code_of_it_was_seen(database: Database, clock: FixedClock) -> None:
    with database.session() as session:
        own.begin_second_factor(session, EMAIL, KEYS)

    wrong = own.confirm_second_factor(database, held(), "000000", KEYS, clock.now())
    before = sessions.sign_in(database, EMAIL, PASSWORD, network=NETWORK, now=clock.now())
    right = own.confirm_second_factor(database, held(), code_at(database, clock.now()), KEYS, clock.now())
    after = sessions.sign_in(database, EMAIL, PASSWORD, network=NETWORK, now=clock.now())

    assert wrong is Refusal.WRONG_CODE
    assert isinstance(before, SignedIn)
    assert isinstance(right, tuple)
    assert isinstance(after, CodeNeeded)


def test_the_secret_and_the_codes_for_paper_are_not_readable_in_the_table(
    database: Database, clock: FixedClock
) -> None:
    fresh = enrolled(database, clock)

    row = eve(database)

    assert second_factor.secret(row, KEYS) not in str(row.totp_secret)
    assert not set(fresh) & set(row.recovery_hashes)


@pytest.mark.parametrize("way", ["password", "link"])
def test_password_and_link_both_ask_for_the_code_and_the_trail_says_what_was_shown(
    database: Database, clock: FixedClock, way: str
) -> None:
    enrolled(database, clock)
    needed = enter(database, clock, link(database, clock)) if way == "link" else None
    first = needed.secret if isinstance(needed, CodeNeeded) else half(database, clock)

    came = finish(database, clock, first, code_at(database, clock.now()))

    assert isinstance(came, SignedIn)
    assert trail(database)[0] == (EMAIL, "sign in", f"by {way} and code")


def test_half_a_sign_in_opens_nothing_by_itself(database: Database, clock: FixedClock) -> None:
    enrolled(database, clock)

    first = half(database, clock)

    with database.reading() as session:
        assert sessions.visitor(session, first, clock.now()) is None
    assert enter(database, clock, first) is Refusal.DEAD_LINK


def test_no_code_is_taken_twice_by_whoever_brings_it(database: Database, clock: FixedClock) -> None:
    enrolled(database, clock)
    code = code_at(database, clock.now())
    halves = [half(database, clock) for _ in range(2)]

    outcomes = [finish(database, clock, first, code) for first in halves]

    assert isinstance(outcomes[0], SignedIn)
    assert outcomes[1] is Refusal.WRONG_CODE


def test_the_code_that_turned_it_on_signs_nobody_in(database: Database, clock: FixedClock) -> None:
    with database.session() as session:
        own.begin_second_factor(session, EMAIL, KEYS)
    code = code_at(database, clock.now())
    own.confirm_second_factor(database, held(), code, KEYS, clock.now())

    assert finish(database, clock, half(database, clock), code) is Refusal.WRONG_CODE


def test_a_code_for_paper_is_taken_once(database: Database, clock: FixedClock) -> None:
    fresh = enrolled(database, clock)

    first = finish(database, clock, half(database, clock), fresh[3].upper())
    again = finish(database, clock, half(database, clock), fresh[3])
    other = finish(database, clock, half(database, clock), fresh[4])

    assert isinstance(first, SignedIn)
    assert again is Refusal.WRONG_CODE
    assert isinstance(other, SignedIn)
    assert len(eve(database).recovery_hashes) == 8
    assert trail(database)[0][2] == "by password and recovery code"


def test_half_a_sign_in_lasts_five_minutes_and_is_spent_by_coming_in(database: Database, clock: FixedClock) -> None:
    enrolled(database, clock)
    late, spent = half(database, clock), half(database, clock)
    assert isinstance(finish(database, clock, spent, code_at(database, clock.now())), SignedIn)
    clock.advance(links.LIVES[Use.CODE])

    for dead in (late, spent, "", "password.", "link.x"):
        assert finish(database, clock, dead, code_at(database, clock.now())) is Refusal.LATE


def test_ten_wrong_codes_stop_the_right_one_too_for_a_quarter_of_an_hour(database: Database, clock: FixedClock) -> None:
    enrolled(database, clock)
    wrong = {finish(database, clock, half(database, clock), "12345x") for _ in range(guesses.FAILURES_PER_EMAIL)}

    stopped = finish(database, clock, half(database, clock), code_at(database, clock.now()))
    clock.advance(guesses.WINDOW)
    later = finish(database, clock, half(database, clock), code_at(database, clock.now()))

    assert wrong == {Refusal.WRONG_CODE}
    assert stopped is Refusal.TOO_MANY
    assert isinstance(later, SignedIn)


def test_coming_in_forgives_no_wrong_code(database: Database, clock: FixedClock) -> None:
    enrolled(database, clock)
    for _ in range(guesses.FAILURES_PER_EMAIL - 1):
        finish(database, clock, half(database, clock), "12345x")
    assert isinstance(finish(database, clock, half(database, clock), code_at(database, clock.now())), SignedIn)
    clock.advance(dt.timedelta(seconds=60))

    finish(database, clock, half(database, clock), "12345x")

    assert finish(database, clock, half(database, clock), code_at(database, clock.now())) is Refusal.TOO_MANY


def test_a_new_signing_key_locks_nobody_out_and_lost_keys_leave_the_codes_for_paper(
    database: Database, clock: FixedClock
) -> None:
    fresh = enrolled(database, clock)
    first = half(database, clock)
    lost = Keys((b"z" * 32,))

    def with_keys(keys: Keys, code: str) -> SignedIn | Refusal:
        return coming_in.with_code(database, Shown(half=first, code=code), keys, network=NETWORK, now=clock.now())

    code = code_at(database, clock.now())
    assert with_keys(lost, code) is Refusal.UNREADABLE
    assert isinstance(with_keys(lost, fresh[0]), SignedIn)
    first = half(database, clock)
    assert isinstance(with_keys(Keys((b"z" * 32, *KEYS.secrets)), code), SignedIn)


def test_a_reset_ends_sessions_and_halves_and_asks_no_code_any_more(database: Database, clock: FixedClock) -> None:
    enrolled(database, clock)
    first = half(database, clock)

    with database.session() as session:
        accounts.reset_second_factor(session, EMAIL, by="otto@desk.example", now=clock.now())

    assert finish(database, clock, first, "123456") is Refusal.LATE
    assert isinstance(sessions.sign_in(database, EMAIL, PASSWORD, network=NETWORK, now=clock.now()), SignedIn)
    assert ("otto@desk.example", "reset second factor", "") in trail(database)


# -- one's own account -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["code", "password", "recovery code"])
def test_a_code_or_the_password_turns_the_second_factor_off(database: Database, clock: FixedClock, kind: str) -> None:
    fresh = enrolled(database, clock)
    proof = {"code": code_at(database, clock.now()), "password": PASSWORD, "recovery code": fresh[0]}[kind]

    refusal = own.turn_off_second_factor(database, held(), proof, KEYS, clock.now())

    assert refusal is None
    row = eve(database)
    assert (row.totp_secret, row.totp_step, row.recovery_hashes) == (None, 0, [])


@pytest.mark.parametrize(
    ("proof", "refusal"),
    [("000000", Refusal.WRONG_CODE), ("", Refusal.WRONG_CODE), ("a wrong password", Refusal.WRONG_PASSWORD)],
)
def test_nothing_else_turns_it_off_and_each_try_counts(
    database: Database, clock: FixedClock, proof: str, refusal: Refusal
) -> None:
    enrolled(database, clock)

    told = [own.turn_off_second_factor(database, held(), proof, KEYS, clock.now()) for _ in range(11)]

    assert told == [refusal] * 10 + [Refusal.TOO_MANY]
    assert eve(database).has_second_factor


def test_new_codes_for_paper_replace_the_old_ones(database: Database, clock: FixedClock) -> None:
    old = enrolled(database, clock)

    new = own.renew_recovery_codes(database, held(), PASSWORD, KEYS, clock.now())

    assert isinstance(new, tuple)
    assert finish(database, clock, half(database, clock), old[0]) is Refusal.WRONG_CODE
    assert isinstance(finish(database, clock, half(database, clock), new[0]), SignedIn)


def test_a_changed_password_leaves_only_this_browser_signed_in(database: Database, clock: FixedClock) -> None:
    mine, other = (sessions.sign_in(database, EMAIL, PASSWORD, network=NETWORK, now=clock.now()) for _ in range(2))
    assert isinstance(mine, SignedIn)
    assert isinstance(other, SignedIn)

    refused = own.change_password(database, held(mine.secret), Change(old="x" * 12, new="n" * 12), clock.now())
    changed = own.change_password(database, held(mine.secret), Change(old=PASSWORD, new="n" * 12), clock.now())

    with database.reading() as session:
        known = [sessions.visitor(session, secret, clock.now()) is not None for secret in (mine.secret, other.secret)]
    assert (refused, changed) == (Refusal.WRONG_PASSWORD, None)
    assert known == [True, False]
    assert (EMAIL, "change password", "") in trail(database)


def test_an_account_without_a_password_has_none_that_fits(database: Database, clock: FixedClock) -> None:
    with database.session() as session:
        accounts.invite(session, "ina@desk.example", "Ina", Role.EDITOR, clock.now())

    for guess in ("", PASSWORD):
        outcome = sessions.sign_in(database, "ina@desk.example", guess, network=NETWORK, now=clock.now())
        assert outcome is Refusal.WRONG


def test_a_foreign_secret_in_the_table_is_told(database: Database) -> None:
    row = Staff(totp_secret=seal(Sealed.STAFF_LINK, "x", KEYS), totp_step=1)

    with pytest.raises(Exception, match=r"second factor was not sealed"):
        second_factor.secret(row, KEYS)


# -- roles -------------------------------------------------------------------------------------------------------------


def test_the_last_operator_stays_one_and_nobody_removes_themselves(database: Database, clock: FixedClock) -> None:
    now = clock.now()
    with database.session() as session:
        accounts.add(session, "otto@desk.example", "Otto", Role.OPERATOR, PASSWORD, now)
        with pytest.raises(accounts.AccountError, match="their own account"):
            accounts.remove(session, EMAIL, by=EMAIL, now=now)
        accounts.remove(session, EMAIL, by="otto@desk.example", now=now)

        with pytest.raises(accounts.AccountError, match="last operator"):
            accounts.remove(session, "otto@desk.example", by="command line", now=now)
        with pytest.raises(accounts.AccountError, match="last operator"):
            accounts.change_role(session, "otto@desk.example", Role.EDITOR, by="command line", now=now)

    assert trail(database) == [("otto@desk.example", "remove account", "")]


def test_removing_an_account_ends_its_sessions_and_links(database: Database, clock: FixedClock) -> None:
    secret = link(database, clock)
    came = sessions.sign_in(database, EMAIL, PASSWORD, network=NETWORK, now=clock.now())
    assert isinstance(came, SignedIn)
    with database.session() as session:
        accounts.add(session, "otto@desk.example", "Otto", Role.OPERATOR, PASSWORD, clock.now())

        accounts.remove(session, EMAIL, by="otto@desk.example", now=clock.now())

    with database.reading() as session:
        assert sessions.visitor(session, came.secret, clock.now()) is None
    assert enter(database, clock, secret) is Refusal.DEAD_LINK
