"""The list of Sources: what may be added, removed, paused, imported and exported, on both databases."""

from datetime import timedelta

import pytest

from digest import pipeline, source_list
from digest.errors import DigestError, UnknownNewsletter, UnreadableInput, WrongState
from digest.gather.finding import opml
from digest.model.newsletter import Selectors, SourceKind, SourcePlan
from digest.model.source import SourceState
from digest.services import Services
from digest.source_list import SourceRefused, Wanted
from digest.store import audit, sources
from tests.conftest import MakeServices
from tests.factories import write_feed
from tests.fakes import FixedClock

FEED = "https://aldmere.example/feed.xml"
MORE = """
[[newsletter.section]]
title = "World"

[[newsletter.section]]
title = "Science & Sea"
slug = "science"

[[newsletter.source]]
feed = "https://filed.example/rss"
section = "World"
name = "Filed"

[[newsletter]]
slug = "evening"
title = "The Evening"
sender = "The Evening <evening@news.example.org>"
postal_address = "1 Example Street, Exampleton"

[[newsletter.source]]
page = "https://list.example/news"
section = "World"

[[newsletter]]
slug = "last"
title = "The Last"
sender = "The Last <last@news.example.org>"
postal_address = "1 Example Street, Exampleton"
"""
LIST = """<opml version="2.0"><body>
<outline text="SCIENCE & SEA"><outline text="Deep"><outline text="Sea Post" xmlUrl="https://sea.example/f"/></outline></outline>
<outline text="Gardens"><outline text="Rose Post" xmlUrl="https://rose.example/f"/></outline>
<outline text="Loose" xmlUrl="https://loose.example/f"/>
<outline text="world"><outline text="Filed" xmlUrl="http://www.filed.example/rss/"/>
<outline text="Twice" xmlUrl="https://sea.example/f?utm_source=x"/></outline>
<outline text="Broken" type="rss"/>
</body></opml>"""


@pytest.fixture
def services(make_services: MakeServices, database_url: str) -> Services:
    return make_services(database_url, more=MORE)


def plan(address: str = FEED, section: str = "world", **values: object) -> SourcePlan:
    return SourcePlan(address=address, section=section, **values)  # type: ignore[arg-type]  # a test names the fields


def add(services: Services, one: SourcePlan, slug: str = "morning") -> SourcePlan:
    return source_list.add(services, slug, one, by="ana@desk.example")


def addresses(services: Services, slug: str = "morning") -> list[str]:
    with services.reading() as session:
        found = sources.complete(session, services.newsletter(slug)).sources
    return [one.address for one in found if one.kind is not SourceKind.FOLDER]


def test_an_added_source_is_kept_with_all_it_was_added_with_and_asked_at_once(
    services: Services, clock: FixedClock
) -> None:
    given = plan(
        section="Science & Sea",
        kind=SourceKind.PAGE,
        name="  The  Aldmere Post ",
        weight=2.5,
        language="de-AT",
        labels={"Markets": "World"},
        full_text=True,
        selectors=Selectors(links="h2 a"),
    )

    kept = add(services, given)

    assert kept == plan(
        section="science",
        kind=SourceKind.PAGE,
        name="The Aldmere Post",
        weight=2.5,
        language="de",
        labels={"markets": "world"},
        full_text=True,
        selectors=Selectors(links="h2 a"),
    )
    with services.reading() as session:
        assert sources.complete(session, services.newsletter("morning")).sources[-1] == kept
        assert [source.key for source in sources.due(session, [FEED], clock.now())] == [FEED]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (plan(section="Gardens"), 'The Morning has no section "Gardens"; it has: World, Science & Sea'),
        (plan(labels={"a": "Gardens"}), 'no section "Gardens"'),
        (plan("ftp://aldmere.example/feed"), "is no web address"),
        (plan("aldmere.example/feed"), "is no web address"),
        (plan("/news", kind=SourceKind.FOLDER), "folders are named in config.toml"),
        (plan(weight=0), "weight 0 is out of bounds"),
        (plan(weight=11), "weight 11 is out of bounds"),
        (plan(weight=float("nan")), "weight nan is out of bounds"),
        (plan(language="English"), '"English" is no language'),
        (plan(selectors=Selectors(links="h2 >")), "The selector links"),
        (
            plan("http://www.filed.example/rss/"),
            r"is a source of The Morning already, in the section world, as https://filed",
        ),
        (plan("https://list.example/news"), "is read as a page by another newsletter"),
    ],
)
def test_a_source_that_cannot_be_used_is_refused_in_words_and_not_kept(
    services: Services, given: SourcePlan, words: str
) -> None:
    before = addresses(services)

    with pytest.raises(DigestError, match=words):
        add(services, given)

    assert addresses(services) == before


