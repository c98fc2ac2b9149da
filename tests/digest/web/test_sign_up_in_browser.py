"""Signing up in a real browser: with and without scripts, by day and by night, in a frame and on a foreign page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from digest.demo.background import Background, listening
from digest.services import Services
from digest.web.app import create_app
from digest.web.pages import Pages
from subscribers.model import SignupRequest
from tests.browser import needs_chromium
from tests.digest.web.conftest import Serve
from tests.digest.web.test_archive_in_browser import GRAVE, SCHEMES, Scheme

pytestmark = needs_chromium

PAGE, EMBEDDED = "/subscribe/wattage", "/subscribe/wattage/form"
Open = Callable[..., Page]


@pytest.fixture
def port() -> int:
    """Give a port of this machine that is free, so that the service knows its own address."""
    socket = listening(0)
    number: int = socket.getsockname()[1]
    socket.close()
    return number


@pytest.fixture
def services(serve: Serve, port: int) -> Services:
    return serve(f"http://127.0.0.1:{port}")


@pytest.fixture
def address(services: Services, port: int) -> Iterator[str]:
    """Serve the pages and give their address."""
    with Background(create_app(services), [listening(port)]):
        yield services.settings.base_url


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Give a function that opens a page of a browser in Lima, whose context takes what it is told."""
    contexts = []

    def open_one(**told: object) -> Page:
        contexts.append(browser.new_context(timezone_id="America/Lima", **told))  # type: ignore[arg-type]
        contexts[-1].set_default_timeout(10_000)
        return contexts[-1].new_page()

    yield open_one
    for context in contexts:
        context.close()


@contextmanager
def foreign(body: str) -> Iterator[str]:
    """Serve a page with *body* from another origin, whose own policy lets no script and no style of ours in."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        page = f"<!doctype html><html lang=en><title>A shop</title><main><h1>A shop</h1>{body}</main></html>"
        await HTMLResponse(page)(scope, receive, send)

    socket = listening(0)
    with Background(app, [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}/"


def rows(services: Services) -> list[tuple[str, str, str]]:
    with services.reading() as session:
        found = session.scalars(select(SignupRequest).order_by(SignupRequest.id))
        return [(row.address, row.time_zone, row.source) for row in found]


@pytest.mark.parametrize(("has_scripts", "zone"), [(True, "America/Lima"), (False, "Europe/Berlin")])
def test_a_reader_signs_up_with_and_without_scripts(
    open_page: Open, address: str, services: Services, has_scripts: bool, zone: str
) -> None:
    page = open_page(java_script_enabled=has_scripts)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address + PAGE)

    page.get_by_label("Your e-mail address").fill("jürgen@reader.example")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="Check your mail").wait_for()

    assert rows(services) == [("jürgen@reader.example", zone, "sign-up page")]
    assert complaints == []


def test_a_zone_that_somebody_has_chosen_stays(open_page: Open, address: str, services: Services) -> None:
    page = open_page()
    page.goto(address + PAGE)

    page.get_by_text("Choose sections, days and hour").click()
    page.get_by_label("In which time zone").select_option("Asia/Tokyo")
    page.get_by_label("Your e-mail address").fill("bea..b@reader.example")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("Your e-mail address").fill("bea@reader.example")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="Check your mail").wait_for()

    assert rows(services) == [("bea@reader.example", "Asia/Tokyo", "sign-up page")]


def test_a_zone_that_the_form_does_not_offer_is_left_alone(browser: Browser, address: str) -> None:
    context = browser.new_context(timezone_id="Etc/GMT+5")
    page = context.new_page()
    page.goto(address + PAGE)
    chosen = page.locator("select[name=time_zone]").input_value()
    context.close()

    assert chosen == "Europe/Berlin"


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_visitor_of_another_site_signs_up_in_a_frame(
    open_page: Open, address: str, services: Services, has_scripts: bool
) -> None:
    newsletter = services.newsletter("wattage")
    page = open_page(java_script_enabled=has_scripts)
    with foreign(Pages(services).fill("public/pasted_frame.html", newsletter=newsletter)) as shop:
        page.goto(shop)
        frame = page.frame_locator("iframe")

        frame.get_by_label("Your e-mail address").fill("bea..b@reader.example")
        frame.get_by_role("button", name="Subscribe").click()
        told = frame.get_by_role("alert").inner_text()
        kept = frame.get_by_label("Your e-mail address").input_value()
        frame.get_by_label("Your e-mail address").fill("jürgen@reader.example")
        frame.get_by_role("button", name="Subscribe").click()
        frame.get_by_role("status").wait_for()
        stayed = page.url == shop

    assert "two periods in a row" in told
    assert kept == "bea..b@reader.example"
    assert stayed
    assert rows(services) == [("jürgen@reader.example", "Europe/Berlin", "embedded form")]


def test_the_whole_page_shows_in_no_frame(open_page: Open, address: str) -> None:
    page = open_page()
    with foreign(f'<iframe src="{address}{PAGE}"></iframe>') as shop:
        page.goto(shop)
        shown = page.frames[1].url

    assert not shown.startswith(address)


def test_a_visitor_of_another_site_signs_up_by_the_form_in_its_page(
    open_page: Open, address: str, services: Services
) -> None:
    newsletter = services.newsletter("wattage")
    page = open_page()
    with foreign(Pages(services).fill("public/pasted_form.html", newsletter=newsletter)) as shop:
        page.goto(shop)
        seen = page.get_by_label("Leave this empty").bounding_box()
        grave = _grave(page)

        page.get_by_label("Your e-mail address").fill("jürgen@reader.example")
        page.get_by_role("button", name="Subscribe to The Wattage").click()
        page.get_by_role("heading", name="Check your mail").wait_for()

    assert grave == []
    assert seen is not None
    assert seen["x"] < -1000
    assert page.url == address + PAGE
    assert rows(services) == [("jürgen@reader.example", "Europe/Berlin", "pasted form")]


def _grave(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {rule['help']}" for rule in found if rule["impact"] in GRAVE]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("path", [PAGE, EMBEDDED])
def test_the_forms_are_for_everybody_and_fit_every_screen(
    open_page: Open, address: str, path: str, width: int, scheme: Scheme
) -> None:
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(address + path)
    fresh = _grave(page)
    for details in page.locator("details").all():
        details.evaluate("details => { details.open = true }")
    page.get_by_label("Your e-mail address").fill("bea..b@reader.example")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("alert").wait_for()

    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    touched = [
        target.bounding_box()
        for target in page.locator("button, main a, input[type=email], select, summary").all()
        if target.is_visible()
    ]

    assert (fresh, _grave(page)) == ([], [])
    assert wider == 0
    assert [box for box in touched if box is None or box["height"] < 44] == []
