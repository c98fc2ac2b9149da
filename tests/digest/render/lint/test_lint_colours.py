"""Colours of CSS, and contrast as WCAG counts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.render.lint.colours import BLACK, CLEAR, WHITE, Colour, contrast, parse, readable

COLOURS = st.builds(Colour, *[st.integers(0, 255)] * 3)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#fa0", Colour(255, 170, 0)),
        ("#FFAA00", Colour(255, 170, 0)),
        ("#fa08", Colour(255, 170, 0, 136 / 255)),
        ("#ffaa0080", Colour(255, 170, 0, 128 / 255)),
        (" RebeccaPurple ", Colour(102, 51, 153)),
        ("grey", Colour(128, 128, 128)),
        ("transparent", CLEAR),
        ("rgb(1, 2, 3)", Colour(1, 2, 3)),
        ("rgb(1 2 3 / 50%)", Colour(1, 2, 3, 0.5)),
        ("rgba(100%, 0%, 0%, .25)", Colour(255, 0, 0, 0.25)),
        ("rgb(300, -1, 0)", Colour(255, 0, 0)),
        ("hsl(120, 100%, 50%)", Colour(0, 255, 0)),
        ("hsla(240deg 100% 50% / 0.5)", Colour(0, 0, 255, 0.5)),
    ],
)
def test_a_colour_is_read_however_css_writes_it(text: str, colour: Colour) -> None:
    read = parse(text)

    assert read is not None
    assert read == pytest.approx(colour)


@pytest.mark.parametrize(
    "text", ["", "fancy", "#12", "#12345", "#ggg", "rgb(1,2)", "rgb(a,b,c)", "var(--x)", "url(#fff)"]
)
def test_what_is_no_colour_is_none(text: str) -> None:
    assert parse(text) is None


@given(st.text())
def test_any_text_may_be_asked_for_its_colour(text: str) -> None:
    assert parse(text) is None or isinstance(parse(text), Colour)


@pytest.mark.parametrize(
    ("ink", "ground", "ratio"),
    [("#000", "#fff", 21), ("#767676", "#fff", 4.54), ("#777", "#fff", 4.48), ("#00f", "#fff", 8.59)],
)
def test_contrast_is_that_of_wcag(ink: str, ground: str, ratio: float) -> None:
    one, other = parse(ink), parse(ground)
    assert one is not None
    assert other is not None

    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


def test_a_colour_that_covers_in_part_is_blended_with_its_ground() -> None:
    assert Colour(0, 0, 0, 0.5).over(WHITE) == Colour(127.5, 127.5, 127.5)
    assert CLEAR.over(WHITE) == WHITE
    assert str(BLACK.faded(0.2).over(WHITE)) == "#cccccc"


@given(COLOURS, COLOURS)
def test_a_better_colour_is_readable_as_it_is_written(ink: Colour, ground: Colour) -> None:
    written = parse(str(readable(ink, ground, 4.5)))

    assert written is not None
    assert contrast(written, ground) >= 4.5


def test_a_better_colour_is_no_further_from_the_ink_than_it_must_be() -> None:
    assert str(readable(Colour(170, 170, 170), WHITE, 4.5)) == "#757575"
    assert readable(BLACK, WHITE, 4.5) == BLACK
