"""Articles: each piece is taken once, renewed in place, and never taken again once deleted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from digest.database import Database, Session
from digest.gather.identity import url_key
from digest.model.article import Article
from digest.model.entry import Entry
from digest.model.newsletter import Newsletter, SectionPlan, Sender, SourceKind, SourcePlan
from digest.model.source import Source
from digest.store import articles
from digest.store.articles import Saved

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
KEY = "https://wire.example/feed.xml"


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


@pytest.fixture
def source(session: Session) -> Source:
    return new_source(session, KEY)


def new_source(session: Session, key: str) -> Source:
    added = Source(key=key, kind=SourceKind.FEED, address=key, next_check_at=NOW, added_at=NOW)
    session.add(added)
    session.flush()
    return added


def entry(**values: object) -> Entry:
    usual = {
        "guid": "1",
        "link": "https://wire.example/1",
        "title": "Ferry line opens",
        "published": NOW - timedelta(hours=2),
    }
    return Entry(**{**usual, **values})  # type: ignore[arg-type]


def save(session: Session, source: Source, *entries: Entry, at: datetime = NOW, first: bool = False) -> Saved:
    return articles.save_new(session, source, entries, at, key_of=url_key, first=first)


def kept(session: Session) -> list[Article]:
    return list(session.scalars(select(Article).order_by(Article.id)))


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(entry(), id="just the same"),
        pytest.param(entry(link="https://wire.example/moved"), id="the same guid at another address"),
        pytest.param(entry(guid="another"), id="the same address under another guid"),
        pytest.param(
            entry(guid="x", link="http://www.wire.example/1/?utm_source=feed#top"), id="the same address in disguise"
        ),
    ],
)
def test_a_piece_that_is_known_is_never_taken_twice(session: Session, source: Source, again: Entry) -> None:
    save(session, source, entry())

    saved = save(session, source, again, at=LATER)

    assert saved == Saved(new=0, changed=0, known=1)
    assert len(kept(session)) == 1


def test_a_piece_that_stands_twice_in_one_answer_is_taken_once(session: Session, source: Source) -> None:
    saved = save(session, source, entry(), entry(), entry(guid="2", link="https://wire.example/1#comments"))

    assert saved == Saved(new=1, changed=0, known=2)


def test_two_sources_may_each_have_a_piece_of_the_same_name(session: Session, source: Source) -> None:
    other = new_source(session, "https://other.example/feed.xml")

    saved = [save(session, source, entry()), save(session, other, entry())]

    assert [each.new for each in saved] == [1, 1]


def test_title_and_summary_are_renewed_in_place_and_the_first_date_stays(session: Session, source: Source) -> None:
    save(session, source, entry(summary="It sails at noon."))
    first_date = kept(session)[0].published_at

    saved = save(session, source, entry(title="Ferry line opens late", summary="At one.", published=NOW), at=LATER)

    article = kept(session)[0]
    assert saved == Saved(new=0, changed=1, known=0)
    assert (article.title, article.summary) == ("Ferry line opens late", "At one.")
    assert (article.published_at, article.first_seen_at, article.updated_at) == (first_date, NOW, LATER)


def test_what_a_later_answer_leaves_out_is_kept(session: Session, source: Source) -> None:
    full = entry(
        summary="Noon.", body="All of it.", authors=("Ada Quill",), image="https://wire.example/1.jpg", labels=("sea",)
    )
    save(session, source, full)

    saved = save(session, source, entry(), at=LATER)

    article = kept(session)[0]
    assert saved.known == 1
    assert (article.summary, article.body, article.authors) == ("Noon.", "All of it.", ["Ada Quill"])
    assert (article.image, article.labels) == ("https://wire.example/1.jpg", ["sea"])


def test_a_deleted_article_stays_deleted_whatever_its_source_says(session: Session, source: Source) -> None:
    save(session, source, entry())
    kept(session)[0].deleted = True

    saved = [save(session, source, entry(title="Changed"), at=LATER), save(session, source, entry(guid="9"), at=LATER)]

    article = kept(session)[0]
    assert saved == [Saved(0, 0, 1), Saved(0, 0, 1)]
    assert (article.title, article.deleted, len(kept(session))) == ("Ferry line opens", True, 1)


def test_undated_pieces_of_a_first_answer_stand_apart_the_newest_first(session: Session, source: Source) -> None:
    undated = [entry(guid=str(n), link=f"https://wire.example/{n}", published=None) for n in range(4)]

    save(session, source, *undated, first=True)

    dates = [article.published_at for article in kept(session)]
    assert dates[0] == NOW
    assert {earlier - later for earlier, later in pairwise(dates)} == {timedelta(minutes=15)}


def test_dated_pieces_between_undated_ones_keep_their_dates(session: Session, source: Source) -> None:
    dated = entry(guid="dated", link="https://wire.example/d")

    save(
        session,
        source,
        entry(published=None),
        dated,
        entry(guid="3", link="https://wire.example/3", published=None),
        first=True,
    )

    assert [NOW - a.published_at for a in kept(session)] == [timedelta(0), timedelta(hours=2), timedelta(minutes=15)]


def test_undated_pieces_of_later_answers_are_of_now(session: Session, source: Source) -> None:
    save(session, source, entry(published=None), entry(guid="2", link="https://wire.example/2", published=None))

    assert {article.published_at for article in kept(session)} == {NOW}


def test_nothing_is_published_later_than_it_was_seen(session: Session, source: Source) -> None:
    save(session, source, entry(published=NOW + timedelta(days=400)))

    assert kept(session)[0].published_at == NOW


def test_guids_and_addresses_of_any_length_are_told_apart_and_known_again(session: Session, source: Source) -> None:
    long = [entry(guid="g" * 1990 + str(n), link=f"https://wire.example/{'ü' * 300}/{n}") for n in range(2)]

    saved = [save(session, source, *long), save(session, source, *long)]

    assert saved == [Saved(new=2, changed=0, known=0), Saved(new=0, changed=0, known=2)]


def test_pieces_without_any_address_are_told_apart_by_their_guid(session: Session, source: Source) -> None:
    saved = save(session, source, entry(guid="a", link=""), entry(guid="b", link=""), entry(guid="a", link=""))

    assert saved == Saved(new=2, changed=0, known=1)


def test_an_answer_of_thousands_of_pieces_is_kept_and_known_again(session: Session, source: Source) -> None:
    many = [entry(guid=str(n), link=f"https://wire.example/{n}") for n in range(2500)]

    saved = [save(session, source, *many), save(session, source, *many)]

    assert saved == [Saved(2500, 0, 0), Saved(0, 0, 2500)]
    assert session.scalar(select(func.count(Article.id))) == 2500


def test_candidates_are_the_young_articles_of_the_newsletters_own_sources(session: Session, source: Source) -> None:
    stranger = new_source(session, "https://other.example/feed.xml")
    save(session, stranger, entry(guid="of a stranger"))
    save(session, source, entry(guid="old", link="https://wire.example/old", published=NOW - timedelta(days=8)))
    save(session, source, entry(guid="seen long ago", link="https://wire.example/s"), at=NOW - timedelta(hours=80))
    save(session, source, entry(guid="gone", link="https://wire.example/gone"))
    kept(session)[-1].deleted = True
    save(session, source, entry(title="Young", guid="young", link="https://www.wire.example/young"))

    found = articles.candidates(session, newsletter(), NOW - timedelta(hours=72), NOW)

    assert [candidate.title for candidate in found] == ["Young"]
    assert (found[0].publisher, found[0].source_name, found[0].section) == ("wire.example", "The Wire", "world")
    assert (found[0].source_weight, found[0].language) == (2.0, "en")


def newsletter() -> Newsletter:
    plan = SourcePlan(address=KEY, section="world", name="The Wire", weight=2.0, language="en")
    return Newsletter(
        slug="morning",
        title="The Morning",
        sender=Sender(name="The Morning", address="morning@news.example.org"),
        sections=(SectionPlan(slug="world", title="World"),),
        sources=(plan,),
    )
