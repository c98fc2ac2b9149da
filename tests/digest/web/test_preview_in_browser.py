"""The preview in a real browser: it loads itself, renews itself, and nobody is shut out of it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from digest.model.ids import EditionId
from tests.browser import needs_chromium
from tests.digest.web.test_desk_in_browser import address, enter

pytestmark = needs_chromium
__all__ = ["address"]


@pytest.mark.parametrize(("width", "scheme"), [(1480, "light"), (390, "dark")])
def test_the_preview_loads_itself_and_shows_what_is_chosen(
    browser: Browser, address: str, editor: str, edition_id: EditionId, reader: str, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    enter(page, address, editor)
    page.goto(f"{address}/desk/edition/{edition_id}")
    page.locator("#checks .size").wait_for()

    page.locator("#preview").get_by_role("link", name="Industry").click()
    subject = page.locator("#envelope").get_by_text("Brann recalls")
    subject.wait_for()
    page.frame_locator("#preview iframe").get_by_text("Lindqvist").first.wait_for()
    page.locator("#checks .size").wait_for()
    seen = Axe().run(page).response["violations"]
    page.get_by_text("As one reader gets it").click()
    page.get_by_label(re.compile("reader.s address")).fill("ana@reader.example")
    page.get_by_role("button", name="Show", exact=True).click()
    page.locator("#checks").get_by_text("gets it: all sections").wait_for()
    address_bar = page.url
    context.close()

    assert [fault["id"] for fault in seen if fault["impact"] in {"serious", "critical"}] == []
    assert f"reader={reader}" in address_bar
