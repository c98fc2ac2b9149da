"""The pages behind a reader's links in a real browser, in other languages: all said, nothing too wide, none barred."""

import dataclasses
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, Page

from digest import notices, resources
from digest.demo.background import Background, listening
from digest.model.notice import Notice
from digest.services import Services
from digest.web.app import create_app
from subscribers.model import Subscriber
from subscribers.tokens import Purpose
from tests.browser import needs_chromium
from tests.digest.web.newsroom import token
from tests.digest.web.test_public_pages_in_browser import GRAVE, LONG, LOUD, SCHEMES

pytestmark = needs_chromium

#: What is in the page for eyes and ears, folded or not, piece by piece.
SPOKEN = """() => {
  const names = ["aria-label", "title", "placeholder", "alt"], texts = [document.title];
  for (const one of document.querySelectorAll("*")) texts.push(...names.map(name => one.getAttribute(name) ?? ""));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) texts.push(walker.currentNode.data);
  return texts.map(text => text.trim()).filter(text => text);
}"""


@pytest.fixture
def address(services: Services, reader: str, language: str) -> Iterator[str]:
    """Serve the pages on a free port of this machine, for a reader and a newsletter of *language*."""
    with services.session() as session:
        session.query(Subscriber).one().language = language
    (newsletter,) = services.settings.newsletters
    changed = dataclasses.replace(newsletter, language=language, title=LONG, look=dataclasses.replace(LOUD, logo=None))
    object.__setattr__(services.settings, "newsletters", (changed,))
    socket = listening(0)
    with Background(create_app(services), [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"


@pytest.fixture
def page(browser: Browser, language: str) -> Iterator[Page]:
    context = browser.new_context(locale=language, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def english(language: str) -> set[str]:
    """Return the phrases that the catalogue of *language* says otherwise than English."""
    with (resources.templates() / "web" / "languages" / f"{language}.po").open("rb") as file:
        return {str(told.id) for told in read_po(file) if told.id and told.string != told.id}


def untold(spoken: list[str], phrases: set[str]) -> list[str]:
    """Return what of *spoken* is English: it is one of *phrases*, or has one of several words in it."""
    sentences = {phrase for phrase in phrases if phrase.count(" ") > 1}
    return [text for text in spoken if text in phrases or any(sentence in text for sentence in sentences)]


def pressed(page: Page, button: str) -> None:
    """Open what is folded, and press *button*."""
    page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    with page.expect_navigation():
        page.locator(button).click()


def walked(services: Services, page: Page, address: str, reader: str) -> Iterator[str]:
    """Open one page after the other, and give the name of each."""
    preferences, leave = (
        f"/{letter}/{token(services, purpose, reader)}"
        for letter, purpose in (("p", Purpose.PREFERENCES), ("u", Purpose.UNSUBSCRIBE))
    )
    yield from _signing_up(page, address)
    for name, button in (
        ("saved", f"form[action='{preferences}'] .primary"),
        ("paused", "button[value=open]"),
        ("resumed", "form[action$='/resume'] button"),
        ("asked for the data", "form[action$='/export'] button"),
    ):
        page.goto(address + preferences)
        yield "preferences"
        if name == "resumed":
            yield "preferences, paused"
        pressed(page, button)
        yield name
    yield from _mistaken(page, address + preferences)
    yield from _own(services, page, address + preferences)
    for letter in ("u", "a", "p", "confirm"):
        page.goto(f"{address}/{letter}/none")
        yield f"unknown {letter}"
    yield from _leaving(page, address + leave)
    page.goto(address + preferences)
    yield "not subscribed"


def _signing_up(page: Page, address: str) -> Iterator[str]:
    for form in ("", "/form"):
        page.goto(f"{address}/subscribe/wattage{form}")
        yield f"sign up{form}"
        page.locator("input[type=email]").fill("(ana)@reader.example")
        page.locator("form").evaluate("form => form.noValidate = true")
        with page.expect_navigation():
            page.locator("button.primary").click()
        yield f"mistyped{form}"
        page.locator("input[type=email]").fill("bea@reader.example")
        with page.expect_navigation():
            page.locator("button.primary").click()
        yield f"check your mail{form}"


def _mistaken(page: Page, preferences: str) -> Iterator[str]:
    page.goto(preferences)
    page.locator("input[name=section]").evaluate_all("every => every.forEach(each => each.checked = false)")
    pressed(page, "button.primary")
    yield "no section"
    page.goto(preferences)
    page.locator("input[name=until]").evaluate("day => { day.form.noValidate = true; day.value = '2020-01-01'; }")
    pressed(page, "form.ended[action$='/pause'] button")
    yield "no such day"


def _own(services: Services, page: Page, preferences: str) -> Iterator[str]:
    page.goto(_mailed(services, page))
    yield "data"
    page.goto(preferences)
    page.locator("details").evaluate_all("every => every.forEach(each => each.open = true)")
    page.locator("form[action$='/address'] input").fill("ana@reader.example")
    pressed(page, "form[action$='/address'] button")
    yield "present address"
    for what in ("erase", "address"):
        page.goto(preferences)
        page.locator("details").evaluate_all("every => every.forEach(each => each.open = true)")
        if what == "address":
            page.locator("form[action$='/address'] input").fill("ana@new.example")
        pressed(page, f"form[action$='/{what}'] button")
        yield f"asked for {what}"
        page.goto(_mailed(services, page))
        yield f"confirm {what}"
        if what == "address":
            pressed(page, "button.primary")
            yield "moved"


def _mailed(services: Services, page: Page) -> str:
    """Return the address of the button in the newest mail."""
    with services.reading() as session:
        newest = session.query(Notice).filter(Notice.values.isnot(None)).order_by(Notice.id.desc())
        opened = (notices.opened(services, notice.wish) for notice in newest)
        path = next(
            str(values["confirm_url"]).removeprefix(services.links.base_url)
            for values in opened
            if "confirm_url" in values
        )
    return re.sub(r"(?<=\d)/.*", path, page.url, count=1)


def _leaving(page: Page, leave: str) -> Iterator[str]:
    page.goto(leave)
    yield "leave"
    pressed(page, "form[action$='/less'] select ~ button")
    yield "less"
    pressed(page, "button[name=from]")
    yield "left"
    page.locator("input[value='too long']").check()
    pressed(page, ".why button")
    yield "thanks"
    pressed(page, "form[action$='/undo'] button")
    yield "back"
    page.goto(leave)
    pressed(page, "form[action$='/all'] button")
    yield "left everything"


@pytest.mark.parametrize(("language", "direction"), [("de", "ltr"), ("fr", "ltr"), ("ar", "rtl")])
def test_every_page_of_a_reader_is_in_their_language_and_fits_their_phone(
    page: Page, address: str, services: Services, reader: str, language: str, direction: str
) -> None:
    phrases, seen = english(language), set()

    for name in walked(services, page, address, reader):
        left = untold(page.evaluate(SPOKEN), phrases)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        side = page.evaluate("getComputedStyle(document.documentElement).direction")
        assert (name, left, wider, side) == (name, [], 0, direction)
        seen.add(name)

    assert len(seen) == 32


@pytest.mark.parametrize("language", ["de"])
def test_axe_finds_nothing_grave_on_any_page_of_a_reader_by_day_and_by_night(
    page: Page, address: str, services: Services, reader: str
) -> None:
    found = {}

    for name in walked(services, page, address, reader):
        # Of hundreds of time zones each is like the first.
        page.locator("optgroup:nth-child(n+2)").evaluate_all("areas => areas.forEach(area => area.remove())")
        page.locator("details").evaluate_all("every => every.forEach(each => each.open = true)")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            told = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            found[name, scheme] = [(rule["id"], rule["help"]) for rule in told if rule["impact"] in GRAVE]

    assert len(found) == 64
    assert [(name, rules) for name, rules in found.items() if rules] == []
