"""Editions: one for each newsletter, cadence and date, however many ask for it at once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from digest.database import Database, Session
from digest.errors import UnknownEdition
from digest.gather.identity import url_key
from digest.model.article import Article
from digest.model.candidate import Score
from digest.model.draft import Draft, Section, SourceLink, Story
from digest.model.edition import Edition, EditionStory
from digest.model.entry import Entry
from digest.model.ids import ArticleId, EditionId
from digest.model.newsletter import SourceKind
from digest.model.source import Source
from digest.store import articles, editions
from subscribers.cadence import Cadence

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
DAY = date(2026, 11, 23)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


def open_one(session: Session, day: date = DAY, cadence: Cadence = Cadence.DAILY, slug: str = "morning") -> Edition:
    return editions.open_for(session, slug, cadence, day, due_at=NOW)


def test_opening_twice_gives_the_same_edition(session: Session) -> None:
    first, second = open_one(session), open_one(session)

    assert first.id == second.id
    assert session.scalar(select(func.count(Edition.id))) == 1


def test_newsletter_cadence_and_date_each_make_an_edition_of_their_own(session: Session) -> None:
    opened = [
        open_one(session),
        open_one(session, slug="evening"),
        open_one(session, cadence=Cadence.WEEKLY),
        open_one(session, day=DAY + timedelta(days=1)),
    ]

    assert len({edition.id for edition in opened}) == 4


def test_the_hour_is_kept_up_to_date_only_while_the_edition_is_planned(session: Session) -> None:
    earlier, later = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    open_one(session)

    moved = editions.open_for(session, "morning", Cadence.DAILY, DAY, due_at=earlier).due_at
    open_one(session).skip("too late")
    settled = editions.open_for(session, "morning", Cadence.DAILY, DAY, due_at=later).due_at

    assert moved == earlier
    assert settled == NOW


@pytest.mark.parametrize("round_", range(3))
def test_processes_that_open_the_same_edition_at_once_make_one_row(database_url: str, round_: int) -> None:
    count = 4
    databases = [Database(database_url) for _ in range(count)]
    barrier, opened, faults = threading.Barrier(count), [], []

    def act(database: Database) -> None:
        barrier.wait()
        try:
            with database.session() as session:
                opened.append(open_one(session).id)
        except Exception as fault:  # noqa: BLE001 (told below)
            faults.append(fault)

    threads = [threading.Thread(target=act, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()

    assert faults == []
    assert len(opened) == count
    assert len(set(opened)) == 1


def test_an_edition_that_does_not_exist_is_named(session: Session) -> None:
    with pytest.raises(UnknownEdition, match="no edition with the id 4711"):
        editions.get(session, EditionId(4711))


def test_the_first_edition_since_a_day_is_that_days_or_the_next(session: Session) -> None:
    for days in (-1, 1, 2):
        open_one(session, day=DAY + timedelta(days=days))

    found = editions.first_since(session, "morning", Cadence.DAILY, DAY)

    assert found is not None
    assert found.date == DAY + timedelta(days=1)
    assert editions.first_since(session, "morning", Cadence.WEEKLY, DAY) is None
    assert editions.first_since(session, "morning", Cadence.DAILY, DAY + timedelta(days=3)) is None


def test_numbers_count_the_drafts_of_one_newsletter_and_cadence(session: Session) -> None:
    open_one(session).number = 41
    open_one(session, cadence=Cadence.WEEKLY).number = 6

    numbers = [
        editions.next_number(session, "morning", Cadence.DAILY),
        editions.next_number(session, "morning", Cadence.WEEKLY),
        editions.next_number(session, "evening", Cadence.DAILY),
    ]

    assert numbers == [42, 7, 1]


def test_the_last_period_is_that_of_an_edition_that_went_out(session: Session) -> None:
    sent, skipped, today = (open_one(session, day=DAY + timedelta(days=days)) for days in (-2, -1, 0))
    sent.period_end, sent.approved_at = NOW - timedelta(days=2), NOW - timedelta(days=2)
    skipped.period_end = NOW - timedelta(days=1)
    today.period_end, today.approved_at = NOW, NOW
    session.flush()

    assert editions.previous_period_end(session, today) == NOW - timedelta(days=2)


def test_every_article_of_a_story_counts_as_sent_in_that_cadence_alone(session: Session) -> None:
    lead, other, unused = (article(session, f"wire.example/{n}") for n in range(3))
    edition = open_one(session)
    edition.approved_at = NOW

    editions.remember_stories(session, edition, draft(lead, other), key_of=url_key)
    editions.remember_stories(session, edition, draft(lead, other), key_of=url_key)
    session.flush()

    sent = editions.already_sent(session, "morning", Cadence.DAILY, NOW)
    assert sent == {"wire.example/0": edition.id, "wire.example/1": edition.id}
    assert editions.already_sent(session, "morning", Cadence.WEEKLY, NOW) == {}
    assert editions.already_sent(session, "evening", Cadence.DAILY, NOW) == {}
    leads = {story.article_id: story.leads for story in session.scalars(select(EditionStory))}
    assert leads == {lead: True, other: False}
    assert unused not in leads


def test_what_was_sent_is_remembered_for_sixty_days(session: Session) -> None:
    edition = open_one(session)
    edition.approved_at = NOW
    editions.remember_stories(session, edition, draft(article(session, "wire.example/0")), key_of=url_key)
    session.flush()

    within = editions.already_sent(session, "morning", Cadence.DAILY, NOW + timedelta(days=59))
    beyond = editions.already_sent(session, "morning", Cadence.DAILY, NOW + timedelta(days=61))

    assert within == {"wire.example/0": edition.id}
    assert beyond == {}


def test_a_long_link_of_an_editor_is_remembered_as_its_article_is_kept(session: Session) -> None:
    edition = open_one(session)
    edition.approved_at = NOW
    url = f"https://wire.example/{'ferry-' * 200}"
    made = draft(article(session, "wire.example/0"))
    own = replace(made.stories[0], article_id=None, own_key="o1", url=url)
    source = session.scalars(select(Source)).one()

    story = replace(made, sections=(replace(made.sections[0], stories=(own,)),))
    editions.remember_stories(session, edition, story, key_of=url_key)
    articles.save_new(session, source, [Entry(guid="1", link=url, title="Ferry", published=NOW)], NOW, key_of=url_key)
    session.flush()

    kept = session.scalars(select(Article.url_key).where(Article.url == url)).one()
    assert editions.already_sent(session, "morning", Cadence.DAILY, NOW) == {kept: edition.id}


def article(session: Session, key: str) -> ArticleId:
    source = session.scalar(select(Source)) or Source(
        key="https://wire.example/feed.xml", kind=SourceKind.FEED, address="", next_check_at=NOW, added_at=NOW
    )
    added = Article(
        source=source,
        guid=key,
        url=f"https://{key}",
        url_key=key,
        title="Ferry line opens",
        published_at=NOW,
        first_seen_at=NOW,
        updated_at=NOW,
    )
    session.add(added)
    session.flush()
    return added.id


def draft(lead: ArticleId, *others: ArticleId) -> Draft:
    story = Story(
        article_id=lead,
        headline="Ferry line opens",
        url="https://wire.example/0",
        source="wire.example",
        summary="",
        published=NOW,
        score=Score(parts=(), decay=1.0),
        also=tuple(SourceLink(article_id=other, name="Other", url="", title="") for other in others),
    )
    return Draft(
        newsletter="morning",
        cadence=Cadence.DAILY,
        date=DAY,
        number=1,
        subject="News",
        preheader="",
        sections=(Section(slug="world", title="World", stories=(story,)),),
    )
