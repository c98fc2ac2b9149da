"""Sources added besides those of config.toml: what a Newsletter is with them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from digest.database import Database, Session
from digest.model.added import AddedSource
from digest.model.newsletter import Newsletter, SectionPlan, Selectors, Sender, SourceKind, SourcePlan
from digest.store import sources

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
FILED = SourcePlan(address="https://alpha.example/feed.xml", section="world", weight=2.0)
NEWSLETTER = Newsletter(
    slug="morning",
    title="The Morning",
    sender=Sender(name="The Morning", address="morning@news.example.org"),
    sections=(SectionPlan(slug="world", title="World"), SectionPlan(slug="science", title="Science")),
    sources=(FILED,),
)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


def add(session: Session, plan: SourcePlan, newsletter: str = "morning") -> None:
    session.add(AddedSource.of(newsletter, plan, by="ana@desk.example", at=NOW))
    session.flush()


def test_an_added_source_stands_behind_those_of_the_file_with_everything_it_was_added_with(session: Session) -> None:
    plan = SourcePlan(
        address="https://beta.example/news",
        kind=SourceKind.PAGE,
        section="science",
        name="Beta",
        weight=0.5,
        language="de",
        labels={"markets": "world"},
        full_text=True,
        selectors=Selectors(links="h2 a", remove=".share"),
    )

    add(session, plan)

    assert sources.complete(session, NEWSLETTER).sources == (FILED, plan)


def test_a_source_that_the_file_names_too_is_used_as_the_file_says(session: Session) -> None:
    add(session, SourcePlan(address=FILED.address, section="science", weight=9.0))

    assert sources.complete(session, NEWSLETTER) == NEWSLETTER


def test_a_source_rests_while_its_section_is_not_in_the_newsletter(session: Session) -> None:
    add(session, SourcePlan(address="https://beta.example/feed", section="sports"))

    assert sources.complete(session, NEWSLETTER) == NEWSLETTER


def test_a_source_added_to_one_newsletter_is_not_in_another(session: Session) -> None:
    add(session, SourcePlan(address="https://beta.example/feed", section="world"), newsletter="evening")

    assert sources.complete(session, NEWSLETTER) == NEWSLETTER


def test_a_source_that_is_read_in_another_way_now_forgets_its_last_answer(session: Session) -> None:
    sources.enlist(session, [NEWSLETTER], NOW)
    row = sources.named(session, FILED.address)
    row.etag, row.last_modified, row.body_hash = '"v1"', "Mon, 23 Nov 2026 05:00:00 GMT", "a" * 64

    changed = replace(NEWSLETTER, sources=(replace(FILED, kind=SourceKind.PAGE),))
    sources.enlist(session, [changed], NOW)

    assert row.kind is SourceKind.PAGE
    assert row.check().etag is row.check().last_modified is row.check().body_hash is None
