"""Deciding about an Edition, and watching it go out, in a real browser with and without scripts."""

import threading
import time
from collections.abc import Iterator
from typing import Self

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from digest import jobs
from digest.deliver import round  # noqa: A004 (the module is called so)
from digest.desk import releasing
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.model.staff import Role
from digest.services import Services
from digest.web.app import create_app
from subscribers import address as addresses
from subscribers import signup
from subscribers.consent import Evidence
from tests.browser import needs_chromium
from tests.digest.deliver.scripted_server import ScriptedServer
from tests.digest.web.conftest import Serve
from tests.digest.web.newsroom import PASSWORD, account, drafted, edition, paper
from tests.fakes import FixedClock

pytestmark = needs_chromium

READERS = 5
EVE = "eve@desk.example"
SMTP = '\n[smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nconnections = 1\npipelining = "lock-step"\n'


class SlowRelay(ScriptedServer):
    """A relay that takes a message only when a test lets it."""

    def __enter__(self) -> Self:
        self.gate = threading.Semaphore(0)
        self.answers = self._at_dot
        super().__enter__()
        return self

    def let(self, messages: int) -> None:
        for _ in range(messages):
            self.gate.release()

    def _at_dot(self, command: str) -> None:
        if command == "DOT":
            self.gate.acquire()


@pytest.fixture
def relay() -> Iterator[SlowRelay]:
    with SlowRelay() as started:
        yield started
        started.let(READERS)


@pytest.fixture
def services(serve: Serve, relay: SlowRelay, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Give services with five readers, whose sender writes down what it does as it goes."""
    monkeypatch.setattr(round, "WRITE_DOWN_EVERY", 0.01)
    services = serve(more_site=SMTP.format(port=relay.port))
    account(services, EVE, Role.EDITOR)
    for number in range(READERS):
        wish = signup.SignupWish(
            newsletter="wattage",
            address=addresses.parse(f"r{number}@reader.example", allow_special=True),
            language="en",
            time_zone="Europe/Berlin",
        )
        evidence = Evidence(wording="Signed up on paper.", source="a test")
        key = services.keys.fingerprint
        with services.session() as session:
            signup.add(session, wish, evidence, fingerprint_key=key, now=services.clock.now())
    return services


@pytest.fixture
def edition_id(services: Services, clock: FixedClock) -> EditionId:
    return drafted(services, paper(clock))


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """Serve the pages on a free port of this machine and give their address."""
    app = create_app(services)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none", lifespan="off"))
    app.state.gallery.is_ending = lambda: server.should_exit
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=request.param)
    yield context.new_page()
    context.close()


@pytest.fixture
def scripted(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def enter(page: Page, address: str, edition_id: EditionId) -> None:
    page.goto(f"{address}/desk")
    page.get_by_label("E-mail").fill(EVE)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/desk")
    page.goto(f"{address}/desk/edition/{edition_id}")


def test_an_editor_schedules_moves_pauses_and_calls_off(
    page: Page, address: str, services: Services, edition_id: EditionId
) -> None:
    enter(page, address, edition_id)

    page.locator("summary", has_text="Schedule").click()
    page.get_by_label("Nothing goes out before").fill("2026-11-23T09:15")
    page.get_by_role("button", name="Approve and schedule").click()
    expect(page.get_by_role("status")).to_contain_text("Approved and scheduled")
    scheduled = edition(services, edition_id).due_at
    page.locator("summary", has_text="Reschedule").click()
    page.get_by_label("Nothing goes out before").fill("2026-11-23T10:00")
    page.get_by_role("button", name="Reschedule").click()
    expect(page.locator("#decide")).to_contain_text("the first at 10:00")
    page.locator("summary", has_text="Pause").click()
    page.get_by_role("button", name="Pause it").click()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_contain_text("It goes on")
    page.locator("summary", has_text="Call off").click()
    page.get_by_label("Why, if you like to say").last.fill("a hoax")
    page.get_by_role("button", name="Call it off").click()
    expect(page.get_by_role("status")).to_contain_text("Called off")

    row = edition(services, edition_id)
    assert scheduled.isoformat() == "2026-11-23T08:15:00+00:00"
    assert (row.state, row.reason) == (EditionState.CANCELLED, "a hoax")


def test_the_account_grows_by_itself_while_the_mail_goes_out(
    scripted: Page, address: str, services: Services, edition_id: EditionId, relay: SlowRelay
) -> None:
    enter(scripted, address, edition_id)
    scripted.locator("summary", has_text="Send now").click()
    scripted.get_by_role("button", name="Send it to 5 readers now").click()
    figures = scripted.locator("#progress")
    expect(figures).to_contain_text("5 waiting")

    sender = threading.Thread(target=jobs.run, args=("send", services))
    sender.start()
    relay.let(2)
    expect(figures).to_contain_text("2 sent", timeout=15_000)
    expect(figures).to_contain_text("3 waiting")
    expect(scripted.locator(".head .state")).to_have_text("going out")
    relay.let(READERS - 2)
    sender.join()

    expect(scripted.locator(".head .state")).to_have_text("sent", timeout=15_000)
    expect(figures).to_contain_text("5 sent")
    assert len(relay.messages) == READERS


def test_an_open_stream_does_not_keep_the_service_from_ending(
    scripted: Page, services: Services, edition_id: EditionId
) -> None:
    releasing.approve(services, edition_id, by=EVE)
    app = create_app(services)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none", lifespan="off"))
    app.state.gallery.is_ending = lambda: server.should_exit
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    enter(scripted, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", edition_id)
    expect(scripted.locator("#progress .renew")).to_be_hidden()

    server.should_exit = True
    thread.join(timeout=20)

    assert not thread.is_alive()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave(
    browser: Browser, address: str, services: Services, edition_id: EditionId, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
    page = context.new_page()
    enter(page, address, edition_id)
    grave = []
    for state in ("draft", "approved", "correct"):
        if state == "approved":
            releasing.approve(services, edition_id, by=EVE)
        page.goto(f"{address}/desk/edition/{edition_id}{'/correct' if state == 'correct' else ''}")
        for details in page.locator("#decide details").all():
            details.evaluate("each => { each.removeAttribute('name'); each.open = true; }")
        found = Axe().run(page).response["violations"]
        grave += [(state, each["id"]) for each in found if each["impact"] in {"serious", "critical"}]
    context.close()

    assert grave == []
