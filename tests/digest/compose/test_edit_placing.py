"""The acts that give Stories their places."""

from dataclasses import replace

import pytest

from digest.compose.edit.acts import Drop, Move, Pin, Place, Shift, Unpin
from digest.errors import WrongState
from tests.digest.compose.drafts import after, benched, called, drawn, keys, paper, story


def test_a_pinned_story_leads_its_section() -> None:
    draft = after(paper(), Pin("a3"))

    assert keys(draft)["city"] == ["a3", "a1", "a2"]
    assert called(draft, "a3").score.is_pinned
    assert Pin("a3").told(paper()) == "pinned “Headline 3”"


def test_a_story_whose_pin_is_taken_off_stays_where_it_stands() -> None:
    draft = after(paper(), Pin("a3"), Unpin("a3"))

    assert keys(draft)["city"] == ["a3", "a1", "a2"]
    assert not called(draft, "a3").score.is_pinned


def test_the_only_story_of_a_section_can_be_pinned() -> None:
    draft = after(drawn(("city", [story(1)]), ("sport", [story(4)])), Pin("a4"))

    assert keys(draft) == {"city": ["a1"], "sport": ["a4"]}


def test_a_dropped_story_sits_first_on_the_bench_and_has_lost_its_pin() -> None:
    draft = after(paper(), Pin("a2"), Drop("a2"))

    assert keys(draft)["city"] == ["a1", "a3"]
    assert benched(draft) == ["a2", "a6", "a7"]
    assert draft.bench[0].reason == "dropped by an editor"
    assert draft.bench[0].story == story(2)


def test_a_section_goes_with_its_last_story() -> None:
    draft = after(paper(), Drop("a4"), Drop("a5"))

    assert list(keys(draft)) == ["city"]


def test_the_last_story_of_a_draft_cannot_be_dropped() -> None:
    draft = drawn(("city", [story(1)]))

    with pytest.raises(WrongState, match="“Headline 1” is the last story of the draft; skip today's Edition instead"):
        after(draft, Drop("a1"))


def test_dropping_twice_does_no_more_than_once() -> None:
    once = after(paper(), Drop("a2"))

    assert after(once, Drop("a2")) == once


def test_the_bench_has_forty_seats_and_the_last_dropped_keep_theirs() -> None:
    draft = drawn(("city", [story(n) for n in range(1, 51)]))

    draft = after(draft, *(Drop(f"a{n}") for n in range(1, 46)))

    assert benched(draft) == [f"a{n}" for n in range(45, 5, -1)]


def test_a_placed_story_stands_at_the_end_of_its_section() -> None:
    draft = after(paper(), Place("a6"))

    assert keys(draft)["city"] == ["a1", "a2", "a3", "a6"]
    assert benched(draft) == ["a7"]


def test_a_story_may_be_placed_into_a_section_that_has_none_yet() -> None:
    draft = after(paper(), Place("a6", "business"))

    assert list(keys(draft).items()) == [("city", ["a1", "a2", "a3"]), ("business", ["a6"]), ("sport", ["a4", "a5"])]
    assert draft.sections[1].title == "Business"


def test_a_story_of_the_bench_is_placed_without_the_articles_that_others_hold() -> None:
    draft = drawn(("city", [story(1, 6)]), bench=(story(6, 16, 17),))

    draft = after(draft, Place("a6"))

    placed = called(draft, "a16")
    assert (placed.headline, placed.article_ids) == ("Headline 16", (16, 17))
    assert keys(draft)["city"] == ["a1", "a16"]


def test_a_story_of_the_bench_that_another_holds_whole_is_not_placed() -> None:
    draft = drawn(("city", [story(1, 6, 7)]), bench=(story(7, 6),))

    with pytest.raises(WrongState, match="“Headline 7” is in the draft already, as part of another story"):
        after(draft, Place("a7"))


