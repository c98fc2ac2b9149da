"""The finished page of an Edition: complete, light and dark, within its bounds, and without any request."""

import dataclasses
import datetime as dt
import re
import socket
from pathlib import Path
from typing import Any

import jinja2
import pytest
from lxml import html as lxml_html

from digest.errors import SettingsError, TemplateError, WrongState
from digest.model.draft import Draft, Section
from digest.model.look import Look
from digest.model.newsletter import Newsletter
from digest.render import render
from digest.render.lint import Yardstick, lint_page
from digest.render.pages import environment
from subscribers.cadence import Cadence

GOLDEN = Path(__file__).parents[2] / "golden" / "digest.txt"


def parsed(html: str) -> Any:
    return lxml_html.document_fromstring(html)


@pytest.fixture
def page(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> str:
    return render(sample, newsletter, templates, now).fill(None, values).html


def test_the_text_part_reads_as_it_should(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    text = render(sample, newsletter, templates, now).fill(None, values).text

    assert text == GOLDEN.read_text(encoding="utf-8")


def test_lines_of_text_stay_within_78_and_every_story_has_one_whole_address(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    lines = render(sample, newsletter, templates, now).fill(None, values).text.splitlines()

    assert max(len(line) for line in lines) <= 78
    for story in sample.stories:
        assert lines.count(story.url) == 1


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


def test_rules_for_the_night_are_kept_and_cover_every_inlined_colour(page: str, templates: jinja2.Environment) -> None:
    sheet = "".join(parsed(page).xpath("//style[not(@media)]/text()"))
    theme: Any = templates.get_template("_base/theme.mjml").module

    assert "@media (prefers-color-scheme:dark)" in sheet
    for role in theme.text_roles:
        colour = theme.dark[role]
        assert sheet.count(f".{role}{{color:{colour}!important}}") == 2
        assert f"[data-ogsc] .{role}{{color:{colour}!important}}" in sheet
    for surface in ("tint", "mark", "line", "bar", "edge", "canvas", "paper"):
        assert len(re.findall(rf"(?<!\] )\.{surface}[,{{]", sheet)) >= 1
        assert f"[data-ogsb] .{surface}" in sheet


def test_no_colour_is_inlined_without_a_hook_for_the_night(page: str, templates: jinja2.Environment) -> None:
    theme: Any = templates.get_template("_base/theme.mjml").module
    hooks = {*theme.text_roles, "tint", "mark", "line", "bar", "edge", "canvas", "paper"}
    coloured = parsed(page).xpath("//body//*[contains(@style,'color') or contains(@style,'solid #')]")

    bare = [
        element.get("style")
        for element in coloured
        if "display:none" not in element.get("style")
        and not any(hooks & set((near.get("class") or "").split()) for near in [element, *element.iterancestors()][:5])
    ]

    assert len(coloured) > 50
    assert bare == []


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance and contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_every_ground_by_day_and_by_night(scheme: str, templates: jinja2.Environment) -> None:
    theme: Any = templates.get_template("_base/theme.mjml").module
    colours = getattr(theme, scheme)

    for role in theme.text_roles:
        assert contrast(colours[role], colours["paper"]) >= 4.5, role
        assert contrast(colours[role], colours["canvas"]) >= 4.5, role
    assert contrast(colours["ink"], colours["mark"]) >= 4.5


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
    templates: jinja2.Environment,
    now: dt.datetime,
    values: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    page = render(sample, newsletter, templates, now).fill(None, values).html

    assert set(re.findall(r"https?://([^/\"]+)", page)) <= {
        "digest.example",
        "news.example",
        "also.example",
        "pictures.example",
        "www.w3.org",
    }


def test_forty_stories_with_the_longest_values_stay_below_80_kb(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    long = dataclasses.replace(sample.sections[0].stories[0], summary="Twelve letters " * 40)
    sections = tuple(Section(slug=f"s{n}", title=f"Section {n}", stories=(long,) * 5) for n in range(8))
    compiled = render(dataclasses.replace(sample, sections=sections), newsletter, templates, now)

    size = compiled.size_bytes(None, values | {"name": "&" * 64})

    assert 40_000 < size < 80_000


def test_the_same_draft_gives_the_same_bytes(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime
) -> None:
    one, other = (render(sample, newsletter, templates, now) for _ in range(2))

    assert one.to_bytes() == other.to_bytes()
    assert one.sha256 == other.sha256


def test_a_newsletters_own_accent_is_used_by_day_and_by_night(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    blue = dataclasses.replace(newsletter, look=Look(accent="#0b5394", accent_dark="#9fc5e8"))

    page = render(sample, blue, templates, now).fill(None, values).html

    assert "color:#0b5394" in page
    assert ".accent{color:#9fc5e8!important}" in page
    assert "#a4262c" not in page


def test_a_colour_that_is_none_is_the_operators_to_mend(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime
) -> None:
    with pytest.raises(SettingsError, match=r"look\.accent is .*red;.*; give a colour such as"):
        render(sample, dataclasses.replace(newsletter, look=Look(accent="red;}x{")), templates, now)


def test_a_language_that_is_none_is_the_operators_to_mend(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime
) -> None:
    with pytest.raises(SettingsError, match='language is "klingonese-x"'):
        render(sample, dataclasses.replace(newsletter, language="klingonese-x"), templates, now)


def test_words_and_dates_speak_the_newsletters_language(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    german = render(sample, dataclasses.replace(newsletter, language="de-AT"), templates, now)

    text = german.fill(None, {k: v for k, v in values.items() if k.endswith("_url")}).text

    assert "Nr. 42\nMontag, 23. November 2026" in text
    assert "Gesendet an Sie, weil Sie Auto Daily abonniert haben." in text


def test_a_newsletter_written_from_right_to_left_is_laid_out_that_way(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    page = render(sample, dataclasses.replace(newsletter, language="he"), templates, now).fill(None, values).html

    assert parsed(page).get("dir") == "rtl"
    assert "direction:ltr" not in page
    assert "text-align:right" in page
    assert "border-right-width:2px" in page


def test_a_story_in_another_language_says_so(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    arabic = dataclasses.replace(
        sample.sections[0].stories[0], language="ar", headline="\u0633\u064a\u0627\u0631\u0629"
    )
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(arabic,)),))

    page = parsed(render(draft, newsletter, templates, now).fill(None, values).html)

    assert page.xpath("//h2[contains(@class,'lead')]/@lang") == ["ar"]
    assert page.xpath("//h2[contains(@class,'lead')]/@dir") == ["rtl"]


def test_a_weekly_edition_speaks_of_the_week(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    draft = dataclasses.replace(sample, cadence=Cadence.WEEKLY)

    text = render(draft, newsletter, templates, now).fill(None, values).text

    assert "Inside this week\n" in text
    assert "That is all for this week." in text


def test_a_template_of_the_newsletters_own_comes_before_the_packaged_one(
    sample: Draft, newsletter: Newsletter, now: dt.datetime, values: dict[str, str], packaged: Path, tmp_path: Path
) -> None:
    words = (packaged / "_base" / "words.jinja").read_text(encoding="utf-8").replace("That is all", "Goodbye")
    (tmp_path / "_base").mkdir()
    (tmp_path / "_base" / "words.jinja").write_text(words, encoding="utf-8")

    text = render(sample, newsletter, environment([tmp_path, packaged]), now).fill(None, values).text

    assert "Goodbye for today." in text


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("digest/body.mjml", "<mjml>{{ storry }}</mjml>", r"body\.mjml, line 1: 'storry' is undefined; mend"),
        ("digest/body.mjml", "<mjml>{% if %}</mjml>", r"digest/body\.mjml, line 1: Expected an expression"),
        ("digest/body.mjml", "<mjml><mj-txt /></mjml>", r"<mj-txt> is no element of MJML"),
        ("digest/body.mjml", '<mjml><mj-body colour="x" /></mjml>', r"<mj-body> has no attribute colour"),
        ("digest/body.mjml", "<mjml><mj-body>", r"digest/body\.mjml, line 1: it is not well formed"),
        ("digest/body.mjml", "<mjml><mj-raw><form /></mj-raw></mjml>", r"<form> is refused by mailboxes"),
        ("digest/body.mjml", "<p />", r"digest/body\.mjml: the MJML compiler says"),
        ("digest/body.mjml", "<mjml>{{ 1 + 'a' }}</mjml>", r"body\.mjml, line 1: unsupported operand"),
        ("digest/body.txt", "Nothing but this.", r"digest/body\.txt has no mark lead"),
        ("digest/body.txt", "{% extends 'gone.txt' %}", r"digest/body\.txt asks for the template gone\.txt"),
    ],
)
def test_a_faulty_template_is_named_with_its_place_and_remedy(
    name: str,
    text: str,
    message: str,
    sample: Draft,
    newsletter: Newsletter,
    now: dt.datetime,
    packaged: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "digest").mkdir()
    (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(TemplateError, match=message):
        render(sample, newsletter, environment([tmp_path, packaged]), now)


def test_a_folder_without_templates_is_told(
    sample: Draft, newsletter: Newsletter, now: dt.datetime, tmp_path: Path
) -> None:
    with pytest.raises(TemplateError, match=r"template .* is missing; put it into"):
        render(sample, newsletter, environment([tmp_path]), now)


def test_a_draft_without_a_story_is_not_rendered(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime
) -> None:
    with pytest.raises(WrongState, match=r"No\. 42 of auto-daily has no story"):
        render(dataclasses.replace(sample, sections=()), newsletter, templates, now)


def test_a_story_without_words_still_has_something_to_click(
    sample: Draft,
    newsletter: Newsletter,
    templates: jinja2.Environment,
    now: dt.datetime,
    values: dict[str, str],
    yardstick: Yardstick,
) -> None:
    silent = dataclasses.replace(sample.sections[0].stories[0], headline="\x00 ", summary="", picture=None, also=())
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(silent,)),))

    page = render(draft, newsletter, templates, now).fill(None, values).html

    assert lint_page(page, yardstick) == ()


def test_a_language_that_a_feed_made_up_does_no_harm(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    odd = dataclasses.replace(sample.sections[0].stories[0], language='zz"made up')
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(odd,)),))

    page = parsed(render(draft, newsletter, templates, now).fill(None, values).html)

    assert page.xpath("//h2[contains(@class,'lead')]/@dir") == ["ltr"]


