"""The archive in a real browser: links that open out of the sandbox, a strip that fits, pages for everybody."""

import dataclasses
from collections.abc import Iterator
from datetime import date
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from digest.demo.background import Background, listening
from digest.model.look import Logo, Look, Theme
from digest.services import Services
from digest.web.app import create_app
from tests.browser import needs_chromium
from tests.digest.web.newsroom import gone_out
from tests.digest.web.test_archive_pages import draft
from tests.fakes import FixedClock

pytestmark = needs_chromium

EDITION = "/archive/wattage/daily/2026-11-22"
GRAVE = {"serious", "critical"}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """Serve the pages on a free port of this machine and give their address."""
    socket = listening(0)
    with Background(create_app(services), [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(autouse=True)
def _editions(services: Services, clock: FixedClock) -> None:
    """Have three days in November and one in September come out."""
    days = (date(2026, 9, 30), date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 23))
    gone_out(services, *(draft(clock, day, number=40 + n) for n, day in enumerate(days)))


def test_a_reader_walks_from_edition_to_edition_and_back_to_the_list(page: Page, address: str) -> None:
    page.goto(address + EDITION)

    page.get_by_role("link", name="No. 43").click()
    page.wait_for_url(f"{address}/archive/wattage/daily/2026-11-23")
    page.get_by_role("link", name="No. 42").click()
    page.wait_for_url(address + EDITION)
    page.get_by_role("link", name="All editions").click()
    page.wait_for_url(f"{address}/archive/wattage/2026-11")
    page.get_by_role("link", name="September 2026").click()
    page.wait_for_url(f"{address}/archive/wattage/2026-09")
    page.get_by_role("link", name="No. 40").click()
    page.wait_for_url(f"{address}/archive/wattage/daily/2026-09-30")
    page.get_by_role("link", name="Subscribe").first.click()
    page.wait_for_url(f"{address}/subscribe/wattage")

    assert page.get_by_label("E-mail").is_visible()


@pytest.mark.parametrize("theme", Theme)
def test_a_logo_as_wide_as_the_mail_fits_a_phone(
    page: Page, address: str, services: Services, clock: FixedClock, theme: Theme
) -> None:
    logo = Logo(url="https://pictures.example/logo.svg", width=552, height=60, is_title=True)
    (newsletter,) = services.settings.newsletters
    changed = dataclasses.replace(newsletter, look=Look(theme=theme, logo=logo))
    object.__setattr__(services.settings, "newsletters", (changed,))
    gone_out(services, draft(clock, date(2026, 11, 24), number=44))
    drawn = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 552 60"><rect width="552" height="60"/></svg>'
    page.route("https://pictures.example/*", lambda route: route.fulfill(body=drawn, content_type="image/svg+xml"))
    page.set_viewport_size({"width": 320, "height": 640})

    page.goto(f"{address}/archive/wattage/daily/2026-11-24")

    wide, high = page.locator("img.plate").evaluate("logo => [logo.offsetWidth, logo.offsetHeight]")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert 200 < wide < 320
    assert abs(high - wide * 60 / 552) < 1


def test_what_a_link_of_the_mail_opens_is_free_of_the_sandbox(page: Page, address: str) -> None:
    page.goto(address + EDITION)
    link = page.locator("h2 a").first
    boxed = page.evaluate("self.origin")

    link.evaluate("link => { link.href = location.href.replace(/archive.*/, 'help'); link.target = '_blank' }")
    with page.context.expect_page() as opened:
        link.click()
    link.evaluate("link => link.target = '_self'")
    link.click()
    page.wait_for_url(f"{address}/help")

    opened.value.wait_for_url(f"{address}/help")
    assert boxed == "null"
    assert [shown.evaluate("self.origin") for shown in (opened.value, page)] == [address, address]


def test_what_is_said_to_one_reader_is_not_shown_to_anybody(page: Page, address: str) -> None:
    page.goto(address + EDITION)

    shown = page.locator("body").inner_text()

    assert "That is all for today." in shown
    for personal in ("Sent to", "You follow", "mute", "Unsubscribe", "Preferences"):
        assert personal not in shown


def test_a_script_in_a_past_edition_would_not_run(page: Page, address: str) -> None:
    def with_script(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace("</body>", "<script>document.title = 'ran'</script></body>")
        route.fulfill(response=answer, body=body)

    page.route(f"**{EDITION}", with_script)
    page.goto(address + EDITION, wait_until="load")

    assert page.title().startswith("The Wattage")


@pytest.mark.parametrize("width", [320, 375, 1000])
def test_the_strip_takes_its_own_room_and_nothing_scrolls_sideways(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address + EDITION)

    strip, mail = page.locator("header").bounding_box(), page.get_by_role("article").bounding_box()
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    links = [link.bounding_box() for link in page.locator("header a").all()]

    assert wider == 0
    assert strip is not None
    assert mail is not None
    assert strip["width"] == mail["width"] == width
    assert strip["height"] <= 92
    assert mail["y"] >= strip["y"] + strip["height"]
    assert all(box is not None and box["height"] >= 44 for box in links)


def test_the_longest_title_leaves_the_strip_whole_on_a_phone(page: Page, address: str, services: Services) -> None:
    (newsletter,) = services.settings.newsletters
    long = dataclasses.replace(newsletter, title="W" * 80)
    object.__setattr__(services.settings, "newsletters", (long,))
    page.set_viewport_size({"width": 320, "height": 800})

    page.goto(address + EDITION)

    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert page.get_by_role("link", name="Subscribe").first.is_visible()


def test_the_strip_is_dark_by_night(page: Page, address: str) -> None:
    seen = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.goto(address + EDITION)
        seen[scheme] = page.locator("header").evaluate("strip => getComputedStyle(strip).backgroundColor")

    assert seen == {"light": "rgb(255, 255, 255)", "dark": "rgb(29, 28, 26)"}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("path", ["/archive/wattage", "/archive/wattage/2026-09", EDITION])
def test_axe_finds_nothing_grave(page: Page, address: str, path: str, scheme: Scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    # Under the sandbox axe never comes to its end; how the page looks does not hang on its headers.
    page.route("**/archive/**", lambda route: route.fulfill(response=route.fetch(), headers={}))
    page.goto(address + path)

    found = Axe().run(page).response["violations"]

    assert [(rule["id"], rule["help"]) for rule in found if rule["impact"] in GRAVE] == []
