"""What was found is shown with its words marked, just as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.desk.marking import SHOWN, Marked, excerpt, marked
from digest.model.text import printable
from digest.model.wanted import wanted


def bracketed(text: Marked) -> str:
    return "".join(f"[{piece}]" if is_wanted else piece for piece, is_wanted in text)


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        ("Škoda\u2019s e-mail", "skoda e-mail", "[Škoda]\u2019s [e-mail]"),
        ("Neue Straße", "STRASSE", "Neue [Straße]"),
        ("Cafe\u0301 shut", "café", "[Cafe\u0301] shut"),
        ("battery batteries", "batter*", "[battery] [batteries]"),
        ("きょう東京で雪", "東京", "きょう[東京]で雪"),
        ("a b a b", '"a b"', "[a b] [a b]"),
        ("<b>ferry</b>", "ferry", "<b>[ferry]</b>"),
        ("ferry sails", "ferry -sails", "[ferry] sails"),
        ("ferry", "zeppelin", "ferry"),
        ("", "zeppelin", ""),
    ],
)
def test_words_are_marked_as_they_are_written(text: str, typed: str, shown: str) -> None:
    assert bracketed(marked(text, wanted(typed))) == shown


def test_of_a_long_text_the_place_is_shown_between_ellipses() -> None:
    text = "before " * 100 + "the zeppelin lands " + "after " * 100

    shown = bracketed(excerpt(text, wanted("zeppelin")))

    assert shown.startswith("… before ")
    assert "the [zeppelin] lands after" in shown
    assert shown.endswith("after …")
    assert len(shown) < SHOWN + 10


def test_where_no_word_stands_the_beginning_is_shown() -> None:
    assert bracketed(excerpt("word " * 100, wanted("zeppelin"))).startswith("word word")


@given(text=st.text(max_size=400), typed=st.text(max_size=30))
def test_marking_changes_no_letter(text: str, typed: str) -> None:
    asked = wanted(typed)

    assert "".join(piece for piece, _ in marked(text, asked)) == printable(text)
    assert "".join(piece for piece, _ in excerpt(text, asked)).strip("… ").strip() in printable(text)
