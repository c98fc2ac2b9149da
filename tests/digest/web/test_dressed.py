"""A mail as a page of the web: what is sewn in, where, and when nothing is."""

import datetime as dt

import pytest

from digest.archive import EditionPage, LeadPicture
from digest.model.ids import EditionId
from digest.model.past_edition import PastEdition
from digest.services import Services
from digest.web.pages import Pages
from digest.web.public.dressed import dressed, sewn, territory
from subscribers.cadence import Cadence
from tests.digest.web.newsroom import parsed

EDITION = PastEdition(
    id=EditionId(1),
    number=42,
    cadence=Cadence.DAILY,
    date=dt.date(2026, 11, 23),
    subject='Ferry "Aldmere" & <others>',
    preheader="",
    approved_at=dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC),
)


def page(services: Services, mail: str, picture: LeadPicture | None = None) -> str:
    found = EditionPage(edition=EDITION, html=mail, picture=picture, older=None, newer=None)
    return dressed(found, services.newsletter("wattage"), services.links, Pages(services))


# -- where -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mail", "page"),
    [
        ("<head></head><body>x</body>", "<head>H</head><body>Sx</body>"),
        ("<HEAD></HEAD >\n <BODY\nbgcolor=red>x", "<HEAD>H</HEAD >\n <BODY\nbgcolor=red>Sx"),
        ("</head><body title='a > b' class=\"c > d\">x", "H</head><body title='a > b' class=\"c > d\">Sx"),
        ("</head><body title='\">'>x", "H</head><body title='\">'>Sx"),
    ],
)
def test_the_parts_stand_at_the_end_of_the_head_and_the_start_of_the_body(mail: str, page: str) -> None:
    assert sewn(mail, head="H", strip="S") == page


@pytest.mark.parametrize(
    "mail",
    [
        "",
        "Only text",
        "<p>A piece of a mail</p>",
        "<body>no head</body>",
        "<head></head><p>no body",
        "</head><body never closed",
        "</head><body title='never closed>",
        "</head><p>between</p><body>x",
        "<body></head>x",
        "</head><body></head><body>",
        "<!-- </head><body> --></head><body>x",
        "</head><body><p>and <body> once more",
        "</head><bodyguard>x",
    ],
)
def test_a_mail_without_exactly_one_such_place_stays_as_it_is(mail: str) -> None:
    assert sewn(mail, head="H", strip="S") == mail


def test_what_is_sewn_in_is_taken_letter_by_letter() -> None:
    assert sewn("</head><body>x", head=r"\1 \g<0>", strip=r"\2") == r"\1 \g<0></head><body>\2x"


def test_a_very_long_tag_takes_no_longer_than_its_length() -> None:
    hostile = "</head><body " + "\"'" * 200_000

    assert sewn(hostile, head="H", strip="S") == hostile


# -- what --------------------------------------------------------------------------------------------------------------


def test_a_picture_that_nobody_has_measured_has_no_size(services: Services) -> None:
    picture = LeadPicture(url='https://news.example/a.jpg?x=1&y="', alt="A <ferry>")

    tree = parsed(page(services, "<html><head></head><body>x</body></html>", picture))

    told = {meta.get("property"): meta.get("content") for meta in tree.xpath("//head/meta")}
    assert (told["og:image"], told["og:image:alt"]) == ('https://news.example/a.jpg?x=1&y="', "A <ferry>")
    assert "og:image:width" not in told
    assert told["og:title"] == 'Ferry "Aldmere" & <others>'


def test_our_copy_of_the_leads_picture_comes_with_its_size(services: Services) -> None:
    picture = LeadPicture(url=services.links.picture("ab" * 32), alt="A ferry", width=1104, height=620)

    shown = page(services, "<html><head></head><body>x</body></html>", picture)

    assert f'<meta property="og:image" content="{services.links.picture("ab" * 32)}">' in shown
    assert '<meta property="og:image:width" content="1104">' in shown
    assert '<meta property="og:image:height" content="620">' in shown
    assert "card.png" not in shown


def test_the_strip_has_the_colours_of_the_pages_by_day_and_by_night(services: Services) -> None:
    shown = page(services, "<html><head></head><body>x</body></html>")

    assert "--paper: #ffffff;" in shown
    assert "@media (prefers-color-scheme: dark)" in shown
    assert shown.count("<style>") == 1


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "en_US"), ("en-GB", "en_GB"), ("de", "de_DE"), ("de-AT", "de_AT"), ("ar", "ar_EG"), ("pt", "pt_BR")],
)
def test_a_language_is_told_with_its_land(language: str, told: str) -> None:
    assert territory(language) == told


def test_a_language_of_no_known_land_is_told_alone() -> None:
    assert territory("xx") == "xx"
