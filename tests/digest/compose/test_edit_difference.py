"""What differs between two Drafts, said to an editor."""

from collections.abc import Sequence

import pytest

from digest.compose.edit.acts import (
    Act,
    Add,
    Drop,
    Lead,
    MarkUpdate,
    Merge,
    Move,
    Pin,
    Place,
    Rewrite,
    Shift,
    Show,
    Split,
    Unpin,
    Word,
)
from digest.compose.edit.difference import differences
from digest.model.ids import ArticleId
from tests.digest.compose.drafts import after, paper

A11 = ArticleId(11)
PICTURE = "https://paper11.example/11.jpg"


@pytest.mark.parametrize(
    ("given", "acts", "told"),
    [
        ([], [], []),
        ([], [Word(subject="S")], ["The subject was “A subject of one's own” and is “S”"]),
        (
            [],
            [Word(preheader="", intro="I")],
            ["The preheader was “And a preheader” and is empty", "The intro was empty and is “I”"],
        ),
        ([], [Pin("a1")], ["“Headline 1” was pinned"]),
        ([Pin("a1")], [Unpin("a1")], ["The pin of “Headline 1” was taken off"]),
        ([], [Pin("a3")], ["“Headline 3” was pinned", "“Headline 3” was moved up in City"]),
        ([], [Drop("a1")], ["“Headline 1” was dropped onto the bench"]),
        ([], [Place("a6")], ["“Headline 6” was placed from the bench into City"]),
        ([], [Move("a1", "sport")], ["“Headline 1” was moved from City to Sport"]),
        ([], [Move("a1", "business")], ["“Headline 1” was moved from City to Business"]),
        ([], [Move("a1", "city")], ["“Headline 1” was moved down in City"]),
        (
            [],
            [Merge("a1", "a4")],
            [
                "“Headline 1” was merged into “Headline 4”",
                "“Headline 4” has further sources: Paper 1, Paper 11, Paper 12",
            ],
        ),
        (
            [],
            [Split("a1", A11)],
            ["“Headline 1” has lost sources: Paper 11", "“Headline 11” was split off “Headline 1”"],
        ),
        (
            [],
            [Lead("a1", A11)],
            [
                "“Headline 1” was retitled to “Headline 11”",
                "The summary of “Headline 11” was “Summary 1.” and is “Summary 11.”",
                "“Headline 11” has a picture now",
                "“Headline 11” is led by Paper 11, no longer by Paper 1",
            ],
        ),
        ([], [Show("a1", PICTURE)], ["“Headline 1” has a picture now"]),
        ([Show("a1", PICTURE)], [Show("a1", "https://x.example/")], ["“Headline 1” has another picture"]),
        ([Show("a1", PICTURE)], [Show("a1", "")], ["“Headline 1” has no picture any more"]),
        ([], [Rewrite("a1", headline="B")], ["“Headline 1” was retitled to “B”"]),
        (
            [],
            [Rewrite("a1", summary="", note="N")],
            [
                "The summary of “Headline 1” was “Summary 1.” and is empty",
                "The note of “Headline 1” was empty and is “N”",
            ],
        ),
        ([], [MarkUpdate("a1", is_update=True)], ["“Headline 1” was marked as an update"]),
        (
            [MarkUpdate("a1", is_update=True)],
            [MarkUpdate("a1", is_update=False)],
            ["“Headline 1” is no longer marked as an update"],
        ),
        ([], [Add("sport", "Own", own_key="o1")], ["“Own” was added to Sport"]),
        ([], [Rewrite("a1", headline="B"), Drop("a1")], ["“Headline 1” was dropped onto the bench"]),
        ([], [Shift("a1", up=False), Shift("a1", up=True)], []),
    ],
)
def test_each_difference_is_a_sentence(given: Sequence[Act], acts: Sequence[Act], told: Sequence[str]) -> None:
    before = after(paper(), *given)

    assert list(differences(before, after(before, *acts))) == told


def test_what_is_in_no_place_any_more_is_gone() -> None:
    own = after(paper(), Add("sport", "Own", own_key="o1"))

    assert differences(own, paper()) == ("“Own” is gone",)


def test_long_texts_are_shortened() -> None:
    (told,) = differences(paper(), after(paper(), Rewrite("a1", note="word " * 90)))

    assert len(told) < 160
    assert told.endswith("…”")
