"""The fields of an article page, each from where pages say it best."""

import json
from datetime import UTC, datetime

import pytest

from digest.gather.pages import page

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://www.oster-echo.example/industry/hall"
TEXT = "".join(
    f"<p>{text}</p>"
    for text in (
        "Corvane Trucks will open a second hall beside its plant in Oster, the firm said on Friday afternoon.",
        "The hall is to hold a line for motors, which the company has bought from two suppliers until now.",
        "About ninety people are to work there by the end of next year, many of them from the region around it.",
        "The town has promised to widen the road to the plant, which crosses a railway line and is often closed.",
        "An own line would pay for itself within four years, the head of purchasing told reporters at the plant.",
    )
)
TITLE = "Corvane Trucks to build its own electric motors"


def a_page(*, head: str = "", body: str = TEXT, lang: str = ' lang="en"', described: object = None) -> str:
    """Return a page with *head* and *body*, and with *described* as its JSON-LD."""
    script = f'<script type="application/ld+json">{json.dumps(described)}</script>' if described else ""
    inner = f"<main><article>{body}</article></main>"
    return f"<!doctype html><html{lang}><head>{head}{script}</head><body>{inner}</body></html>"


def article(**fields: object) -> dict[str, object]:
    """Return a JSON-LD article with *fields*."""
    return {"@context": "https://schema.org", "@type": "NewsArticle", "headline": TITLE, **fields}


@pytest.mark.parametrize(
    "head",
    [
        f"<title>{TITLE} | Oster Echo</title><meta property='og:site_name' content='Oster Echo'>",
        f"<title>{TITLE} - Industry - Oster Echo</title><meta property='og:title' content='{TITLE}'>",
        f"<meta property='og:title' content='{TITLE} | Industry | Oster Echo'><title>x</title>",
        f"<title>{TITLE} \u2013 Oster Echo</title>",
    ],
)
def test_the_names_of_site_and_section_are_no_part_of_the_title(head: str) -> None:
    heading = f"<h1>{TITLE}</h1>" if "og:title" in head else ""

    found = page.extract(a_page(head=head, body=heading + TEXT), url=URL, fetched_at=NOW)

    assert found.title == TITLE


def test_a_dash_within_a_title_is_kept() -> None:
    title = "Corvane \u2013 a maker of small lorries between two railway lines and a river"

    found = page.extract(a_page(head=f"<title>{title}</title>", body=f"<h1>{title}</h1>{TEXT}"), fetched_at=NOW)

    assert found.title == title


def test_words_for_search_engines_give_way_to_the_headline_that_readers_see() -> None:
    for_machines = "Corvane motors 2026: all facts on plant, jobs and price"
    head = f"<title>{for_machines} | Oster Echo</title><meta property='og:title' content='{TITLE}'>"

    found = page.extract(
        a_page(head=head, body=f"<h1>{TITLE}</h1>{TEXT}", described=article(headline=for_machines)), fetched_at=NOW
    )

    assert (found.title, found.origins["title"]) == (TITLE, "og:title")


def test_a_heading_that_is_none_of_the_article_is_not_its_title() -> None:
    head = f"<meta property='og:title' content='{TITLE}'>"

    found = page.extract(a_page(head=head, body=f"<h1>Log in</h1>{TEXT}"), fetched_at=NOW)

    assert found.title == TITLE


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ({"@type": "Person", "name": "Marta Quill"}, ("Marta Quill",)),
        ([{"@type": "Person", "name": "Marta Quill (mq)"}, {"name": "Jon Fell"}], ("Marta Quill", "Jon Fell")),
        ("Marta Quill and Jon Fell", ("Marta Quill", "Jon Fell")),
        ("By Marta Quill, Staff Writer", ("Marta Quill",)),
        ("Von Jana Feld und Ole Brand", ("Jana Feld", "Ole Brand")),
        (["Marta Quill", {"@type": "Organization", "name": "Oster Echo"}], ("Marta Quill",)),
        ({"@type": "Organization", "name": "Oster Echo"}, ("Oster Echo",)),
        ({"@type": "Person", "name": ["Marta Quill"]}, ("Marta Quill",)),
        ("https://www.oster-echo.example/people/quill", ()),
        ("redaktion@oster-echo.example", ()),
        ({"@type": "Person", "name": {"first": "Marta"}}, ()),
    ],
)
def test_authors_of_json_ld_come_as_names(author: object, names: tuple[str, ...]) -> None:
    described = article(author=author, publisher={"@type": "Organization", "name": "Oster Echo"})

    found = page.extract(a_page(described=described), url=URL, fetched_at=NOW)

    assert found.authors == names


def test_an_author_that_json_ld_names_by_reference_is_looked_up() -> None:
    described = {
        "@context": "https://schema.org",
        "@graph": [
            article(author=[{"@id": "#quill"}], image={"@id": "#picture"}),
            {
                "@type": "Person",
                "@id": "#quill",
                "name": "Marta Quill",
                "image": {"url": "https://x.example/quill.jpg"},
            },
            {"@type": "ImageObject", "@id": "#picture", "url": "https://oster-echo.example/hall.jpg"},
        ],
    }

    found = page.extract(a_page(described=described), url=URL, fetched_at=NOW)

    assert found.authors == ("Marta Quill",)
    assert found.image == "https://oster-echo.example/hall.jpg"


