"""The finished page of an Edition: complete, light and dark, within its bounds, and without any request."""

import dataclasses
import re
import socket
from collections.abc import Callable
from typing import Any

import pytest
from lxml import html as lxml_html

from digest.errors import SettingsError, WrongState
from digest.model.draft import Draft
from digest.model.look import Look, Theme
from digest.model.newsletter import Newsletter
from digest.render import render
from digest.render.lint import Yardstick, lint_page
from digest.render.press import Press


def parsed(html: str) -> Any:
    return lxml_html.document_fromstring(html)


@pytest.fixture
def page(sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]) -> str:
    return render(sample, newsletter, press).fill(None, values).html


def test_the_doctype_and_outlooks_comments_survive(page: str) -> None:
    assert page.startswith("<!DOCTYPE html")
    assert page.count("<!--[if mso") == page.count("<![endif]-->") - page.count("<!--[if lte mso") - page.count(
        "<!--[if !mso"
    )
    assert "<o:PixelsPerInch>96</o:PixelsPerInch>" in page


def test_no_mark_and_no_token_is_left(page: str) -> None:
    assert "zq" not in page


def test_the_linter_finds_nothing(page: str, yardstick: Yardstick, values: dict[str, str]) -> None:
    yardstick = dataclasses.replace(yardstick, unsubscribe_url=values["unsubscribe_url"])

    assert lint_page(page, yardstick) == ()


def test_layout_tables_have_their_role_and_the_page_its_language(page: str) -> None:
    root = parsed(page)

    assert {table.get("role") for table in root.iter("table")} == {"presentation"}
    assert (root.get("lang"), root.get("dir")) == ("en", "ltr")
    assert root.xpath("//div[@role='article']/@lang") == ["en"]
    assert [h.tag for h in root.iter("h1", "h2", "h3")][:3] == ["h1", "h2", "h2"]


def test_unsubscribing_is_possible_at_the_top_and_in_the_footer(page: str, values: dict[str, str]) -> None:
    places = [match.start() for match in re.finditer(re.escape(values["unsubscribe_url"]), page)]

    assert len(places) == 2
    assert places[0] < page.index("Inside today") < page.index("That is all for today") < places[1]


def test_each_section_but_no_other_has_its_mute_link(page: str, values: dict[str, str]) -> None:
    slugs = re.findall(re.escape(values["preferences_url"]) + r"\?mute=([a-z-]+)", page)

    assert slugs == ["electric", "industry", "rules", "on-the-road"]


def test_nothing_is_fetched_while_rendering(
    sample: Draft,
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    page = render(sample, newsletter, press).fill(None, values).html

    assert set(re.findall(r"https?://([^/\"]+)", page)) <= {
        "digest.example",
        "news.example",
        "also.example",
        "www.w3.org",
    }


def test_the_same_draft_gives_the_same_bytes(sample: Draft, newsletter: Newsletter, press: Press) -> None:
    one, other = (render(sample, newsletter, press) for _ in range(2))

    assert one.to_bytes() == other.to_bytes()
    assert one.sha256 == other.sha256


def test_a_newsletters_own_accent_is_used_by_day_and_by_night(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    blue = dataclasses.replace(newsletter, look=Look(accent="#0b5394", accent_dark="#9fc5e8"))

    page = render(sample, blue, press).fill(None, values).html

    assert "color:#0b5394" in page
    assert ".accent{color:#9fc5e8!important}" in page
    assert "#a4262c" not in page


def test_a_colour_that_is_none_is_the_operators_to_mend(sample: Draft, newsletter: Newsletter, press: Press) -> None:
    with pytest.raises(SettingsError, match=r"look\.accent is .*red;.*; give a colour such as"):
        render(sample, dataclasses.replace(newsletter, look=Look(accent="red;}x{")), press)


def test_a_font_that_would_break_out_of_the_sheet_is_the_operators_to_mend(
    sample: Draft, newsletter: Newsletter, press: Press
) -> None:
    with pytest.raises(SettingsError, match=r"look\.text_font is .*; give names of fonts"):
        render(sample, dataclasses.replace(newsletter, look=Look(text_font="serif;}x{")), press)


def test_a_story_in_another_language_says_so(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    arabic = dataclasses.replace(
        sample.sections[0].stories[0], language="ar", headline="\u0633\u064a\u0627\u0631\u0629"
    )
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(arabic,)),))

    page = parsed(render(draft, newsletter, press).fill(None, values).html)

    assert page.xpath("//h2[contains(@class,'lead')]/@lang") == ["ar"]
    assert page.xpath("//h2[contains(@class,'lead')]/@dir") == ["rtl"]


