"""Joined pieces are the same bytes as a page that was compiled for one reader alone."""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from digest.errors import TemplateError
from digest.model import layout
from digest.model.draft import Draft
from digest.model.layout import Step
from digest.model.look import Look, Theme
from digest.model.newsletter import Newsletter
from digest.model.pieces import NAME_LIMIT
from digest.model.rendered import RenderedDigest
from digest.model.text import printable
from digest.render import render
from digest.render.cut import Stencil
from digest.render.press import Press
from tests.digest.render.in_full import rendered_in_full

SLUGS = ("electric", "industry", "rules", "on-the-road")
PRESETS = [(Theme.CLASSIC, "en"), (Theme.COMPACT, "de"), (Theme.MAGAZINE, "ar")]


def everything(rendered: RenderedDigest, chosen: set[str]) -> dict[str, Step]:
    return dict(rendered.layout(chosen).steps)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.sets(st.sampled_from(SLUGS), min_size=1), preset=st.sampled_from(PRESETS))
def test_joined_pieces_equal_a_page_rendered_for_those_sections_alone(
    chosen: set[str],
    preset: tuple[Theme, str],
    sample: Draft,
    newsletter: Newsletter,
    press_for: Callable[..., Press],
    values: dict[str, str],
) -> None:
    theme, language = preset
    newsletter = dataclasses.replace(newsletter, language=language, look=Look(theme=theme))
    press = press_for(theme, language)
    compiled = render(sample, newsletter, press)

    joined = compiled.fill(chosen, values)

    full = rendered_in_full(sample, newsletter, press, chosen, everything(compiled, chosen), values)
    assert joined.html == full.html
    assert joined.text == full.text


@pytest.mark.parametrize("budget", [30_000, 26_000, 22_000, 10])
def test_pieces_of_sections_that_gave_way_equal_a_page_rendered_that_way(
    budget: int,
    sample: Draft,
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layout, "BUDGET", budget)
    compiled = render(sample, newsletter, press)

    steps = everything(compiled, set(SLUGS))

    full = rendered_in_full(sample, newsletter, press, SLUGS, steps, values)
    assert set(steps.values()) != {Step.LONG}
    assert compiled.fill(None, values).html == full.html
    assert compiled.fill(None, values).text == full.text


NAMES = st.text(st.one_of(st.sampled_from("\"'<>&\\`=;{}%\n\r\0\u200b\u202e\u00a0\u0301\U0001f9d1א"), st.characters()))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, chosen=st.sets(st.sampled_from(SLUGS), min_size=1))
def test_a_hostile_name_means_the_same_in_joined_pieces_as_in_a_page_of_its_own(
    name: str, chosen: set[str], sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    compiled = render(sample, newsletter, press)
    name = f"x{name}"

    joined = compiled.fill(chosen, values | {"name": name})

    shown = values | {"name": printable(name)[:NAME_LIMIT].rstrip()}
    full = rendered_in_full(sample, newsletter, press, chosen, everything(compiled, chosen), shown)
    assert tree(joined.html) == tree(full.html)
    assert joined.text.count("\n") == full.text.count("\n")


def tree(html: str) -> list[tuple[str, tuple[tuple[str, str], ...], str, str]]:
    """Return every element with its attributes and text, as a browser reads them."""
    root: Any = lxml_html.document_fromstring(html)
    return [(str(e.tag), tuple(sorted(e.attrib.items())), e.text or "", e.tail or "") for e in root.iter("*")]


def test_every_choice_of_sections_has_one_lead_and_never_shows_it_twice(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    compiled = render(sample, newsletter, press)

    for size in range(1, 5):
        for chosen in itertools.combinations(SLUGS, size):
            text = compiled.fill(chosen, values).text

            best = max((s for s in sample.sections if s.slug in chosen), key=lambda s: s.stories[0].score.total)
            for section in sample.sections:
                for story in section.stories:
                    assert text.splitlines().count(story.url) == (section.slug in chosen), story.headline
            assert text.index(best.stories[0].url) == min(
                text.index(s.url) for section in sample.sections if section.slug in chosen for s in section.stories
            )


def test_a_template_that_swallows_a_slot_is_refused_with_its_remedy() -> None:
    stencil = Stencil("0123456789ab")
    source = f"<p>{stencil.slots['view_url']}</p>{stencil.mark('closing')}"

    with pytest.raises(TemplateError, match="lost or doubled"):
        stencil.check(source, "<p></p>")


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ('<p style="color:{reader}">x</p>', "the slot reader stands in the attribute style"),
        ("<td bgcolor='#fff{reader}'>x</td>", "the slot reader stands in the attribute bgcolor"),
        ('<img src="{view_url}" />', "the slot view_url stands in the attribute src"),
        ("<style>.a{{color:{reader}}}</style>", "the slot reader stands in a style sheet"),
    ],
)
def test_a_slot_where_a_value_would_do_more_than_say_something_is_refused(html: str, message: str) -> None:
    stencil = Stencil("0123456789ab")

    with pytest.raises(TemplateError, match=f"{message}; use slots in text, titles and links only"):
        stencil.cut(html.format(**stencil.slots), is_html=True)


@pytest.mark.parametrize(
    "html", ['<a href="{view_url}?x=1&amp;y={reader}" title="{reader}">{reader}</a>', "a > {reader}"]
)
def test_a_slot_in_text_or_a_link_is_cut_out(html: str) -> None:
    stencil = Stencil("0123456789ab")

    piece = stencil.cut(html.format(**stencil.slots), is_html=True)["opening"]

    assert sum(not isinstance(part, str) for part in piece) == html.count("{")


def test_a_mark_that_is_misspelt_is_refused() -> None:
    stencil = Stencil("0123456789ab")

    with pytest.raises(TemplateError, match="the mark Closing was not cut"):
        stencil.cut(f"a{stencil.mark('Closing')}b", is_html=True)


def test_a_mark_that_stands_twice_is_refused() -> None:
    stencil = Stencil("0123456789ab")

    with pytest.raises(TemplateError, match=r"the mark tail\.0 stands twice"):
        stencil.cut(f"{stencil.mark('tail', 0)}a{stencil.mark('tail', 0)}b", is_html=True)
