"""The text of an article page: all of it, and nothing of what stands around it."""

import json
from datetime import UTC, datetime

import pytest

from digest.gather.pages import page

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://www.oster-echo.example/industry/hall"
TITLE = "Corvane Trucks to build its own electric motors"
TEXTS = [
    "Corvane Trucks will open a second hall beside its plant in Oster, the firm said on Friday afternoon.",
    "The hall is to hold a line for motors, which the company has bought from two suppliers until now.",
    "About ninety people are to work there by the end of next year, many of them from the region around it.",
    "The town has promised to widen the road to the plant, which crosses a railway line and is often closed.",
    "An own line would pay for itself within four years, the head of purchasing told reporters at the plant.",
]


def a_page(*blocks: str, described: object = None) -> str:
    """Return a page whose article holds *blocks*, given as HTML, and with *described* as its JSON-LD."""
    script = f'<script type="application/ld+json">{json.dumps(described)}</script>' if described else ""
    body = "".join(blocks)
    return (
        f"<!doctype html><html lang='en'><head><title>{TITLE} | Oster Echo</title>{script}</head>"
        f"<body><article><h1>{TITLE}</h1>{body}</article></body></html>"
    )


def p(*texts: str) -> str:
    """Return *texts* as paragraphs."""
    return "".join(f"<p>{text}</p>" for text in texts)


OTHER = "<a href='/turns-fifty'>Oster plant turns fifty this summer</a>"
RELATED = [
    f"<p><strong>Read also:</strong> {OTHER}</p>",
    f"<p>Lesen Sie auch: {OTHER}</p>",
    f"<div><h3>Related stories</h3><ul><li>{OTHER}</li></ul></div>",
    f"<h3>You may also like</h3><p>{OTHER}</p>",
    f"<div class='x'><span>Most read</span><div>{OTHER}</div></div>",
    f"<ul><li>{OTHER}</li><li>{OTHER}</li></ul>",
]


@pytest.mark.parametrize("box", RELATED)
def test_what_points_to_other_pieces_is_a_candidate_link_and_never_body(box: str) -> None:
    found = page.extract(a_page(p(*TEXTS[:3]), box, p(*TEXTS[3:])), url=URL, fetched_at=NOW)

    assert found.body.split("\n\n") == TEXTS
    assert [(link.title, link.url) for link in found.links] == [
        ("Oster plant turns fifty this summer", "https://www.oster-echo.example/turns-fifty")
    ]


def test_a_link_within_a_sentence_stays_in_the_text_and_is_no_candidate() -> None:
    linked = TEXTS[1].replace("two suppliers", "<a href='/suppliers'>two suppliers of the region</a>")

    found = page.extract(a_page(p(TEXTS[0], linked, *TEXTS[2:])), url=URL, fetched_at=NOW)

    assert "two suppliers of the region until now" in found.body
    assert found.links == ()


@pytest.mark.parametrize(
    "furniture",
    [
        "Get our best stories delivered straight to your inbox every morning.",
        "Sign up for our newsletter and stay informed.",
        "Follow her on Bluesky.",
        "Advertisement",
        "Article content",
        "Click to share on Facebook (Opens in new window)",
        "___",
        "© 2026 Oster Echo. All rights reserved.",
    ],
)
def test_furniture_between_paragraphs_is_no_text(furniture: str) -> None:
    found = page.extract(a_page(p(*TEXTS[:2], furniture, *TEXTS[2:])), url=URL, fetched_at=NOW)

    assert found.body.split("\n\n") == TEXTS


def test_title_writer_and_date_above_and_agency_below_are_no_text() -> None:
    above = f"<p>Industry: {TITLE}</p><p>By Marta Quill</p><p>20 November 2026</p>"

    found = page.extract(a_page(above, p(*TEXTS), "<p>(Source: OPA)</p>"), url=URL, fetched_at=NOW)

    assert found.body.split("\n\n") == TEXTS


def test_a_heading_that_asks_and_a_sentence_on_an_agreement_are_text() -> None:
    blocks = [TEXTS[0], "Why now?", *TEXTS[1:4], "An agreement can be reached on Monday, both sides said in Oster."]

    found = page.extract(
        a_page(*(f"<h2>{text}</h2>" if text == "Why now?" else f"<p>{text}</p>" for text in blocks)),
        url=URL,
        fetched_at=NOW,
    )

    assert found.body.split("\n\n") == blocks


def test_marks_of_programs_within_a_sentence_hide_nothing_of_it() -> None:
    link = "<a href='/hall'>a second hall</a>"
    first = f"Corvane Trucks<!-- --> will open {link}<!-- --> beside its plant in Oster, the firm said."

    found = page.extract(a_page(p(first, *TEXTS[1:])), url=URL, fetched_at=NOW)

    assert found.body.startswith("Corvane Trucks will open a second hall beside its plant in Oster, the firm said.")


def test_json_ld_says_which_blocks_belong_to_the_text() -> None:
    notice = (
        "Readers of this paper have told us again and again how much they like what we write, and we like them too."
    )
    texts = [f"{text} {text[::-1].capitalize()}." for text in TEXTS]
    described = {"@type": "NewsArticle", "headline": TITLE, "articleBody": " ".join(texts)}

    found = page.extract(a_page(p(*texts[:2], notice, *texts[2:]), described=described), url=URL, fetched_at=NOW)

    assert found.body.split("\n\n") == texts


def test_json_ld_gives_the_text_that_a_page_does_not_show() -> None:
    texts = [f"{text} {text}" for text in TEXTS]
    described = {"@type": "NewsArticle", "headline": TITLE, "articleBody": "\n".join(texts)}

    found = page.extract(a_page(p("Please switch on scripts to read this."), described=described), fetched_at=NOW)

    assert found.body.split("\n\n") == texts
    assert found.origins["body"] == "JSON-LD"


def test_a_short_extract_in_json_ld_cuts_no_text() -> None:
    described = {"@type": "NewsArticle", "headline": TITLE, "articleBody": TEXTS[0]}

    found = page.extract(a_page(p(*TEXTS), described=described), url=URL, fetched_at=NOW)

    assert found.body.split("\n\n") == TEXTS
