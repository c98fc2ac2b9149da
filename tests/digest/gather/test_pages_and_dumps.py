"""Articles out of HTML pages and out of the plain text of pages."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.errors import UnreadableInput
from digest.gather.pages import dump, page
from digest.gather.pages.extract import extract_file

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

STANDFIRST = "The maker of small lorries wants to build every second one with a motor of its own from next spring."
PARAGRAPHS = [
    (
        "Corvane Trucks will open a second hall beside its plant in Oster, the firm said on Friday. The hall is to "
        "hold a line for motors, which the company has bought from two suppliers until now."
    ),
    "Why now?",
    (
        "Prices of motors have gone up by a fifth in a year, and deliveries came late, according to the head of "
        "purchasing. An own line would pay for itself within four years, she told reporters at the plant."
    ),
    "Work for ninety people",
    (
        "About ninety people are to work there by the end of next year. The town has promised to widen the road to "
        "the plant, which crosses a railway line and is closed for a third of each hour."
    ),
]
TITLE = "Corvane Trucks to build its own electric motors"
TEASERS = """
Latest stories

Bicycle bridge over the Oster closed until May

Bicycle bridge over the Oster closed until May

Engineers found cracks in two of the nine cables and want to look at the others before…

12 mins ago

What the new parking rules mean for visitors

From Monday on every second place in the old town is kept for those who live there and…

2 hours ago
"""
DUMP = f"""Home
News
Tests
Video

Category: Industry

{TITLE}

{STANDFIRST}

By Marta Quill | 20 November 2026

{PARAGRAPHS[0]}

{PARAGRAPHS[1]}

{PARAGRAPHS[2]}

You may also like:
- The long wait for motors
- Oster plant turns fifty

{PARAGRAPHS[3]}

{PARAGRAPHS[4]}

Share this article
Facebook  Twitter  WhatsApp
{TEASERS}
© 2026 Oster Echo. All rights reserved.
"""


def test_a_dump_gives_each_field_and_nothing_of_the_furniture() -> None:
    found = dump.extract(DUMP, fetched_at=NOW)

    assert found.title == TITLE
    assert found.summary == STANDFIRST
    assert found.body.split("\n\n") == [STANDFIRST, *PARAGRAPHS]
    assert found.category == "Industry"
    assert found.authors == ("Marta Quill",)
    assert found.published == datetime(2026, 11, 20, tzinfo=UTC)
    assert found.origins["body"] == "line scores"
    assert found.origins["title"] == "line rules"


def test_what_a_dump_points_to_is_a_candidate_link_and_its_relative_time_counts_from_the_fetch() -> None:
    found = dump.extract(DUMP, fetched_at=NOW)

    assert [link.title for link in found.links] == [
        "The long wait for motors",
        "Oster plant turns fifty",
        "Bicycle bridge over the Oster closed until May",
        "What the new parking rules mean for visitors",
    ]
    assert found.links[2].published == NOW - timedelta(minutes=12)
    assert found.links[2].summary.startswith("Engineers found cracks")
    assert found.links[3].published == NOW - timedelta(hours=2)


def test_a_hard_wrapped_dump_reads_like_one_with_whole_lines() -> None:
    def wrapped(text: str) -> str:
        lines: list[str] = []
        line = ""
        for word in text.split():
            if len(line) + len(word) > 70:
                lines, line = [*lines, line], ""
            line = f"{line} {word}".strip()
        return "\n".join([*lines, line])

    text = "\n\n".join(wrapped(block) for block in (TITLE, STANDFIRST, *PARAGRAPHS)) + "\n" + TEASERS

    found = dump.extract(text, fetched_at=NOW)

    assert found.title == TITLE
    assert found.body.split("\n\n") == [STANDFIRST, *PARAGRAPHS]


def test_a_sidebar_above_the_article_is_not_the_article() -> None:
    sidebar = "Most read\n\nThe cat that takes the bus\n\nNine soups for November\n\nWhy the clock stands still\n\n"

    found = dump.extract(sidebar + "\n\n".join([TITLE, STANDFIRST, *PARAGRAPHS]), fetched_at=NOW)

    assert found.title == TITLE
    assert found.body.split("\n\n") == [STANDFIRST, *PARAGRAPHS]


def test_comments_below_an_article_are_neither_body_nor_links() -> None:
    comments = "\n\n3 comments\n\nOld Reader\n\nI have driven one of these for years and it never let me down at all.\n"

    found = dump.extract("\n\n".join([TITLE, STANDFIRST, *PARAGRAPHS]) + comments, fetched_at=NOW)

    assert found.body.endswith(PARAGRAPHS[-1])
    assert found.links == ()


def test_a_german_dump_is_read_by_the_same_rules() -> None:
    first = "Der Lastwagenbauer will ab dem Frühjahr jeden zweiten Wagen mit einem Motor aus eigener Fertigung bauen."
    second = (
        "Neben dem Werk in Oster soll dafür eine zweite Halle entstehen, wie die Firma am Freitag mitteilte. Dort "
        "sollen bis Ende kommenden Jahres rund neunzig Menschen arbeiten, viele davon aus der Region."
    )
    text = f"""Rubrik: Wirtschaft

