"""The public pages in a real browser: on phones, by night, from right to left, in a newsletter's own colours."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from digest.demo.background import Background, listening
from digest.model.look import Logo, Look
from digest.readers import signing_up
from digest.services import Services
from digest.web.app import create_app
from subscribers.model import Subscriber, Subscription
from subscribers.tokens import Claim, Purpose, sign
from tests.browser import needs_chromium
from tests.digest.web.newsroom import gone_out
from tests.digest.web.test_archive_pages import draft
from tests.fakes import FixedClock

pytestmark = needs_chromium

GRAVE = {"serious", "critical"}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LANGUAGES = ("en", "de", "ar")
#: Colours that nobody could read as they are, fonts, and a logo as wide as it may be.
LOUD = Look(
    accent="#ffcc00",
    accent_dark="#402000",
    link="#8a8a8a",
    link_dark="#555555",
    canvas="#7a1fa2",
    canvas_dark="#c0c0c0",
    headline_font="Palatino",
    text_font="Verdana",
    logo=Logo(url="https://pictures.example/logo.svg", width=552, height=60, is_title=True),
)
#: A name of one word that is wider than a phone.
LONG = "Donaudampfschifffahrtsnachrichten"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 552 60"><rect width="552" height="60"/></svg>'


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """Serve the pages on a free port of this machine and give their address."""
    socket = listening(0)
    with Background(create_app(services), [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"


@pytest.fixture
def page(browser: Browser, language: str) -> Iterator[Page]:
    context = browser.new_context(locale=language)
    yield context.new_page()
    context.close()


def speak(services: Services, language: str, look: Look | None = None, title: str = "The Wattage") -> None:
    """Have the newsletter be in *language*, in *look*, and called *title*."""
    (newsletter,) = services.settings.newsletters
    changed = dataclasses.replace(newsletter, language=language, look=look or newsletter.look, title=title)
    object.__setattr__(services.settings, "newsletters", (changed,))


def walked(services: Services, clock: FixedClock, page: Page, address: str) -> Iterator[str]:
    """Open one public page after the other, and give the name of each."""
    gone_out(services, *(draft(clock, dt.date(2026, month, 20), number=month) for month in (9, 10, 11)))
    for path in ("/", "/help", "/archive/wattage", "/archive/wattage/2026-10", "/confirm/none"):
        page.goto(address + path)
        yield path
    link = address + confirmation(services, clock, page, address)
    yield "check your mail"
    page.goto(link)
    yield "confirm"
    with page.expect_navigation():
        page.locator("button.primary").click()
    yield "confirmed"


def confirmation(services: Services, clock: FixedClock, page: Page, address: str) -> str:
    """Sign up with the form, and return the path of the link in the mail."""
    page.goto(f"{address}/subscribe/wattage")
    page.locator("input[type=email]").fill("bea@reader.example")
    with page.expect_navigation():
        page.locator("form button.primary").click()
    signing_up.take_up(services)
    with services.reading() as session:
        language = session.query(Subscriber).one().language
        row = session.query(Subscription).one()
        claim = Claim(row.public_id, row.confirmation_nonce)
    assert language == services.newsletter("wattage").language
    return f"/confirm/{sign(Purpose.CONFIRM, claim, services.keys.tokens, issued=clock.now())}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_grave_on_any_page_in_the_loudest_look(
    page: Page, address: str, services: Services, clock: FixedClock, language: str, scheme: Scheme
) -> None:
    speak(services, language, LOUD)
    page.route("https://pictures.example/*", _give_logo)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})

    found = {}
    for name in walked(services, clock, page, address):
        rules = Axe().run(page).response["violations"]
        found[name] = [(rule["id"], rule["help"]) for rule in rules if rule["impact"] in GRAVE]

    assert len(found) == 8
    assert [(name, rules) for name, rules in found.items() if rules] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_scrolls_sideways_and_every_link_is_large_enough_for_a_thumb(
    page: Page, address: str, services: Services, clock: FixedClock, language: str, width: int
) -> None:
    speak(services, language, LOUD, LONG)
    page.route("https://pictures.example/*", _give_logo)
    page.set_viewport_size({"width": width, "height": 844})

    for name in walked(services, clock, page, address):
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        small = page.evaluate(
            """[...document.querySelectorAll("header a, nav a, .actions a, button")]
               .filter(one => one.getBoundingClientRect().height < 43.5).map(one => one.textContent)"""
        )
        assert (name, wider, small) == (name, 0, [])


@pytest.mark.parametrize("language", ["ar"])
def test_from_right_to_left_everything_changes_sides(
    page: Page, address: str, services: Services, clock: FixedClock, language: str
) -> None:
    speak(services, language)
    page.set_viewport_size({"width": 1280, "height": 844})
    for name in walked(services, clock, page, address):
        if name == "/archive/wattage/2026-10":
            break

    sides = page.evaluate(
        """Object.fromEntries(Object.entries({
             name: ".masthead .name", subscribe: ".masthead .small", older: "[rel=prev]", newer: "[rel=next]",
             arrow: "[rel=prev] .arrow"
           }).map(([name, where]) => [name, document.querySelector(where).getBoundingClientRect().left]))"""
    )
    turned = page.locator("[rel=prev] .arrow").evaluate("arrow => getComputedStyle(arrow).transform")

    assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    assert sides["subscribe"] < sides["name"]
    assert sides["newer"] < sides["older"] < sides["arrow"]
    assert turned == "matrix(-1, 0, 0, 1, 0, 0)"


@pytest.mark.parametrize("language", ["en"])
def test_the_pages_wear_the_colours_fonts_and_logo_of_their_newsletter_and_no_other_page_does(
    page: Page, address: str, services: Services, language: str
) -> None:
    speak(services, language, dataclasses.replace(LOUD, accent="#006644", canvas="#e8f1ff"))
    page.route("https://pictures.example/*", _give_logo)
    seen = {}
    for path in ("/archive/wattage", "/help"):
        page.goto(address + path)
        seen[path] = page.evaluate(
            """[getComputedStyle(document.body).backgroundColor,
                getComputedStyle(document.querySelector("h1")).fontFamily,
                [...document.images].map(image => [image.naturalWidth > 0, image.alt])]"""
        )

    assert seen["/archive/wattage"] == ["rgb(232, 241, 255)", "Palatino, serif", [[True, "The Wattage"]]]
    assert seen["/help"] == [
        "rgb(244, 242, 238)",
        'Georgia, "Iowan Old Style", "Times New Roman", serif',
        [],
    ]


@pytest.mark.parametrize("language", ["en"])
@pytest.mark.parametrize(("scheme", "behind"), [("light", "rgba(0, 0, 0, 0)"), ("dark", "rgb(255, 255, 255)")])
def test_a_logo_keeps_its_light_paper_by_night(
    page: Page, address: str, services: Services, language: str, scheme: Scheme, behind: str
) -> None:
    speak(services, language, LOUD)
    page.route("https://pictures.example/*", _give_logo)
    page.emulate_media(color_scheme=scheme)

    page.goto(f"{address}/archive/wattage")

    assert page.locator(".logo").evaluate("logo => getComputedStyle(logo).backgroundColor") == behind


def _give_logo(route: Route) -> None:
    route.fulfill(body=LOGO, content_type="image/svg+xml")
