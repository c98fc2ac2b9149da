"""Looking for Articles and Editions by their words, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from digest.database import Database, Session
from digest.model.article import Article
from digest.model.entry import Entry
from digest.model.newsletter import SourceKind
from digest.model.source import Source
from digest.model.wanted import wanted
from digest.store import finding

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
FIRST = (0, 20)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


def wire(session: Session, key: str = "https://wire.example/rss") -> Source:
    source = Source(key=key, kind=SourceKind.FEED, address=key, next_check_at=NOW, added_at=NOW)
    session.add(source)
    session.flush()
    return source


def kept(session: Session, source: Source, *titles: str, body: str = "", age: timedelta = timedelta(0)) -> list[int]:
    """Store an Article for each of *titles*, each a minute older than the one before; return their ids."""
    made = [
        Article(
            source=source,
            guid=f"{title}{age}",
            url="https://wire.example/1",
            url_key=f"{title}{age}",
            title=title,
            body=body,
            published_at=NOW - age - timedelta(minutes=n),
            first_seen_at=NOW,
            updated_at=NOW,
        )
        for n, title in enumerate(titles)
    ]
    session.add_all(made)
    session.flush()
    return [article.id for article in made]


def found(session: Session, typed: str) -> list[str]:
    """Return the titles of the Articles that *typed* finds."""
    page = finding.articles(session, wanted(typed), page=FIRST)
    return [article.title for article in finding.articles_called(session, page.ids)]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("battery winter", "Sodium battery passes its first winter test"),
        ("BATTERY", "Sodium battery passes its first winter test"),
        ('"first winter"', "Sodium battery passes its first winter test"),
        ("batt*", "Sodium battery passes its first winter test"),
        ('"its first win"*', "Sodium battery passes its first winter test"),
        ("skoda", "Škoda zeigt neuen Wagen"),
        ("Škoda", "Skoda zeigt neuen Wagen"),
        ("SMØRREBRØD", "Smorrebrod for all"),
        ("strasse", "Neue Straße gesperrt"),
        ("e-mail", "No e-mail today"),
        ("12,000", "Brann recalls 12,000 vans"),
        ("東京", "きょう東京で雪が降った"),
        ("雪", "きょう東京で雪が降った"),
        ("电池", "钠离子电池通过冬季测试"),
        ("배터리", "나트륨배터리가 겨울 시험을 통과"),
        ("แบตเตอรี่", "ทดสอบแบตเตอรี่ในฤดูหนาว"),
        ("हिन्दी", "हिन्दी में समाचार"),
        ("كتاب", "كِتَابٌ جديد"),
        ("ΑΘΉΝΑΣ", "Δρόμοι της Αθήνας"),
        ("елка", "Ёлка на площади"),
        ("\uff42\uff41\uff54\uff54\uff45\uff52\uff59", "A battery"),
    ],
)
def test_words_are_found_in_any_script_whatever_their_case_and_accents(
    session: Session, typed: str, title: str
) -> None:
    kept(session, wire(session), title, "Of something else entirely")

    assert found(session, typed) == [title]


@pytest.mark.parametrize(
    "typed",
    [
        "battery summer",
        '"winter first"',
        "batter",
        "battery -winter",
        '-"first winter" battery',
        "ba*ttery",
        "-battery",
        "",
        "  ",
        '"',
        '* - "" -- ***',
        "🔋",
        "test sodium*x",
    ],
)
def test_what_does_not_fit_is_not_found(session: Session, typed: str) -> None:
    kept(session, wire(session), "Sodium battery passes its first winter test")

    assert found(session, typed) == []


def test_a_phrase_does_not_reach_from_the_title_into_the_text(session: Session) -> None:
    kept(session, wire(session), "A cell that mends", body="itself, they say")

    assert found(session, '"mends itself"') == []
    assert found(session, "mends itself") == ["A cell that mends"]


def test_a_word_of_the_title_weighs_more_than_one_of_the_text_and_equals_stand_by_date(session: Session) -> None:
    source = wire(session)
    kept(session, source, "Of other things one", body="the ferry")
    kept(session, source, "Ferry sails on", "Ferry sails on ", age=timedelta(days=1))
    kept(session, source, "Of other things two", body="the ferry")

    page = finding.articles(session, wanted("ferry"), page=FIRST)
    ages = [article.published_at for article in finding.articles_called(session, page.ids)]

    assert found(session, "ferry")[:2] == ["Ferry sails on", "Ferry sails on "]
    assert ages[0] > ages[1]


def test_only_the_days_and_sources_asked_for_are_looked_through(session: Session) -> None:
    one, other = wire(session), wire(session, "https://other.example/rss")
    kept(session, one, "ferry today")
    kept(session, one, "ferry lately", age=timedelta(days=3))
    kept(session, other, "ferry elsewhere")

    def titles(**asked: object) -> list[str]:
        page = finding.articles(session, wanted("ferry"), page=FIRST, **asked)  # type: ignore[arg-type]
        return sorted(article.title for article in finding.articles_called(session, page.ids))

    assert titles(sources=[one.id]) == ["ferry lately", "ferry today"]
    assert titles(days=(NOW - timedelta(days=1), None)) == ["ferry elsewhere", "ferry today"]
    assert titles(days=(None, NOW - timedelta(days=1))) == ["ferry lately"]
    assert titles(sources=[]) == []


def test_a_renewed_article_is_found_by_its_new_words_alone(session: Session) -> None:
    kept(session, wire(session), "Ferry sails")
    article = session.query(Article).one()

    article.renew(Entry(guid="g", link="", title="Bridge opens"), NOW)
    session.flush()

    assert (found(session, "ferry"), found(session, "bridge")) == ([], ["Bridge opens"])


@pytest.mark.parametrize("way", ["tombstone", "row"])
def test_a_deleted_article_is_not_found(session: Session, way: str) -> None:
    kept(session, wire(session), "Ferry sails", "Ferry stays")
    article = session.query(Article).filter_by(title="Ferry sails").one()

    if way == "tombstone":
        article.deleted = True
        session.flush()
    else:
        session.execute(delete(Article).where(Article.id == article.id))

    page = finding.articles(session, wanted("ferry"), page=FIRST)
    assert (found(session, "ferry"), page.count) == (["Ferry stays"], 1)


def test_pages_follow_one_another_without_gap_or_repeat_and_the_count_says_how_many(session: Session) -> None:
    kept(session, wire(session), *(f"ferry number {n}" for n in range(45)))

    pages = [finding.articles(session, wanted("ferry"), page=(start, 20)) for start in (0, 20, 40, 60)]

    assert [len(page.ids) for page in pages] == [20, 20, 5, 0]
    assert len({one for page in pages for one in page.ids}) == 45
    assert {page.count for page in pages} == {45}


def test_of_very_many_the_newest_are_put_in_order_and_that_is_said(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_RANKED", 10)
    ids = kept(session, wire(session), *(f"ferry number {n}" for n in range(12)))

    page = finding.articles(session, wanted("ferry"), page=FIRST)

    assert (page.count, page.is_more) == (10, True)
    assert set(page.ids) <= set(ids[1:])


#: Signs that mean something to one of the databases, and those that break what is careless.
HOSTILE = st.text(
    alphabet=st.sampled_from("ab\"'*-+()&|!:<>^{}\\/%_;,.NEAR OR AND NOT\x00\ud800é東ह्ก\u0301\u200d¶"), max_size=60
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=HOSTILE | st.text(max_size=80))
def test_whatever_is_typed_is_no_error(session: Session, typed: str) -> None:
    with session.begin_nested():
        page = finding.articles(session, wanted(typed), page=FIRST)

    assert page.count == len(page.ids) == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60))
def test_any_title_is_found_by_itself(session: Session, title: str) -> None:
    with session.begin_nested() as nested:
        (article_id,) = kept(session, wire(session), title)
        asked = wanted('"' + title.replace('"', " ") + '"')
        page = finding.articles(session, asked, page=FIRST)
        nested.rollback()

    assert list(page.ids) == ([article_id] if asked else [])


def test_sqlite_finds_its_index_whole_after_all_ways_of_writing(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.session() as session:
        source = wire(session)
        kept(session, source, "Ferry sails", "Bridge opens", "Tunnel closes")
        article = session.query(Article).filter_by(title="Bridge opens").one()
        article.renew(Entry(guid="g", link="", title="Bridge shuts"), NOW)
        session.flush()
        session.execute(delete(Article).where(Article.title == "Ferry sails"))
        session.execute(update(Article).values(page_due_at=NOW))

        session.execute(text("INSERT INTO article_index (article_index, rank) VALUES ('integrity-check', 1)"))
        assert found(session, "shuts") == ["Bridge shuts"]
    database.close()