def test_a_seat_of_an_older_draft_says_why_it_cannot_be_placed() -> None:
    draft = paper()
    draft = replace(draft, bench=tuple(replace(seat, story=None) for seat in draft.bench))

    with pytest.raises(WrongState, match="is not on the bench; add it by its address instead"):
        after(draft, Place("a6"))


def test_a_section_that_the_newsletter_lacks_is_named_with_those_it_has() -> None:
    with pytest.raises(WrongState, match="no section “opera”; choose one of city, business, sport"):
        after(paper(), Place("a6", "opera"))


@pytest.mark.parametrize(
    ("act", "city", "sport"),
    [
        (Move("a3", "city", "a1"), ["a3", "a1", "a2"], ["a4", "a5"]),
        (Move("a1", "city"), ["a2", "a3", "a1"], ["a4", "a5"]),
        (Move("a1", "city", "a3"), ["a2", "a1", "a3"], ["a4", "a5"]),
        (Move("a1", "sport", "a5"), ["a2", "a3"], ["a4", "a1", "a5"]),
        (Move("a2", "city", "a2"), ["a1", "a2", "a3"], ["a4", "a5"]),
        (Shift("a2", up=True), ["a2", "a1", "a3"], ["a4", "a5"]),
        (Shift("a2", up=False), ["a1", "a3", "a2"], ["a4", "a5"]),
        (Shift("a1", up=True), ["a1", "a2", "a3"], ["a4", "a5"]),
        (Shift("a5", up=False), ["a1", "a2", "a3"], ["a4", "a5"]),
    ],
)
def test_a_story_is_moved(act: Move | Shift, city: list[str], sport: list[str]) -> None:
    assert keys(after(paper(), act)) == {"city": city, "sport": sport}


def test_a_shift_over_the_edge_leads_into_the_neighbouring_section_even_an_empty_one() -> None:
    down = after(paper(), Shift("a3", up=False))
    up = after(paper(), Shift("a4", up=True))

    assert keys(down) == {"city": ["a1", "a2"], "business": ["a3"], "sport": ["a4", "a5"]}
    assert keys(after(down, Shift("a3", up=False))) == {"city": ["a1", "a2"], "sport": ["a3", "a4", "a5"]}
    assert keys(up) == {"city": ["a1", "a2", "a3"], "business": ["a4"], "sport": ["a5"]}


def test_a_story_is_not_moved_before_one_that_has_left_the_section() -> None:
    with pytest.raises(WrongState, match="“Headline 4” is not in City any more, so “Headline 1” cannot go before it"):
        after(paper(), Move("a1", "city", "a4"))


def test_a_story_that_is_gone_is_named() -> None:
    with pytest.raises(WrongState, match="“Headline 6” is not in the draft any more"):
        after(paper(), Pin("a6"))
    with pytest.raises(WrongState, match="story “a99” is not in the draft any more"):
        after(paper(), Pin("a99"))


def test_a_move_collides_only_with_a_move_of_the_same_story() -> None:
    base = paper()
    act = Move("a2", "sport")

    untouched = [after(base, Drop("a1")), after(base, Place("a6")), after(base, Move("a3", "sport"))]
    touched = [after(base, Shift("a2", up=True)), after(base, Move("a2", "business")), after(base, Drop("a2"))]

    assert all(act.touches(base) == act.touches(now) for now in untouched)
    assert all(act.touches(base) != act.touches(now) for now in touched)


def test_acts_say_what_they_do() -> None:
    draft = paper()

    assert [
        act.told(draft)
        for act in (
            Unpin("a1"),
            Drop("a1"),
            Place("a6"),
            Move("a1", "sport", "a4"),
            Move("a1", "sport"),
            Shift("a1", up=True),
            Shift("a1", up=False),
        )
    ] == [
        "took the pin off “Headline 1”",
        "dropped “Headline 1”",
        "placed “Headline 6” into City",
        "moved “Headline 1” before “Headline 4” of Sport",
        "moved “Headline 1” to the end of Sport",
        "moved “Headline 1” up",
        "moved “Headline 1” down",
    ]
