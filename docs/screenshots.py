"""Renew the pictures in docs/images from a day of the sample newspaper, seen through Debian's Chromium."""

import dataclasses
import datetime as dt
import io
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from digest import illustration, letters, logs, notices, sending
from digest.clock import SystemClock
from digest.demo.day import BY_DEMO, EDITOR, SLUG, Day
from digest.model.candidate import Score, ScorePart
from digest.model.draft import Draft, Picture, Section, SourceLink, Story
from digest.model.edition import Edition
from digest.model.ids import ArticleId, EditionId
from digest.model.look import Images, Look, Theme
from digest.model.newsletter import Newsletter, SectionPlan
from digest.model.staff import Role
from digest.readers import own, signing_up
from digest.render import render
from digest.services import press
from digest.staff import accounts
from digest.store import editions
from digest.web import wishes
from digest.web.pages import Pages
from subscribers.model import RequestKind

FOLDER = Path(__file__).parent
IMAGES = FOLDER / "images"
DRAWN = FOLDER.parent / "digest" / "demo" / "newspaper" / "pictures"
CHROMIUM = "/usr/bin/chromium"
#: Chromium asks its maker's servers for things unless told not to.
QUIET = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
Scheme = Literal["light", "dark"]
SCREEN, PHONE = (800, 600), (390, 780)
#: The Draft at the desk: wide, by night, and on a phone.
DRAFTS: tuple[tuple[str, tuple[int, int], Scheme], ...] = (
    ("desk.png", (1400, 860), "light"),
    ("desk-dark.png", (1400, 860), "dark"),
    ("desk-phone.png", (390, 844), "light"),
)
#: Who edits beside the demo's editor.
SECOND = "second@lantern.example"
#: One of the sample readers, who has got everything, and somebody who has yet to confirm.
READER, NEWCOMER = "ada@reader.example", "noor@reader.example"
#: Where the pictures of the Arabic sample are said to be.
ELSEWHERE = "https://pictures.example/"


@dataclass(frozen=True)
class Morning:
    """A clock that stands at an hour of today's morning at which some readers have their mail and others wait."""

    at: dt.datetime

    def now(self) -> dt.datetime:
        """Return that instant."""
        return self.at


@contextmanager
def seen(browser: Browser, width: int, height: int, scheme: Scheme = "light") -> Iterator[Page]:
    """Give a page of that size and colour scheme."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    try:
        yield context.new_page()
    finally:
        context.close()


def save(page: Page, name: str, *, is_whole: bool = False) -> None:
    """Write what *page* shows into docs/images, in as many colours as it needs to look right."""
    shown = Image.open(io.BytesIO(page.screenshot(full_page=is_whole))).convert("RGB")
    shown.quantize(192, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)


@contextmanager
def at_the_desk(
    browser: Browser, day: Day, size: tuple[int, int] = (1400, 860), scheme: Scheme = "light", email: str = EDITOR
) -> Iterator[Page]:
    """Give a page of that size and colour scheme whose editor has signed in."""
    with seen(browser, *size, scheme) as page:
        page.goto(day.services.links.desk())
        page.fill("input[type=email]", email)
        page.fill("input[type=password]", day.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_load_state("networkidle")
        yield page


def visit(page: Page, address: str) -> None:
    """Open *address*, and wait until the page has got all that it asks for."""
    page.goto(address)
    page.wait_for_load_state("networkidle")


def desk(day: Day, browser: Browser, edition_id: EditionId) -> None:
    """Take today's Draft as its editors see it, while they work at it."""
    address = day.services.links.desk_edition(edition_id)
    for file, size, scheme in DRAFTS:
        with at_the_desk(browser, day, size, scheme) as page:
            visit(page, address)
            save(page, file)
    with at_the_desk(browser, day) as page:
        visit(page, address)
        page.keyboard.press("?")
        save(page, "desk-keys.png")
        page.keyboard.press("Escape")
        page.locator(".story .do").nth(1).get_by_text("Open", exact=True).click()
        page.locator(".story .panel").wait_for()
        page.locator(".story").nth(1).evaluate("story => story.scrollIntoView()")
        page.wait_for_load_state("networkidle")
        save(page, "desk-story.png")
        visit(page, f"{day.services.links.desk()}/sources")
        save(page, "desk-sources.png")
    collide(day, browser, address)


