"""What a feed leaves to its reader: addresses relative to a base, contents in base64, names of characters."""

import base64
from datetime import UTC, datetime

import pytest

from digest.gather.feeds.feed import parse
from digest.model.entry import Entry

FETCHED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = "The harbour of Oster gets a third quay, which is to be ready for the herring of next spring."


def only(body: str) -> Entry:
    (entry,) = parse(body.encode(), url="https://origin.example/feeds/news.xml", fetched_at=FETCHED_AT)
    return entry


def atom(inside: str, *, base: str = "", of_entry: str = "") -> str:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"{base}><title>Oster Echo</title>'
        f"<entry{of_entry}><id>tag:1</id><title>A third quay</title>{inside}</entry></feed>"
    )


@pytest.mark.parametrize(
    ("base", "of_entry", "of_link", "expected"),
    [
        ("", "", "", "https://origin.example/feeds/quay"),
        (' xml:base="https://echo.example/news/"', "", "", "https://echo.example/news/quay"),
        (' xml:base="/elsewhere/"', "", "", "https://origin.example/elsewhere/quay"),
        (' xml:base="https://echo.example/"', ' xml:base="2026/"', "", "https://echo.example/2026/quay"),
        ("", ' xml:base="https://echo.example/"', ' xml:base="11/"', "https://echo.example/11/quay"),
        (' xml:base="http://["', "", "", "https://origin.example/feeds/quay"),
    ],
)
def test_a_link_counts_from_the_bases_around_it(base: str, of_entry: str, of_link: str, expected: str) -> None:
    entry = only(atom(f'<link href="quay"{of_link}/>', base=base, of_entry=of_entry))

    assert entry.link == expected


def test_a_picture_in_a_text_counts_from_the_base_of_that_text_and_the_link_does_not() -> None:
    content = f'<content type="html" xml:base="https://pictures.example/a/">&lt;img src="quay.jpg"> {TEXT}</content>'

    entry = only(atom(f'<link href="quay"/>{content}', base=' xml:base="https://echo.example/"'))

    assert entry.image == "https://pictures.example/a/quay.jpg"
    assert entry.link == "https://echo.example/quay"


@pytest.mark.parametrize("how", ['type="application/octet-stream"', 'type="text/html" mode="base64"'])
def test_a_content_in_base64_is_unpacked(how: str) -> None:
    packed = base64.encodebytes(f"<p>{TEXT}</p>".encode()).decode()

    entry = only(atom(f"<content {how}>{packed}</content>"))

    assert entry.body == TEXT


@pytest.mark.parametrize("packed", ["", "%%%", "QUJ", base64.b64encode(b"\xff\xd8\xff\xe0\x00\x10").decode()])
def test_a_content_in_base64_that_is_no_text_says_nothing(packed: str) -> None:
    entry = only(atom(f'<content type="application/octet-stream">{packed}</content>'))

    assert (entry.title, entry.body) == ("A third quay", "")


RSS_091 = (
    '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
    '"https://dtd.example/rss-0.91.dtd"><rss version="0.91"><channel><title>Oster Echo</title>'
    "<item><title>{title}</title></item></channel></rss>"
)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A&rsquo;s &eacute;t&eacute;", "A\u2019s été"),
        ("Quay &mdash; herring &amp; more", "Quay \u2014 herring & more"),
        ("Quay &nosuchname; herring", "Quay &nosuchname; herring"),
        ("Quay & herring", "Quay & herring"),
        ("Quay &lt;b&gt; herring", "Quay <b> herring"),
        ("Quay &#0;&#31;herring", "Quay herring"),
        ("<![CDATA[Quay &eacute; & ]] > herring]]> &eacute;", "Quay é & ]] > herring é"),
    ],
)
def test_names_of_characters_are_known_without_the_dtd_that_would_declare_them(title: str, expected: str) -> None:
    assert only(RSS_091.format(title=title)).title == expected