def test_a_source_is_added_once(services: Services) -> None:
    add(services, plan())

    with pytest.raises(SourceRefused, match="already"):
        add(services, plan(f"{FEED}?utm_source=mail"))

    add(services, plan(), "evening")
    assert addresses(services).count(FEED) == 1


def test_an_unknown_newsletter_is_named(services: Services) -> None:
    with pytest.raises(UnknownNewsletter, match="noon"):
        add(services, plan(), "noon")


def test_a_removed_source_is_used_no_more_until_it_is_added_again(services: Services, clock: FixedClock) -> None:
    add(services, plan())
    source_list.pause(services, FEED, by="ana")

    gone = source_list.remove(services, "morning", f"{FEED}#top", by="ana")

    assert gone.address == FEED
    assert FEED not in addresses(services)
    add(services, plan())
    with services.reading() as session:
        assert sources.named(session, FEED).state is SourceState.ACTIVE


def test_what_config_toml_names_is_not_removed_and_what_nobody_names_is_told(services: Services) -> None:
    with pytest.raises(SourceRefused, match=r"stands in config\.toml; take it out there"):
        source_list.remove(services, "morning", "https://filed.example/rss", by="ana")
    with pytest.raises(SourceRefused, match='The Morning has no source "https://else'):
        source_list.remove(services, "morning", "https://else.example/feed", by="ana")


def test_any_source_may_be_paused_and_resumed_however_its_address_is_written(services: Services) -> None:
    assert source_list.pause(services, "http://www.filed.example/rss/", by="ana") is SourceState.PAUSED
    assert source_list.resume(services, "https://filed.example/rss", by="ana") is SourceState.ACTIVE

    with pytest.raises(WrongState, match="only a paused"):
        source_list.resume(services, "https://filed.example/rss", by="ana")
    with pytest.raises(WrongState, match="there is no source"):
        source_list.pause(services, "https://else.example/feed", by="ana")


def test_a_list_of_feeds_is_taken_by_its_categories_and_what_is_left_out_is_told(services: Services) -> None:
    came = source_list.import_opml(services, "morning", LIST.encode(), by="ana")

    assert [(one.address, one.section, one.name) for one in came.added] == [
        ("https://sea.example/f", "science", "Sea Post")
    ]
    assert came.known == 2
    assert came.faults == (
        'line 7: "Broken" has no xmlUrl',
        '"Rose Post" is in the category "Gardens", and the sections are World, Science & Sea; name one for the rest',
        '"Loose" is in no category, and the sections are World, Science & Sea; name one for the rest',
    )
    assert "https://sea.example/f" in addresses(services)


def test_a_section_for_the_rest_takes_what_no_category_places(services: Services) -> None:
    came = source_list.import_opml(services, "morning", LIST.encode(), by="ana", section="World")

    assert [(one.name, one.section) for one in came.added] == [
        ("Sea Post", "science"),
        ("Rose Post", "world"),
        ("Loose", "world"),
    ]
    assert len(came.faults) == 1


def test_a_second_import_adds_nothing(services: Services) -> None:
    source_list.import_opml(services, "morning", LIST.encode(), by="ana", section="World")

    again = source_list.import_opml(services, "morning", LIST.encode(), by="ana", section="World")

    assert (again.added, again.known) == ((), 5)


def test_a_dry_run_says_what_would_be_added_and_adds_nothing(services: Services) -> None:
    before = addresses(services)

    came = source_list.import_opml(services, "morning", LIST.encode(), by="ana", section="World", dry_run=True)

    assert len(came.added) == 3
    assert addresses(services) == before


