"""The page for leaving in a real browser: without scripts, on a phone and by night, one clear way out."""

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from digest.demo.background import Background, listening
from digest.services import Services
from digest.web.app import create_app
from subscribers.model import LeavingCause, SubscriptionState
from subscribers.tokens import Purpose
from tests.browser import needs_chromium
from tests.digest.web.newsroom import subscription, token

pytestmark = needs_chromium

GRAVE = {"serious", "critical"}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture
def address(services: Services, reader: str) -> Iterator[str]:
    """Serve the pages on a free port and give the address of the reader's link."""
    socket = listening(0)
    with Background(create_app(services), [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}/u/{token(services, Purpose.UNSUBSCRIBE, reader)}"


def test_a_reader_without_scripts_leaves_says_why_and_comes_back(
    browser: Browser, services: Services, reader: str, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)

    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_label("It is too long").check()
    page.get_by_label("In your words").fill("Half would do.")
    page.get_by_role("button", name="Send", exact=True).click()
    told = subscription(services, reader)
    page.get_by_role("button", name="Keep sending it").click()
    context.close()

    assert (told.state, told.leaving_cause) == (SubscriptionState.ENDED, LeavingCause.TOO_LONG)
    assert told.leaving_words == "Half would do."
    assert subscription(services, reader).state is SubscriptionState.ACTIVE


def test_a_reader_keeps_some_of_it(browser: Browser, services: Services, reader: str, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)

    page.get_by_label("Leave out a section").select_option(label="Industry")
    page.get_by_role("button", name="Leave it out").click()
    page.get_by_role("button", name="Once a week").click()
    page.get_by_role("button", name="A month").click()
    said = page.get_by_role("status").inner_text()
    context.close()

    found = subscription(services, reader)
    assert (found.sections, found.cadence) == (("electric", "research"), "weekly")
    assert found.state is SubscriptionState.PAUSED
    assert "Wed 23 Dec 2026" in said


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_every_step_can_be_used_by_everybody(browser: Browser, address: str, width: int, scheme: Scheme) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    seen = [_seen(page)]

    for button in ("Leave it out", "A week", "Unsubscribe", "Leave every newsletter", "Keep sending it"):
        page.get_by_role("button", name=button, exact=True).click()
        seen.append(_seen(page))
    context.close()

    assert [faults for faults, _ in seen] == [[]] * 6
    assert [primary for _, primary in seen] == [1, 0, 0, 0, 0, 0]


def _seen(page: Page) -> tuple[list[str], int]:
    """Return what is at fault on *page*, and how many buttons claim to be the first choice."""
    found = Axe().run(page).response["violations"]
    faults = [violation["id"] for violation in found if violation["impact"] in GRAVE]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append("wider than the screen")
    low = page.evaluate(
        "[...document.querySelectorAll('button, select, .choice')].filter(e => e.getBoundingClientRect().height < 44)"
        ".length"
    )
    return [*faults, *["hard to touch"] * low], page.locator("button.primary").count()
