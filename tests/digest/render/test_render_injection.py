"""Whatever a feed or a reader calls themselves, no tag and no attribute is added to the mail."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from digest import proof
from digest.model.draft import Draft, Picture, Section, SourceLink
from digest.model.ids import ArticleId, EditionId
from digest.model.look import Images, Look, Theme
from digest.model.newsletter import Newsletter
from digest.model.pieces import PLAIN_NAME_LIMIT
from digest.model.text import narrowed, printable
from digest.render import render
from digest.render.press import Press
from digest.render.view import web_address

HOSTILE = st.text(
    st.one_of(
        st.sampled_from("\"'<>&\\`=;{}%/\n\t\r\0\x1b\u200b\u202e\u00a0\u0301\U0001f9d1\u200d\u05d0ع"), st.characters()
    )
)
VECTORS = (
    'a" onclick="evil()',
    "a' onclick='evil()",
    "</a><script>evil()</script>",
    "<mj-raw><form>",
    "{{ paper }}{% raw %}",
    "&lt;b&gt; &amp; &#34; &quot",
    "back\\slash \\u{200b} \\n",
    "]]> <!-- --> <![CDATA[",
    "\u202eright to left\u202c \u200f\u05e9\u05dc\u05d5\u05dd",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301 \ud800 \ufffe",
    "<!--[if mso]><table><![endif]-->",
    "<!--zq0123456789ab:closing-->",
)


def parsed(html: str) -> Any:
    return lxml_html.document_fromstring(html)


def skeleton(html: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for element in parsed(html).iter():
        yield str(element.tag), tuple(sorted(element.attrib))


def draft_saying(sample: Draft, words: str) -> Draft:
    story = sample.sections[0].stories[0]
    said = dataclasses.replace(
        story,
        headline=words,
        summary=words,
        note=words,
        source=words,
        picture=Picture(url="https://pictures.example/1.jpg", alt=words),
        also=(SourceLink(article_id=ArticleId(9), name=f"+{words}", url="https://also.example/9", title=words),),
        is_update=True,
    )
    section = Section(slug="words", title=words, stories=(said, said, dataclasses.replace(said, picture=None)))
    return dataclasses.replace(sample, sections=(section,), subject=words, preheader=words, intro=words)


@pytest.mark.parametrize("theme", Theme)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=HOSTILE)
@example(words=VECTORS[0])
@example(words=VECTORS[1])
@example(words=VECTORS[2])
@example(words=VECTORS[3])
@example(words=VECTORS[4])
@example(words=VECTORS[5])
@example(words=VECTORS[6])
@example(words=VECTORS[7])
@example(words=VECTORS[8])
@example(words=VECTORS[9])
@example(words=VECTORS[10])
@example(words=VECTORS[11])
def test_the_words_of_a_feed_never_add_a_tag_or_an_attribute(
    words: str,
    theme: Theme,
    sample: Draft,
    newsletter: Newsletter,
    press_for: Callable[..., Press],
    values: dict[str, str],
) -> None:
    words, press = f"x{words}y", press_for(theme)
    newsletter = dataclasses.replace(newsletter, look=Look(theme=theme, images=Images.LINK))
    sender = dataclasses.replace(newsletter.sender, postal_address=words)

    plain = render(draft_saying(sample, "p" * len(printable(words))), newsletter, press).fill(None, values)
    hostile = render(
        draft_saying(sample, words), dataclasses.replace(newsletter, title=words, sender=sender), press
    ).fill(None, values | {"name": words})

    assert list(skeleton(hostile.html)) == list(skeleton(plain.html))
    page = parsed(hostile.html)
    assert page.xpath("string(//h2[contains(@class,'lead')])") == printable(words)
    assert page.xpath("string(//img[1]/@alt)") == (printable(words) if theme is not Theme.COMPACT else "")
    assert hostile.subject == printable(words)
    assert not set(hostile.subject + hostile.text.replace("\n", "")) & set("\r\n\0\x1b\u202e")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=HOSTILE, url=HOSTILE)
@example(words="Leaking ${{ secrets.TOKEN }} {% raw %} zq0123456789ab:closing", url="https://news.example/{{ value }}")
@example(words="\u200c", url="https://news.example/1")
@example(words="", url="javascript:evil()")
@example(words="here", url="http://[::1]:99999/")
def test_nothing_that_a_feed_says_keeps_an_edition_from_going_out(
    words: str, url: str, sample: Draft, newsletter: Newsletter, press: Press
) -> None:
    newsletter = dataclasses.replace(newsletter, look=Look(images=Images.LINK))
    draft = draft_saying(sample, words)
    stories = tuple(
        dataclasses.replace(
            story,
            url=url,
            language=words,
            picture=Picture(url=url, alt=words),
            also=(SourceLink(article_id=ArticleId(9), name=words, url=url, title=words),),
        )
        for story in draft.stories
    )
    hostile = dataclasses.replace(draft, sections=(Section(slug="words", title="Words", stories=stories),))

    assert proof.fit(hostile, newsletter, press, EditionId(1)).sections


@pytest.mark.parametrize("words", VECTORS)
def test_a_readers_name_is_shown_as_it_is_and_adds_nothing(
    words: str,
    sample: Draft,
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
) -> None:
    compiled = render(sample, newsletter, press)

    page = compiled.fill(None, values | {"name": words, "address_hint": ""})

    assert list(skeleton(page.html)) == list(skeleton(compiled.fill(None, values).html))
    assert f"Sent to {printable(words)}." in parsed(page.html).text_content()
    assert f"Sent to {narrowed(printable(words), PLAIN_NAME_LIMIT)}." in page.text


@given(url=HOSTILE.map(lambda tail: f"https://news.example/{tail}"))
@example('https://news.example/a b"c\'d<e>f\\g#h"i?j=k&l=ü%20m')
def test_the_address_of_a_story_never_leaves_its_attribute(url: str) -> None:
    address = web_address(url)

    assert address.startswith("https://news.example")
    assert address.isascii()
    assert not set(address) & set('"<>\\ \n\r\t`')


@pytest.mark.parametrize(
    "url",
    [
        "javascript:evil()",
        "data:text/html,evil",
        "//news.example/a",
        "/a",
        "",
        "https://",
        "http://[",
        "https://a b/",
        "https://bank.example@evil.example/",
        "https://user:secret@bücher.example/",
        "ftp://news.example",
    ],
)
def test_what_is_no_web_address_becomes_a_story_without_a_link(
    url: str,
    sample: Draft,
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
) -> None:
    story = dataclasses.replace(sample.sections[0].stories[0], url=url, headline="No link here")
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(story,)),))

    filled = render(draft, newsletter, press).fill(None, values)

    lead = parsed(filled.html).xpath("//h2[contains(@class,'lead')]")[0]
    assert lead.text_content() == "No link here"
    assert not lead.xpath(".//a")
    assert "No link here\n" in filled.text


def test_a_host_in_another_script_is_printed_as_an_a_label() -> None:
    assert web_address("https://bücher.example:8080/weg") == "https://xn--bcher-kva.example:8080/weg"


def test_a_host_is_not_taken_for_another_that_is_spelt_alike() -> None:
    assert web_address("https://straße.example/") == "https://xn--strae-oqa.example/"
