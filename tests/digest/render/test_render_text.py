"""The text part: one that somebody would choose to read."""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import wcwidth

from digest.deliver.envelope import build
from digest.model.draft import Draft, Story
from digest.model.message import Addressing, Email, Mailbox
from digest.model.newsletter import Newsletter
from digest.model.text import columns, wrap
from digest.render import render
from digest.render.pages import environment
from digest.render.press import Press
from subscribers.cadence import Cadence
from tests.digest.render.conftest import TEMPLATES

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture
def text(sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]) -> str:
    return render(sample, newsletter, press).fill(None, values).text


def test_lines_stay_within_72_columns_and_every_story_has_one_whole_address(text: str, sample: Draft) -> None:
    lines = text.splitlines()

    assert max(len(line) for line in lines) <= 72
    for story in sample.stories:
        assert lines.count(story.url) == 1


def test_each_address_stands_once(text: str) -> None:
    addresses = re.findall(r"https?://\S+", text)

    assert len(addresses) == len(set(addresses)) > 10


def test_no_line_ends_in_a_blank_and_no_two_lines_in_a_row_are_empty(text: str) -> None:
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "\n\n\n" not in text
    assert text.endswith("\n")
    assert not text.startswith("\n")


def test_the_longest_name_keeps_the_line_within_its_width(
    sample: Draft, newsletter: Newsletter, press_for: Callable[..., Press], values: dict[str, str]
) -> None:
    for language in ("en", "de", "fr", "nl", "ar"):
        spoken = dataclasses.replace(newsletter, language=language)
        text = render(sample, spoken, press_for(language=language)).fill(None, values | {"name": "W" * 300}).text

        assert max(len(line) for line in text.splitlines()) <= 72


def test_wide_signs_keep_every_line_within_its_columns(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    section = dataclasses.replace(sample.sections[0], title="列車の話" * 12, stories=sample.sections[0].stories[:1])
    draft = dataclasses.replace(sample, sections=(section, dataclasses.replace(sample.sections[1], title="電話" * 30)))

    text = render(draft, newsletter, press).fill(None, values | {"name": "山田" * 40, "address_hint": "太郎" * 40}).text

    assert max(wcwidth.width(line) for line in text.splitlines()) <= 72


def test_a_weekly_edition_speaks_of_the_week(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    draft = dataclasses.replace(sample, cadence=Cadence.WEEKLY)

    text = render(draft, newsletter, press).fill(None, values).text

    assert "INSIDE THIS WEEK\n" in text
    assert "That is all for this week." in text


def test_a_story_in_another_language_is_announced_as_such(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    french = dataclasses.replace(sample.sections[0].stories[0], language="fr-CA", also=())
    draft = dataclasses.replace(sample, sections=(dataclasses.replace(sample.sections[0], stories=(french,)),))

    filled = render(draft, newsletter, press).fill(None, values)

    assert "Motorpost · 2 hr. ago · in French\n" in filled.text
    assert "2 hr. ago · in French" in filled.html


def test_a_reader_is_told_what_they_follow_with_and_without_news_in_it(
    sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]
) -> None:
    draft = dataclasses.replace(sample, sections=sample.sections[:3])
    compiled = render(draft, newsletter, press)

    assert "\nYou follow all sections.\n" in compiled.fill(None, values).text
    assert "\nYou follow Electric · On the road.\n" in compiled.fill({"electric", "on-the-road"}, values).text


def test_signs_of_two_columns_count_as_two() -> None:
    wrapped = wrap("列車は朝に着いた。乗客は誰もいなかったという話である。" * 4)

    assert [len(line) for line in wrapped.split("\n")] == [36, 36, 36]


def test_a_word_longer_than_a_line_stays_whole() -> None:
    address = "https://news.example/" + "a" * 100

    assert address in wrap(f"See {address} for more.").split("\n")


def test_two_ends_of_a_line_fall_apart_when_there_is_no_room() -> None:
    assert columns("LEFT", "No. 1") == "LEFT" + " " * 63 + "No. 1"
    assert columns("W" * 70, "No. 1") == "W" * 70 + "\nNo. 1"


# -- format=flowed -----------------------------------------------------------------------------------------------------


def unflowed(text: str) -> list[str]:
    """Return the paragraphs as RFC 3676 §4.2 joins them: stuffing off, lines that end in a blank go on."""
    paragraphs, run = [], ""
    for line in text.split("\n"):
        run += line.removeprefix(" ")
        if not line.endswith(" "):
            paragraphs.append(run)
            run = ""
    return paragraphs


@pytest.fixture
def flowed(sample: Draft, newsletter: Newsletter, press: Press, values: dict[str, str]) -> str:
    newsletter = dataclasses.replace(newsletter, text_flowed=True)
    press = dataclasses.replace(press, environment=environment(TEMPLATES, is_flowed=True))
    return render(sample, newsletter, press).fill({"electric", "on-the-road"}, values).text


def test_flowed_text_holds_each_paragraph_whole(flowed: str, sample: Draft) -> None:
    paragraphs = unflowed(flowed)

    assert max(len(line) for line in flowed.splitlines()) <= 72
    for section in (sample.sections[0], sample.sections[3]):
        assert section.stories[0].headline in paragraphs
    assert sample.sections[0].stories[0].summary in paragraphs
    assert "You follow Electric · On the road." in paragraphs


def test_flowed_text_without_spaces_keeps_its_lines_and_gets_no_blanks() -> None:
    said = "> 列車の話は駅から始まる。" * 9

    lines = wrap(said, is_flowed=True).split("\n")

    assert len(lines) > 3
    assert "".join(line.removeprefix(" ") for line in lines).replace(" ", "") == said.replace(" ", "")
    assert not any(line.endswith(" ") or line.startswith(">") for line in lines)


def test_lines_that_would_be_misread_are_led_by_a_blank() -> None:
    said = "word " * 14 + "> not a quotation, " + "word " * 9 + "From here on"

    lines = wrap(said, is_flowed=True).split("\n")

    assert not any(line.startswith((">", "From ")) for line in lines)
    assert unflowed("\n".join(lines)) == [said]


def test_the_mail_says_that_its_text_may_be_broken_anew(flowed: str) -> None:
    mail = Email(
        sender=Mailbox(name="A", address="a@digest.example"),
        addressing=Addressing(
            to=Mailbox(name="", address="ada@example.org"),
            message_id="<1.1.a@digest.example>",
            return_path="a@digest.example",
        ),
        subject="x",
        text=flowed,
        html="<p>x</p>",
        date=dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
        language="en",
        text_flowed=True,
    )

    part = message_from_bytes(build(mail), policy=policy.default).get_body(("plain",))

    assert part is not None
    assert part.get_content_type() == "text/plain"
    assert dict(part["content-type"].params) == {"charset": "utf-8", "format": "flowed"}
    assert part.get_content().replace("\r\n", "\n").rstrip("\n") == flowed.rstrip("\n")


def test_a_story_without_a_picture_or_summary_reads_as_well(
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    story: Callable[..., Story],
    draft: Callable[..., Draft],
    sample: Draft,
) -> None:
    bare = story(7, summary="", published=None, source="Kvarn Daily")
    one = draft([dataclasses.replace(sample.sections[0], stories=(bare,))])

    text = render(one, newsletter, press).fill(None, values).text

    assert "\nTOP STORY · ELECTRIC\n\nHeadline 7\nKvarn Daily\nhttps://news.example/7\n" in text
