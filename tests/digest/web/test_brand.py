"""A newsletter's own look on its pages: colours that can be read, fonts, a logo, and nothing that could break out."""

import dataclasses
import re

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from digest import resources
from digest.model.look import Logo, Look
from digest.render.lint.colours import Colour, contrast, parse
from digest.services import Services
from digest.web.public.brand import DAY, NIGHT, written
from tests.digest.web.newsroom import TODAY, gone_out, parsed
from tests.digest.web.test_archive_pages import draft
from tests.fakes import FixedClock

LOGO = Logo(url="https://pictures.example:8443/logo.png", width=120, height=30)
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def wear(services: Services, look: Look) -> None:
    (newsletter,) = services.settings.newsletters
    object.__setattr__(services.settings, "newsletters", (dataclasses.replace(newsletter, look=look),))


def blocks(css: str) -> list[dict[str, str]]:
    """Return the properties by day and by night."""
    day, night = re.findall(r":root \{\n(.*?)\}", css, re.DOTALL)
    return [dict(re.findall(r"--([a-z-]+): ([^;]+);\n", block)) for block in (day, night)]


def colour(text: str) -> Colour:
    found = parse(text)
    assert found is not None
    return found


def test_the_look_that_nobody_has_changed_is_the_palette() -> None:
    palette = (resources.templates() / "web" / "static" / "palette.css").read_text(encoding="utf-8")
    usual = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in palette.split("@media")]

    ours = blocks(written(Look()))

    for mine, theirs, ground in zip(ours, usual, (DAY, NIGHT), strict=True):
        assert {name: mine[name] for name in ("accent", "link", "canvas", "on-link")} == {
            name: theirs[name] for name in ("accent", "link", "canvas", "on-link")
        }
        assert [str(ground.paper), str(ground.ink), str(ground.muted)] == [
            theirs["paper"],
            theirs["ink"],
            theirs["muted"],
        ]
        assert [mine[f"{name}-on-canvas"] for name in ("ink", "muted", "link")] == [
            theirs["ink"],
            theirs["muted"],
            theirs["link"],
        ]


@given(accent=colours, link=colours, canvas=colours)
def test_whatever_colours_a_newsletter_chooses_its_text_can_be_read(accent: str, link: str, canvas: str) -> None:
    look = Look(accent=accent, accent_dark=link, link=link, link_dark=canvas, canvas=canvas, canvas_dark=accent)

    for block, ground in zip(blocks(written(look)), (DAY, NIGHT), strict=True):
        seen = {name: colour(value) for name, value in block.items()}
        assert contrast(seen["accent"], ground.paper) >= 4.5
        assert contrast(seen["link"], ground.paper) >= 4.5
        assert contrast(seen["on-link"], seen["link"]) >= 4.5
        assert all(contrast(seen[f"{name}-on-canvas"], seen["canvas"]) >= 4.5 for name in ("ink", "muted", "link"))


def test_a_colour_that_can_be_read_is_left_as_it_is() -> None:
    day, night = blocks(written(Look(accent="#6b1fa1", link="#0b5d3b", link_dark="#ffd54a", canvas="#e8f1ff")))

    assert (day["accent"], day["link"], day["canvas"], day["on-link"]) == ("#6b1fa1", "#0b5d3b", "#e8f1ff", "#ffffff")
    assert (night["link"], night["on-link"]) == ("#ffd54a", "#121211")


def test_fonts_are_named_in_their_order_and_end_in_one_that_everybody_has() -> None:
    day, _ = blocks(written(Look(headline_font="Palatino, Book Antiqua", text_font="Verdana, sans-serif")))

    assert day["serif"] == '"Palatino", "Book Antiqua", serif'
    assert day["sans"] == '"Verdana", sans-serif'


def test_what_is_no_colour_and_no_font_never_gets_into_the_stylesheet() -> None:
    sly = "red;} body{background:url(https://sly.example)"

    css = written(Look(accent=sly, link=sly, canvas_dark=sly, headline_font=f'Arial, x"{sly}, Verdana'))

    assert "sly.example" not in css
    assert '--serif: "Arial", "Verdana", serif;' in css
    assert "--accent:" not in css.partition("@media")[0]


def test_the_stylesheet_is_kept_by_browsers_and_asked_for_by_every_page_of_the_newsletter(client: TestClient) -> None:
    pages = [client.get(path).text for path in ("/archive/wattage", "/subscribe/wattage")]
    first = client.get("/brand/wattage.css")
    again = client.get("/brand/wattage.css", headers={"If-None-Match": first.headers["etag"]})

    assert all('href="/brand/wattage.css"' in page for page in pages)
    assert all("/brand/" not in client.get(path).text for path in ("/", "/help", "/nothing"))
    assert (first.status_code, first.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert first.headers["cache-control"] == "public, max-age=3600"
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/brand/nobody.css").status_code == 404


def test_the_strip_above_a_past_edition_wears_the_look_as_well(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    wear(services, Look(link="#0b5d3b"))
    gone_out(services, draft(clock, TODAY))

    page = client.get(f"/archive/wattage/daily/{TODAY}").text

    assert page.index("--link: #1f4e79;") < page.index("--link: #0b5d3b;") < page.index("</head>")


@pytest.mark.parametrize(("is_title", "alt", "named"), [(False, "", True), (True, "The Wattage", False)])
def test_the_logo_stands_beside_the_title_or_in_its_place(
    client: TestClient, services: Services, *, is_title: bool, alt: str, named: bool
) -> None:
    wear(services, Look(logo=dataclasses.replace(LOGO, is_title=is_title)))

    name = parsed(client.get("/archive/wattage").text).xpath("//header//*[@class='name']")[0]

    (logo,) = name.xpath(".//img")
    assert dict(logo.attrib) == {"class": "logo", "src": LOGO.url, "width": "120", "height": "30", "alt": alt}
    assert ("The Wattage" in name.text_content()) is named


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/archive/wattage", True),
        ("/archive/wattage/2026-11", True),
        ("/subscribe/wattage", True),
        ("/subscribe/wattage/form", True),
        ("/confirm/none", True),
        ("/u/none", True),
        ("/archive/another", False),
        ("/", False),
        ("/help", False),
        ("/static/site.css", False),
    ],
)
def test_only_pages_that_may_show_the_logo_may_load_it(
    client: TestClient, services: Services, path: str, *, allowed: bool
) -> None:
    wear(services, Look(logo=LOGO))

    policy = client.get(path).headers["content-security-policy"]

    expected = "img-src 'self' https://pictures.example:8443 data:" if allowed else "img-src 'self' data:"
    assert expected in policy.split("; ")


@pytest.mark.parametrize(
    "url", ["https://x; script-src *", "https://pictures.example:port/logo.png", "https://", "https://[x/logo.png"]
)
def test_an_address_that_a_policy_cannot_name_adds_nothing_to_it(
    client: TestClient, services: Services, url: str
) -> None:
    wear(services, Look(logo=Logo(url=url)))

    answer = client.get("/archive/wattage")

    assert answer.status_code == 200
    assert "img-src 'self' data:" in answer.headers["content-security-policy"].split("; ")
    assert "script-src 'none'" in answer.headers["content-security-policy"]
