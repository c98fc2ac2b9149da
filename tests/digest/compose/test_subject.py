import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.subject import shorten


@pytest.mark.parametrize(
    ("text", "length", "short"),
    [
        ("Bridge closes", 70, "Bridge closes"),
        ("Bridge closes for six months", 20, "Bridge closes for…"),
        ("Bridge closes, says mayor", 15, "Bridge closes…"),
        ("Bridge closes for six months", 18, "Bridge closes for…"),
        ("  Bridge \n closes ", 70, "Bridge closes"),
        ("東方電機、新型電池工場を北港市に建設へ", 10, "東方電機、新型電池…"),
        ("Donaudampfschifffahrtsgesellschaft", 10, "Donaudamp…"),
        ("", 70, ""),
    ],
)
def test_a_headline_is_cut_behind_a_word(text: str, length: int, short: str) -> None:
    assert shorten(text, length) == short


@given(st.text(max_size=200), st.integers(10, 80))
def test_a_short_form_is_one_line_within_its_length(text: str, length: int) -> None:
    short = shorten(text, length)

    assert len(short) <= length
    assert short == " ".join(short.split())
