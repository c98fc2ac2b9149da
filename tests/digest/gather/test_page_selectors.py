"""Selectors of an operator for a site whose pages the general rules misread."""

from datetime import UTC, datetime

import pytest

from digest.errors import UnreadableInput
from digest.gather.pages import page
from digest.gather.pages.selectors import selector_fault
from digest.model.newsletter import Selectors

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://oster-echo.example/hall"
FIRST = "Corvane Trucks will open a second hall beside its plant in Oster, the firm said on Friday afternoon."
SECOND = "The hall is to hold a line for motors, which the company has bought from two suppliers until now."
PAGE = f"""<html lang="en"><head>
<meta property="og:title" content="Oster Echo: the paper for the valley"></head><body>
<div class="kicker">Industry</div><div class="top">Corvane Trucks to build its own motors</div>
<div class="who"><b>By Marta Quill</b> <b>Jon Fell</b></div>
<span class="when" data-datetime="2026-11-20T09:30:00Z">today</span>
<img class="lead" data-src="/hall.jpg">
<div class="box"><div>{FIRST}</div><div class="ad">Buy soap now.</div><div>{SECOND}</div></div>Behind it.
<div class="other"><p>{FIRST} {SECOND}</p><p>{SECOND} {FIRST}</p></div></body></html>"""
ALL = Selectors(title=".top", body=".box", authors=".who b", published=".when", image="img.lead", remove=".ad, .kicker")


def test_what_selectors_find_counts_before_all_else_and_is_said_to_be_so() -> None:
    found = page.extract(PAGE, url=URL, fetched_at=NOW, selectors=ALL)

    assert found.title == "Corvane Trucks to build its own motors"
    assert found.body.split("\n\n") == [FIRST, SECOND]
    assert found.authors == ("Marta Quill", "Jon Fell")
    assert found.published == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert found.image == "https://oster-echo.example/hall.jpg"
    assert {name for name, origin in found.origins.items() if origin == "selector"} == {
        "title",
        "body",
        "authors",
        "published",
        "image",
    }


def test_selectors_that_find_nothing_change_nothing() -> None:
    nothing = Selectors(title=".a", body=".b", authors=".c", published=".d", image=".e", remove=".f")

    found = page.extract(PAGE, url=URL, fetched_at=NOW, selectors=nothing)

    assert found == page.extract(PAGE, url=URL, fetched_at=NOW)


@pytest.mark.parametrize("css", ["div[", "p >", "::before", "a:nth-child(", "..x"])
def test_a_selector_that_cannot_be_used_is_named_with_what_is_wrong(css: str) -> None:
    fault = selector_fault(css)

    assert fault
    with pytest.raises(UnreadableInput, match="The selector body = "):
        page.extract(PAGE, url=URL, fetched_at=NOW, selectors=Selectors(body=css))


@pytest.mark.parametrize("css", ["article > p", "#top .x:first-child", "a[href^='/news']", "h1, h2"])
def test_a_selector_that_can_be_used_has_no_fault(css: str) -> None:
    assert selector_fault(css) == ""
