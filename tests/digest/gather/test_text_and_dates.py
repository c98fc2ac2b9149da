"""Cleaning, summaries, dates, identity and language."""

from datetime import UTC, datetime, timedelta

import pytest

from digest.gather.identity import host_of, shortened, url_key
from digest.gather.text.clean import blocks, cut, first_image, plain
from digest.gather.text.dates import parse_date, relative
from digest.gather.text.decode import decode
from digest.gather.text.language import detect, primary
from digest.gather.text.summary import sentences, summarize

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>One <b>w</b>ord</p><p>two</p>", ("One word", "two")),
        ("a<br>b<BR/>c", ("a", "b", "c")),
        ("5 < 6 and 7 > 3", ("5 < 6 and 7 > 3",)),
        ("<a title='x > y'>link</a> on", ("link on",)),
        ("AT&amp;T &lt;b&gt; &nbsp; caf&eacute;", ("AT&T <b> café",)),
        ("<script>if (a<b) x()</script>text<STYLE>p{}</style >", ("text",)),
        ("<!-- hidden --><p>shown<!-- open", ("shown",)),
        ("<svg><text>drawn</text></svg>after", ("after",)),
        ("<script>never closed", ()),
        ("<![CDATA[x]]><?php y ?>z", ("z",)),
        ("", ()),
    ],
)
def test_html_becomes_blocks_of_plain_text(markup: str, expected: tuple[str, ...]) -> None:
    assert blocks(markup) == expected


