"""What the policies of shown mails really keep a browser from, should a script ever get past the templates."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from digest.demo.background import Background, listening
from digest.demo.inbox_pages import MAIL_POLICY
from digest.web.headers import FRAMED_MAIL, SHOWN_MAIL
from tests.browser import needs_chromium

pytestmark = needs_chromium

POLICIES = {"shown": SHOWN_MAIL, "framed": FRAMED_MAIL, "inbox": MAIL_POLICY, "none": ""}
MAIL = """<!DOCTYPE html><title>quiet</title>
<style>p { color: rgb(1, 2, 3) } @import url(/asked/style)</style>
<link rel="stylesheet" href="/asked/sheet">
<p onclick="document.title = 'clicked'">A mail</p>
<script>document.title = 'script'; fetch('/asked/fetch')</script>
<script src="/asked/script"></script>
<img src="/asked/picture" onerror="document.title = 'onerror'">
<iframe src="/asked/frame"></iframe><object data="/asked/object"></object>
<form action="/asked/form"><button>Send</button></form>
<a href="javascript:document.title = 'link'">A link</a>
<meta http-equiv="refresh" content="0; url=javascript:document.title='refresh'">
"""


class Asked(list[str]):
    """What the browser has asked for besides the mail."""


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def address(asked: Asked) -> Iterator[str]:
    """Serve the mail under each policy and give the address."""

    def mail(request: Request) -> Response:
        policy = POLICIES[request.path_params["policy"]]
        return HTMLResponse(MAIL, headers={"Content-Security-Policy": policy} if policy else {})

    def note(request: Request) -> Response:
        asked.append(request.path_params["what"])
        return Response(status_code=404)

    socket = listening(0)
    app = Starlette(routes=[Route("/mail/{policy}", mail), Route("/asked/{what}", note)])
    with Background(app, [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def try_all(page: Page, address: str) -> str:
    """Open the mail at *address*, touch everything in it, and return what its title has become."""
    page.goto(address, wait_until="load")
    page.get_by_text("A mail").click()
    page.get_by_text("A link").click()
    page.get_by_role("button", name="Send").click(no_wait_after=True)
    return page.title()


@pytest.mark.parametrize("policy", ["shown", "framed", "inbox"])
def test_a_mail_that_is_shown_runs_nothing_and_asks_for_its_pictures_only(
    page: Page, address: str, asked: Asked, policy: str
) -> None:
    title = try_all(page, f"{address}/mail/{policy}")

    assert title == "quiet"
    assert set(asked) == {"picture"}
    assert page.get_by_text("A mail").evaluate("found => getComputedStyle(found).color") == "rgb(1, 2, 3)"


def test_without_a_policy_the_same_mail_does_all_of_it(page: Page, address: str, asked: Asked) -> None:
    page.goto(f"{address}/mail/none", wait_until="load")

    assert page.title() != "quiet"
    assert {"fetch", "script", "sheet", "frame", "object", "picture"} <= set(asked)