def collide(day: Day, browser: Browser, address: str) -> None:
    """Take what an editor is told who comes second; the Draft is as it was afterwards."""
    with day.services.session() as session:
        accounts.add(session, SECOND, "Second editor", Role.EDITOR, day.password, day.services.clock.now())
    with at_the_desk(browser, day) as first, at_the_desk(browser, day, email=SECOND) as second:
        for page, words in ((first, "Open after nine years: the Kestrel Strait"), (second, "One long whistle")):
            visit(page, address)
            page.locator(".story h3").first.click()
            page.keyboard.type(words)
        second.keyboard.press("Enter")
        second.locator("#saved", has_text="retitled").wait_for()
        first.keyboard.press("Enter")
        first.locator("#notice h1").wait_for()
        first.wait_for_load_state("networkidle")
        first.locator("#notice").evaluate("notice => notice.scrollIntoView()")
        save(first, "desk-collision.png")
        second.keyboard.press("u")
        second.locator("#saved", has_text="took back").wait_for()


def release(day: Day, browser: Browser, edition_id: EditionId) -> None:
    """Send what is due, and take the account while the rest waits; then the rest, and the search that finds it."""
    with at_the_desk(browser, day, (1000, 640)) as page:
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(sending.send_edition, day.services, edition_id).result()
        visit(page, f"{day.services.links.desk()}/edition/{edition_id}")
        save(page, "desk-progress.png")
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(day.send, edition_id, lambda _: None).result()
        visit(page, f"{day.services.links.desk()}/archive/search?q=strait&in=articles")
        save(page, "desk-archive-search.png")


def themes(day: Day, browser: Browser, mails: Mapping[Theme, str]) -> None:
    """Take the mail in each theme: wide, on a phone, by night, from right to left, and without its pictures."""
    for theme, html in mails.items():
        name = f"mail-{theme}"
        take(browser, html, f"{name}.png", 680)
        take(browser, html, f"{name}-dark.png", 680, scheme="dark")
        take(browser, html, f"{name}-phone.png", 375)
        take(browser, html, f"{name}-phone-dark.png", 375, scheme="dark")
        take(browser, html, f"{name}-off.png", 680, has_pictures=False)
        take(browser, _in_arabic(day, theme), f"{name}-rtl.png", 680)


def take(
    browser: Browser, html: str, file: str, width: int, *, scheme: Scheme = "light", has_pictures: bool = True
) -> None:
    """Take the top of the mail *html*, with or without its pictures."""

    def answer(route: Route) -> None:
        asked = route.request
        if asked.resource_type == "document":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif not has_pictures:
            route.abort()
        elif asked.url.startswith(ELSEWHERE):
            route.fulfill(path=DRAWN / asked.url.removeprefix(ELSEWHERE), content_type="image/jpeg")
        else:
            # By itself the browser would not let this page ask a server on this machine.
            route.fulfill(response=route.fetch())

    with seen(browser, width, 1200, scheme) as page:
        page.route("**/*", answer)
        page.goto("http://127.0.0.1/mail")
        page.wait_for_load_state("networkidle")
        save(page, file)


