"""The pages in a real browser, on a phone."""

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from digest.model.ids import EditionId
from digest.services import Services
from digest.web.app import create_app
from subscribers.model import SubscriptionState
from subscribers.tokens import Purpose
from tests.browser import needs_chromium
from tests.digest.web.newsroom import PASSWORD, edition, subscription, token

pytestmark = needs_chromium


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """Serve the pages on a free port of this machine and give their address."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(services), host="127.0.0.1", port=0, log_config=None, ws="none", lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    yield context.new_page()
    context.close()


def enter(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/desk")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/desk")


def test_an_editor_signs_in_and_approves_todays_edition_on_a_phone(
    phone: Page, address: str, services: Services, editor: str, edition_id: EditionId
) -> None:
    enter(phone, address, editor)
    phone.get_by_role("link", name="Look it over").click()
    wider = phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    approve = phone.get_by_role("button", name="Approve")
    box = approve.bounding_box()

    approve.click()
    phone.locator(".said[role=status]").wait_for()

    assert wider == 0
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= 844
    row = edition(services, edition_id)
    assert (row.state, row.approved_by) == ("approved", editor)
    assert phone.get_by_role("button", name="Approve").count() == 0


def test_the_bar_takes_two_rows_on_a_phone_and_leads_to_the_account(phone: Page, address: str, operator: str) -> None:
    enter(phone, address, operator)
    bar = phone.get_by_role("banner")
    names = ["The desk", "Today", "Sources", "Archive", "Status", "Staff", "Eve Editor"]
    targets = [bar.get_by_role("link", name=name) for name in names] + [bar.get_by_role("button", name="Sign out")]

    boxes = [box for target in targets if (box := target.bounding_box()) is not None]
    account = targets[-2]
    account.click()
    phone.wait_for_url(f"{address}/desk/account")

    middles = {round((box["y"] + box["height"] / 2) / 10) for box in boxes}
    assert len(boxes) == len(targets)
    assert min(box["height"] for box in boxes) >= 44
    assert max(box["x"] + box["width"] for box in boxes) <= 390
    assert len(middles) == 2
    assert account.get_attribute("aria-current") == "page"


def test_the_preview_shows_the_mail_dark_and_asks_nobody_else(
    phone: Page, address: str, editor: str, edition_id: EditionId
) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    enter(phone, address, editor)

    paper: dict[str, str] = {}
    for scheme in ("light", "dark"):
        phone.goto(f"{address}/desk/edition/{edition_id}?scheme={scheme}#preview")
        frame = phone.frame_locator("iframe")
        frame.get_by_text("Lindqvist").first.wait_for()
        paper[scheme] = frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")

    assert paper["light"] != paper["dark"]
    assert {url.split("/")[2] for url in asked} == {address.split("/")[2]}


def test_a_reader_leaves_and_comes_back_with_two_touches(
    phone: Page, address: str, services: Services, reader: str
) -> None:
    phone.goto(f"{address}/u/{token(services, Purpose.UNSUBSCRIBE, reader)}")

    phone.get_by_role("button", name="Unsubscribe").click()
    phone.get_by_text("You have left").wait_for()
    left = subscription(services, reader).state
    phone.get_by_role("button", name="Keep sending it").click()
    phone.get_by_text("keeps coming").wait_for()

    assert (left, subscription(services, reader).state) == (SubscriptionState.ENDED, SubscriptionState.ACTIVE)
