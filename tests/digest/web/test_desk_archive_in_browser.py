"""The archive and its search in a real browser: without scripts, on a phone, by night, for everybody."""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from digest.demo.background import Background, listening
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import editions
from digest.web.app import create_app
from tests.browser import needs_chromium
from tests.digest.web.newsroom import PASSWORD, TODAY, gone_out, paper
from tests.fakes import FixedClock

pytestmark = needs_chromium

GRAVE = {"serious", "critical"}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PATHS = [
    "/desk/archive",
    "/desk/archive?cadence=weekly",
    "/desk/archive/search?q=battery+wint*",
    "/desk/archive/search?q=sodium&in=editions",
    "/desk/archive/search?q=sodium&from=rubbish",
]


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """Serve the pages on a free port of this machine and give their address."""
    socket = listening(0)
    with Background(create_app(services), [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _paper(services: Services, clock: FixedClock, edition_id: EditionId) -> None:
    """Have two Editions gone out, and today's open with its articles."""
    days = (dt.date(2026, 10, 5), TODAY - dt.timedelta(days=1))
    gone_out(services, *(dataclasses.replace(paper(clock), date=day, number=40 + n) for n, day in enumerate(days)))
    with services.session() as session:
        editions.remember_stories(session, editions.get(session, edition_id), paper(clock), key_of=str)


def enter(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/desk")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/desk")


def test_an_editor_finds_an_article_and_carries_it_to_todays_draft_without_scripts(
    browser: Browser, address: str, editor: str, edition_id: EditionId
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    enter(page, address, editor)

    page.get_by_role("link", name="Archive").click()
    page.get_by_label("Words").fill('"mends its own"')
    page.get_by_role("button", name="Search").click()
    marked = page.locator("h2 mark").first.inner_text()
    page.get_by_role("link", name="Put into The Wattage").first.click()
    page.wait_for_url(re.compile(rf"/desk/edition/{edition_id}/add\?url=https"))

    assert marked == "mends its own"
    context.close()


def test_a_month_back_and_one_paper_as_readers_saw_it(browser: Browser, address: str, editor: str) -> None:
    page = browser.new_page()
    enter(page, address, editor)

    page.goto(f"{address}/desk/archive")
    page.get_by_role("link", name="October 2026").click()
    page.get_by_role("link", name="As readers see it").click()
    page.wait_for_url(f"{address}/archive/wattage/daily/2026-10-05")

    page.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("path", PATHS)
def test_everybody_can_use_it_and_nothing_scrolls_sideways(
    browser: Browser, address: str, editor: str, path: str, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    enter(page, address, editor)
    page.goto(address + path)

    found = [fault["id"] for fault in Axe().run(page).response["violations"] if fault["impact"] in GRAVE]
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    small = [
        element.inner_text() or element.get_attribute("name")
        for element in page.locator("main").locator("button, .way, select, input[type=text], input[type=date]").all()
        if (box := element.bounding_box()) is None or box["height"] < 44
    ]

    assert (found, wider, small) == ([], 0, [])
    context.close()
