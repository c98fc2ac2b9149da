"""The pace in the database: what one limit lets through, whoever asks, and how long a domain is left alone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest

from digest.database import Database
from digest.model.relay import Limits
from digest.store import pace
from digest.store.pace import Grant

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def take(database: Database, limits: Limits, wanted: int, *, after: float = 0, name: str = "relay:main") -> Grant:
    with database.session() as session:
        return pace.take(session, name, limits, wanted, NOW + timedelta(seconds=after))


def give_back(database: Database, count: int) -> None:
    with database.session() as session:
        pace.give_back(session, "relay:main", count)


def test_a_bucket_begins_full_and_fills_at_its_rate_up_to_its_burst(database: Database) -> None:
    limits = Limits(rate=2.0, burst=5)

    counts = [take(database, limits, 50, after=after).count for after in (0, 0, 0.25, 0.5, 2.0, 1000)]

    assert counts == [5, 0, 0, 1, 3, 5]


def test_a_bucket_says_when_the_next_token_falls_into_it(database: Database) -> None:
    limits = Limits(rate=0.5, burst=1)

    first, second, early, at_its_time = (take(database, limits, 50, after=after) for after in (0, 0, 1.5, 2))

    assert (first.count, first.next_at) == (1, NOW + timedelta(seconds=2))
    assert (second.count, second.next_at) == (0, NOW + timedelta(seconds=2))
    assert (early.count, early.next_at) == (0, NOW + timedelta(seconds=2))
    assert at_its_time.count == 1


def test_who_gets_all_that_was_wanted_may_ask_again_at_once(database: Database) -> None:
    assert take(database, Limits(rate=1.0, burst=10), 4) == Grant(count=4, next_at=NOW)


def test_each_name_has_a_bucket_of_its_own(database: Database) -> None:
    limits = Limits(per_day=3)

    counts = [take(database, limits, 2, name=name).count for name in ("relay:main", "domain:mail.example") * 2]

    assert counts == [2, 2, 1, 1]


@pytest.mark.parametrize("skew", [0.0, 0.3], ids=["one clock", "two clocks"])
def test_two_senders_together_never_pass_the_limit(database: Database, skew: float) -> None:
    limits, taken = Limits(rate=10.0, burst=5), [0, 0]

    def send(which: int) -> None:
        for step in range(40):
            taken[which] += take(database, limits, 3, after=step * 0.1 + which * skew).count

    senders = [Thread(target=send, args=(which,)) for which in (0, 1)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert 0 < sum(taken) <= 5 + (39 * 0.1 + skew) * 10


def test_a_clock_that_lags_behind_takes_nothing_that_was_given_already(database: Database) -> None:
    limits = Limits(rate=10.0, burst=10)
    take(database, limits, 10, after=1)

    counts = [take(database, limits, 10, after=after).count for after in (0, 1, 0, 1, 0, 1)]

    assert counts == [0] * 6


def test_a_day_has_its_number_and_the_next_begins_at_midnight(database: Database) -> None:
    limits = Limits(per_day=100)

    first, rest, none = (take(database, limits, 60) for _ in range(3))
    tomorrow = take(database, limits, 60, after=17 * 3600)

    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    assert first == Grant(count=60, next_at=NOW)
    assert rest == Grant(count=40, next_at=midnight)
    assert none == Grant(count=0, next_at=midnight)
    assert tomorrow.count == 60


def test_a_clock_that_lags_behind_does_not_begin_yesterday_anew(database: Database) -> None:
    limits, midnight = Limits(per_day=10), 17 * 3600
    take(database, limits, 10, after=midnight)

    counts = [take(database, limits, 10, after=midnight + after).count for after in (-0.1, 0.1)]

    assert counts == [0, 0]


def test_the_stricter_of_rate_and_day_counts(database: Database) -> None:
    limits = Limits(rate=1.0, burst=2, per_day=3)

    grants = [take(database, limits, 50, after=after) for after in (0, 10, 20)]

    assert [grant.count for grant in grants] == [2, 1, 0]
    assert grants[2].next_at == datetime(2026, 11, 24, tzinfo=UTC)


def test_what_is_given_back_can_be_taken_again_and_no_more_than_that(database: Database) -> None:
    limits = Limits(rate=0.001, burst=5, per_day=5)
    take(database, limits, 5)

    give_back(database, 3)

    assert [take(database, limits, 5).count for _ in range(2)] == [3, 0]


def test_what_is_given_back_never_makes_a_bucket_more_than_full(database: Database) -> None:
    limits = Limits(rate=1.0, burst=5)
    take(database, limits, 1)

    give_back(database, 4)

    assert take(database, limits, 50).count == 5


def test_to_give_back_to_a_bucket_that_is_not_there_does_nothing(database: Database) -> None:
    give_back(database, 3)

    assert take(database, Limits(per_day=2), 50).count == 2


def test_a_warm_up_grows_every_day_from_two_hundred_to_two_hundred_thousand() -> None:
    limits = Limits(warmup=DAY)

    caps = [pace.daily(limits, DAY + timedelta(days=days)) for days in range(43)]

    known = [cap for cap in caps if cap is not None]
    assert len(known) == 43
    assert known == sorted(set(known))
    assert (known[0], known[-1]) == (200, 200_000)


def test_before_a_warm_up_its_first_number_holds_and_after_it_none() -> None:
    limits = Limits(warmup=DAY)

    assert pace.daily(limits, DAY - timedelta(days=30)) == 200
    assert pace.daily(limits, DAY + timedelta(days=43)) is None


def test_a_fixed_number_holds_within_a_warm_up_and_behind_it() -> None:
    limits = Limits(warmup=DAY, per_day=1000)

    caps = [pace.daily(limits, DAY + timedelta(days=days)) for days in (0, 42, 100)]

    assert caps == [200, 1000, 1000]
    assert pace.daily(Limits(rate=1.0), DAY) is None


def hold(database: Database, now: datetime, reply: str = "421 4.7.0 slow down") -> datetime:
    with database.session() as session:
        return pace.hold(session, "mail.example", reply, now)


def test_a_domain_is_left_alone_for_longer_each_time(database: Database) -> None:
    now, minutes = NOW, []
    for _ in range(8):
        until = hold(database, now)
        minutes.append((until - now) / timedelta(minutes=1))
        now = until

    assert minutes == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_hold_that_stands_is_not_made_longer_by_what_was_under_way(database: Database) -> None:
    until = hold(database, NOW)

    assert hold(database, NOW + timedelta(seconds=30), "421 again") == until
    with database.reading() as session:
        assert pace.holds(session) == {"mail.example": until}
        assert [held.reply for held in pace.listing(session, NOW)] == ["421 4.7.0 slow down"]
        assert pace.listing(session, until) == []


def test_a_domain_that_took_mail_again_begins_with_a_minute_the_next_time(database: Database) -> None:
    until = hold(database, hold(database, NOW))
    with database.session() as session:
        pace.release(session, ["mail.example", "other.example"], until)

    assert hold(database, until) == until + timedelta(minutes=1)


def test_a_hold_that_stands_is_not_released(database: Database) -> None:
    until = hold(database, NOW)

    with database.session() as session:
        pace.release(session, ["mail.example"], until - timedelta(seconds=1))

    with database.reading() as session:
        assert pace.holds(session) == {"mail.example": until}
