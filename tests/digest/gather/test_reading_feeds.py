"""Feeds of every format, and what only looks like one."""

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.errors import UnreadableInput
from digest.gather.feeds.feed import parse
from digest.model.entry import Entry

FETCHED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
FEEDS = Path(__file__).parents[2] / "feeds"
SAMPLES = sorted(path for path in FEEDS.iterdir() if not path.name.endswith(".expected.json"))


def read(body: bytes, content_type: str = "") -> tuple[Entry, ...]:
    return parse(body, url="https://origin.example/feeds/news.xml", content_type=content_type, fetched_at=FETCHED_AT)


def in_words(entry: Entry) -> dict[str, Any]:
    said = {name: value for name, value in dataclasses.asdict(entry).items() if value}
    return json.loads(json.dumps(said, default=datetime.isoformat))  # type: ignore[no-any-return]


def rss(items: str, *, head: str = "", root: str = '<rss version="2.0">') -> bytes:
    return f"{head}{root}<channel><title>T</title>{items}</channel></rss>".encode()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_each_sample_feed_gives_exactly_its_entries(sample: Path) -> None:
    expected = json.loads(sample.with_name(sample.name + ".expected.json").read_text(encoding="utf-8"))

    entries = read(sample.read_bytes())

    assert [in_words(entry) for entry in entries] == expected


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "is empty"),
        (b" \r\n\t\0", "is empty"),
        (b"<!DOCTYPE html><html><head><title>x</title></head></html>", "is an HTML page"),
        (b"<!doctype html>\n<p>No feed here", "is an HTML page"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "is an HTML page"),
        (b"Nothing to see", "is plain text"),
        (b"<opml version='2.0'><body/></opml>", "is an OPML list"),
        (b"<urlset><url/></urlset>", "is a sitemap"),
        (b"<note>hello</note>", "root element note"),
        (b"%PDF-1.7", "is a PDF"),
        (b"\x89PNG\r\n", "is a picture"),
        (b'{"title": "no items"}', "not a JSON Feed"),
        (b'{"items": [', "not valid JSON"),
        (b'{"items": ' + b"[" * 200_000, "not valid JSON"),
        (b"<rss", "not a feed"),
        (bytes(range(256)) * 50, "not a feed"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, kind: str) -> None:
    with pytest.raises(UnreadableInput, match=kind) as caught:
        read(body)

    assert "https://origin.example/feeds/news.xml" in str(caught.value)


def test_a_feed_without_items_is_a_feed() -> None:
    assert read(rss("")) == ()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("declares entities", rss("&b;", head='<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>')),
        ("declares entities", rss("&x;", head='<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>')),
        ("declares entities", rss("&a; & b", head='<!-- <rss> --><!DOCTYPE rss [<!ENTITY a "ha">]>')),
        ("declares entities", b'junk <rss>a & b<!DOCTYPE rss [<!ENTITY a "ha">]></rss>'),
        ("a tag of more than", rss("<item " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>")),
        ("a tag of more than", rss("<x>a <b & </x><item " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>")),
        ("nests more than", rss("<a>" * 5_000)),
        ("elements", rss("<i/>" * 410_000)),
        ("tags", rss("<x> & " + "<a " * 20_000)),
        ("ampersands", rss("&" * 600_000)),
    ],
    ids=["bomb", "file", "comment", "junk", "attributes", "attributes-broken", "deep", "many", "many-broken", "amps"],
)
def test_a_feed_that_could_harm_is_refused(name: str, body: bytes) -> None:
    with pytest.raises(UnreadableInput, match=name):
        read(body)


@pytest.mark.parametrize(
    "items",
    [
        "<item><title>x</title><description><![CDATA[" + "<div>" * 200_000 + "]]></description></item>",
        "<x>" + "<![CDATA[" * 100_000,
        "<item><title>" + "a" * 1_000_000 + "</title></item>",
        "<item><title>t</title><description>" + "The post " * 50_000 + "</description></item>",
        "<item><title>t</title><description><![CDATA[" + "<a '" * 100_000 + "]]></description></item>",
    ],
    ids=["nested", "cdata", "title", "boilerplate", "quotes"],
)
def test_a_monstrous_text_within_a_feed_is_read_and_bounded(items: str) -> None:
    for entry in read(rss(items)):
        assert len(entry.title) <= 500
        assert len(entry.summary) <= 300


def test_the_label_of_the_header_counts_where_the_bytes_are_not_utf_8() -> None:
    body = rss("<item><title>Мост открыт</title></item>").decode().encode("koi8-r")

    (entry,) = read(body, "application/rss+xml; charset=koi8-r")

    assert entry.title == "Мост открыт"


@pytest.mark.parametrize("label", ["rot13", "unicode_escape", "punycode", "no-such-charset", "utf-7"])
def test_a_label_that_names_no_charset_of_texts_is_passed_over(label: str) -> None:
    body = rss("<item><title>Caf\u00e9</title></item>").decode().encode("cp1252")

    (entry,) = read(body, f"text/xml; charset={label}")

    assert entry.title == "Café"


TITLE = "A\ud800\u202eB\x00\x07\u200bC"


def test_control_characters_and_lone_surrogates_do_not_get_through() -> None:
    body = json.dumps(
        {"items": [{"id": "1", "title": "A\ud800\u202eB\x00\x07\u200bC", "content_text": "x\udfffy"}]}
    ).encode()

    (entry,) = read(body)

    assert entry.title == "AB C"
    assert entry.body == "xy"
    entry.title.encode()


@pytest.mark.parametrize(
    "wrong",
    [
        "[]",
        '"text"',
        "null",
        "5",
        '{"items": null}',
        '{"items": [null, 1, "x", []]}',
        '{"items": [{"id": {"a": 1}, "title": 7}]}',
    ],
)
def test_json_of_the_wrong_shape_never_breaks(wrong: str) -> None:
    body = f'{{"items": {wrong}}}'.encode()

    try:
        entries = read(body)
    except UnreadableInput:
        return

    assert all(isinstance(entry.title, str) for entry in entries)


def test_a_guid_beyond_its_column_is_shortened_but_still_tells_pieces_apart() -> None:
    long = "g" * 5_000
    items = "".join(f"<item><guid>{long}{n}</guid><title>Piece {n}</title></item>" for n in range(2))

    entries = read(rss(items))

    assert len({entry.guid for entry in entries}) == 2
    assert all(len(entry.guid) <= 2000 for entry in entries)


@pytest.fixture
def mutilated() -> Callable[[bytes, int], bytes]:
    def cut_and_flip(body: bytes, seed: int) -> bytes:
        place = seed * 7919 % len(body)
        return body[:place] + bytes([seed % 256]) * 3 + body[place + seed % 40 :]

    return cut_and_flip


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_mutilated_feed_gives_entries_or_a_sentence_and_nothing_else(
    sample: Path, mutilated: Callable[[bytes, int], bytes]
) -> None:
    body = sample.read_bytes()
    faults = []

    for seed in range(60):
        try:
            entries = read(mutilated(body, seed))
        except UnreadableInput as fault:
            faults.append(str(fault))
        else:
            assert all(entry.title and entry.guid for entry in entries)
    assert all(fault.startswith("https://origin.example") for fault in faults)
