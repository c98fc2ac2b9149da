"""The card: an Edition as a picture, drawn from its words."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from io import BytesIO

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


@pytest.mark.parametrize("headline", ["新しい電池が冬の試験で走破", "بطارية جديدة", "A 電池", "", "🚗"])
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
        ("en", "Monday, November 23, 2026"),
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
        ("Élan, Größe, Łódź, ďábel, Việt Nam", "Élan, Größe, Łódź, ďábel, Việt Nam"),
        ("E\u0301lan", "Élan"),
        ("Новая батарея \u2014 Ηλιος", "Новая батарея \u2014 Ηλιος"),
        ("5 € at 20 ℃", "5 € at 20 °C"),
        ("🚗 Cars\u200b are\ufe0f here\x07", "Cars are here"),
        ("  many \n blanks\u00a0here ", "many blanks here"),
        ("\u0301 alone", "alone"),
        ("🚗", ""),
    ],
)
def test_text_is_spelled_in_signs_that_the_font_has(text: str, written: str) -> None:
    assert spelled(text) == written


@pytest.mark.parametrize("text", ["電池", "A 電池", "بطارية", "שלום"])
def test_text_that_would_show_as_boxes_is_refused(text: str) -> None:
    assert spelled(text) is None


def test_a_number_stays_with_what_it_counts_and_a_dash_with_what_it_follows() -> None:
    face = Face(40)

    lines = face.lines("It drove 600 km \u2014 and back in one day of winter", face.width("It drove 600 km \u2014"))

    assert lines[0] == "It drove 600 km \u2014"
    assert face.lines("It drove 600 km", face.width("It drove 600")) == ["It drove", "600 km"]


@given(st.text(max_size=80))
def test_any_text_is_either_refused_or_written_within_its_width(text: str) -> None:
    line = spelled(text)
    face = Face(40, is_bold=True)

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