@pytest.mark.parametrize(
    ("head", "line", "origin"),
    [
        ("<meta name='author' content='Marta Quill'>", "", "meta author"),
        ("<meta name='dc.creator' content='Quill, Marta'>", "", "meta author"),
        (
            "<meta property='article:author' content='https://social.example/echo'>",
            "<p rel='author'>Marta Quill</p>",
            "byline",
        ),
        (
            "",
            "<div class='article__byline'>By <a class='author-name'>Marta Quill</a>, 20 November 2026</div>",
            "byline",
        ),
        ("", "<p>By Marta Quill | 20 November 2026</p>", "first lines"),
    ],
)
def test_an_author_is_found_beside_the_publisher_that_json_ld_names(head: str, line: str, origin: str) -> None:
    described = article(author={"@type": "Organization", "name": "Oster Echo"})

    found = page.extract(
        a_page(head=head, body=f"<h1>{TITLE}</h1>{line}{TEXT}", described=described), url=URL, fetched_at=NOW
    )

    assert (found.authors, found.origins["authors"]) == (("Marta Quill",), origin)
    assert "Quill" not in found.body


def test_whoever_wrote_another_piece_or_a_comment_is_not_the_author() -> None:
    others = (
        "<div class='teaser'><span class='author'>Ole Brand</span></div>"
        "<ol class='comments'><li class='comment-author'>Old Reader</li></ol>"
        "<figure><figcaption class='photo-author'>Lena Lens</figcaption></figure>"
    )

    found = page.extract(a_page(body=f"<h1>{TITLE}</h1>{others}{TEXT}"), url=URL, fetched_at=NOW)

    assert found.authors == ()


@pytest.mark.parametrize(
    "shared", ["/img/logo-share.png", "/img/og-image.jpg", "/default.png", "/img/placeholder_16x9.jpg"]
)
def test_a_picture_of_the_text_comes_before_the_logo_that_a_page_shares(shared: str) -> None:
    pictures = (
        "<img src='/img/avatar-quill.jpg' width='900' height='900'><img src='/count.gif' width='1' height='1'>"
        "<img src='data:image/gif;base64,R0lGOD' data-src='/img/yard.jpg' width='400' height='300'>"
        "<img src='/img/hall-small.jpg' srcset='/img/hall-640.jpg 640w, /img/hall-1280.jpg 1280w' width='640'>"
    )
    head = f"<meta property='og:image' content='{shared}'>"

    found = page.extract(a_page(head=head, body=pictures + TEXT), url=URL, fetched_at=NOW)

    assert found.image == "https://www.oster-echo.example/img/hall-1280.jpg"
    assert found.origins["image"] == "largest picture"


def test_a_shared_logo_is_better_than_no_picture() -> None:
    head = "<meta property='og:image' content='/img/logo.png'>"

    found = page.extract(a_page(head=head), url=URL, fetched_at=NOW)

    assert found.image == "https://www.oster-echo.example/img/logo.png"


def test_a_picture_beside_the_text_is_not_that_of_the_article() -> None:
    aside = (
        "<aside><img src='/ad.jpg' width='1200' height='800'></aside><div class='related-box'><img src='/b.jpg'></div>"
    )

    found = page.extract(a_page(body=aside + TEXT), url=URL, fetched_at=NOW)

    assert found.image is None


GERMAN = "".join(
    f"<p>{text}</p>"
    for text in (
        "Der Lastwagenbauer will ab dem Frühjahr jeden zweiten Wagen mit einem Motor aus eigener Fertigung bauen.",
        "Neben dem Werk in Oster soll dafür eine zweite Halle entstehen, wie die Firma am Freitag mitteilte.",
        "Dort sollen bis Ende kommenden Jahres rund neunzig Menschen arbeiten, viele davon aus der Region.",
        "Die Stadt hat zugesagt, die Straße zum Werk zu verbreitern, die eine Bahnlinie kreuzt und oft zu ist.",
        "Eine eigene Fertigung würde sich binnen vier Jahren rechnen, sagte die Leiterin des Einkaufs im Werk.",
        "Preise für Motoren sind in einem Jahr um ein Fünftel gestiegen, und Lieferungen kamen oft zu spät.",
    )
)


@pytest.mark.parametrize(
    ("lang", "head", "body", "language", "origin"),
    [
        (' lang="en-GB"', "", TEXT, "en", "html lang"),
        ("", "<meta property='og:locale' content='de_DE'>", GERMAN, "de", "og:locale"),
        (' lang="en"', "", GERMAN, "de", "text"),
        (' lang="en"', "", "<p>Ein kurzer Satz sagt zu wenig, um dem Rahmen zu widersprechen.</p>", "en", "html lang"),
    ],
)
def test_a_long_text_knows_its_language_better_than_the_frame_around_it(
    lang: str, head: str, body: str, language: str, origin: str
) -> None:
    found = page.extract(a_page(head=head, body=body, lang=lang), fetched_at=NOW)

    assert (found.language, found.origins["language"]) == (language, origin)


def test_the_time_of_day_comes_from_where_the_page_tells_it() -> None:
    head = "<meta name='date' content='2026-11-20'>"
    line = "<time datetime='2026-11-20T09:30:00+01:00'>20 November 2026</time>"

    found = page.extract(a_page(head=head, body=line + TEXT), fetched_at=NOW)

    assert found.published == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert found.origins["published"] == "time"


@pytest.mark.parametrize(
    "script",
    [
        "<!-- {} -->",
        "//<![CDATA[\n{}\n//]]>",
        "{};",
        "  {}  ",
    ],
)
def test_json_ld_in_wrappings_and_with_a_comma_too_many_is_read(script: str) -> None:
    described = json.dumps(article(author="Marta Quill")).replace("}", ",}")
    text = a_page().replace(
        "</head>", f"<script type='application/ld+json'>{script.replace('{}', described)}</script></head>"
    )

    found = page.extract(text, fetched_at=NOW)

    assert (found.title, found.authors) == (TITLE, ("Marta Quill",))
