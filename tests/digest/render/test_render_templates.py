"""Templates of a newsletter's own, and faults in templates, told with their place and remedy."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from mjml import mjml2html

from digest.errors import TemplateError
from digest.model.draft import Draft
from digest.model.look import Look, Theme
from digest.model.newsletter import Newsletter
from digest.render import render, view
from digest.render.cut import Stencil
from digest.render.inline import inline
from digest.render.markup import _light
from digest.render.pages import environment, render_template
from digest.render.press import Press

PressFor = Callable[..., Press]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_a_template_of_the_newsletters_own_comes_before_the_packaged_one(
    sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str], tmp_path: Path
) -> None:
    own = written(tmp_path, "digest/footer.mjml", "<p>We print on recycled electrons.</p>")

    page = render(sample, newsletter, press_for(own=own)).fill(None, values).html

    assert "We print on recycled electrons." in page
    assert "You get this because" not in page
    assert "Inside today" in page


def test_a_template_may_extend_the_one_that_it_stands_in_for(
    sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str], tmp_path: Path
) -> None:
    own = written(
        tmp_path,
        "digest/body.mjml",
        '{% extends "packaged/digest/body.mjml" %}{% block title %}Only the title is ours{% endblock %}',
    )

    page = render(sample, newsletter, press_for(own=own)).fill(None, values).html

    assert "<title>Only the title is ours</title>" in page
    assert "Inside today" in page


def test_words_of_the_newsletters_own_come_before_the_packaged_ones(
    sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str], tmp_path: Path
) -> None:
    own = written(
        tmp_path,
        "languages/de.po",
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "That is all for today."\nmsgstr "Feierabend."\n',
    )

    text = render(sample, newsletter, press_for(language="de", own=own)).fill(None, values).text

    assert "\nFeierabend.\n" in text
    assert "\nGesendet an Ada Winter" in text


def test_a_changed_catalogue_is_read_anew(
    sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str], tmp_path: Path
) -> None:
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Unsubscribe"\nmsgstr '
    written(tmp_path, "languages/en.po", f'{head}"Leave"\n')
    before = render(sample, newsletter, press_for(own=tmp_path)).fill(None, values).text
    path = tmp_path / "languages" / "en.po"
    stamp = path.stat().st_mtime_ns

    path.write_text(f'{head}"Get me out"\n', encoding="utf-8")
    os.utime(path, ns=(stamp + 10**9, stamp + 10**9))
    after = render(sample, newsletter, press_for(own=tmp_path)).fill(None, values).text

    assert "\nLeave: https" in before
    assert "\nGet me out: https" in after


def test_a_broken_catalogue_is_named(newsletter: Newsletter, press_for: PressFor, tmp_path: Path) -> None:
    own = written(tmp_path, "languages/fr.po", 'msgid "a"\nmsgstr[9] "b"\nnonsense\n')

    with pytest.raises(TemplateError, match=r"languages/fr\.po: .*; mend the catalogue"):
        press_for(language="fr", own=own)


def test_a_theme_takes_what_it_does_not_change_from_the_classic_one(
    sample: Draft, newsletter: Newsletter, press_for: PressFor, values: dict[str, str]
) -> None:
    page = render(sample, newsletter, press_for(Theme.COMPACT)).fill(None, values).html

    assert "Sent to Ada Winter" in page
    assert "Georgia" not in page


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("digest/body.mjml", "<mjml>{{ storry }}</mjml>", r"body\.mjml, line 1: 'storry' is undefined; mend"),
        ("digest/body.mjml", "<mjml>{% if %}</mjml>", r"digest/body\.mjml, line 1: Expected an expression"),
        ("digest/body.mjml", "<mjml><mj-txt /></mjml>", r"<mj-txt> is no element of MJML"),
        ("digest/body.mjml", '<mjml><mj-body colour="x" /></mjml>', r"<mj-body> has no attribute colour"),
        ("digest/body.mjml", "<mjml><mj-body>", r"digest/body\.mjml.* not well formed"),
        ("digest/body.mjml", "<mjml><mj-raw><form /></mj-raw></mjml>", r"<form> is refused by mailboxes"),
        ("digest/body.mjml", "<p />", r"digest/body\.mjml: the MJML compiler says"),
        ("digest/body.mjml", "<mjml>{{ 1 + 'a' }}</mjml>", r"body\.mjml, line 1: unsupported operand"),
        ("digest/body.txt", "Nothing but this.", r"digest/body\.txt has no mark lead"),
        ("digest/body.txt", "{% extends 'gone.txt' %}", r"digest/body\.txt asks for the template gone\.txt"),
        ("digest/phrases.txt", "{{ 1 / 0 }}", r"digest/phrases\.txt, line 1: division by zero"),
    ],
)
def test_a_faulty_template_is_named_with_its_place_and_remedy(
    name: str, text: str, message: str, sample: Draft, newsletter: Newsletter, press_for: PressFor, tmp_path: Path
) -> None:
    own = written(tmp_path, name, text)

    with pytest.raises(TemplateError, match=message):
        render(sample, newsletter, press_for(own=own))


def test_a_folder_without_templates_is_told(
    sample: Draft, newsletter: Newsletter, press: Press, tmp_path: Path
) -> None:
    bare = Press(environment=environment(tmp_path), links=press.links, now=press.now, longest=press.longest)

    with pytest.raises(TemplateError, match=r"template .* is missing; put it into"):
        render(sample, newsletter, bare)


def test_a_template_without_a_logo_or_with_one_is_complete(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    page = render(sample, newsletter, press).fill(None, values).html

    assert newsletter.look == Look()
    assert "plate" not in page


@pytest.mark.parametrize("selector", [".story a", "p > b", "a:hover", "#id", "*", "p.x + p"])
def test_a_rule_to_inline_that_looks_beyond_its_tag_is_refused(selector: str) -> None:
    html = f"<html><head><style>/*inline*/ p{{margin:0}} {selector}{{color:red}}</style></head><body></body></html>"

    with pytest.raises(TemplateError, match="it may only name a tag or classes"):
        inline(html)


def test_a_rule_is_written_into_every_tag_that_it_names_and_what_stands_there_wins() -> None:
    html = (
        "<html><head><style>/*inline*/ p,.small{margin:0px} p.big{font-size:20px} .small{color:#111}</style>"
        "<style>.night .small{color:#eee}</style></head>"
        '<body><p class="big other" title="a &gt; b">A</p><p class="small" style="margin:4px">B</p><!-- <p> -->'
        '<td class="small" /></body></html>'
    )

    page = inline(html)

    assert '<p title="a &gt; b" style="margin:0;font-size:20px">A</p>' in page
    assert '<p class="small" style="margin:4px;color:#111">B</p><!-- <p> -->' in page
    assert '<td class="small" style="margin:0;color:#111" />' in page


def test_attributes_of_every_name_may_stand_beside_a_class() -> None:
    page = '<style>/*inline*/.muted{color:#555}</style><p data-x2="1" class="muted" aria-label="a">a</p>'

    assert inline(page) == '<p data-x2="1" aria-label="a" style="color:#555">a</p>'


@pytest.mark.parametrize(
    "tag", ['<P class="muted">', "<p class='muted'>", '<p class = "muted">', '<p hidden class="muted">']
)
def test_a_tag_that_would_go_without_its_style_is_refused(tag: str) -> None:
    with pytest.raises(TemplateError, match="would go without its style; write the tag in small letters"):
        inline(f"<style>/*inline*/.muted{{color:#555}}</style>{tag}")


@pytest.mark.parametrize(
    "css", ['@IMPORT url("https://a.example/x.css");', '@\\69mport "https://a.example/x";', '.a{content:"\\201C"}']
)
def test_a_sheet_to_inline_can_ask_for_nothing_from_elsewhere(css: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("it asked the network"))

    with pytest.raises(TemplateError, match="it may hold plain rules only"):
        inline(f'<style>/*inline*/{css}</style><p class="a">x</p>')


@pytest.mark.parametrize(
    ("html", "light"),
    [
        ("<b>a</b>&#160;\n<i>b</i>", "<b>a</b>\u00a0\n<i>b</i>"),
        ("<b>a</b>  \n \t<i>b</i>", "<b>a</b><i>b</i>"),
        ("&#00060;&#60;&#228;", "&#00060;&#60;ä"),
    ],
)
def test_making_a_page_light_changes_nothing_that_is_read(html: str, light: str) -> None:
    assert _light(html) == light


def test_a_page_without_a_sheet_to_inline_stays_as_it_is() -> None:
    assert inline("<p class='a'>x</p>") == "<p class='a'>x</p>"


@pytest.mark.parametrize("theme", Theme)
def test_inlining_keeps_every_rule_for_phones_and_for_the_night(
    theme: Theme, sample: Draft, newsletter: Newsletter, press_for: PressFor
) -> None:
    press = press_for(theme)
    context = {
        "paper": view.paper(newsletter),
        "edition": view.edition(sample, newsletter, press),
        "slots": Stencil("0123456789ab").slots,
        "mark": Stencil("0123456789ab").mark,
    }
    before = mjml2html(render_template(press.environment, "digest/body.mjml", context), fonts={})

    after = inline(before)

    for kept in ("!important", "@media", "[data-ogsc]", "[data-ogsb]", "<!--[if", "<![endif]-->"):
        assert after.count(kept) == before.count(kept) > 0, kept
    assert "/*inline*/" not in after
