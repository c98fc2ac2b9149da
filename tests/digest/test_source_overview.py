"""How Sources are doing, as the desk tells it: states in words, harvests by day, what was used; on both databases."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event

from digest import source_list
from digest.model.article import Article
from digest.model.edition import EditionStory
from digest.model.newsletter import SourcePlan
from digest.model.source import SourceState
from digest.services import Services
from digest.source_list import SourceRow
from digest.store import editions, sources
from subscribers.cadence import Cadence
from tests.conftest import MakeServices
from tests.fakes import FixedClock

FEED = "https://aldmere.example/feed.xml"
SECTION = '[[newsletter.section]]\ntitle = "World"\n'
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def services(make_services: MakeServices, database_url: str) -> Services:
    services = make_services(database_url, more=SECTION)
    source_list.add(services, "morning", SourcePlan(address=FEED, section="World"), by="ana")
    return services


def bring(services: Services, *ages: timedelta, used: int = 0) -> list[Article]:
    """Keep an Article first seen so long ago for each of *ages*; the first so many of them stand in an Edition."""
    now = services.clock.now()
    with services.session() as session:
        source = sources.named(session, FEED)
        articles = [
            Article(
                source_id=source.id,
                guid=f"{n} {age}",
                url=f"https://aldmere.example/{n}",
                url_key=f"aldmere.example/{n}",
                title=f"Piece {n}",
                published_at=now - age,
                first_seen_at=now - age,
                updated_at=now - age,
            )
            for n, age in enumerate(ages)
        ]
        session.add_all(articles)
        session.flush()
        edition = editions.open_for(session, "morning", Cadence.DAILY, date(2026, 11, 22), due_at=now)
        session.add_all(
            EditionStory(edition_id=edition.id, article_id=article.id, section="world", leads=True)
            for article in articles[:used]
        )
    return articles


def row(services: Services, key: str = FEED) -> SourceRow:
    return next(row for row in source_list.overview(services).rows if row.key == key)


def test_new_pieces_are_counted_by_day_without_the_first_answer_and_used_ones_by_edition(services: Services) -> None:
    bring(services, *[5 * DAY] * 7, 2 * DAY + HOUR, DAY + HOUR, DAY + HOUR, HOUR, used=8)

    harvest = row(services).harvest

    assert harvest.days == (0,) * 11 + (1, 2, 1)
    assert harvest.per_day == pytest.approx(4 / 5)
    assert (harvest.used, harvest.brought) == (8, 11)


def test_a_source_known_before_has_no_first_answer_in_these_days(services: Services) -> None:
    bring(services, 20 * DAY, 13 * DAY, 3 * DAY, 3 * DAY)

    harvest = row(services).harvest

    assert (sum(harvest.days), harvest.days[0 - 3], harvest.brought) == (3, 0, 3)
    assert harvest.per_day == pytest.approx(2 / 7)


def test_a_pace_is_told_after_a_day_and_is_nought_for_the_silent(services: Services, clock: FixedClock) -> None:
    bring(services, 2 * HOUR, HOUR)
    young = row(services).harvest.per_day
    clock.advance(30 * DAY)
    with services.session() as session:
        sources.named(session, FEED).last_answered_at = clock.now()

    assert (young, row(services).harvest.per_day) == (None, 0.0)


@pytest.mark.parametrize(
    ("state", "failures", "fault", "is_asked", "word", "tone"),
    [
        (SourceState.ACTIVE, 0, "", False, "not asked yet", "open"),
        (SourceState.ACTIVE, 0, "", True, "answers", "good"),
        (SourceState.ACTIVE, 0, "One piece is broken.", True, "answers in part", "warn"),
        (SourceState.ACTIVE, 2, "It answered 500.", True, "no answer", "warn"),
        (SourceState.FAILING, 5, "It answered 500.", True, "failing", "bad"),
        (SourceState.GONE, 1, "It answered 410.", True, "gone", "bad"),
        (SourceState.PAUSED, 0, "", True, "paused", "quiet"),
        (SourceState.PAUSED, 30, "Paused after 30 failures.", True, "paused after failures", "bad"),
    ],
)
def test_a_state_is_a_word_and_a_colour(
    services: Services, state: SourceState, failures: int, fault: str, is_asked: bool, word: str, tone: str
) -> None:
    with services.session() as session:
        source = sources.named(session, FEED)
        source.state, source.failures, source.last_fault = state, failures, fault
        source.last_checked_at = services.clock.now() if is_asked else None

    found = row(services)

    assert (found.state, found.tone, found.is_in_trouble) == (word, tone, tone in {"bad", "warn"})


def test_those_in_trouble_come_first_and_coverage_counts_who_answers(services: Services, clock: FixedClock) -> None:
    for n in range(3):
        plan = SourcePlan(address=f"https://{n}.example/f", section="World")
        source_list.add(services, "morning", plan, by="ana")
    with services.session() as session:
        for n, (state, failures) in enumerate(((SourceState.ACTIVE, 0), (SourceState.FAILING, 4))):
            source = sources.named(session, f"https://{n}.example/f")
            source.state, source.failures = state, failures
            source.last_checked_at = source.last_answered_at = clock.now()
    source_list.pause(services, "https://2.example/f", by="ana")

    found = source_list.overview(services)

    assert [row.name for row in found.rows] == ["1.example", "0.example", "aldmere.example", "news", "2.example"]
    assert [(one.newsletter, one.answered, one.asked) for one in found.coverage] == [("morning", 1, 4)]


def test_a_source_whose_section_is_gone_and_one_that_left_the_settings_are_told_apart(
    make_services: MakeServices, database_url: str
) -> None:
    sea = SECTION.replace("World", "Sea")
    with_source = f'{SECTION}{sea}[[newsletter.source]]\nfeed = "https://filed.example/rss"\nsection = "World"\n'
    before = make_services(database_url, more=with_source)
    source_list.listing(before)
    with before.reading() as session:
        filed = sources.named(session, "https://filed.example/rss").id
    source_list.add(before, "morning", SourcePlan(address=FEED, section="Sea"), by="ana")
    later = make_services(database_url, more=SECTION)

    gone = source_list.opened(later, filed)

    assert gone is not None
    assert (gone.row.state, gone.row.uses, gone.row.name) == ("not used", (), "filed.example")
    assert row(later).state == "has no section"
    assert "https://filed.example/rss" not in {row.key for row in source_list.overview(later).rows}


def test_the_latest_pieces_say_in_which_edition_they_stand(services: Services) -> None:
    bring(services, HOUR, 3 * HOUR, 2 * HOUR, used=1)
    with services.reading() as session:
        source_id = sources.named(session, FEED).id

    found = source_list.opened(services, source_id)

    assert found is not None
    assert [(one.article.title, one.used_in and one.used_in.date) for one in found.latest] == [
        ("Piece 0", date(2026, 11, 22)),
        ("Piece 2", None),
        ("Piece 1", None),
    ]
    assert source_list.opened(services, type(source_id)(999)) is None


def test_three_questions_are_asked_however_many_sources_there_are(services: Services) -> None:
    for n in range(30):
        source_list.add(services, "morning", SourcePlan(address=f"https://{n}.example/f", section="World"), by="ana")
    asked: list[str] = []

    def take(*call: object) -> None:
        asked.append(str(call[2]))

    event.listen(services.database.engine, "before_cursor_execute", take)
    found = source_list.overview(services)
    event.remove(services.database.engine, "before_cursor_execute", take)

    assert len(found.rows) == 32
    assert len([statement for statement in asked if "SELECT" in statement]) == 3
    assert not [statement for statement in asked if statement.startswith(("INSERT", "UPDATE"))]