@pytest.mark.parametrize("theme", Theme)
def test_only_the_words_of_a_foreign_story_are_spoken_and_run_as_in_its_language(
    theme: Theme, sample: Draft, newsletter: Newsletter, press_for: Callable[..., Press], values: dict[str, str]
) -> None:
    foreign = tuple(
        dataclasses.replace(story, language="ar", headline=f"\u0633\u064a\u0627\u0631 {n}", summary="\u0633")
        for n, story in enumerate(sample.sections[0].stories)
    )
    sections = (dataclasses.replace(sample.sections[0], stories=foreign), *sample.sections[1:])
    newsletter = dataclasses.replace(newsletter, look=Look(theme=theme))
    page = parsed(
        render(dataclasses.replace(sample, sections=sections), newsletter, press_for(theme)).fill(None, values).html
    )

    spoken = page.xpath("//*[@lang='ar']")

    assert all(element.get("dir") == "rtl" for element in spoken)
    assert {str(element.tag) for element in spoken} == {"h2", "h3", "p"}
    assert not any("ago" in element.text_content() for element in spoken)
    for story in foreign:
        headlines = page.xpath(f"//*[contains(text(), '{story.headline}')]")
        assert headlines
        assert all(headline.xpath("ancestor-or-self::*[@lang='ar']") for headline in headlines if headline.tag != "div")


def test_a_draft_without_a_story_is_not_rendered(sample: Draft, newsletter: Newsletter, press: Press) -> None:
    with pytest.raises(WrongState, match=r"No\. 42 of auto-daily has no story"):
        render(dataclasses.replace(sample, sections=()), newsletter, press)


@pytest.mark.parametrize("headline", ["\x00 ", "\u200c", "\u200b\u2060", ""])
@pytest.mark.parametrize("source", ["Motorpost", "\u200d"])
def test_a_story_without_words_still_has_something_to_click(
    headline: str,
    source: str,
    sample: Draft,
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    yardstick: Yardstick,
) -> None:
    silent = dataclasses.replace(
        sample.sections[0].stories[0], headline=headline, source=source, summary="", picture=None, also=()
    )
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(silent,)),))

    page = render(draft, newsletter, press).fill(None, values).html

    assert lint_page(page, yardstick) == ()


def test_a_language_that_a_feed_made_up_does_no_harm(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    odd = dataclasses.replace(sample.sections[0].stories[0], language='zz"made up')
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(odd,)),))

    page = parsed(render(draft, newsletter, press).fill(None, values).html)

    assert page.xpath("//h2[contains(@class,'lead')]/@dir") == ["ltr"]


def test_a_story_that_is_alone_in_its_section_names_it(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    section = sample.sections[0]
    alone = dataclasses.replace(sample, sections=(dataclasses.replace(section, stories=section.stories[:1]),))

    label = parsed(render(alone, newsletter, press).fill(None, values).html).xpath("//p[@class='accent']")

    assert [found.text_content() for found in label] == ["Top story · Electric"]


def test_each_line_of_the_summary_leads_to_its_story(page: str, sample: Draft) -> None:
    box = parsed(page).xpath("//td[contains(@class,'tint')]")[0]

    assert [(link.text, link.get("href")) for link in box.iter("a")] == [
        (section.stories[place].headline, section.stories[place].url)
        for section, place in zip(sample.sections, (1, 0, 0), strict=False)
    ]


def test_the_postal_address_names_the_newsletter_once(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    address = "Auto Daily, 1 Mill Lane,\n99999 Nowhere"
    named = dataclasses.replace(newsletter, sender=dataclasses.replace(newsletter.sender, postal_address=address))

    text = render(sample, named, press).fill(None, values).text

    assert text.endswith("\nAuto Daily, 1 Mill Lane, 99999 Nowhere\n")


def test_pictures_are_silent_beside_the_headline_that_leads_to_the_same_place(page: str) -> None:
    links = parsed(page).xpath("//a[img]")

    assert len(links) > 2
    assert {(link.get("aria-hidden"), link.get("tabindex")) for link in links} == {("true", "-1")}
