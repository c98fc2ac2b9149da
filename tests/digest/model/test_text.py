"""What is done to any text before it is printed."""

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from digest.model.text import narrowed, printable, shorten, word_count


@pytest.mark.parametrize(
    ("text", "length", "short"),
    [
        ("Bridge closes", 70, "Bridge closes"),
        ("Bridge closes for six months", 20, "Bridge closes for…"),
        ("Bridge closes, says mayor", 15, "Bridge closes…"),
        ("Bridge closes for six months", 18, "Bridge closes for…"),
        ("東方電機、新型電池工場を北港市に建設へ", 10, "東方電機、新型電池…"),
        ("Donaudampfschifffahrtsgesellschaft", 10, "Donaudamp…"),
        ("", 70, ""),
    ],
)
def test_a_headline_is_cut_behind_a_word(text: str, length: int, short: str) -> None:
    assert shorten(text, length) == short


@given(st.text(max_size=200), st.integers(1, 80))
def test_a_short_form_is_within_its_length(text: str, length: int) -> None:
    assert len(shorten(text, length)) <= length


@given(st.text(st.one_of(st.characters(), st.sampled_from("電話料金 ")), max_size=200), st.integers(1, 80))
def test_a_narrow_form_is_within_its_columns_in_every_script(text: str, columns: int) -> None:
    text = printable(text)

    assert wcwidth.width(narrowed(text, columns)) <= columns
    assert wcwidth.width(text) > columns or narrowed(text, columns) == shorten(text, columns)


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u200c", "\u200b \u2060\u200d", "\x00\x1b", "\u202e\u0301", "\ufeff"])
def test_a_text_of_which_nothing_can_be_seen_is_none(text: str) -> None:
    assert printable(text) == ""


@pytest.mark.parametrize("text", [".", "ä", "א", "電", "\U0001f9d1", "นี้", "a\u200cb"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert printable(f" {text}\n") == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The river rose by a metre.", 6),
        ("The river \u2013 and the dyke \u2013 held.\n\n----\n", 6),
        ("Motorpost · 2 hr. ago — also in The Axle\nhttps://news.example/a-long-address?and=more\n", 8),
        ("東方電機、新型電池工場を北港市に建設へ", 10),
        ("", 0),
    ],
)
def test_words_are_what_is_read_and_not_what_leads_on_or_parts(text: str, words: int) -> None:
    assert word_count(text) == words
