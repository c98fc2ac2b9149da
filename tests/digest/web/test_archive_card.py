"""The card: an Edition as a picture, drawn from its words with one small font."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digest.model.ids import EditionId
from digest.model.past_edition import PastEdition
from digest.services import Services
from digest.web.public import card
from digest.web.public.card import Card, drawn
from digest.web.public.lettering import Face, spelled
from subscribers.cadence import Cadence
from tests.digest.web.newsroom import gone_out, paper
from tests.fakes import FixedClock

CARD = Card(
    title="The Wattage",
    headline="Sodium battery passes 600 km in its first winter test",
    number=42,
    day="Monday, 23 November 2026",
    date=dt.date(2026, 11, 23),
    accent="#0b6e4f",
    canvas="#e8f0ea",
)
INK, WHITE = (28, 27, 25), (255, 255, 255)
#: Where title, headline and dateline stand: left, top, right, bottom.
TITLE, HEADLINE, DATELINE = (41, 60, 1159, 140), (41, 142, 1159, 500), (41, 510, 1159, 589)
PATH = "/archive/wattage/daily/2026-11-23/card.png"


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    drawn.cache_clear()
    yield
    drawn.cache_clear()


def look(**changes: object) -> Image.Image:
    picture = Image.open(BytesIO(drawn(dataclasses.replace(CARD, **changes))))  # type: ignore[arg-type]
    picture.load()
    return picture


def inked(picture: Image.Image, box: tuple[int, int, int, int]) -> tuple[int, int, int, int] | None:
    """Return the box within *box* that holds anything but white paper."""
    return picture.crop(box).convert("L").point(lambda grey: 255 if grey < 128 else 0).getbbox()


# -- what is on it -----------------------------------------------------------------------------------------------------


def test_a_card_is_a_png_of_the_size_that_networks_ask_for() -> None:
    picture = look()

    assert (picture.format, picture.size, picture.mode) == ("PNG", (1200, 630), "RGB")


def test_a_card_has_the_colours_of_its_newsletter() -> None:
    picture = look()

    assert picture.getpixel((10, 10)) == picture.getpixel((1190, 620)) == (0xE8, 0xF0, 0xEA)
    assert picture.getpixel((41, 45)) == picture.getpixel((1158, 45)) == (0x0B, 0x6E, 0x4F)
    assert picture.getpixel((60, 580)) == picture.getpixel((1150, 60)) == WHITE


def test_title_headline_and_dateline_stand_in_their_places_and_leave_the_margins_free() -> None:
    picture = look()

    for box in (TITLE, HEADLINE, DATELINE):
        found = inked(picture, box)
        assert found is not None
        assert found[0] + box[0] >= 90
        assert found[2] + box[0] <= 1110
    colours = picture.crop(HEADLINE).getcolors(1 << 20)
    assert colours is not None
    assert INK in {colour for _, colour in colours}


def test_the_same_card_is_the_same_bytes() -> None:
    first = drawn(CARD)
    drawn.cache_clear()

    assert drawn(CARD) == first
    assert drawn(dataclasses.replace(CARD, headline="Another")) != first


@pytest.mark.parametrize(
    "headline",
    [
        "x" * 300,
        "A battery that never ends " * 12,
        "M" * 12 + " " + "W" * 40,
        "one\u0301" * 100,
        "- " * 150,
        "1 " * 150,
    ],
)
def test_a_headline_of_any_length_stays_on_its_sheet(headline: str) -> None:
    picture = look(headline=headline, title=headline)

    for box in (TITLE, HEADLINE):
        found = inked(picture, box)
        assert found is not None
        assert found[2] + box[0] <= 1110
        assert found[3] + box[1] < box[3]
    assert {picture.getpixel((x, 300)) for x in (5, 39, 1160, 1195)} == {(0xE8, 0xF0, 0xEA)}


def test_a_short_headline_is_larger_than_a_long_one() -> None:
    heights = []
    for headline in ("Hall", "Hall " * 60):
        picture = look(headline=headline)
        top = inked(picture, HEADLINE)
        assert top is not None
        rows = [inked(picture, (41, y, 1159, y + 1)) is not None for y in range(HEADLINE[1] + top[1], HEADLINE[3])]
        heights.append(rows.index(False))

    assert heights == [pytest.approx(0.76 * 80, abs=3), pytest.approx(0.76 * 50, abs=3)]


@pytest.mark.parametrize(
    "headline", ["新しい電池が冬の試験で走破", "Новая батарея", "بطارية جديدة", "A 電池", "", "🚗"]
)
def test_a_headline_that_cannot_be_written_gives_way_to_the_number(headline: str) -> None:
    number = look(headline="No. 42")
    number.paste(WHITE, DATELINE)

    picture = look(headline=headline)

    assert inked(picture, DATELINE) is not None
    picture.paste(WHITE, DATELINE)
    assert picture.tobytes() == number.tobytes()


def test_a_title_that_cannot_be_written_is_left_out() -> None:
    assert inked(look(title="電気新聞"), TITLE) is None


def test_a_date_that_cannot_be_written_stands_in_figures() -> None:
    assert look(day="2026年11月23日月曜日").tobytes() == look(day="2026-11-23").tobytes()


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", "Monday, 23 November 2026"),
        ("en-GB", "Monday, 23 November 2026"),
        ("de", "Montag, 23. November 2026"),
        ("fr", "lundi 23 novembre 2026"),
    ],
)
def test_a_card_tells_the_day_in_the_newsletters_language(services: Services, language: str, day: str) -> None:
    edition = PastEdition(
        id=EditionId(1),
        number=7,
        cadence=Cadence.DAILY,
        date=dt.date(2026, 11, 23),
        subject="Ferry",
        preheader="",
        approved_at=dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC),
    )

    made = card.of(edition, dataclasses.replace(services.newsletter("wattage"), language=language))

    assert made == Card(
        title="The Wattage",
        headline="Ferry",
        number=7,
        day=day,
        date=dt.date(2026, 11, 23),
        accent="#a4262c",
        canvas="#f4f2ee",
    )


# -- letters -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Plain & simple: “yes”", "Plain & simple: “yes”"),
        ("Élan vital", "E\u0301lan vital"),
        ("Größe, Łódź, ďábel", "Gro\u0308sse, L\u0337o\u0301dz\u0301, d\u2019a\u0301bel"),
        ("600 km — a first \u2013 test", "600 km -\u0336 a first -\u0336 test"),
        ("2024\u201326", "2024-26"),
        ("CO₂ and ﬁsh, ½ of €5bn", "CO2 and fish, 1\u20442 of EUR 5bn"),
        ("№ 5 at 20 ℃", "No 5 at 20 °C"),
        ("🚗 Cars\u200b are\ufe0f here\x07", "Cars are here"),
        ("  many \n blanks\u00a0here ", "many blanks here"),
    ],
)
def test_text_is_spelled_in_letters_that_can_be_written(text: str, written: str) -> None:
    assert spelled(text) == written


@pytest.mark.parametrize("text", ["電池", "батарея", "Ηλιος", "ðþ", "ệ", "\u0301 alone", "e\u0301\u0302", "\ue000"])
def test_text_that_would_show_as_boxes_is_refused(text: str) -> None:
    assert not spelled(text)


@pytest.mark.parametrize("letter", "àéîñōŭżäåőčșçąøłđ")
def test_an_accent_is_drawn_at_its_letter_and_takes_no_room(letter: str) -> None:
    line = spelled(letter)
    assert line is not None
    bare, accent = line[0], line[1:]
    face = Face(80, "#000000", "#ffffff")

    assert (bare.isascii(), len(accent), accent.isascii()) == (True, 1, False)
    assert face.width(line) == face.width(bare)
    assert look(headline=letter).tobytes() != look(headline=bare).tobytes()


def test_the_dot_of_an_i_gives_way_to_its_accent() -> None:
    macron, dotted = (inked(look(headline=text), HEADLINE) for text in ("ī", "i"))

    assert macron is not None
    assert dotted is not None
    column = look(headline="ī").crop(HEADLINE).convert("L")
    middle = (macron[0] + macron[2]) // 2
    greys = [column.getpixel((middle, y)) for y in range(macron[1], macron[3])]
    changes = sum((a < 128) != (b < 128) for a, b in pairwise(greys))  # type: ignore[operator]
    assert changes == 2


@given(st.text(max_size=80))
def test_any_text_is_either_refused_or_written_within_its_width(text: str) -> None:
    line = spelled(text)
    face = Face(40, "#000000", "#ffffff", is_bold=True)

    if line:
        assert all(face.width(part) <= 600 for part in face.lines(line, 600))
        assert face.width(face.cut(line, 200)) <= 200


# -- at its address ----------------------------------------------------------------------------------------------------


def test_the_card_of_an_edition_is_kept_by_browsers_for_a_day(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    gone_out(services, paper(clock))

    first = client.get(PATH)
    again = client.get(PATH, headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, first.headers["content-type"]) == (200, "image/png")
    assert first.headers["cache-control"] == "public, max-age=86400"
    assert Image.open(BytesIO(first.content)).size == (1200, 630)
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(PATH).status_code == 200
    assert drawn.cache_info().misses == 1


def test_no_more_cards_are_kept_than_fit() -> None:
    limit = drawn.cache_info().maxsize

    assert limit is not None
    assert limit <= 64
