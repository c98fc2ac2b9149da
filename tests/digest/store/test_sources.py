"""Sources: a row for each that config.toml names, and the order in which they are asked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from digest.database import Database, Session
from digest.errors import WrongState
from digest.model.entry import Failed, Fetched, Gathered, Unchanged
from digest.model.newsletter import Newsletter, SectionPlan, Sender, SourcePlan
from digest.model.source import Source, SourceState
from digest.store import sources

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYS = tuple(f"https://{name}.example/feed.xml" for name in ("alpha", "beta", "gamma"))


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


def newsletter(*keys: str, slug: str = "morning") -> Newsletter:
    return Newsletter(
        slug=slug,
        title="The Morning",
        sender=Sender(name="The Morning", address="morning@news.example.org"),
        sections=(SectionPlan(slug="world", title="World"),),
        sources=tuple(SourcePlan(address=key, section="world") for key in keys),
    )


def named(session: Session) -> dict[str, Source]:
    return {source.key: source for source in session.scalars(select(Source))}


def test_a_source_of_two_newsletters_has_one_row_and_keeps_it(session: Session) -> None:
    letters = [newsletter(KEYS[0], KEYS[1]), newsletter(KEYS[1], slug="evening")]

    sources.enlist(session, letters, NOW)
    sources.enlist(session, letters, NOW + HOUR)

    rows = named(session)
    assert set(rows) == set(KEYS[:2])
    assert {row.added_at for row in rows.values()} == {NOW}


def test_a_source_that_config_names_no_more_keeps_its_row_and_is_not_asked(session: Session) -> None:
    sources.enlist(session, [newsletter(*KEYS)], NOW)

    sources.enlist(session, [newsletter(KEYS[0])], NOW)

    assert set(named(session)) == set(KEYS)
    assert [source.key for source in sources.due(session, [KEYS[0]], NOW)] == [KEYS[0]]


def test_due_are_those_whose_time_has_come_the_longest_waiting_first(session: Session) -> None:
    sources.enlist(session, [newsletter(*KEYS)], NOW)
    rows = named(session)
    rows[KEYS[0]].next_check_at = NOW - HOUR
    rows[KEYS[1]].next_check_at = NOW - 2 * HOUR
    rows[KEYS[2]].next_check_at = NOW + HOUR

    found = sources.due(session, KEYS, NOW)

    assert [source.key for source in found] == [KEYS[1], KEYS[0]]


@pytest.mark.parametrize(
    ("state", "is_asked"),
    [
        (SourceState.ACTIVE, True),
        (SourceState.FAILING, True),
        (SourceState.PAUSED, False),
        (SourceState.GONE, False),
    ],
)
def test_paused_and_gone_sources_are_left_alone(session: Session, state: SourceState, is_asked: bool) -> None:
    sources.enlist(session, [newsletter(KEYS[0])], NOW)
    named(session)[KEYS[0]].state = state

    assert bool(sources.due(session, KEYS, NOW)) == is_asked
    assert bool(sources.not_checked_since(session, KEYS, NOW)) == is_asked


def test_whom_nobody_has_asked_lately_is_asked_whatever_its_pace(session: Session) -> None:
    sources.enlist(session, [newsletter(*KEYS)], NOW)
    rows = named(session)
    rows[KEYS[0]].last_checked_at = NOW - HOUR
    rows[KEYS[1]].last_checked_at = NOW
    for row in rows.values():
        row.next_check_at = NOW + 9 * HOUR

    found = sources.not_checked_since(session, KEYS, NOW - HOUR / 2)

    assert [source.key for source in found] == [KEYS[0], KEYS[2]]


def test_the_first_usable_answer_is_still_to_come_until_it_has_come(session: Session) -> None:
    sources.enlist(session, [newsletter(KEYS[0])], NOW)
    row = named(session)[KEYS[0]]

    before = row.last_answered_at
    sources.settle(session, Gathered(source_id=row.id, outcome=Failed(reason="no"), at=NOW))
    after_a_failure = row.last_answered_at
    answer = Gathered(source_id=row.id, outcome=Fetched(entries=()), at=NOW)
    sources.settle(session, answer)

    assert (before, after_a_failure, sources.asked(session, answer).last_answered_at) == (None, None, NOW)


def test_coverage_counts_who_answered_lately_among_those_that_we_ask(session: Session) -> None:
    sources.enlist(session, [newsletter(*KEYS)], NOW)
    rows = named(session)
    for key, outcome in ((KEYS[0], Unchanged()), (KEYS[1], Failed(reason="no"))):
        sources.settle(session, Gathered(source_id=rows[key].id, outcome=outcome, at=NOW))
    rows[KEYS[2]].pause()

    assert sources.coverage(session, newsletter(*KEYS), NOW - HOUR) == (1, 2)
    assert sources.coverage(session, newsletter(*KEYS), NOW + HOUR) == (0, 2)


def test_those_in_trouble_stand_first_in_the_list(session: Session) -> None:
    sources.enlist(session, [newsletter(*KEYS)], NOW)
    named(session)[KEYS[1]].failures = 2

    assert [source.key for source in sources.listing(session, KEYS)] == [KEYS[1], KEYS[0], KEYS[2]]


def test_a_source_that_does_not_exist_is_named_with_where_to_look(session: Session) -> None:
    with pytest.raises(WrongState, match=r'no source "https://nowhere\.example/"; `digest source list` shows'):
        sources.named(session, "https://nowhere.example/")
