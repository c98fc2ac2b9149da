"""The whole sign-in with a second factor in a real browser: with scripts and without, on a phone, and for everybody."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pyotp import TOTP

from digest.demo.background import Background, listening
from digest.services import Services
from digest.staff import links
from digest.staff.links import Use
from digest.web.app import create_app
from tests.browser import needs_chromium
from tests.digest.web.newsroom import PASSWORD
from tests.digest.web.test_sign_in_by_link import link
from tests.fakes import FixedClock

pytestmark = needs_chromium
GRAVE = {"serious", "critical"}


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """Serve the pages on a free port of this machine and give their address."""
    socket = listening(0)
    with Background(create_app(services), [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def scripted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def phone(browser: Browser, scripted: bool) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, java_script_enabled=scripted, color_scheme="dark"
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def faults(phone: Page, scripted: bool) -> Callable[[], list[str]]:
    """Give a function that tells what keeps people out of the page, and whether it is wider than the phone."""

    def look() -> list[str]:
        if not scripted:  # axe is a script itself
            return []
        wide = phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        grave = [v["id"] for v in Axe().run(phone).response["violations"] if v["impact"] in GRAVE]
        return [*grave, *(["wider than the phone"] if wide else [])]

    return look


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def show_password(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")


def test_an_operator_turns_the_second_factor_on_and_comes_in_with_it(
    phone: Page, address: str, operator: str, clock: FixedClock, faults: Callable[[], list[str]]
) -> None:
    found: list[str] = []
    phone.goto(f"{address}/desk/staff")
    found += faults()
    show_password(phone, operator)
    assert phone.url == f"{address}/desk/staff"
    found += faults()
    phone.goto(f"{address}/desk/account")
    found += faults()

    press(phone, "Set it up")
    picture = phone.locator("img.qr").bounding_box()
    assert picture is not None
    assert picture["width"] > 200
    phone.get_by_text("The phone cannot read it?").click()
    shown = TOTP(phone.locator(".secret code").inner_text().replace(" ", ""))
    phone.get_by_label("Code from your phone").fill(shown.at(clock.now()))
    found += faults()
    press(phone, "Turn it on")
    paper = phone.locator("ol.recovery code").all_inner_texts()
    found += faults()
    press(phone, "Sign out")

    clock.advance(dt.timedelta(seconds=60))
    phone.goto(f"{address}/desk/staff/audit")
    show_password(phone, operator)
    found += faults()
    phone.get_by_label("Code from your phone").fill(shown.at(clock.now()))
    box = phone.get_by_role("button", name="Sign in", exact=True).bounding_box()
    press(phone, "Sign in")

    assert phone.url == f"{address}/desk/staff/audit"
    assert "by password and code" in phone.locator("tbody").inner_text()
    found += faults()
    assert len(set(paper)) == 10
    assert box is not None
    assert box["height"] >= 44
    assert found == []

    press(phone, "Sign out")
    show_password(phone, operator)
    phone.get_by_text("No phone at hand?").click()
    phone.get_by_label("Recovery code").fill(paper[0].upper())
    press(phone, "Use this code")
    assert phone.url == f"{address}/desk"


def test_a_link_leads_in_with_one_touch_and_an_invitation_to_a_password(
    phone: Page, address: str, services: Services, editor: str, faults: Callable[[], list[str]]
) -> None:
    phone.goto(f"{address}/desk/sign-in/password/{link(services, editor, Use.PASSWORD)}")
    found = faults()
    phone.get_by_label("New password").fill("a new and long one")
    press(phone, "Set the password")
    phone.get_by_text("Your password is set").wait_for()
    phone.get_by_label("E-mail").fill(editor)
    press(phone, "Mail me a link instead")
    phone.get_by_text("If this address has an account").wait_for()

    phone.goto(f"{address}/desk/sign-in/link/{link(services, editor)}")
    found += faults()
    press(phone, "Sign in")

    assert phone.url == f"{address}/desk"
    assert links.LIVES[Use.SIGN_IN] == dt.timedelta(minutes=15)
    assert found == []
