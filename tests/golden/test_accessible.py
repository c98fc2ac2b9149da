"""Nothing in the mails stands in the way of readers with other eyes or hands: axe-core finds nothing serious."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route

from digest.render.notice import KINDS, render_notice
from tests.browser import needs_chromium
from tests.digest.render.conftest import make_press
from tests.digest.render.test_render_notice import VALUES, WITH_HEADLINES
from tests.golden.mails import MAILS, mail, newsletter

pytestmark = needs_chromium

#: Every kind, and a welcome that brings the latest Edition along.
NOTICES = {kind: VALUES[kind] for kind in KINDS} | {"welcome with headlines": WITH_HEADLINES}


def notice(name: str) -> str:
    """Return the page of one of NOTICES."""
    kind = name.partition(" ")[0]
    return render_notice(kind, NOTICES[name], newsletter("classic"), make_press().environment).html


PAGES = {name: lambda name=name: mail(name).html for name in MAILS} | {
    name: lambda name=name: notice(name) for name in NOTICES
}


def serious(browser: Browser, html: str, scheme: Literal["light", "dark"]) -> list[str]:
    """Return what axe-core finds serious or critical in *html*, with the first place of each."""
    address = "https://digest.example/mail"

    def answer(route: Route) -> None:
        if route.request.url == address:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    context = browser.new_context(viewport={"width": 600, "height": 800}, color_scheme=scheme)
    try:
        page = context.new_page()
        page.route("**/*", answer)
        page.goto(address)
        found = Axe().run(page).response["violations"]
    finally:
        context.close()
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in {"serious", "critical"}]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_serious_is_found(name: str, scheme: Literal["light", "dark"], browser: Browser) -> None:
    assert serious(browser, PAGES[name](), scheme) == []


def test_what_is_serious_would_be_found(browser: Browser) -> None:
    html = mail("classic").html

    assert serious(browser, html.replace('lang="en"', 'lang="xx-no-language"'), "light")
    assert serious(browser, html.replace("color:#5c5852", "color:#dddddd"), "light")
    assert serious(browser, html.replace("#aaa59c!important", "#333333!important"), "dark")
