"""Which pictures a Draft wants for a look, and the Draft with what these came to: both without any world."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from digest.illustration import illustrated, wanted
from digest.model.candidate import Score
from digest.model.developed import Developed, PictureRead, Print
from digest.model.draft import Draft, Picture, PictureCopy, Section, Story
from digest.model.entry import Failed
from digest.model.ids import ArticleId
from digest.model.look import PLACES, Images, Look, Place, Theme
from subscribers.cadence import Cadence

CLASSIC, MAGAZINE = Look(), Look(theme=Theme.MAGAZINE)
LEAD, MEDIUM = Place.LEAD, Place.MEDIUM


def copy(place: Place, name: str = "", *, theme: Theme = Theme.CLASSIC) -> PictureCopy:
    size = PLACES[theme][place]
    return PictureCopy(place=place, sha256=f"{name}-{place}", width=size.width * 2, height=size.height * 2)


def section(slug: str, *pictures: Picture | str | None) -> Section:
    """Return a Section of Stories with these pictures, or with pictures of these names."""
    stories = tuple(
        Story(
            article_id=ArticleId(number),
            headline=f"{slug} {number}",
            url="https://paper.example/",
            source="Paper",
            summary="",
            published=None,
            score=Score(parts=(), decay=1.0),
            picture=Picture(url=picture) if isinstance(picture, str) else picture,
        )
        for number, picture in enumerate(pictures)
    )
    return Section(slug=slug, title=slug, stories=stories)


def paper(*sections: Section) -> Draft:
    return Draft(
        newsletter="morning",
        cadence=Cadence.DAILY,
        date=date(2026, 11, 23),
        number=7,
        subject="News",
        preheader="",
        sections=sections,
    )


def asked(draft: Draft, look: Look = CLASSIC) -> dict[str, list[Place]]:
    return {check.url: list(check.sizes) for check in wanted(draft, look)}


def read(url: str, *places: Place, faults: Sequence[Place] = ()) -> PictureRead:
    prints = tuple(Print(copy=copy(place, url), content=b"") for place in places)
    return PictureRead(url=url, outcome=Developed(prints=prints, faults={place: f"No {place}." for place in faults}))


def pictures(draft: Draft) -> list[Picture]:
    return [story.picture for story in draft.stories if story.picture is not None]


# -- wanted ------------------------------------------------------------------------------------------------------------


def test_of_each_section_the_first_may_lead_the_second_stands_beside_its_text_and_no_other_is_shown() -> None:
    draft = paper(section("world", "a", "b", "c"), section("science", None, "d", "e"), section("culture", "f"))

    assert asked(draft) == {"a": [LEAD, MEDIUM], "b": [MEDIUM], "d": [MEDIUM], "f": [LEAD, MEDIUM]}


@pytest.mark.parametrize("look", [CLASSIC, MAGAZINE])
def test_a_picture_is_wanted_in_the_sizes_of_its_theme(look: Look) -> None:
    (check,) = wanted(paper(section("world", "a")), look)

    assert check.sizes == PLACES[look.theme]


@pytest.mark.parametrize("look", [Look(images=Images.LINK), Look(images=Images.NONE), Look(theme=Theme.COMPACT)])
def test_a_look_without_pictures_of_ours_wants_none(look: Look) -> None:
    draft = paper(section("world", "a", "b"))

    assert wanted(draft, look) == ()
    assert illustrated(draft, look, [read("a", LEAD, MEDIUM)]) == draft


def test_a_picture_of_several_stories_is_wanted_once_for_all_their_places() -> None:
    draft = paper(section("world", "b", "a"), section("science", "a", "b"))

    checks = wanted(draft, CLASSIC)

    assert [(check.url, set(check.sizes)) for check in checks] == [("b", {LEAD, MEDIUM}), ("a", {LEAD, MEDIUM})]


def test_what_is_there_or_has_failed_is_not_wanted_again() -> None:
    whole = Picture(url="a", copies=(copy(LEAD), copy(MEDIUM)))
    half = Picture(url="b", copies=(copy(MEDIUM),))
    failed = Picture(url="c", fault="paper.example answered 404 Not Found.")
    refused = Picture(url="d", copies=(copy(MEDIUM),), fault="It has too few pixels.")
    draft = paper(*(section(str(n), one) for n, one in enumerate((whole, half, failed, refused))))

    assert asked(draft) == {"b": [LEAD]}


def test_a_copy_in_the_shape_of_another_theme_is_wanted_anew() -> None:
    draft = paper(section("world", Picture(url="a", copies=(copy(LEAD), copy(MEDIUM)))))

    assert asked(draft, MAGAZINE) == {"a": [LEAD, MEDIUM]}


def test_a_copy_with_fewer_pixels_in_the_right_shape_is_a_copy() -> None:
    small = PictureCopy(place=LEAD, sha256="x", width=800, height=449)

    assert asked(paper(section("world", Picture(url="a", copies=(small, copy(MEDIUM)))))) == {}


# -- illustrated -------------------------------------------------------------------------------------------------------


def test_each_story_gets_the_copies_of_its_own_places() -> None:
    draft = paper(section("world", "a", "a", "a"), section("science", "b"))

    done = illustrated(draft, CLASSIC, [read("a", LEAD, MEDIUM), read("b", LEAD, MEDIUM)])

    assert [[one.place for one in picture.copies] for picture in pictures(done)] == [
        [LEAD, MEDIUM], [MEDIUM], [], [LEAD, MEDIUM],
    ]  # fmt: skip
    assert wanted(done, CLASSIC) == ()


def test_nothing_but_pictures_changes() -> None:
    draft = paper(section("world", "a", None, "c"), section("science", "b"))

    done = illustrated(draft, CLASSIC, [read("a", LEAD, MEDIUM), PictureRead(url="b", outcome=Failed(reason="No."))])

    bare = replace(
        done,
        sections=tuple(
            replace(
                part,
                stories=tuple(
                    replace(story, picture=story.picture and replace(story.picture, copies=(), fault=""))
                    for story in part.stories
                ),
            )
            for part in done.sections
        ),
    )
    assert done != draft
    assert bare == draft


def test_a_picture_that_failed_keeps_its_fault_and_the_copies_it_had() -> None:
    draft = paper(section("world", Picture(url="a", copies=(copy(MEDIUM),))))

    done = illustrated(draft, CLASSIC, [PictureRead(url="a", outcome=Failed(reason="Gone."))])

    assert pictures(done) == [Picture(url="a", copies=(copy(MEDIUM),), fault="Gone.")]
    assert wanted(done, CLASSIC) == ()


@pytest.mark.parametrize(
    ("made", "refused", "fault"), [((MEDIUM,), (LEAD,), "No lead."), ((), (LEAD, MEDIUM), "No medium.")]
)
def test_the_reason_of_the_least_demanding_place_that_was_refused_is_told(
    made: Sequence[Place], refused: Sequence[Place], fault: str
) -> None:
    done = illustrated(paper(section("world", "a")), CLASSIC, [read("a", *made, faults=refused)])

    (picture,) = pictures(done)
    assert [one.place for one in picture.copies] == list(made)
    assert picture.fault == fault


def test_what_only_another_story_was_refused_is_no_fault_of_this_one() -> None:
    done = illustrated(paper(section("world", "a", "a")), CLASSIC, [read("a", MEDIUM, faults=[LEAD])])

    assert [picture.fault for picture in pictures(done)] == ["No lead.", ""]


def test_a_copy_of_another_theme_gives_way() -> None:
    old = Picture(url="a", copies=(copy(LEAD, "old"), copy(MEDIUM, "old")))
    new = Print(copy=copy(MEDIUM, "new", theme=Theme.MAGAZINE), content=b"")
    reads = [PictureRead(url="a", outcome=Developed(prints=(new,), faults={LEAD: "Too small."}))]

    done = illustrated(paper(section("world", old)), MAGAZINE, reads)

    assert pictures(done) == [Picture(url="a", copies=(copy(LEAD, "old"), new.copy), fault="Too small.")]


def test_what_nobody_wants_any_more_is_passed_over() -> None:
    kept = Picture(url="a", copies=(copy(LEAD, "old"), copy(MEDIUM, "old")))
    draft = paper(section("world", kept, "b", "c"))

    assert illustrated(draft, CLASSIC, [read("a", LEAD, MEDIUM), read("c", MEDIUM), read("z", MEDIUM)]) == draft


def test_an_illustrated_draft_is_the_same_after_it_was_stored() -> None:
    done = illustrated(
        paper(section("world", "a", "b")), CLASSIC, [read("a", LEAD, MEDIUM), read("b", faults=[MEDIUM])]
    )

    assert Draft.from_json(done.to_json()) == done
