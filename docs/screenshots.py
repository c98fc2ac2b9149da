"""Renew the pictures in docs/images from a day of the sample newspaper, seen through Debian's Chromium."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from digest import logs
from digest.clock import SystemClock
from digest.demo.day import EDITOR, SLUG, Day

IMAGES = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"
#: Chromium asks its maker's servers for things unless told not to.
QUIET = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
Scheme = Literal["light", "dark"]


@contextmanager
def seen(browser: Browser, width: int, height: int, scheme: Scheme = "light") -> Iterator[Page]:
    """Give a page of that size and colour scheme."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    try:
        yield context.new_page()
    finally:
        context.close()


def desk(day: Day, browser: Browser, edition_id: int) -> None:
    """Take the desk with today's Draft, as its editor sees it."""
    with seen(browser, 1400, 760) as page:
        page.goto(day.services.links.desk())
        page.fill("input[type=email]", EDITOR)
        page.fill("input[type=password]", day.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state("networkidle")
        page.goto(f"{day.services.links.desk()}/edition/{edition_id}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / "desk.png")


def mail(day: Day, browser: Browser, name: str) -> None:
    """Take the mail, wide in light and on a phone in dark."""
    address = f"{day.inbox_url}mail/{name}/html"
    shots: list[tuple[str, int, int, Scheme]] = [
        ("mail.png", 680, 1200, "light"),
        ("mail-dark.png", 680, 1200, "dark"),
        ("mail-phone.png", 375, 1200, "light"),
        ("mail-phone-dark.png", 375, 1200, "dark"),
    ]
    for file, width, height, scheme in shots:
        with seen(browser, width, height, scheme) as page:
            page.goto(address)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / file)


def pages(day: Day, browser: Browser) -> None:
    """Take the pages that readers see."""
    for file, address in {
        "inbox.png": day.inbox_url,
        "subscribe.png": day.services.links.subscribe(SLUG),
    }.items():
        with seen(browser, 800, 720) as page:
            page.goto(address)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / file)


def main() -> None:
    """Live the day, stopping for pictures on the way."""
    logs.configure("warning")
    IMAGES.mkdir(exist_ok=True)
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder, Day(Path(folder), SystemClock()).open() as day:
        day.hire_an_editor()
        day.sign_up_readers(lambda _: None)
        day.gather(lambda *_: None)
        edition_id = day.prepare()
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *sandbox])
            desk(day, browser, edition_id)
            day.approve(edition_id)
            day.send(edition_id, lambda _: None)
            whole = next(one for one in day.inbox.messages() if "ada@" in one.recipient)
            mail(day, browser, whole.name)
            pages(day, browser)
            browser.close()


if __name__ == "__main__":
    main()
