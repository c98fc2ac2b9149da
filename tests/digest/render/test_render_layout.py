"""Size is a layout: what has no room in full stands in lines, and what has none there is left to the web."""

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver import quoted
from digest.model import layout
from digest.model.draft import Draft, Section, Story
from digest.model.layout import BUDGET, Size, Step, base64_size, fitted
from digest.model.newsletter import Newsletter, SectionPlan
from digest.model.rendered import RenderedDigest
from digest.render import render
from digest.render.press import Press


@pytest.fixture
def long_one(
    newsletter: Newsletter, press: Press, story: Callable[..., Story], draft: Callable[..., Draft]
) -> RenderedDigest:
    """An Edition of 8 sections with 12 stories each, the first section first in score."""
    sections = [
        Section(
            slug=f"s{n}",
            title=f"Section {n}",
            stories=tuple(
                story(
                    100 * n + m,
                    score=100 - 10 * n - m / 2,
                    headline=f"Headline {n}.{m} of a story that wants a whole line of its own in the mail",
                    summary="Twelve letters " * 20,
                    sources=("Northern Gazette", "Cell & Grid", "The Axle", "Kvarn Daily"),
                )
                for m in range(12)
            ),
        )
        for n in range(8)
    ]
    many = dataclasses.replace(newsletter, sections=tuple(SectionPlan(slug=s.slug, title=s.title) for s in sections))
    return render(draft(sections), many, press)