def _in_theme(day: Day, draft: Draft, edition_id: EditionId, theme: Theme) -> str:
    """Return today's mail in *theme*, with pictures of the sizes that it wants."""
    services, look = day.services, Look(theme=theme)
    newsletter = dataclasses.replace(day.newsletter, look=look)
    if checks := illustration.wanted(draft, look):
        reads = illustration.fetch(services, checks)
        draft = illustration.illustrated(draft, look, reads)
        with services.session() as session:
            illustration.keep(session, draft, reads, services.clock.now())
    rendered = render(draft, newsletter, press(newsletter, services.links, edition_id, services.clock.now()))
    return rendered.fill(None, letters.inert_values(services, edition_id) | {"name": "Ada Winter"}).html


def _arabic(day: Day) -> tuple[Newsletter, tuple[Section, ...]]:
    """Return the Arabic sample paper and the Sections of its day."""
    sample = tomllib.loads((FOLDER / "arabic.toml").read_text(encoding="utf-8"))
    now = day.services.clock.now()
    number = iter(range(1, 100))
    sections = tuple(
        Section(
            slug=f"s{place}",
            title=section["title"],
            stories=tuple(_story(next(number), said, now) for said in section["story"]),
        )
        for place, section in enumerate(sample["section"])
    )
    newsletter = dataclasses.replace(
        day.newsletter,
        title=sample["title"],
        description=sample["description"],
        language="ar",
        sections=tuple(SectionPlan(slug=section.slug, title=section.title) for section in sections),
    )
    return newsletter, sections


def _in_arabic(day: Day, theme: Theme) -> str:
    now = day.services.clock.now()
    paper, sections = _arabic(day)
    newsletter = dataclasses.replace(paper, look=Look(theme=theme, images=Images.LINK))
    draft = Draft(
        newsletter=SLUG,
        cadence=newsletter.schedule.cadences[0],
        date=now.date(),
        number=42,
        subject=sections[0].stories[0].headline,
        preheader="",
        sections=sections,
    )
    rendered = render(draft, newsletter, press(newsletter, day.services.links, EditionId(1), now))
    return rendered.fill(None, letters.inert_values(day.services, EditionId(1)) | {"name": "ليلى"}).html


def _story(number: int, said: dict[str, Any], now: dt.datetime) -> Story:
    return Story(
        article_id=ArticleId(number),
        headline=said["headline"],
        url=f"https://news.example/{number}",
        source=said["source"],
        summary=said.get("summary", ""),
        published=now - dt.timedelta(hours=2 * number - 1),
        score=Score(parts=(ScorePart(name="coverage", weight=1, value=20 - number, fact=""),), decay=1),
        also=tuple(
            SourceLink(article_id=ArticleId(100 * number + n), name=name, url=f"https://also.example/{n}", title=name)
            for n, name in enumerate(said.get("also", ()))
        ),
        picture=Picture(url=f"{ELSEWHERE}{said['picture']}.jpg") if "picture" in said else None,
        note=said.get("note", ""),
        is_update=said.get("is_update", False),
    )


def pages(day: Day, browser: Browser, edition: Edition) -> None:
    """Take the pages that readers see."""
    links = day.services.links
    for file, address in {
        "inbox.png": day.inbox_url,
        "subscribe.png": links.subscribe(SLUG),
        "archive.png": links.archive(SLUG),
        "archive-edition.png": links.edition(SLUG, edition.cadence, edition.date),
    }.items():
        with seen(browser, 800, 720) as page:
            page.goto(address)
            page.wait_for_load_state("networkidle")
            save(page, file)


