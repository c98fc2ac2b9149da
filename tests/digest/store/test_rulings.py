"""Rulings: the last word on a pair or an article stands, and old ones count no more."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from digest.database import Database, Session
from digest.model.candidate import Ruling, RulingKind
from digest.store import rulings

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=14)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


def say(session: Session, ruling: Ruling, *, hour: int = 0, newsletter: str = "morning") -> int:
    return rulings.add(session, newsletter, ruling, by="anna@example.org", at=NOW + hour * HOUR).id


def merge(one: str, other: str) -> Ruling:
    return Ruling(kind=RulingKind.MERGE, url_key=one, other_key=other)


def split(one: str, other: str) -> Ruling:
    return Ruling(kind=RulingKind.SPLIT, url_key=one, other_key=other)


def boost(key: str, factor: float) -> Ruling:
    return Ruling(kind=RulingKind.BOOST, url_key=key, factor=factor)


def test_a_pair_is_the_same_whichever_is_named_first(session: Session) -> None:
    say(session, merge("b", "a"))
    say(session, merge("a", "b"), hour=1)

    assert rulings.in_force(session, "morning", LONG_AGO) == (merge("a", "b"),)


def test_the_later_of_a_merge_and_a_split_of_one_pair_stands(session: Session) -> None:
    say(session, merge("a", "b"))
    say(session, merge("a", "c"))
    say(session, split("b", "a"), hour=1)

    assert rulings.in_force(session, "morning", LONG_AGO) == (merge("a", "c"), split("a", "b"))


def test_a_boost_replaces_the_one_before_and_leaves_a_pin_alone(session: Session) -> None:
    pin = Ruling(kind=RulingKind.PIN, url_key="a")
    say(session, boost("a", 2.0))
    say(session, pin, hour=1)
    say(session, boost("a", 0.5), hour=2)
    say(session, boost("b", 3.0), hour=3)

    assert rulings.in_force(session, "morning", LONG_AGO) == (pin, boost("a", 0.5), boost("b", 3.0))


def test_rulings_come_the_earliest_first_and_those_said_again_count_as_new(session: Session) -> None:
    say(session, boost("a", 2.0), hour=1)
    say(session, boost("b", 2.0), hour=2)
    say(session, boost("a", 2.0), hour=3)

    assert [row.url_key for row in rulings.listing(session, "morning", LONG_AGO)] == ["b", "a"]


def test_old_rulings_and_those_of_other_newsletters_do_not_count(session: Session) -> None:
    say(session, merge("a", "b"), hour=-24 * 15)
    say(session, merge("c", "d"), newsletter="evening")

    assert rulings.in_force(session, "morning", NOW - rulings.LIFETIME) == ()
    assert rulings.in_force(session, "evening", NOW - rulings.LIFETIME) == (merge("c", "d"),)


def test_a_ruling_is_lifted_once(session: Session) -> None:
    number = say(session, split("a", "b"))

    lifted = rulings.lift(session, number)

    assert lifted is not None
    assert lifted.ruling == split("a", "b")
    assert rulings.lift(session, number) is None
    assert rulings.in_force(session, "morning", LONG_AGO) == ()


def test_editors_who_say_the_same_at_once_leave_one_ruling(database_url: str) -> None:
    database = Database(database_url)

    def rule(hour: int) -> None:
        with database.session() as session:
            say(session, merge("a", "b") if hour % 2 else split("a", "b"), hour=hour)

    with ThreadPoolExecutor(8) as editors:
        list(editors.map(rule, range(16)))

    with database.reading() as session:
        found = rulings.listing(session, "morning", LONG_AGO)
    database.close()
    assert 1 <= len(found) <= 2
    assert len({row.kind for row in found}) == len(found)
