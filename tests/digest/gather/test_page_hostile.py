"""Pages that are broken, endless or out to harm: read or refused in words, never a crash."""

import random
from datetime import UTC, datetime

import pytest

from digest.errors import UnreadableInput
from digest.gather.pages import page

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = "<p>The hall is to hold a line for motors, which the company has bought from two suppliers until now.</p>" * 6
LD = '<script type="application/ld+json">'
PAGE = f"""<!doctype html><html lang="en"><head><title>Motors from Oster | Oster Echo</title>
<meta property="og:image" content="/hall.jpg"><meta name="author" content="Marta Quill">
{LD}{{"@graph": [{{"@type": "NewsArticle", "headline": "Motors from Oster", "author": [{{"@id": "#q"}}],
"datePublished": "2026-11-20"}}, {{"@type": "Person", "@id": "#q", "name": "Marta Quill"}}]}}</script></head>
<body><article><h1>Motors from Oster</h1><div class="byline">By <a rel="author">Marta Quill</a></div>{TEXT}
<ul><li><a href="/a">Another piece of news</a></li>
<li><a href="/b">One more piece of news</a></li></ul></article></body></html>"""


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 1_000_000,
        "word " * 2_000_000,
        "<p " + " ".join(f"a{i}" for i in range(100_000)) + ">" + TEXT,
        "<html><body>" + "<i>x</i>" * 30_000,
        "<html><body><p>" + "&amp;" * 1_200_000,
    ],
)
def test_a_page_beyond_all_measure_is_refused_in_words(html: str) -> None:
    with pytest.raises(UnreadableInput, match=r"more than|holds no article"):
        page.extract(html, url="https://echo.example/x", fetched_at=NOW)


@pytest.mark.parametrize(
    "html",
    [
        f"<html><head>{LD}{'[' * 500_000}</script></head><body><h1>Motors from Oster</h1>{TEXT}",
        f'<html><head>{LD}{{"@type": "NewsArticle", "headline": {"9" * 9_000}}}</script></head><body>{TEXT}',
        f'<html><head>{LD}{{"@id": "#a", "author": {{"@id": "#a"}}, "headline": "x", "@type": "Article"}}</script>'
        + TEXT,
        f'<html><body><p class="{"author " * 100_000}">x</p><h1>Motors from Oster</h1>{TEXT}',
        "<html><body><h1>Motors from Oster</h1>"
        + "<h3>Related</h3><p><a href='/x'>A piece of news</a></p>" * 900
        + TEXT,
        "<html><body><h1>Motors from Oster</h1>" + "<div class=author>" * 200 + TEXT,
        f"<html><head><base href='http://['><link rel=canonical href='http://[::1'></head><body>{TEXT}",
        f"<html lang='%%'><body><img srcset='{'a, ' * 5_000}'>{TEXT}<time datetime='9999-99-99'></time>",
    ],
)
def test_a_page_that_is_out_to_harm_is_read_for_what_it_holds(html: str) -> None:
    found = page.extract(html, url="https://echo.example/x", fetched_at=NOW)

    assert "The hall is to hold a line for motors" in found.body
    assert len(found.title) <= 500
    assert len(found.links) <= 100


@pytest.mark.parametrize("seed", range(40))
def test_a_mutated_page_is_read_or_refused_and_what_is_read_can_be_stored(seed: int) -> None:
    chance = random.Random(seed)
    html = bytearray(PAGE.encode())
    scraps = [
        b"<script>",
        b"<!--",
        b'"',
        b"'",
        b"</html>",
        b"\0",
        b"&#xD800;",
        b"\xff\xfe",
        b"<svg>",
        b"</script>",
        b"{",
        b"[",
    ]
    for _ in range(chance.randint(1, 25)):
        start, length = chance.randrange(len(html)), chance.randint(0, 60)
        piece = chance.choice([b"", chance.choice(scraps), bytes(html[start : start + length]) * 3])
        html[start : start + chance.choice([0, length])] = piece

    try:
        found = page.extract(bytes(html), url=chance.choice(["", "https://echo.example/x", "http://["]), fetched_at=NOW)
    except UnreadableInput:
        return

    entry = found.to_entry("page.html")
    assert "".join((entry.guid, entry.title, entry.body, entry.summary, *entry.authors)).encode()
    assert set(found.origins) <= set(found.to_json("page.html"))
