"""Filling a compiled Edition for one reader."""

import dataclasses
import json
import zlib
from collections.abc import Callable

import pytest

from digest.errors import UnreadableInput
from digest.model.draft import Draft, Section, Story
from digest.model.newsletter import Newsletter
from digest.model.pieces import Slot
from digest.model.rendered import PREHEADER_LIMIT, WORDS_PER_MINUTE, RenderedDigest
from digest.model.text import shorten, word_count
from digest.render import render
from digest.render.press import Press


@pytest.fixture
def compiled(sample: Draft, newsletter: Newsletter, press: Press) -> RenderedDigest:
    return render(sample, newsletter, press)


def preheader(html: str) -> str:
    return html.split("overflow:hidden", 1)[1].split(">", 1)[1].split("\u034f", 1)[0]


def test_the_lead_is_the_best_first_story_of_the_chosen_sections(
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    story: Callable[..., Story],
    draft: Callable[..., Draft],
) -> None:
    sections = [
        Section(slug="a", title="A", stories=(story(1, score=1, headline="Weak"),)),
        Section(slug="b", title="B", stories=(story(2, score=9, headline="Strong"),)),
        Section(slug="c", title="C", stories=(story(3, score=5, headline="Middling"),)),
    ]
    compiled = render(draft(sections), newsletter, press)

    everything = compiled.fill(None, values).text
    without_b = compiled.fill({"c", "a"}, values).text

    assert everything.index("Strong") < everything.index("news.example/1") < everything.index("news.example/3")
    assert without_b.index("news.example/3") < without_b.index("news.example/1")
    assert "Strong" not in without_b


def test_a_reader_of_sections_without_news_gets_no_mail(compiled: RenderedDigest, values: dict[str, str]) -> None:
    assert compiled.has_news_for(None)
    assert compiled.has_news_for(("rules", "gone"))
    assert not compiled.has_news_for(("gone",))
    assert not compiled.has_news_for(())

    with pytest.raises(ValueError, match="ask has_news_for"):
        compiled.fill((), values)


def test_the_order_in_which_sections_are_named_means_nothing(compiled: RenderedDigest, values: dict[str, str]) -> None:
    assert compiled.fill(["rules", "electric"], values) == compiled.fill(["electric", "rules"], values)


