"""Every theme is a whole mail: by day and by night, from left and from right, with pictures and without."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import html as lxml_html

from digest.model.draft import Draft, Picture
from digest.model.look import PLACES, Images, Logo, Look, Place, Theme
from digest.model.newsletter import Newsletter
from digest.render import render, view
from digest.render.press import Press

PressFor = Callable[..., Press]


def parsed(html: str) -> Any:
    return lxml_html.document_fromstring(html)


def page_of(draft: Draft, newsletter: Newsletter, press_for: PressFor, look: Look, values: dict[str, str]) -> str:
    newsletter = dataclasses.replace(newsletter, look=look)
    return render(draft, newsletter, press_for(look.theme, newsletter.language)).fill(None, values).html


def with_copies(draft: Draft, picture: Callable[..., Picture], theme: Theme) -> Draft:
    sections = tuple(
        dataclasses.replace(
            section,
            stories=tuple(
                dataclasses.replace(story, picture=picture(number, theme))
                for number, story in enumerate(section.stories)
            ),
        )
        for section in draft.sections
    )
    return dataclasses.replace(draft, sections=sections)


@pytest.fixture
def palette(press_for: PressFor, newsletter: Newsletter) -> Callable[[Theme], Any]:
    def of(theme: Theme) -> Any:
        template = press_for(theme).environment.get_template("_base/theme.mjml")
        return template.make_module({"paper": view.paper(newsletter)})

    return of


@pytest.mark.parametrize("theme", Theme)
def test_a_theme_has_every_part_that_a_reader_looks_for(
    theme: Theme, sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str]
) -> None:
    text = parsed(page_of(sample, newsletter, press_for, Look(theme=theme), values)).text_content()

    for part in (
        "Auto Daily", "No. 42", "Monday, November 23, 2026", "2 min read", "Inside today", "Top story", "mute",
        "also in Northern Gazette, Cell & Grid and 5 more", "Update", "Editor\u2019s note:", "The Axle and 1 more",
        "That is all for today.", "Sent to Ada Winter", "You follow all sections.", "Invented Press, 1 Mill Lane",
    ):  # fmt: skip
        assert part in text, part
    for link, times in (("Unsubscribe", 2), ("View online", 2), ("Preferences", 1)):
        assert text.count(link) == times
    for story in sample.stories:
        assert story.headline in text


@pytest.mark.parametrize("theme", Theme)
def test_every_colour_that_is_inlined_has_its_twin_for_the_night(
    theme: Theme,
    palette: Callable[[Theme], Any],
    sample: Draft,
    newsletter: Newsletter,
    press_for: PressFor,
    values: dict[str, str],
) -> None:
    page = page_of(sample, newsletter, press_for, Look(theme=theme), values)
    colours = palette(theme)
    hooks = {*colours.text_roles, "tint", "mark", "line", "bar", "cut", "edge", "canvas", "paper", "words", "quiet"}
    night = "".join(parsed(page).xpath("//style[not(@media)]/text()")).split("prefers-color-scheme:dark", 1)[1]

    coloured = parsed(page).xpath("//body//*[contains(@style,'color') or contains(@style,'solid #')]")
    bare = [
        element.get("style")
        for element in coloured
        if "display:none" not in element.get("style")
        and not any(hooks & set((near.get("class") or "").split()) for near in [element, *element.iterancestors()][:5])
    ]

    assert len(coloured) > 40
    assert bare == []
    for role in colours.text_roles:
        assert night.count(f".{role}{{color:{colours.night[role]}!important}}") == 2, role
    for hook in hooks - {*colours.text_roles}:
        assert re.search(rf"(?<!\] )\.{hook}[,>{{]", night), hook
        assert re.search(rf"\[data-ogs[bc]\] \.{hook}[,>{{]", night), hook


@pytest.mark.parametrize("theme", Theme)
def test_our_own_copies_are_shown_with_their_size_and_no_stranger_is_asked(
    theme: Theme,
    sample: Draft,
    newsletter: Newsletter,
    press_for: PressFor,
    values: dict[str, str],
    picture: Callable[..., Picture],
) -> None:
    draft = with_copies(sample, picture, theme)

    images = parsed(page_of(draft, newsletter, press_for, Look(theme=theme), values)).xpath("//img")

    sizes = {(image.get("width"), image.get("height")) for image in images}
    assert sizes == {(str(size.width), str(size.height)) for size in PLACES[theme].values()}
    assert all(re.fullmatch(r"https://digest\.example/i/[0-9a-f]{64}\.jpg", image.get("src")) for image in images)
    assert all(image.get("alt") is not None for image in images)


def test_a_picture_without_a_copy_is_left_out(
    sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str]
) -> None:
    lead = dataclasses.replace(sample.sections[0].stories[0], picture=Picture(url="https://a.example/x.jpg", fault="x"))
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(lead,)),))

    assert "<img" not in page_of(draft, newsletter, press_for, Look(), values)


def test_pictures_are_linked_or_left_out_as_the_newsletter_wishes(
    sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str]
) -> None:
    linked = parsed(page_of(sample, newsletter, press_for, Look(images=Images.LINK), values)).xpath("//img/@src")
    none = page_of(sample, newsletter, press_for, Look(images=Images.NONE), values)

    assert linked[0] == "https://pictures.example/0.jpg"
    assert all(address.startswith("https://pictures.example/") for address in linked)
    assert "<img" not in none


@pytest.mark.parametrize(
    "url", ["javascript:evil()", "data:image/png;base64,AAAA", "http://pictures.example/1.jpg", ""]
)
def test_a_picture_is_linked_only_where_mail_programs_load_it(
    url: str, sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str]
) -> None:
    lead = dataclasses.replace(sample.sections[0].stories[0], picture=Picture(url=url))
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(lead,)),))

    assert "<img" not in page_of(draft, newsletter, press_for, Look(images=Images.LINK), values)


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("is_title", [True, False])
def test_a_logo_stands_beside_the_title_or_in_its_place_on_a_plate_for_the_night(
    theme: Theme,
    is_title: bool,
    sample: Draft,
    newsletter: Newsletter,
    press_for: PressFor,
    values: dict[str, str],
) -> None:
    logo = Logo(url="https://digest.example/logo.png", width=200, height=50, is_title=is_title)

    page = page_of(sample, newsletter, press_for, Look(theme=theme, logo=logo, images=Images.NONE), values)

    (image,) = parsed(page).xpath("//img")
    assert (image.get("width"), image.get("height"), image.get("alt")) == (
        "200",
        "50",
        "Auto Daily" if is_title else "",
    )
    heading = parsed(page).xpath("//h1")[0]
    assert heading.text_content() == ("" if is_title else "Auto Daily")
    assert page.count(".plate{background-color:#ffffff!important") == 2


def test_the_address_of_a_logo_may_be_written_in_any_script(
    sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str]
) -> None:
    logo = Logo(url="https://bücher.example/löwe 1.png", width=40, height=40)

    page = page_of(sample, newsletter, press_for, Look(logo=logo, images=Images.NONE), values)

    assert 'src="https://xn--bcher-kva.example/l%C3%B6we%201.png"' in page


@pytest.mark.parametrize("theme", Theme)
def test_a_newsletters_own_colours_and_fonts_are_used_by_day_and_by_night(
    theme: Theme, sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str]
) -> None:
    look = Look(
        theme=theme,
        accent="#0b5394",
        accent_dark="#9fc5e8",
        canvas="#eeeeff",
        canvas_dark="#000011",
        headline_font="Palatino, serif",
        text_font="Verdana, sans-serif",
    )

    page = page_of(sample, newsletter, press_for, look, values)

    assert "#0b5394" in page
    assert ".accent{color:#9fc5e8!important}" in page
    assert "background-color:#eeeeff" in page
    assert "#000011!important" in page
    assert re.search(r"font:bold \d+px/[\d.]+ Palatino,serif", page)
    assert "font-family:Verdana" in page
    for gone in ("#a4262c", "#ff9a8f", "#f4f2ee", "#121211", "Georgia", "Segoe"):
        assert gone not in page


@pytest.mark.parametrize("theme", Theme)
def test_a_theme_is_laid_out_from_right_to_left_where_the_language_is_written_so(
    theme: Theme, sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str]
) -> None:
    arabic = dataclasses.replace(newsletter, language="ar")

    page = page_of(sample, arabic, press_for, Look(theme=theme), values)

    assert (parsed(page).get("lang"), parsed(page).get("dir")) == ("ar", "rtl")
    assert "direction:ltr" not in page
    assert "text-align:right" in page
    assert "border-right:2px solid" in page
    assert "letter-spacing" not in page
    assert "italic" not in page


@pytest.mark.parametrize("theme", Theme)
def test_columns_for_outlook_are_as_wide_as_the_paper_within_its_margins(
    theme: Theme, sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str]
) -> None:
    page = page_of(sample, newsletter, press_for, Look(theme=theme), values)

    widths = re.findall(r"vertical-align:top;width:(\d+)px", page)

    # A length without its unit would be left out of the compiler's sum.
    assert set(widths) == ({"552", "600"} if theme is Theme.MAGAZINE else {"552"})


def test_the_lead_of_a_magazine_runs_from_edge_to_edge(
    sample: Draft,
    newsletter: Newsletter,
    press_for: PressFor,
    values: dict[str, str],
    picture: Callable[..., Picture],
) -> None:
    draft = with_copies(sample, picture, Theme.MAGAZINE)

    page = page_of(draft, newsletter, press_for, Look(theme=Theme.MAGAZINE), values)

    hero = parsed(page).xpath("//img[contains(@style,'max-width:600px')]")[0]
    assert hero.get("width") == str(PLACES[Theme.MAGAZINE][Place.LEAD].width) == "600"