Lastwagen aus Oster bekommen eigene Motoren

{first}

Von Jana Feld | Stand: 20.11.2026

{second}

Lesen Sie auch:
• Werk in Oster wird fünfzig

Teilen

Meistgelesen

Brücke bis Mai gesperrt

vor 3 Stunden
"""

    found = dump.extract(text, fetched_at=NOW)

    assert found.title == "Lastwagen aus Oster bekommen eigene Motoren"
    assert found.body == f"{first}\n\n{second}"
    assert (found.category, found.authors) == ("Wirtschaft", ("Jana Feld",))
    assert found.published == datetime(2026, 11, 20, tzinfo=UTC)
    assert [link.title for link in found.links] == ["Werk in Oster wird fünfzig", "Brücke bis Mai gesperrt"]


def test_a_title_that_ends_in_a_question_mark_is_still_the_title() -> None:
    title = "Will the small lorry maker from Oster survive on its own?"

    found = dump.extract("\n\n".join([title, STANDFIRST, *PARAGRAPHS]), fetched_at=NOW)

    assert found.title == title
    assert not found.body.startswith(title)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "Home\nNews\nLogin",
        "\0\1\2",
        "Just one long headline without any text below it, is it not?",
        "Share\n" * 10_000,
    ],
)
def test_a_dump_without_running_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(UnreadableInput, match="holds no article"):
        dump.extract(text, fetched_at=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "By " * 50_000,
        "Read also: " * 20_000,
        "word " * 200_000 + ".",
        "a.\n" * 100_000,
        "• x\n" * 100_000,
        "1/1/" * 50_000,
    ],
)
def test_a_monstrous_dump_is_read_or_refused(text: str) -> None:
    try:
        found = dump.extract(text, fetched_at=NOW)
    except UnreadableInput:
        return

    assert len(found.title) <= 500
    assert len(found.body) <= 200_000


HTML = f"""<!doctype html>
<html lang="en-GB"><head><title>{TITLE} | Oster Echo</title>
<link rel="canonical" href="/industry/corvane">
<meta property="og:title" content="{TITLE} | Oster Echo">
<meta property="og:site_name" content="Oster Echo">
<meta property="og:description" content="{STANDFIRST}">
<meta property="og:image" content="/img/hall.jpg">
<script type="application/ld+json">{{"@context": "https://schema.org", "@graph": [{{"@type": "Place", "name": "x"}},
{{"@type": ["NewsArticle"], "headline": "{TITLE}", "datePublished": "2026-11-20T09:30:00+01:00",
"articleSection": "Industry", "author": [{{"@type": "Person", "name": "Marta Quill"}}]}}]}}</script></head>
<body><nav><a href="/">Home</a><a href="/news">News</a></nav>
<article><h1>{TITLE}</h1>{"".join(f"<p>{text}</p>" for text in PARAGRAPHS if text.endswith("."))}</article>
<aside><h3>Latest stories</h3><a href="/b">Bicycle bridge over the Oster closed until May</a></aside>
<footer>© 2026 Oster Echo</footer></body></html>"""


def test_a_page_gives_each_field_and_says_where_it_came_from() -> None:
    found = page.extract(HTML, url="https://echo.example/x?id=7", fetched_at=NOW)

    assert found.title == TITLE
    assert found.url == "https://echo.example/industry/corvane"
    assert found.summary == STANDFIRST
    assert found.body.split("\n\n") == [text for text in PARAGRAPHS if text.endswith(".")]
    assert found.authors == ("Marta Quill",)
    assert found.image == "https://echo.example/img/hall.jpg"
    assert found.language == "en"
    assert found.category == "Industry"
    assert found.published == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert found.origins["title"] == found.origins["published"] == "JSON-LD"
    assert found.origins["summary"] == "og:description"
    assert found.origins["body"] == "trafilatura"


def test_a_page_without_metadata_still_gives_title_and_text() -> None:
    bare = f"<html><body><h1>{TITLE}</h1>{''.join(f'<p>{text}</p>' for text in PARAGRAPHS)}</body></html>"

    found = page.extract(bare, fetched_at=NOW)

    assert found.title == TITLE
    assert PARAGRAPHS[0] in found.body
    assert found.url == ""
    assert found.image is None
    assert "image" not in found.origins


@pytest.mark.parametrize(
    "described",
    ["{", "[" * 100_000, "null", '{"@type": "NewsArticle", "headline": {"a": []}}', '{"@graph": 5}', '"x"', "[[[]]]"],
)
def test_broken_json_ld_costs_nothing_but_itself(described: str) -> None:
    text = HTML.partition("<script")[0] + f'<script type="application/ld+json">{described}</script></head>'

    found = page.extract(text + HTML.partition("</head>")[2], url="https://echo.example/x", fetched_at=NOW)

    assert found.title == TITLE


@pytest.mark.parametrize("html", ["", " ", "<html></html>", "<!doctype html>", b"\0\0\0\0", "<div>" * 50_000, "<!-- x"])
def test_a_page_without_an_article_is_refused_in_words(html: str | bytes) -> None:
    with pytest.raises(UnreadableInput, match=r"holds no article|is empty"):
        page.extract(html, fetched_at=NOW)


def test_a_file_is_read_as_what_it_is_whatever_its_name(tmp_path: Path) -> None:
    as_page, as_dump = tmp_path / "one", tmp_path / "two.gz"
    as_page.write_text(HTML)
    as_dump.write_bytes(gzip.compress(DUMP.encode()))

    from_page = extract_file(as_page, fetched_at=NOW, url="https://echo.example/x")
    from_dump = extract_file(as_dump, fetched_at=NOW)

    assert from_page.title == from_dump.title == TITLE
    assert from_page.origins["language"] == "html lang"
    assert (from_dump.language, from_dump.origins["language"]) == ("en", "text")


def test_what_was_extracted_can_be_written_as_json() -> None:
    said = dump.extract(DUMP, fetched_at=NOW, url="https://echo.example/x").to_json("corvane.txt")

    assert said["file"] == "corvane.txt"
    assert said["published"] == "2026-11-20T00:00:00+00:00"
    assert said["links"][2]["published"] == "2026-11-23T11:48:00+00:00"
    assert set(said["origins"]) <= set(said)


def test_a_file_that_cannot_be_read_is_told_in_words(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(gzip.compress(b"x" * 1000)[:-20])

    with pytest.raises(UnreadableInput, match="cannot be unpacked"):
        extract_file(damaged, fetched_at=NOW)
    with pytest.raises(UnreadableInput, match="cannot be read"):
        extract_file(tmp_path / "missing", fetched_at=NOW)
    with pytest.raises(UnreadableInput, match="no regular file"):
        extract_file(tmp_path, fetched_at=NOW)


def test_the_rows_of_a_list_below_a_text_belong_to_it() -> None:
    rows = [
        "June 9 \u2013 Oster, Town Hall",
        "June 10 \u2013 Lower Bridge, Old Mill",
        "June 14 \u2013 Quarry, Open Air",
    ]
    menu = "Home\n\nNews\n\nTests\n\nOur shop\n\nPlay 4 games\n\nJobs"

    found = dump.extract("\n\n".join([TITLE, STANDFIRST, *PARAGRAPHS, *rows]) + f"\n\n{menu}", fetched_at=NOW)

    assert found.body.split("\n\n") == [STANDFIRST, *PARAGRAPHS, *rows]


def test_buttons_within_a_text_do_not_split_it() -> None:
    buttons = ["Share", "Tweet", "Advertisement", "Print", "Save", "Click to share on Facebook (Opens in new window)"]
    last = (
        "The first motors are to leave the hall in spring, the firm said. Until then the suppliers go on as before, "
        "and what becomes of their contracts will be talked over in the summer, when the new prices are known to all."
    )

    found = dump.extract(
        "\n\n".join([TITLE, STANDFIRST, *PARAGRAPHS[:3], *buttons, *PARAGRAPHS[3:], last]), fetched_at=NOW
    )

    assert found.body.split("\n\n") == [STANDFIRST, *PARAGRAPHS, last]


def test_headlines_that_ask_above_a_text_are_not_the_text() -> None:
    headlines = [
        f"Will the {thing} come back next spring?" for thing in ("old tram", "night bus", "fish market", "ice rink")
    ]

    found = dump.extract("\n\n".join([*headlines, "Videos", "Shop", TITLE, STANDFIRST, *PARAGRAPHS]), fetched_at=NOW)

    assert found.title == TITLE
    assert found.body.split("\n\n") == [STANDFIRST, *PARAGRAPHS]


def test_readers_who_say_something_below_a_text_are_not_the_text() -> None:
    said = "I have driven one of these for years and it never let me down, not even in the winter of the long snow."
    comments = [line for name in ("Old Reader", "bridgefan", "Ole Brand") for line in (f"{name} says:", said)]

    found = dump.extract("\n\n".join([TITLE, STANDFIRST, *PARAGRAPHS, *comments]), fetched_at=NOW)

    assert found.body.split("\n\n") == [STANDFIRST, *PARAGRAPHS]
    assert found.links == ()


def test_one_person_who_says_something_within_a_text_ends_nothing() -> None:
    found = dump.extract(
        "\n\n".join([TITLE, STANDFIRST, *PARAGRAPHS[:3], "Marta Quill says:", *PARAGRAPHS[3:]]), fetched_at=NOW
    )

    assert found.body.split("\n\n") == [STANDFIRST, *PARAGRAPHS[:3], "Marta Quill says:", *PARAGRAPHS[3:]]


@pytest.mark.parametrize("head", ["Leia também:", "Les også:", "Czytaj także:", "Läs också:", "Potrebbe interessarti:"])
def test_lists_of_other_pieces_are_known_in_many_languages(head: str) -> None:
    text = "\n\n".join([TITLE, STANDFIRST, *PARAGRAPHS[:2], f"{head}\n- Oster plant turns fifty", *PARAGRAPHS[2:]])

    found = dump.extract(text, fetched_at=NOW)

    assert found.body.split("\n\n") == [STANDFIRST, *PARAGRAPHS]
    assert [link.title for link in found.links] == ["Oster plant turns fifty"]
