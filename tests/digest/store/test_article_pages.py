"""The pages of Articles: which are read, in which order, and what an Article takes over from its page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from digest.database import Database, Session
from digest.gather.identity import url_key
from digest.model.article import Article
from digest.model.entry import Entry, Failed, PageRead
from digest.model.newsletter import Newsletter, SectionPlan, Selectors, Sender, SourceKind, SourcePlan
from digest.model.source import Source
from digest.store import articles

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "https://wire.example/news"


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


def saved(session: Session, *entries: Entry, kind: SourceKind = SourceKind.PAGE, at: datetime = NOW) -> list[Article]:
    source = session.scalar(select(Source).where(Source.key == KEY))
    if source is None:
        source = Source(key=KEY, kind=kind, address=KEY, next_check_at=NOW, added_at=NOW)
        session.add(source)
    articles.save_new(session, source, entries, at, key_of=url_key)
    articles.want_pages(session, source, at, due_at=at)
    session.expire_all()
    return list(session.scalars(select(Article).order_by(Article.id)))


def entry(number: int = 1, **values: object) -> Entry:
    usual: dict[str, object] = {
        "guid": str(number),
        "link": f"https://wire.example/{number}",
        "title": f"Ferry line {number} opens",
    }
    return Entry(**{**usual, **values})  # type: ignore[arg-type]


def read(article: Article, outcome: Entry | Failed, at: datetime = NOW + HOUR) -> PageRead:
    return PageRead(article_id=article.id, outcome=outcome, at=at)


def test_the_page_of_a_new_article_is_due_at_once_and_that_of_a_known_one_is_not(session: Session) -> None:
    saved(session, entry(1))
    known = articles.pages_due(session, [KEY], NOW)
    articles.settle_page(session, read(known[0], entry(1)), key_of=url_key)

    saved(session, entry(1), entry(2), at=NOW + HOUR)

    assert [article.guid for article in articles.pages_due(session, [KEY], NOW + HOUR)] == ["2"]


def test_a_piece_without_an_address_has_no_page(session: Session) -> None:
    saved(session, entry(1, link=""))

    assert articles.pages_due(session, [KEY], NOW) == []


def test_the_newest_pages_are_read_first_and_no_host_takes_the_whole_round(session: Session) -> None:
    saved(session, *(entry(number) for number in range(40)))
    saved(session, entry(99, link="https://other.example/99"), at=NOW + HOUR)

    due = articles.pages_due(session, [KEY], NOW + HOUR)

    assert due[0].guid == "99"
    assert len(due) == 1 + articles.PAGES_OF_A_HOST


def test_an_article_takes_over_what_its_source_left_open(session: Session) -> None:
    [article] = saved(session, entry(title="Opens"))
    page = Entry(
        guid="",
        link="https://wire.example/1?utm_source=front",
        title="Night ferry line opens between the islands",
        summary="The first boat leaves at ten.",
        body="The first boat leaves at ten. It carries cars too.",
        authors=("Ines Aldana",),
        image="https://wire.example/ferry.jpg",
        language="en",
        labels=("Transport",),
        published=NOW - 3 * HOUR,
    )

    articles.settle_page(session, read(article, page), key_of=url_key)

    assert article.title == page.title
    assert (article.summary, article.body, article.image) == (page.summary, page.body, page.image)
    assert (article.authors, article.labels, article.language) == (["Ines Aldana"], ["Transport"], "en")
    assert (article.published_at, article.is_dated) == (NOW - 3 * HOUR, True)
    assert article.url == "https://wire.example/1"
    assert article.page_due_at is None


def test_what_a_feed_has_said_itself_stays(session: Session) -> None:
    said = entry(title="Ferry line opens", summary="The publisher's own line.", published=NOW - HOUR)
    [article] = saved(session, said, kind=SourceKind.FEED)

    page = entry(title="Ferry line opens | Wire", summary="Another line.", published=NOW - 9 * HOUR)
    articles.settle_page(session, read(article, page), key_of=url_key)

    assert (article.title, article.summary) == (said.title, said.summary)
    assert article.published_at == NOW - HOUR


@pytest.mark.parametrize(
    ("canonical", "key"),
    [
        ("https://www.wire.example/ferry-line", "wire.example/ferry-line"),
        ("https://agency.example/ferry-line", "wire.example/1"),
    ],
    ids=["of its own host", "of the agency it was taken from"],
)
def test_the_canonical_address_tells_pieces_apart_only_within_its_host(
    session: Session, canonical: str, key: str
) -> None:
    [article] = saved(session, entry())

    articles.settle_page(session, read(article, entry(link=canonical)), key_of=url_key)

    assert article.url_key == key


def test_a_page_that_cannot_be_read_is_tried_three_times_and_then_left(session: Session) -> None:
    [article] = saved(session, entry())
    due: list[datetime | None] = []

    for _ in range(3):
        at = article.page_due_at or NOW
        articles.settle_page(session, read(article, Failed(reason="wire.example answered 503."), at), key_of=url_key)
        due.append(article.page_due_at)

    assert due == [NOW + HOUR / 2, NOW + HOUR / 2 + HOUR, None]


def test_a_page_that_is_gone_is_not_asked_for_again(session: Session) -> None:
    [article] = saved(session, entry())

    articles.settle_page(session, read(article, Failed(reason="Gone.", gone=True)), key_of=url_key)

    assert article.page_due_at is None


def test_a_page_is_asked_for_with_the_selectors_of_its_source(session: Session) -> None:
    [article] = saved(session, entry())
    plan = SourcePlan(address=KEY, section="world", language="de", selectors=Selectors(body="article"))

    check = article.page_check(plan)

    assert (check.article_id, check.url) == (article.id, article.url)
    assert (check.language, check.selectors.body) == ("de", "article")


def test_a_mapped_label_moves_an_article_and_any_other_leaves_it_where_its_source_is(session: Session) -> None:
    saved(session, entry(1, labels=("Boats", "MARKETS")), entry(2, labels=("Boats",)))
    newsletter = Newsletter(
        slug="morning",
        title="The Morning",
        sender=Sender(name="The Morning", address="morning@news.example.org"),
        sections=(SectionPlan(slug="world", title="World"), SectionPlan(slug="business", title="Business")),
        sources=(SourcePlan(address=KEY, section="world", labels={"markets": "business"}),),
    )

    found = articles.candidates(session, newsletter, NOW - HOUR, NOW)

    assert [candidate.section for candidate in found] == ["business", "world"]