def test_a_list_that_is_none_or_a_section_that_is_none_is_refused(services: Services) -> None:
    with pytest.raises(UnreadableInput, match="no OPML list"):
        source_list.import_opml(services, "morning", b"<html/>", by="ana")
    with pytest.raises(SourceRefused, match="no section"):
        source_list.import_opml(services, "morning", LIST.encode(), by="ana", section="Gardens")


def test_an_exported_list_holds_every_source_on_the_web_by_section_and_can_be_imported(services: Services) -> None:
    add(services, plan("https://b.example/s.xml", "science", kind=SourceKind.SITEMAP, language="de"))
    add(services, plan(section="world", name="The Aldmere Post"))

    body = source_list.export_opml(services, "morning")

    feeds = opml.read(body, name="The list").feeds
    assert [(feed.title, feed.address, feed.category, feed.kind, feed.language) for feed in feeds] == [
        ("Filed", "https://filed.example/rss", ("World",), SourceKind.FEED, None),
        ("The Aldmere Post", FEED, ("World",), SourceKind.FEED, None),
        ("https://b.example/s.xml", "https://b.example/s.xml", ("Science & Sea",), SourceKind.SITEMAP, "de"),
    ]  # fmt: skip
    came = source_list.import_opml(services, "evening", body, by="ana", section="World")
    assert [(one.address, one.kind, one.name, one.language) for one in came.added] == [
        ("https://filed.example/rss", SourceKind.FEED, "Filed", None),
        (FEED, SourceKind.FEED, "The Aldmere Post", None),
        ("https://b.example/s.xml", SourceKind.SITEMAP, "", "de"),
    ]


def test_an_exported_list_holds_no_password(services: Services) -> None:
    add(services, plan("https://ana:secret@paid.example/feed", "world"))

    body = source_list.export_opml(services, "morning")

    assert b"https://paid.example/feed" in body
    assert b"secret" not in body
    assert b"ana:" not in body


def test_the_listing_tells_who_uses_a_source_and_where_that_is_said(services: Services) -> None:
    add(services, plan())
    add(services, plan(), "evening")

    listed = {one.source.key: one for one in source_list.listing(services)}

    assert [(use.newsletter, use.is_added, use.rests) for use in listed[FEED].uses] == [
        ("morning", True, False),
        ("evening", True, False),
    ]
    assert not listed["https://filed.example/rss"].uses[0].is_added
    assert listed[FEED].per_day is None


def test_a_source_whose_section_is_gone_rests_at_the_end_of_the_listing_and_can_be_placed_anew(
    make_services: MakeServices, database_url: str
) -> None:
    add(make_services(database_url, more=MORE), plan(section="science"))
    later = make_services(database_url, more=MORE.replace('slug = "science"', 'slug = "sea"'))

    rests = source_list.listing(later)[-1]

    assert (rests.source.key, rests.uses[0].rests) == (FEED, True)
    add(later, plan(section="sea"))
    assert FEED in addresses(later)
    assert not any(use.rests for one in source_list.listing(later) for use in one.uses)


def test_the_listing_counts_new_pieces_a_day_after_the_first_answer(
    make_services: MakeServices, database_url: str, clock: FixedClock
) -> None:
    services = make_services(database_url)
    folder = next(one.source.key for one in source_list.listing(services))
    news = [(f"Harbour story number {n}", f"https://aldmere.example/{n}") for n in range(9)]
    for day, count in ((0, 3), (2, 9)):
        clock.advance(timedelta(days=day))
        write_feed(services.settings.state.parent / "news", *news[:count], published=clock.now())
        pipeline.gather_afresh(services, services.settings.newsletters)
    clock.advance(timedelta(days=1))

    [listed] = source_list.listing(services)

    assert listed.source.key == folder
    assert listed.per_day == pytest.approx(2.0, rel=0.01)