@pytest.mark.parametrize("unit", ["<div>", "<a ", '<a "', "<!--", "<button>", "&#", "<script></script", "<!x "])
def test_half_a_megabyte_of_open_marks_is_only_text_or_nothing(unit: str) -> None:
    assert len(" ".join(blocks(unit * (500_000 // len(unit))))) <= 500_000


def test_the_first_real_picture_is_found_and_a_counting_pixel_is_not() -> None:
    markup = '<img src="/pixel" width=1 height=1><IMG alt="x" SRC=\'/a.jpg?b=1&amp;c=2\'><img src="/second.jpg">'

    assert first_image(markup) == "/a.jpg?b=1&c=2"


def test_text_is_composed_and_keeps_the_joiners_of_emoji() -> None:
    assert plain("Cafe\u0301\u00a0\n bar \U0001f469\u200d\U0001f680\x07") == "Café bar \U0001f469\u200d\U0001f680"


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("short", 10, "short"),
        ("one two three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("abcdefghij", 5, "abcd…"),
    ],
)
def test_a_text_is_cut_at_a_word(text: str, length: int, expected: str) -> None:
    assert cut(text, length) == expected
    assert len(cut(text, length)) <= length


DESCRIPTION = "The council voted for the new tram line after a debate of seven hours."


@pytest.mark.parametrize(
    ("description", "body", "expected"),
    [
        (DESCRIPTION, "", DESCRIPTION),
        (f"{DESCRIPTION} Read more", "", DESCRIPTION),
        (f"{DESCRIPTION} The post Tram line wins appeared first on Town Paper.", "", DESCRIPTION),
        ("Tram line wins", "", ""),
        ("Comments", "", ""),
        ("", "", ""),
        (
            "The council voted for the new tram […]",
            "It rained. The tram line wins by nine votes to four, said Mr. Oberlin. Nobody objected to its budget.",
            "The tram line wins by nine votes to four, said Mr. Oberlin.",
        ),
        ("Too short", "", "Too short"),
        ("word " * 200, "", "word " * 55 + "word…"),
    ],
)
def test_a_summary_is_the_publishers_own_line_or_the_best_sentence(description: str, body: str, expected: str) -> None:
    assert summarize(description, title="Tram line wins", body=body) == expected


def test_sentences_end_where_they_end() -> None:
    text = "Dr. Vane met the U.S. envoy in Jan. at home. “Will it last?” she asked. Yes! 他来了。他走了。"

    assert list(sentences(text)) == [
        "Dr. Vane met the U.S. envoy in Jan. at home.",
        "“Will it last?” she asked.",
        "Yes!",
        "他来了。",
        "他走了。",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("51 mins ago", NOW - timedelta(minutes=51)),
        ("an hour ago", NOW - timedelta(hours=1)),
        ("vor 3 Stunden", NOW - timedelta(hours=3)),
        ("il y a 2 jours", NOW - timedelta(days=2)),
        ("yesterday", NOW - timedelta(days=1)),
        ("just now", NOW),
        ("Mon, 23 Nov 2026 06:30:00 +0100", datetime(2026, 11, 23, 5, 30, tzinfo=UTC)),
        ("2026-11-22T23:30:00-05:00", datetime(2026, 11, 23, 4, 30, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("Published on November 3rd, 2026 by the desk", datetime(2026, 11, 3, tzinfo=UTC)),
        ("3 Nov 2026", datetime(2026, 11, 3, tzinfo=UTC)),
        ("Stand: 03.11.2026", datetime(2026, 11, 3, tzinfo=UTC)),
        ("2031-01-01", NOW),
        ("9999-12-31T23:59:59-23:00", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("31 February 2026", None),
        ("next week", None),
        ("0", None),
        ("", None),
    ],
)
def test_a_date_is_read_as_utc_and_never_lies_in_the_future(text: str, expected: datetime | None) -> None:
    assert parse_date(text, fetched_at=NOW) == expected


def test_only_a_relative_time_is_relative() -> None:
    assert relative("2 hours ago", fetched_at=NOW) == NOW - timedelta(hours=2)
    assert relative("It began 2 hours ago", fetched_at=NOW) is None
    assert relative("2026-11-20", fetched_at=NOW) is None


@pytest.mark.parametrize(
    "variant",
    [
        "https://town.example/News/tram",
        "http://www.town.example/News/tram",
        "https://m.town.example/News/tram/",
        "https://TOWN.example:443/News/tram#comments",
        "https://town.example/News/./x/../tram",
        "https://town.example/News/tram?utm_source=a&utm_medium=b",
        "https://town.example/News/tram?fbclid=Iw&ref=home",
        "https://town.example/News/tram?at_medium=RSS&ns_campaign=x",
        "https://town.example/News/tram/amp/",
        "https://town.example/News/tram?amp=1",
        "https://town.example/News/tr%61m",
        "https://town.example//News/tram/index.html",
    ],
)
def test_variants_of_an_address_share_their_key(variant: str) -> None:
    assert url_key(variant) == "town.example/News/tram"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://town.example/news?id=1", "https://town.example/news?id=2"),
        ("https://town.example/News", "https://town.example/news"),
        ("https://north.town.example/a", "https://town.example/a"),
        ("https://town.example:8080/a", "https://town.example/a"),
        ("https://town.example/camp", "https://town.example/c"),
    ],
)
def test_addresses_of_different_pages_keep_different_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_the_order_of_parameters_and_the_script_of_a_host_make_no_difference() -> None:
    assert url_key("https://bücher.example/a?x=1&b=2") == url_key("https://xn--bcher-kva.example/a?b=2&x=1")


@pytest.mark.parametrize(
    "odd", ["", "http://[::1", "mailto:a@b.example", "https://a.example:99999/", "nonsense", "http://"]
)
def test_what_is_no_web_address_is_its_own_key(odd: str) -> None:
    assert url_key(odd) == odd


def test_a_key_fits_its_column_and_still_tells_pages_apart() -> None:
    one, other = (f"https://a.example/{'x' * 4000}{end}" for end in "12")

    assert url_key(one) != url_key(other)
    assert len(url_key(one)) == 2000
    assert shortened("short") == "short"


def test_a_publisher_is_known_by_its_host_without_prefix() -> None:
    assert host_of("https://www.town.example/a") == "town.example"
    assert host_of("http://[") == ""


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("é".encode(), "text/html; charset=iso-8859-1", "é"),
        ("“é”".encode("cp1252"), "text/html; charset=iso-8859-1", "“é”"),
        ("é".encode("utf-16"), "", "é"),
        ("<é".encode("utf-16-be"), "", "<é"),
        ("橋".encode("iso2022_jp"), "text/plain; charset=iso-2022-jp", "橋"),
        ("橋".encode("shift_jis"), "text/plain; charset=Shift_JIS", "橋"),
        (b'<meta charset="windows-1251">\xec', "", '<meta charset="windows-1251">м'),
        (b"\xe9 \x81", "", "é \ufffd"),
        (b"\xff\xfe", "", ""),
    ],
)
def test_bytes_are_decoded_by_what_they_are_before_what_they_are_called(
    body: bytes, content_type: str, expected: str
) -> None:
    assert decode(body, content_type) == expected


def test_a_language_is_found_among_those_that_are_expected() -> None:
    german = "Der Stadtrat hat am Sonntag dem Ausbau des Wasserwerks zugestimmt"

    assert detect(german) == "de"
    assert detect("Kurz") is None


@pytest.mark.parametrize(
    ("tag", "expected"), [("pt-BR", "pt"), ("EN_us", "en"), ("", None), (None, None), ("english", None)]
)
def test_a_language_tag_is_reduced_to_its_first_part(tag: str | None, expected: str | None) -> None:
    assert primary(tag) == expected
