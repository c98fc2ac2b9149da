"""Feeds and pages whose label lies about the charset, or that are broken here and there."""

from datetime import UTC, datetime

import pytest

from digest.gather.feeds.feed import parse
from digest.gather.text.decode import as_utf8, decode

FETCHED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
WESTERN = "Café \u201cnaïve\u201d in Québec \u2013 déjà vu"
JAPANESE = "大阪に新しい橋が開通した"


def title_in(body: bytes, content_type: str = "") -> str:
    (entry,) = parse(body, url="https://origin.example/", content_type=content_type, fetched_at=FETCHED_AT)
    return entry.title


def labelled(label: str, charset: str, title: str) -> bytes:
    declaration = f'<?xml version="1.0" encoding="{label}"?>' if label else ""
    return f"{declaration}<rss><channel><item><title>{title}</title></item></channel></rss>".encode(charset)


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        (labelled("UTF-8", "cp1252", WESTERN), "", WESTERN),
        (labelled("", "cp1252", WESTERN), "text/xml; charset=utf-8", WESTERN),
        (b"\xef\xbb\xbf" + labelled("UTF-8", "cp1252", WESTERN), "", WESTERN),
        (labelled("ISO-8859-1", "utf-8", WESTERN), "", WESTERN),
        (labelled("UTF-8", "utf-16-le", WESTERN), "", WESTERN),
        (labelled("UTF-8", "utf-16-be", JAPANESE), "", JAPANESE),
        (labelled("UTF-16", "utf-8", JAPANESE), "", JAPANESE),
        (labelled("UTF-8", "utf-32-le", JAPANESE), "", JAPANESE),
        (labelled("", "iso2022_jp", JAPANESE), "text/xml; charset=iso-2022-jp", JAPANESE),
        (labelled("ISO-2022-JP", "utf-8", JAPANESE), "", JAPANESE),
        (labelled("UTF-8", "shift_jis", JAPANESE), "text/xml; charset=Shift_JIS", JAPANESE),
        (labelled("GB2312", "gb18030", JAPANESE), "", JAPANESE),
    ],
)
def test_a_title_is_read_whatever_the_label_says(body: bytes, content_type: str, title: str) -> None:
    assert title_in(body, content_type) == title


@pytest.mark.parametrize("label", ["", "ISO-8859-1", "koi8-r", "UTF-8"])
@pytest.mark.parametrize("broken", [b"\xe9", b"\xff", b"\xe2\x80", b"\x81"])
def test_a_broken_byte_costs_one_character_of_a_text_in_utf_8_and_no_more(label: str, broken: bytes) -> None:
    body = labelled(label, "utf-8", f"{WESTERN} | {WESTERN}").replace(b" | ", b" " + broken + b" ")

    title = title_in(body)

    assert title == f"{WESTERN} \ufffd {WESTERN}"


def test_a_broken_byte_does_not_take_a_text_out_of_the_charset_of_its_label() -> None:
    body = labelled("EUC-JP", "euc_jp", f"{JAPANESE} | {JAPANESE}").replace(b" | ", b" \xff ")

    title = title_in(body)

    assert title == f"{JAPANESE} \ufffd {JAPANESE}"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("ä".encode(), ""),
        (b"\xef\xbb\xbf\xc3\xa4", ""),
        (b"caf\xe9", "text/html; charset=utf-8"),
        ("ä\xe9".encode("latin-1"), "text/html; charset=koi8-r"),
        ("橋".encode("utf-16"), ""),
        (b"\xff\xfe\x00", ""),
        (b"", ""),
        (bytes(range(256)), ""),
    ],
)
def test_text_and_its_bytes_are_decided_by_the_same_rules(body: bytes, content_type: str) -> None:
    assert as_utf8(body, content_type).decode() == decode(body, content_type)
