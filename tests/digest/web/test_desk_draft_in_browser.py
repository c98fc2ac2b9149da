"""The Draft page in a real browser: dragging, keys, texts edited in place, and two editors at once."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from digest.desk import opening
from digest.model.draft import Draft
from digest.model.ids import ArticleId, EditionId
from digest.model.staff import Role
from digest.services import Services
from digest.web.app import create_app
from tests.browser import needs_chromium
from tests.digest.web.newsroom import PASSWORD, account, drafted, paper, story
from tests.fakes import FixedClock

pytestmark = needs_chromium
Open = Callable[..., Page]


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
def edition_id(services: Services, clock: FixedClock) -> EditionId:
    """Give an Edition whose bench can be placed."""
    draft = paper(clock)
    bench = tuple(
        replace(seat, story=replace(story(5, clock), article_id=ArticleId(900 + n), also=(), headline=seat.headline))
        for n, seat in enumerate(draft.bench)
    )
    return drafted(services, replace(draft, bench=bench))


@pytest.fixture
def opened(browser: Browser, address: str, services: Services, editor: str, edition_id: EditionId) -> Iterator[Open]:
    """Give a function that opens the Draft in a browser of its own, and fails for any fault of a script."""
    contexts: list[Any] = []
    faults: list[str] = []

    def make(email: str = editor, **manner: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **manner})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        page.goto(f"{address}/desk")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{address}/desk")
        page.goto(f"{address}/desk/edition/{edition_id}")
        return page

    yield make
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def draft(services: Services, edition_id: EditionId) -> Callable[[], Draft]:
    return lambda: opening.open_edition(services, edition_id).draft


def keys(draft: Draft) -> list[list[str]]:
    return [[each.key for each in section.stories] for section in draft.sections]


def shown(page: Page) -> list[str]:
    """Return the keys of the Stories in the order of the page."""
    ids: list[str] = page.locator(".story").evaluate_all("all => all.map(each => each.id.slice(6))")
    return ids


def order(page: Page, *wanted: str) -> None:
    """Wait until the page shows the Stories *wanted* first."""
    page.wait_for_function(
        "wanted => wanted.every((key, n) => document.querySelectorAll('.story')[n]?.id === `story-${key}`)"
        " && !document.querySelector('.dragged')",
        arg=list(wanted),
    )


def grip(page: Page, key: str) -> tuple[float, float]:
    box = page.locator(f"#story-{key} .grip").bounding_box()
    assert box is not None
    return box["x"] + 10, box["y"] + 12


def saved(page: Page, words: str) -> None:
    """Wait until the page says that *words* are saved."""
    expect(page.locator("#saved")).to_contain_text(words)


def test_buttons_act_in_place_and_the_preview_follows(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened()
    page.evaluate("window.same = true")

    page.locator("button[value='pin a3']").click()
    order(page, "a3", "a1")

    assert page.evaluate("window.same") is True
    assert keys(draft())[0] == ["a3", "a1", "a2"]
    saved(page, "pinned “Used electric cars")
    assert page.evaluate("document.activeElement.value") == "unpin a3"
    version = page.locator("#draft-page").get_attribute("data-version")
    expect(page.locator("#preview iframe")).to_have_attribute("src", re.compile(rf"[?&]v={version}\b"))


def test_a_story_is_dragged_into_another_section(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened(viewport={"width": 1280, "height": 1800})

    page.mouse.move(*grip(page, "a1"))
    page.mouse.down()
    x, y = grip(page, "a5")
    page.mouse.move(x, y - 200, steps=4)
    page.mouse.move(x, y, steps=4)
    page.mouse.up()
    saved(page, "moved “Volmar")

    assert keys(draft()) == [["a2", "a3"], ["a4", "a1", "a5"], ["a6"]]
    assert shown(page) == ["a2", "a3", "a4", "a1", "a5", "a6"]


def test_a_story_is_dragged_with_a_finger(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened(viewport={"width": 390, "height": 2400}, has_touch=True, is_mobile=True)
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, x: float = 0, y: float = 0) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = grip(page, "a3")
    touch("touchStart", x, y)
    x, up = grip(page, "a1")
    for part in range(1, 6):
        touch("touchMove", x, y + (up - y) * part / 5)
    touch("touchEnd")
    order(page, "a3", "a1", "a2")
    saved(page, "moved “Used electric cars")

    assert keys(draft())[0] == ["a3", "a1", "a2"]


def test_dropping_a_story_where_it_was_changes_nothing(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened()
    before = draft()

    page.mouse.move(*grip(page, "a2"))
    page.mouse.down()
    x, y = grip(page, "a2")
    page.mouse.move(x, y + 20, steps=4)
    page.mouse.up()

    expect(page.locator(".here")).to_have_count(0)
    assert draft() == before


def test_everything_can_be_done_with_keys(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened()

    for key in ("j", "j", "p"):
        page.keyboard.press(key)
    order(page, "a2", "a1")
    page.keyboard.press("Shift+ArrowDown")
    order(page, "a1", "a2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    order(page, "a1", "a2", "a4")
    page.keyboard.press("u")
    order(page, "a1", "a2", "a3")
    page.keyboard.press("Shift+U")
    order(page, "a1", "a2", "a4")
    page.keyboard.press("a")

    assert page.evaluate("document.activeElement.textContent.trim()").startswith("Approve")
    assert keys(draft())[0] == ["a1", "a2"]


def test_the_help_opens_and_closes_with_keys(opened: Open) -> None:
    page = opened()

    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("dialog#keys")).not_to_be_visible()


def test_a_headline_is_edited_in_its_place(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened()
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.keyboard.type("xpju Sodium!")  # no key acts while one types

    page.keyboard.press("Enter")
    saved(page, "retitled “Volmar")

    assert draft().stories[0].headline == "xpju Sodium!"
    assert shown(page)[:3] == ["a1", "a2", "a3"]


def test_escape_takes_back_what_was_typed_and_leaving_the_field_saves_it(
    opened: Open, draft: Callable[[], Draft]
) -> None:
    page = opened()
    page.locator("#story-a1 h3").click()
    page.keyboard.type("Never mind")
    page.keyboard.press("Escape")
    left = page.locator("#story-a1 h3").text_content()

    page.locator("#story-a2 h3").click()
    page.keyboard.type("One plug")
    page.locator("h2.bench-title").click()
    saved(page, "to “One plug”")

    assert left == draft().stories[0].headline
    assert draft().stories[1].headline == "One plug"


def test_the_words_save_themselves_while_one_goes_on_typing(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened()
    page.locator("#subject").fill("Sodium")

    saved(page, "to “Sodium”")
    page.keyboard.type(" in the snow")
    count = page.locator("#subject-hint").text_content()
    page.keyboard.press("Tab")
    saved(page, "to “Sodium in the snow”")

    assert count == "18 characters; phones show about 70"
    assert draft().subject == "Sodium in the snow"
    assert page.evaluate("document.activeElement.id") == "preheader"


def test_a_story_opened_in_place_saves_its_texts_and_stays_open(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened()
    page.locator("#story-a2 .do").get_by_text("Open").click()
    page.locator("#story-a2").get_by_label("Note to the readers").fill("We asked Ostmark.")
    page.locator("#story-a2").get_by_label("Summary").focus()
    saved(page, "of “Three motorway")
    page.locator("#story-a2").get_by_role("button", name="Mark as update").click()
    expect(page.locator("#story-a2").get_by_role("button", name="No update")).to_be_visible()
    page.locator("#story-a2").get_by_role("button", name="Split off").first.click()
    order(page, "a1", "a2", "a111")

    story = draft().stories[1]
    assert (story.note, story.is_update, len(story.also)) == ("We asked Ostmark.", True, 1)
    expect(page.locator("#story-a2 .panel")).to_be_visible()


def test_why_here_opens_under_the_story(opened: Open) -> None:
    page = opened()

    page.locator("#story-a1 .do a").first.click()

    expect(page.locator("#story-a1 .why-table")).to_contain_text("6 in the last 3 hours")


def test_a_benched_story_is_placed_and_an_item_of_ones_own_added(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened()
    page.locator("button[value='place a900']").click()
    expect(page.locator("#story-a900")).to_be_visible()

    page.get_by_role("link", name="Add an item of your own").click()
    page.locator("#add").get_by_label("Headline").fill("We move house")
    page.locator("#add").get_by_label("Section").select_option("research")
    page.get_by_role("button", name="Add it to the draft").click()
    saved(page, "added “We move house”")

    assert draft().sections[2].stories[-1].headline == "We move house"


def test_two_editors_see_each_other_and_lose_nothing(
    opened: Open, services: Services, draft: Callable[[], Draft]
) -> None:
    ben_email = account(services, "ben@desk.example", Role.EDITOR)
    eve, ben = opened(), opened(ben_email)

    eve.locator("#story-a1 h3").click()
    eve.keyboard.type("The headline of Eve")
    ben.locator("#story-a1 h3").click()
    ben.keyboard.type("The headline of Ben")
    ben.keyboard.press("Enter")
    saved(ben, "The headline of Ben")
    eve.keyboard.press("Enter")
    expect(eve.locator("#notice")).to_contain_text("ben@desk.example was there first")
    kept = draft().stories[0].headline
    expect(eve.locator("#notice textarea[readonly]")).to_have_value("The headline of Eve")
    eve.get_by_role("button", name="Do mine all the same").click()
    saved(eve, "to “The headline of Eve”")

    assert kept == "The headline of Ben"
    assert draft().stories[0].headline == "The headline of Eve"
    expect(eve.locator("#notice")).to_be_empty()


def test_what_the_other_editor_did_elsewhere_is_shown_and_told(
    opened: Open, services: Services, draft: Callable[[], Draft]
) -> None:
    eve, ben = opened(), opened(account(services, "ben@desk.example", Role.EDITOR))
    ben.locator("button[value='drop a2']").click()
    saved(ben, "dropped")

    eve.locator("button[value='pin a3']").click()
    order(eve, "a3", "a1", "a4")

    expect(eve.locator("#meanwhile")).to_contain_text("ben@desk.example dropped “Three motorway")
    assert keys(draft())[0] == ["a3", "a1"]


def test_an_open_page_hears_of_a_change_and_shows_it_on_wish(opened: Open, services: Services) -> None:
    eve, ben = opened(), opened(account(services, "ben@desk.example", Role.EDITOR))
    ben.locator("button[value='pin a3']").click()
    order(ben, "a3")

    eve.evaluate(
        "htmx.trigger('#others', 'htmx:abort'); htmx.ajax('GET', document.querySelector('#others')"
        ".getAttribute('hx-get'), {target: '#others', select: '#moved'})"
    )
    expect(eve.locator("#moved")).to_contain_text("ben@desk.example, 06:00: pinned")
    eve.get_by_role("link", name="Show it").click()

    order(eve, "a3", "a1", "a2")


def test_a_sign_in_that_ends_while_one_types_loses_no_word(
    opened: Open, address: str, editor: str, draft: Callable[[], Draft]
) -> None:
    page = opened()
    page.context.clear_cookies()
    page.locator("#subject").fill("Typed for an hour")
    page.locator("#preheader").focus()

    page.get_by_role("button", name="Sign in and save it").click()
    page.get_by_label("E-mail").fill(editor)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Save it now").click()
    saved(page, "to “Typed for an hour”")

    assert draft().subject == "Typed for an hour"


def test_a_desk_that_does_not_answer_leaves_what_was_typed(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened()
    before = draft()
    page.route("**/edit**", lambda route: route.abort())

    page.locator("#subject").fill("Into the void")
    page.locator("#preheader").focus()

    expect(page.locator("#notice")).to_contain_text("What you typed is still here")
    assert page.locator("#subject").input_value() == "Into the void"
    assert draft() == before


def test_without_scripts_the_same_page_does_the_same(opened: Open, draft: Callable[[], Draft]) -> None:
    page = opened(java_script_enabled=False)

    page.locator("button[value='pin a3']").click()
    page.get_by_label("Subject").fill("By hand")
    page.get_by_role("button", name="Save the words").click()
    page.locator("#story-a2 .do").get_by_text("Open").click()
    page.get_by_label("Headline").fill("One plug")
    page.get_by_role("button", name="Save the texts").click()
    page.get_by_role("button", name="Drop").click()

    assert keys(draft())[0] == ["a3", "a1"]
    assert draft().subject == "By hand"
    assert draft().bench[0].headline == "One plug"
    assert page.locator("#help summary").is_visible()


@pytest.mark.parametrize(
    "manner",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    ],
    ids=["day", "night", "phone"],
)
def test_the_draft_is_accessible_and_no_wider_than_its_screen(
    opened: Open, address: str, manner: dict[str, Any]
) -> None:
    page = opened(**manner)
    home = page.url
    page.locator("#story-a1 .do").get_by_text("Open").click()
    page.locator("#story-a1 .panel").wait_for()

    for path in ("", "/story/a1", "/history", "/add"):
        if path:
            page.goto(home + path)
        found = Axe().run(page).response["violations"]
        assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == [], path
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, path


def test_on_a_phone_every_button_is_large_enough_for_a_thumb(opened: Open) -> None:
    page = opened(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)

    heights = page.locator("#draft-page button, #draft-page .do a, .after a").evaluate_all(
        "all => all.filter(each => each.offsetParent).map(each => each.getBoundingClientRect().height)"
    )

    assert len(heights) > 30
    assert min(heights) >= 44


def test_rubbish_stays_within_its_place(
    opened: Open, services: Services, edition_id: EditionId, draft: Callable[[], Draft]
) -> None:
    page = opened(viewport={"width": 390, "height": 844})
    page.locator("#story-a1 h3").click()
    page.keyboard.insert_text("<img src=x onerror=alert(1)>" + "W" * 250)
    page.keyboard.press("Enter")
    saved(page, "retitled")

    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert "<img src=x onerror=alert(1)>" in draft().stories[0].headline
    assert page.locator("#story-a1 h3 img").count() == 0
