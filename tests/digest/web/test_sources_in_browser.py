"""The sources at the desk in a real browser: without scripts, with htmx, on a phone, in the dark, for everybody."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from digest import pipeline, source_list
from digest.demo.background import Background, listening
from digest.model.newsletter import SourcePlan
from digest.model.source import SourceState
from digest.services import Services
from digest.store import sources
from digest.web.app import create_app
from tests.browser import needs_chromium
from tests.digest.web.conftest import Serve
from tests.digest.web.newsroom import PASSWORD
from tests.flow.publisher import Site

pytestmark = needs_chromium

GRAVE = {"serious", "critical"}
Scheme = Literal["light", "dark"]
ITEMS = "".join(
    f"<item><title>Piece {n} of the harbour board, which votes again on the night ferry</title>"
    f"<link>https://aldmere.example/{n}</link><pubDate>Mon, 23 Nov 2026 0{n}:00:00 GMT</pubDate></item>"
    for n in range(5)
)
RSS = f'<rss version="2.0"><channel><title>The Aldmere Post</title>{ITEMS}</channel></rss>'
LIST = """<opml version="1.0"><body><outline text="Research"><outline text="Sea" xmlUrl="https://sea.example/f"/></outline>
<outline text="Gardens"><outline text="Rose" xmlUrl="https://rose.example/f"/></outline></body></opml>"""


@pytest.fixture
def services(serve: Serve) -> Services:
    return serve(more_site='[gather]\nallow_networks = ["127.0.0.0/8"]')


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as started:
        started.pages["/feed.xml"] = ("application/rss+xml", RSS)
        links = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
        started.pages["/"] = ("text/html", f"<html><head>{links}</head><body>News</body></html>")
        yield started


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """Serve the pages on a free port of this machine and give their address."""
    socket = listening(0)
    with Background(create_app(services), [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"


Enter = Callable[..., Page]


@pytest.fixture
def enter(browser: Browser, address: str, editor: str) -> Iterator[Enter]:
    """Give a function that opens a browser of some kind and signs an editor in."""
    contexts = []

    def opened(**kind: Any) -> Page:
        contexts.append(browser.new_context(**kind))
        page = contexts[-1].new_page()
        page.goto(f"{address}/desk")
        page.get_by_label("E-mail").fill(editor)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{address}/desk")
        return page

    yield opened
    for context in contexts:
        context.close()


def some_sources(services: Services, site: Site) -> str:
    """Have sources of every kind of state, one with pieces, and return the path of that one's page."""
    source_list.add(services, "wattage", SourcePlan(address=f"{site.url}/feed.xml", section="Industry"), by="ana")
    # Playwright holds the event loop of this thread.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(pipeline.gather_due, services).result()
    long = "https://a-very-long-name-of-a-publisher.example/and/a/path/that/goes/on/and/on/without/any/end/feed.xml"
    source_list.add(services, "wattage", SourcePlan(address=long, section="Research", name="Long Wire"), by="ana")
    source_list.pause(services, long, by="ana")
    with services.session() as session:
        gone = sources.named(session, "https://axle.example/rss")
        gone.state, gone.failures, gone.last_fault = SourceState.GONE, 1, "axle.example answered 410 Gone."
        gone.last_answered_at = services.clock.now() - timedelta(days=9)
        return f"/desk/sources/{sources.named(session, f'{site.url}/feed.xml').id}"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_source_is_found_looked_at_added_changed_and_paused(
    enter: Enter, address: str, services: Services, site: Site, scripts: bool
) -> None:
    page = enter(java_script_enabled=scripts)
    page.goto(f"{address}/desk/sources")

    page.get_by_role("link", name="Add a source").click()
    page.get_by_label("Address of a site").fill(site.url)
    page.get_by_role("button", name="Look what there is").click()
    page.get_by_role("button", name="Look closer").first.click()
    page.get_by_text("What would be taken").wait_for()
    page.get_by_label("Section").select_option("The Wattage: Research")
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("Added. It is asked").wait_for()
    page.get_by_label("Section").select_option("Industry")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Changed. It holds").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused. Nobody asks it").wait_for()

    row = next(row for row in source_list.overview(services).rows if row.key == f"{site.url}/feed.xml")
    assert (row.state, row.uses[0].plan.section, row.uses[0].plan.name) == ("paused", "industry", "The Aldmere Post")


def test_htmx_shows_a_fault_beside_the_field_without_leaving_the_page(enter: Enter, address: str) -> None:
    page = enter()
    page.goto(f"{address}/desk/sources/add")

    page.get_by_label("Address of a site").fill("http://10.0.0.1/")
    page.get_by_role("button", name="Look what there is").click()
    page.get_by_role("alert").wait_for()

    assert page.url == f"{address}/desk/sources/add"
    assert "not public" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Address of a site").input_value() == "http://10.0.0.1/"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_list_is_tried_and_taken_in(
    enter: Enter, address: str, services: Services, tmp_path: Path, scripts: bool
) -> None:
    (tmp_path / "feeds.opml").write_text(LIST, encoding="utf-8")
    page = enter(java_script_enabled=scripts)
    page.goto(f"{address}/desk/sources/opml")

    page.get_by_label("List of feeds").set_input_files(tmp_path / "feeds.opml")
    page.get_by_label("Feeds whose category").select_option("The Wattage: leave them out")
    page.get_by_role("button", name="Show what it would add").click()
    page.get_by_text("1 source would be added").wait_for()
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("1 source added").wait_for()

    assert "https://sea.example/f" in {row.key for row in source_list.overview(services).rows}


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_pages_are_for_everybody_and_fit_every_screen(
    enter: Enter, address: str, services: Services, site: Site, width: int, scheme: Scheme
) -> None:
    one = some_sources(services, site)
    page = enter(viewport={"width": width, "height": 844}, color_scheme=scheme)

    for path in ("/desk/sources", one, "/desk/sources/add", "/desk/sources/opml"):
        page.goto(address + path)
        _require_fit(page, path)
    page.goto(f"{address}/desk/sources/add")
    page.get_by_label("Address of a site").fill(site.url)
    page.get_by_role("button", name="Look what there is").click()
    page.get_by_role("button", name="Look closer").first.wait_for()
    _require_fit(page, "found")
    page.get_by_role("button", name="Look closer").first.click()
    page.get_by_text("What would be taken").wait_for()
    _require_fit(page, "seen")


def _require_fit(page: Page, what: str) -> None:
    found = Axe().run(page).response["violations"]
    grave = [f"{rule['id']}: {rule['help']} {rule['nodes'][0]['html']}" for rule in found if rule["impact"] in GRAVE]
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('main button, main select, main input:not([type=hidden]):not([type=checkbox])')]"
        ".filter(one => one.offsetParent && one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"
    )
    assert (what, grave, wider, small) == (what, [], 0, [])