def test_a_story_in_another_language_is_announced_as_such(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    french = dataclasses.replace(sample.sections[0].stories[0], language="fr-CA", also=())
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(french,)),))

    filled = render(draft, newsletter, templates, now).fill(None, values)

    assert "Motorpost · 2 hr. ago · in French\n" in filled.text
    assert "2 hr. ago · in French" in parsed(filled.html).text_content()


def test_a_story_that_is_alone_in_its_section_names_it(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    section = sample.sections[0]
    alone = dataclasses.replace(sample, sections=(dataclasses.replace(section, stories=section.stories[:1]),))

    label = parsed(render(alone, newsletter, templates, now).fill(None, values).html).xpath(
        "//p[@class='label accent']"
    )

    assert [found.text_content() for found in label] == ["Top story · Electric"]


def test_each_line_of_the_summary_leads_to_its_story(page: str, sample: Draft) -> None:
    box = parsed(page).xpath("//td[contains(@class,'tint')]")[0]

    assert [(link.text, link.get("href")) for link in box.iter("a")] == [
        (section.stories[place].headline, section.stories[place].url)
        for section, place in zip(sample.sections, (1, 0, 0), strict=False)
    ]


def test_the_postal_address_names_the_newsletter_once(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, values: dict[str, str]
) -> None:
    address = "Auto Daily, 1 Mill Lane,\n99999 Nowhere"
    named = dataclasses.replace(newsletter, sender=dataclasses.replace(newsletter.sender, postal_address=address))

    text = render(sample, named, templates, now).fill(None, values).text

    assert text.endswith("\nAuto Daily, 1 Mill Lane, 99999 Nowhere\n")


def test_pictures_are_silent_beside_the_headline_that_leads_to_the_same_place(page: str) -> None:
    links = parsed(page).xpath("//a[img]")

    assert len(links) > 2
    assert {(link.get("aria-hidden"), link.get("tabindex")) for link in links} == {("true", "-1")}