def size_of(rendered: RenderedDigest, step: Step) -> int:
    """Return the bytes of the mail with every section in *step*."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "BUDGET", 10)
        patch.setattr(layout, "STEPS", tuple(each for each in Step if each <= step))
        size = rendered.layout().size_bytes
    rendered._plans.clear()
    return size


def test_a_mail_with_room_shows_every_section_at_length(sample: Draft, newsletter: Newsletter, press: Press) -> None:
    found = render(sample, newsletter, press).layout()

    assert set(found.steps.values()) == {Step.LONG}
    assert found.shortened == {}
    assert list(found.steps) == ["electric", "industry", "rules", "on-the-road"]


def test_the_last_sections_give_way_first_and_lines_come_before_the_web(
    long_one: RenderedDigest, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Step]] = []
    for budget in (120_000, 92_160, 80_000, 70_000, 60_000, 52_000, 36_000):
        monkeypatch.setattr(layout, "BUDGET", budget)
        long_one._plans.clear()
        found = long_one.layout()
        seen.append(list(found.steps.values()))

        assert found.size_bytes <= budget
        assert len(long_one.fill(None, values).html_bytes) <= budget

    assert seen[0] == [Step.LONG] * 8
    for steps in seen:
        assert steps == sorted(steps)
        assert max(steps) - min(steps) <= 1
    assert Step.LINES in seen[2]
    assert Step.WEB in seen[-2]
    assert Step.NAME in seen[-1]


def test_what_is_left_to_the_web_is_counted_and_linked(
    long_one: RenderedDigest, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "BUDGET", size_of(long_one, Step.WEB))

    filled = long_one.fill(None, values)
    found = long_one.layout()

    assert set(found.steps.values()) == {Step.WEB}
    assert filled.text.count("+ 9 more stories on the web") == 8
    assert f'href="{values["view_url"]}#s3"' in filled.html
    assert "Headline 3.2 of" in filled.html
    assert "Headline 3.3 of" not in filled.html


def test_at_last_a_section_is_named_and_found_on_the_web(
    long_one: RenderedDigest, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "BUDGET", 10)

    filled = long_one.fill(None, values)
    found = long_one.layout()

    assert set(found.steps.values()) == {Step.NAME}
    assert found.size_bytes > 10
    assert all(f"\n\n+ Read Section {n} on the web\n" in filled.text for n in range(8))
    assert all(f'href="{values["view_url"]}#s{n}"' in filled.html for n in range(8))
    assert all(f">Read Section {n} on the web</a>" in filled.html for n in range(8))
    assert "Headline 0.0 of" in filled.html, "it is the lead"
    assert "Headline 0.1 of" in filled.html, "it stands in the summary"
    assert "Headline 7.0 of" not in filled.html


def test_a_mail_of_forty_sections_is_never_clipped(
    newsletter: Newsletter, press: Press, story: Callable[..., Story], draft: Callable[..., Draft]
) -> None:
    sections = [
        Section(
            slug=f"s{n}",
            title=f"Section {n}",
            stories=tuple(
                story(100 * n + m, score=100 - n, headline="A headline of a usual length, more or less")
                for m in range(8)
            ),
        )
        for n in range(40)
    ]
    many = dataclasses.replace(newsletter, sections=tuple(SectionPlan(slug=s.slug, title=s.title) for s in sections))

    found = render(draft(sections), many, press).layout()

    assert found.size_bytes <= BUDGET
    assert Step.NAME in found.steps.values()


def test_on_the_web_nothing_is_left_out(
    long_one: RenderedDigest, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "BUDGET", 10)

    whole = long_one.fill(None, values, is_whole=True).html

    assert all(f"Headline {n}.{m} of" in whole for n in range(8) for m in range(12))
    assert "on the web" not in whole
    assert 'id="s3"' in whole


def test_a_reader_of_few_sections_has_more_room_for_each(
    long_one: RenderedDigest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "BUDGET", 40_000)

    assert long_one.layout({"s6", "s7"}).steps == {"s6": Step.LONG, "s7": Step.LONG}
    assert long_one.layout().steps["s7"] is Step.NAME


def test_of_a_section_with_few_stories_none_is_left_to_the_web_alone(
    sample: Draft,
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = render(sample, newsletter, press)
    pieces = compiled.sections[2].html

    assert layout.rows(pieces, Step.WEB, is_led=False) == layout.rows(pieces, Step.LINES, is_led=False)


def test_a_section_of_which_the_lead_is_all_leaves_nothing_to_the_web(
    newsletter: Newsletter,
    press: Press,
    values: dict[str, str],
    story: Callable[..., Story],
    draft: Callable[..., Draft],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layout, "BUDGET", 10)
    one = draft([Section(slug="rules", title="Rules", stories=(story(1),))])

    assert "on the web" not in render(one, newsletter, press).fill(None, values).text


@given(
    name=st.text(max_size=200),
    hint=st.text(max_size=200),
    chosen=st.sets(st.sampled_from([f"s{n}" for n in range(8)]), min_size=1),
)
def test_no_readers_mail_is_larger_than_the_editors_were_told(name: str, hint: str, chosen: set[str]) -> None:
    values = VALUES | {"name": name, "address_hint": hint}

    html = LONG.fill(chosen, values).html

    assert encoded(html) <= LONG.layout(chosen).size_bytes <= BUDGET


@pytest.fixture(autouse=True)
def _shared(long_one: RenderedDigest, values: dict[str, str]) -> None:
    global LONG, VALUES
    LONG, VALUES = long_one, values


LONG: RenderedDigest
VALUES: dict[str, str]


def encoded(html: str) -> int:
    """Return the bytes that a sender would put on the wire, in the shorter of the two encodings."""
    return min(len(quoted.encode(quoted.canonical(html))), base64_size(len(html.encode())))


@given(
    text=st.text(
        st.one_of(st.sampled_from("=<>\"'. \nabcdefghij"), st.sampled_from("äé€列車\U0001f697"), st.characters()),
        max_size=3000,
    )
)
def test_a_size_is_never_below_what_the_sender_writes(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()

    size = Size.of(text.encode())

    # Line ends, and the full stops and words that a line must not begin with, are rare in a page that is one line.
    lines = text.count("\n") + text.count("\r") + 1
    assert len(quoted.encode(quoted.canonical(text))) <= size.quoted + 4 * lines


def test_a_size_is_close_to_what_the_sender_writes(long_one: RenderedDigest, values: dict[str, str]) -> None:
    html = long_one.fill(None, values).html

    size = Size.of(html.encode())

    assert encoded(html) <= size.encoded <= 1.01 * encoded(html)


def test_scripts_beyond_latin_are_counted_in_base64() -> None:
    size = Size.of(("電" * 3000).encode())

    assert size.quoted > 27_000
    assert size.encoded == base64_size(9000) == 12_324


def test_the_steps_are_the_first_that_fit() -> None:
    big = {Step.LONG: Size(40_000, 40_000), Step.LINES: Size(20_000, 20_000), Step.WEB: Size(5_000, 5_000)}
    big[Step.NAME] = Size(3_000, 3_000)

    def steps(sections: int) -> list[Step]:
        return fitted([big] * sections, Size(10_000, 10_000))[0]

    assert steps(2) == [Step.LONG, Step.LONG]
    assert steps(3) == [Step.LONG, Step.LINES, Step.LINES]
    assert steps(4) == [Step.LINES] * 4
    assert steps(5) == [Step.LINES, Step.LINES, Step.LINES, Step.WEB, Step.WEB]
    assert steps(40) == [Step.NAME] * 40


def test_forty_stories_stay_far_below_the_budget(
    newsletter: Newsletter, press: Press, sample: Draft, values: dict[str, str]
) -> None:
    stories = [dataclasses.replace(s, summary="Twelve letters " * 40) for s in sample.stories]
    sections = tuple(
        Section(slug=f"s{n}", title=f"Section {n}", stories=tuple((stories * 4)[5 * n : 5 * n + 5])) for n in range(8)
    )

    found = render(dataclasses.replace(sample, sections=sections), newsletter, press).layout()

    assert 40_000 < found.size_bytes < 71_680
    assert found.shortened == {}
