"""How often a Source has news is counted from the Articles of its last week, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from digest.database import Database, Session
from digest.model.article import Article
from digest.model.entry import Gathered, Unchanged
from digest.model.newsletter import SourceKind
from digest.model.source import Source
from digest.store import sources

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


def wait_of(session: Session, *ages: timedelta, added: timedelta = 30 * DAY) -> timedelta:
    """Return the wait of a Source *added* so long ago, whose Articles were first seen *ages* ago."""
    source = Source(
        key=f"https://{added.total_seconds():g}.example/",
        kind=SourceKind.FEED,
        address="https://wire.example/",
        next_check_at=NOW,
        added_at=NOW - added,
    )
    session.add(source)
    for number, age in enumerate(ages):
        session.add(
            Article(
                source=source,
                guid=str(number),
                url="https://wire.example/a",
                url_key=f"wire.example/{number}",
                title="The harbour freezes over",
                published_at=NOW - age,
                first_seen_at=NOW - age,
                updated_at=NOW - age,
            )
        )
    session.flush()
    sources.settle(session, Gathered(source_id=source.id, outcome=Unchanged(), at=NOW))
    return source.next_check_at - NOW


def about(wait: timedelta, of: timedelta) -> bool:
    return 0.9 * of <= wait <= 1.1 * of


def test_the_pace_is_the_mean_time_between_the_articles_of_the_last_week(session: Session) -> None:
    daily_six = [day * DAY + hour * HOUR for day in range(20) for hour in (1, 4, 7, 10, 13, 16)]

    assert about(wait_of(session, *daily_six), 4 * HOUR)


def test_a_source_silent_for_a_week_is_asked_once_a_day(session: Session) -> None:
    wait = wait_of(session, 20 * DAY, 9 * DAY)

    assert wait >= 0.9 * DAY
    assert wait <= DAY


def test_a_source_without_any_article_is_asked_every_hour_on_its_first_day_and_then_once_a_day(
    session: Session,
) -> None:
    assert about(wait_of(session, added=23 * HOUR), HOUR)
    assert about(wait_of(session, added=40 * HOUR), DAY)


def test_what_the_first_answer_held_says_nothing_about_the_pace(session: Session) -> None:
    backlog = [2 * DAY] * 100

    on_its_first_day = wait_of(session, *[5 * HOUR] * 100, 3 * HOUR, 2 * HOUR, HOUR, added=5 * HOUR)
    later = wait_of(session, *backlog, *(number * HOUR for number in range(12)), added=2 * DAY)

    assert about(on_its_first_day, HOUR)
    assert about(later, 4 * HOUR)