def test_an_added_source_is_changed_in_what_is_named_and_keeps_the_rest(services: Services) -> None:
    add(services, plan(name="Post", weight=2.0, language="de", labels={"Sea": "science"}))

    kept = source_list.change(
        services, "morning", f"{FEED}#top", Wanted(section="Science & Sea", language=""), by="ana"
    )

    assert kept == plan(section="science", name="Post", weight=2.0, labels={"sea": "science"})
    with services.reading() as session:
        assert sources.complete(session, services.newsletter("morning")).sources[-1] == kept


def test_a_source_of_another_kind_or_with_other_selectors_is_read_afresh(services: Services, clock: FixedClock) -> None:
    add(services, plan(kind=SourceKind.PAGE))
    with services.session() as session:
        source = sources.named(session, FEED)
        source.body_hash, source.next_check_at = "known", clock.now() + timedelta(hours=9)

    source_list.change(services, "morning", FEED, Wanted(name="Post"), by="ana")
    with services.reading() as session:
        renamed = sources.named(session, FEED).body_hash
    source_list.change(services, "morning", FEED, Wanted(links="h2 a"), by="ana")

    with services.reading() as session:
        source = sources.named(session, FEED)
        assert (renamed, source.body_hash, source.next_check_at) == ("known", None, clock.now())


def test_a_change_that_cannot_be_is_refused_in_words_and_changes_nothing(services: Services) -> None:
    add(services, plan())
    add(services, plan(), "evening")

    for wanted, words in (
        (Wanted(section="Gardens"), "has no section"),
        (Wanted(weight=0.0), "out of bounds"),
        (Wanted(language="English"), "is no language"),
        (Wanted(links="h2 >"), "The selector links"),
        (Wanted(kind=SourceKind.PAGE), "is read as a feed by another newsletter"),
        (Wanted(kind=SourceKind.FOLDER), "folders are named in"),
    ):
        with pytest.raises(DigestError, match=words):
            source_list.change(services, "morning", FEED, wanted, by="ana")
    with pytest.raises(SourceRefused, match=r"stands in config\.toml; change it there"):
        source_list.change(services, "morning", "https://filed.example/rss", Wanted(name="x"), by="ana")
    with pytest.raises(SourceRefused, match="has no source"):
        source_list.change(services, "morning", "https://else.example/f", Wanted(name="x"), by="ana")
    with services.reading() as session:
        assert sources.complete(session, services.newsletter("morning")).sources[-1] == plan()


def test_a_source_that_rests_is_placed_into_a_section_by_a_change(
    make_services: MakeServices, database_url: str, clock: FixedClock
) -> None:
    add(make_services(database_url, more=MORE), plan(section="science", labels={"sea": "science"}))
    later = make_services(database_url, more=MORE.replace('slug = "science"', 'slug = "sea"'))

    kept = source_list.change(later, "morning", FEED, Wanted(section="sea"), by="ana")

    assert kept == plan(section="sea")
    with later.reading() as session:
        assert [one.key for one in sources.due(session, [FEED], clock.now())] == [FEED]


def test_each_act_leaves_one_line_in_the_audit_trail_without_passwords(services: Services) -> None:
    secret = "https://ana:secret@paid.example/f"
    source_list.add(services, "morning", plan(secret), by="ana")
    source_list.change(services, "morning", secret, Wanted(name="Paid", weight=2.0), by="ben")
    source_list.pause(services, secret, by="ana")
    source_list.resume(services, secret, by="ana")
    source_list.remove(services, "morning", secret, by="ana")

    with services.reading() as session:
        lines = [(line.by, line.act, line.about, line.detail) for line in audit.recent(session)]

    paid = "https://paid.example/f"
    assert lines[::-1] == [
        ("ana", "add source", paid, "morning, section world"),
        ("ben", "change source", paid, "morning: name, weight"),
        ("ana", "pause source", paid, ""),
        ("ana", "resume source", paid, ""),
        ("ana", "remove source", paid, "morning"),
    ]


def test_what_a_dry_run_showed_is_a_list_that_adds_just_that(services: Services) -> None:
    tried = source_list.import_opml(services, "morning", LIST.encode(), by="ana", section="World", dry_run=True)

    shown = source_list.as_opml(services, "morning", tried.added)

    assert source_list.import_opml(services, "morning", shown, by="ana").added == tried.added