def test_the_preheader_of_a_set_says_what_the_subject_does_not(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    headline = sample.sections[0].stories[0].headline
    compiled = render(dataclasses.replace(sample, subject=headline), newsletter, press)

    everything = preheader(compiled.fill(None, values).html)
    rules = compiled.fill({"rules"}, values)

    assert everything.startswith("Three motorway operators agree")
    assert len(everything) <= PREHEADER_LIMIT
    assert preheader(rules.html).startswith("Ostmark lets towns set 30 km/h")
    assert "Parliament ties the road toll" not in preheader(rules.html)


def test_the_subject_speaks_of_a_story_that_the_reader_gets(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    compiled = render(dataclasses.replace(sample, subject="The editors' own words"), newsletter, press)
    best = sample.sections[0].slug

    assert compiled.fill(None, values).subject == "The editors' own words"
    assert compiled.fill({best}, values).subject == "The editors' own words"
    assert compiled.fill({"rules"}, values).subject == "Parliament ties the road toll to weight from 2028"


def test_the_editors_preheader_is_for_readers_of_everything(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    compiled = render(dataclasses.replace(sample, preheader="A day of batteries"), newsletter, press)

    assert preheader(compiled.fill(None, values).html) == "A day of batteries"
    assert preheader(compiled.fill({"rules"}, values).html) != "A day of batteries"


def test_reading_minutes_count_the_chosen_sections_only(
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    story: Callable[..., Story],
    draft: Callable[..., Draft],
) -> None:
    sections = [
        Section(slug="long", title="Long", stories=(story(1, note="word " * 1150),)),
        Section(slug="short", title="Short", stories=(story(2),)),
    ]
    compiled = render(draft(sections), newsletter, press)

    assert "5 min read" in compiled.fill(None, values).text
    assert "1 min read" in compiled.fill(["short"], values).text
    assert (compiled.layout().minutes, compiled.layout(["short"]).minutes) == (5, 1)


def test_reading_minutes_count_what_is_shown_and_not_what_was_cut(
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    story: Callable[..., Story],
    draft: Callable[..., Draft],
) -> None:
    headline, summary = "A headline of nine words tells it at once", "A sentence of six words stands. " * 100
    stories = tuple(story(n, headline=headline, summary=summary) for n in range(40))
    compiled = render(draft([Section(slug="long", title="Long", stories=stories)]), newsletter, press)

    filled = compiled.fill(None, values)

    shown = word_count(filled.text)
    assert "3 min read" in filled.text
    assert abs(shown / WORDS_PER_MINUTE - 3) < 0.6


def test_of_two_alike_the_first_leads_and_gives_the_subject(
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    story: Callable[..., Story],
    draft: Callable[..., Draft],
) -> None:
    sections = [
        Section(slug="a", title="A", stories=(story(1, score=3.0, headline="Alpha"),)),
        Section(slug="b", title="B", stories=(story(2, score=3.0, headline="Beta"),)),
    ]
    compiled = render(draft(sections, subject="Alpha, by the editors"), newsletter, press)

    assert compiled.fill(None, values).subject == "Alpha, by the editors"
    assert compiled.fill(["a"], values).subject == "Alpha, by the editors"
    assert compiled.fill(["b"], values).subject == "Beta"


@pytest.mark.parametrize(
    ("name", "hint", "shown"),
    [
        ("Ada", "a…a@example.org", "Ada (a…a@example.org)"),
        ("Ada", "", "Ada"),
        ("", "a…a@example.org", "a…a@example.org"),
        (" \n ", "", "you"),
        ("A" * 200, "", "A" * 51 + "…"),
        ("Ada\r\nBcc: all@example.org", "", "Ada Bcc: all@example.org"),
    ],
)
def test_the_footer_says_to_whom_it_was_sent(
    name: str, hint: str, shown: str, compiled: RenderedDigest, values: dict[str, str]
) -> None:
    text = compiled.fill(None, values | {"name": name, "address_hint": hint}).text

    assert f"\nSent to {shown}.\n" in text


def test_a_url_is_percent_encoded_and_then_escaped(compiled: RenderedDigest, values: dict[str, str]) -> None:
    filled = compiled.fill(None, values | {"view_url": 'https://digest.example/v?a="1"&b=<ü>\'\r\n x'})

    assert 'href="https://digest.example/v?a=%221%22&amp;b=%3C%C3%BC%3E&#x27;%20x"' in filled.html
    assert "View online: https://digest.example/v?a=%221%22&b=%3C%C3%BC%3E'%20x\n" in filled.text


@pytest.mark.parametrize(
    ("values_", "message"),
    [
        ({"view_url": "javascript:evil()"}, "view_url is 'javascript:evil.*give an absolute"),
        ({"view_url": ""}, "give an absolute"),
        ({"view_url": "https://digest.example/" + "a" * 2000}, "view_url has 2023 characters"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(
    values_: dict[str, str], message: str, compiled: RenderedDigest, values: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=message):
        compiled.fill(None, values | values_)


def test_a_missing_value_is_named(compiled: RenderedDigest, values: dict[str, str]) -> None:
    del values["unsubscribe_url"]

    with pytest.raises(ValueError, match="no value for unsubscribe_url"):
        compiled.fill(None, values)


def test_what_was_stored_fills_like_what_was_made(compiled: RenderedDigest, values: dict[str, str]) -> None:
    stored = compiled.to_bytes()

    restored = RenderedDigest.from_bytes(stored)

    assert restored == compiled
    assert restored.fill({"rules"}, values) == compiled.fill({"rules"}, values)
    assert restored.to_bytes() == stored
    assert restored.sha256 == compiled.sha256
    assert any(isinstance(part, Slot) for part in restored.html.closing)


def test_filling_changes_nothing_of_what_is_stored(compiled: RenderedDigest, values: dict[str, str]) -> None:
    before = compiled.sha256

    compiled.fill(None, values)

    assert compiled.sha256 == before


@pytest.mark.parametrize(
    "stored",
    [b"", b"rubbish", zlib.compress(b"[]"), zlib.compress(b"{}"), zlib.compress(json.dumps({"version": 99}).encode())],
)
def test_stored_bytes_that_are_something_else_are_refused(stored: bytes) -> None:
    with pytest.raises(UnreadableInput, match="the stored pages"):
        RenderedDigest.from_bytes(stored)


def test_many_different_sets_do_not_pile_up(
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    story: Callable[..., Story],
    draft: Callable[..., Draft],
) -> None:
    sections = [Section(slug=f"s{n}", title=f"S{n}", stories=(story(n, score=n + 1),)) for n in range(7)]
    compiled = render(draft(sections), newsletter, press)

    for bits in range(1, 128):
        compiled.fill([f"s{n}" for n in range(7) if bits >> n & 1], values)

    assert len(compiled._plans) <= 1024


def test_long_text_is_cut_between_words_and_text_without_spaces_anywhere() -> None:
    assert shorten("one two three", 13) == "one two three"
    assert shorten("one two, three", 11) == "one two…"
    assert shorten("電" * 30, 10) == "電" * 9 + "…"