def life(day: Day, browser: Browser) -> None:
    """Take the pages that one reader comes by, from the sign-up to the way out."""
    links = day.services.links
    wish = signing_up.SignUp(newsletter=SLUG, address=NEWCOMER, name="Noor", language="en")
    signing_up.sign_up(day.services, wish, BY_DEMO)
    signing_up.take_up(day.services)
    preferences, leave = _link(day, "p", to=READER), _link(day, "u", to=READER)
    own.ask(day.services, preferences.rpartition("/")[2], RequestKind.EXPORT)
    notices.send(day.services)
    asked = _single(day, "Please confirm", to=NEWCOMER)
    photograph(browser, links.subscribe(SLUG), "mail-confirm.png", (680, 400), html=asked)
    photograph(browser, links.subscribe(SLUG), "subscribe-phone.png", PHONE)
    photograph(browser, links.subscribe(SLUG), "subscribe-ar-phone.png", PHONE, html=_sign_up_in_arabic(day))
    photograph(browser, _link(day, "confirm", to=NEWCOMER), "confirm.png", SCREEN)
    photograph(browser, preferences, "preferences.png", SCREEN)
    photograph(browser, preferences, "preferences-phone-dark.png", PHONE, scheme="dark")
    photograph(browser, _link(day, "d", to=READER), "own-data.png", SCREEN)
    photograph(browser, leave, "leave.png", SCREEN)
    photograph(browser, leave, "left.png", SCREEN, press="Unsubscribe")


def photograph(  # noqa: PLR0913 (each is a choice of its own)
    browser: Browser,
    url: str,
    file: str,
    size: tuple[int, int],
    *,
    scheme: Scheme = "light",
    press: str = "",
    html: str = "",
) -> None:
    """Take the whole page at *url*, or *html* in its place, once the button called *press* has been pressed."""
    with seen(browser, *size, scheme) as page:
        if html:
            page.route(url, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
        page.goto(url)
        if press:
            page.get_by_role("button", name=press, exact=True).click()
        page.wait_for_load_state("networkidle")
        save(page, file, is_whole=True)


def _link(day: Day, part: str, *, to: str) -> str:
    """Return the newest address in the mails *to* somebody whose path begins with *part*."""
    pattern = re.compile(rf"{re.escape(day.services.links.base_url)}/{part}/[A-Za-z0-9_.~%-]+")
    for mail in _mails(day, to):
        text = mail.get_body(("plain",))
        if text is not None and (found := pattern.search(text.get_content())):
            return found[0]
    raise SystemExit(f"no mail to {to} leads to /{part}/")


def _single(day: Day, subject: str, *, to: str) -> str:
    """Return the HTML of the newest mail *to* somebody whose subject begins with *subject*."""
    for mail in _mails(day, to):
        page = mail.get_body(("html",))
        if page is not None and str(mail["Subject"]).startswith(subject):
            return str(page.get_content())
    raise SystemExit(f"no mail to {to} is about: {subject}")


def _mails(day: Day, to: str) -> Iterator[EmailMessage]:
    """Give the mails *to* somebody, the newest first."""
    for file in reversed(day.inbox.files()):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        if to in str(mail["To"]):
            yield mail


def _sign_up_in_arabic(day: Day) -> str:
    newsletter, _ = _arabic(day)
    return Pages(day.services).fill(
        "public/subscribe.html",
        language="ar",
        newsletter=newsletter,
        choices=wishes.choices(newsletter, wishes.usual(newsletter)),
        is_fresh=True,
        address="",
        name="",
        faults={},
    )


def main() -> None:
    """Live the day, stopping for pictures on the way."""
    logs.configure("warning")
    IMAGES.mkdir(exist_ok=True)
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    today = SystemClock().now().replace(hour=5, minute=30, second=0, microsecond=0)
    with tempfile.TemporaryDirectory() as folder, Day(Path(folder), Morning(today)).open() as day:
        day.hire_an_editor()
        day.sign_up_readers(lambda _: None)
        day.gather(lambda *_: None)
        edition_id = day.prepare()
        with day.services.reading() as session:
            draft = editions.get(session, edition_id).draft
        mails = {theme: _in_theme(day, draft, edition_id, theme) for theme in Theme}
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *sandbox])
            desk(day, browser, edition_id)
            themes(day, browser, mails)
            day.approve(edition_id)
            release(day, browser, edition_id)
            with day.services.reading() as session:
                pages(day, browser, editions.get(session, edition_id))
            life(day, browser)
            browser.close()


if __name__ == "__main__":
    main()
