"""The demo's Day with somebody at its desk in Chromium, and what a walk through its pages asks of each of them."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from digest import illustration
from digest.demo.day import EDITOR, Day
from digest.model.staff import Role
from digest.staff import accounts
from digest.store import editions
from tests.fakes import FixedClock

BEN = "ben@lantern.example"
DAWN = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
GRAVE = {"serious", "critical"}
T = TypeVar("T")


def apart(work: Callable[..., T], *values: Any) -> T:
    """Do *work* in another thread: Playwright holds the event loop of this one."""
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(work, *values).result()


class Morning:
    """One Day whose database can be put back to how it was at dawn, or with today's Draft made."""

    def __init__(self, day: Day, clock: FixedClock) -> None:
        """Give the desk its two accounts and its readers, and make the Draft."""
        self.day, self.clock, self._walks = day, clock, 0
        (self._database,) = day.directory.glob("*.db")
        day.hire_an_editor()
        with day.services.session() as session:
            accounts.add(session, BEN, "Ben Second", Role.EDITOR, day.password, clock.now())
        day.sign_up_readers(lambda _: None)
        self._keep("dawn")
        day.gather(lambda *_: None)
        self.edition_id = day.prepare()
        self._keep("drafted")

    @property
    def desk(self) -> str:
        """The address of the desk."""
        return self.day.services.links.desk()

    @property
    def edition(self) -> str:
        """The address of today's Draft at the desk."""
        return f"{self.desk}/edition/{self.edition_id}"

    def _keep(self, name: str) -> None:
        self._copy(self._database, self._of(name))

    def begin(self, name: str) -> None:
        """Put the database back to how it was when it was kept as *name*, in a minute of its own."""
        self._copy(self._of(name), self._database)
        # Pages of previews are kept for a minute, by the version of the Draft.
        self._walks += 1
        self.clock.set(DAWN + timedelta(minutes=self._walks))

    def _of(self, name: str) -> Path:
        return self.day.directory / f"{name}.kept"

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)

    def wants_pictures(self) -> bool:
        """Return whether pictures of the Draft are still to be fetched."""
        with self.day.services.reading() as session:
            draft = editions.get(session, self.edition_id).draft
        return bool(illustration.wanted(draft, self.day.newsletter.look))

    def mails_to(self, address: str) -> list[EmailMessage]:
        """Return the mails in the inbox to *address*, the oldest first."""
        found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in self.day.inbox.files()]
        return [mail for mail in found if address in str(mail["To"])]

    @contextmanager
    def seat(self, browser: Browser, email: str = EDITOR, **manner: Any) -> Iterator[Page]:
        """Give a browser of its own at the desk, signed in, and fail for any fault of a script in it."""
        faults: list[str] = []
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 1000}, **manner})
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        page.goto(self.desk)
        sign_in(page, email, self.day.password)
        page.wait_for_url(self.desk)
        try:
            yield page
        finally:
            context.close()
        assert faults == []


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in the form of the sign-in page."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def story(page: Page, words: str) -> Locator:
    """Return the Story whose headline holds *words*."""
    return page.locator(".story").filter(has=page.locator("h3", has_text=words))


def saved(page: Page, words: str) -> None:
    """Wait until the page says that *words* are saved."""
    expect(page.locator("#saved")).to_contain_text(words)


def headlines(page: Page, section: str) -> list[str]:
    """Return the headlines that the page shows in *section*."""
    return page.locator(f".part[data-slug={section}] h3").all_inner_texts()


def require_fit(page: Page, *, has_scripts: bool = True) -> None:
    """Fail when the page is wider than its screen, or not for everybody."""
    wider = page.evaluate(
        "() => { const wide = document.documentElement.clientWidth; return document.documentElement.scrollWidth <= wide"
        " ? [] : [...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > wide + 1)"
        ".map(each => each.outerHTML.slice(0, 120)) }"
    )
    assert wider == [], f"{page.url} is too wide: {wider[:3]}"
    if not has_scripts:  # axe is one
        return
    found = Axe().run(page).response["violations"]
    grave = [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found if rule["impact"] in GRAVE]
    assert grave == [], f"{page.url} is not for everybody: {grave}"


def part(mail: EmailMessage, kind: str) -> str:
    """Return the text of the part *kind* of *mail*."""
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")
