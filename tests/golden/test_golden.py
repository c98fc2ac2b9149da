"""The mails are what they were: their text, their DOM and their looks. `make golden` renews what is kept of them."""

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.browser import needs_chromium
from tests.golden.mails import DRESSES, MAILS, difference, dom, mail, readable, screenshot

GOLDEN = Path(__file__).parent
IS_RENEWED = os.environ.get("GOLDEN") == "renew"
#: What differs more than this is seen, or has moved.
TOLERATED = 0.002


@pytest.mark.parametrize("name", MAILS)
def test_the_text_reads_as_it_did(name: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if IS_RENEWED:
        path.write_text(mail(name).text, encoding="utf-8")

    assert mail(name).text == path.read_text(encoding="utf-8"), "if that is wanted: make golden"


@pytest.mark.parametrize("name", MAILS)
def test_the_dom_is_what_it_was(name: str) -> None:
    path = GOLDEN / f"{name}.html"
    if IS_RENEWED:
        path.write_text(readable(mail(name).html), encoding="utf-8")

    now, then = dom(mail(name).html), dom(path.read_text(encoding="utf-8"))

    changed = next(((was, has) for was, has in zip(then, now, strict=False) if was != has), None)
    assert changed is None, "if that is wanted: make golden"
    assert len(now) == len(then)


@needs_chromium
@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("name", MAILS)
def test_it_looks_as_it_did(name: str, dress: str, browser: Browser, tmp_path: Path) -> None:
    path = GOLDEN / "pictures" / f"{name}-{dress}.png"
    shown = screenshot(browser, mail(name).html, dress)
    if IS_RENEWED:
        path.parent.mkdir(exist_ok=True)
        shown.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)

    changed = difference(shown, Image.open(path).convert("RGB"))

    shown.save(tmp_path / path.name)
    assert changed <= TOLERATED, f"{changed:.1%} differ: look at {tmp_path / path.name}; if that is wanted: make golden"


@needs_chromium
def test_a_change_that_is_seen_is_found(browser: Browser) -> None:
    html = mail("classic").html
    shown = screenshot(browser, html, "600-light")

    for change in (
        html.replace("#a4262c", "#26a42c"),
        html.replace("padding:24px 24px 0", "padding:44px 24px 0"),
        html.replace("Volmar\u2019s sodium battery passes", "Vulmer\u2019s lithium buttery fails"),
    ):
        assert change != html
        assert difference(shown, screenshot(browser, change, "600-light")) > TOLERATED

    assert difference(shown, screenshot(browser, html, "600-light")) == 0
