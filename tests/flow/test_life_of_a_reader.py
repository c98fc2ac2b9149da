"""A reader's whole life with a newsletter, by what a person presses and what comes into the mailbox; and once more."""

import csv
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route
from sqlalchemy import select

from digest import jobs, resources
from digest.demo.background import Background, listening
from digest.demo.inbox import Inbox
from digest.render import languages
from digest.services import Services
from digest.web.app import create_app
from subscribers.cadence import Cadence
from subscribers.model import (
    LeavingCause,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from tests.browser import needs_chromium
from tests.conftest import MakeServices
from tests.factories import write_feed
from tests.fakes import FixedClock
from tests.flow.console import run
from tests.flow.scanner import addresses, snapshot
from tests.flow.walk import mails, subscribe

pytestmark = needs_chromium

GRAVE = {"serious", "critical"}
SUNDAY = datetime(2026, 11, 22, tzinfo=UTC)
#: Where the reader lives after a while.
LATER_ZONE = "Europe/Lisbon"
#: At seven and nine in Berlin, ten in Lisbon and nine in New York something falls due, and an hour before it does not.
HOURS = (5, 6, 7, 8, 9, 10, 13, 14)
#: What no row may hold once its owner is erased; the name and both addresses have it.
TELLING = "zuzanna"
OLD, NEW = "zuzanna@old.example", "zuzanna@new.example"
LOCAL = """
cadences = ["daily", "weekly"]

[[newsletter.source]]
folder = "local"
section = "Local"
"""
#: A story of the world and one of the town for each of six days, twice; no two have a telling word in common.
STORIES = (
    ("Quarry council settles stone dispute", "Bakers warn of dearer flour"),
    ("Ferries resume after harbour strike", "Lamplighters retire at last"),
    ("Orchestra finds lost violin in attic", "Swimming pool reopens with slide"),
    ("Vaccine trial shows early promise", "Tram line seven gets greener tracks"),
    ("Otters return to northern canals", "School choir wins silver medal"),
    ("Parliament elects first woman speaker", "Cobbler celebrates ninety years"),
    ("Glacier reveals ancient wooden ski", "Library lends out garden tools"),
    ("Satellite measures rising desert dust", "Mayor opens bicycle bridge"),
    ("Coffee harvest doubles in highlands", "Firefighters rescue stranded heron"),
    ("Telescope spots twin comets", "Chess club moves into old mill"),
    ("Railway tunnel breaks through mountain", "Florist paints market hall yellow"),
    ("Island votes for wind turbines", "Museum cat turns twenty"),
)


@dataclass
class Life:
    """Somebody with a browser and a mailbox, and the service that they meet."""

    services: Services
    clock: FixedClock
    inbox: Inbox
    page: Page
    has_scripts: bool
    complaints: list[str]
    worker: ThreadPoolExecutor
    language: str = "en"
    _looked_at: set[tuple[str, str]] = field(default_factory=set)

    @property
    def base(self) -> str:
        return self.services.settings.base_url

    def says(self, phrase: str) -> str:
        """Return *phrase* in the language that the pages speak to this reader."""
        return languages.translations([resources.templates() / "web"], self.language).gettext(phrase)

    def open(self, url: str) -> None:
        """Open *url*, which a mail has led to."""
        answer = self.page.goto(url)
        assert answer is not None
        assert answer.status == 200
        self._look()

    def unfold(self, phrase: str) -> None:
        self.page.get_by_text(self.says(phrase), exact=False).first.click()

    def press(self, phrase: str) -> None:
        """Press the button with that *phrase*, and look at the page that it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=self.says(phrase), exact=True).click()
        self._look()

    def field(self, phrase: str) -> Any:
        return self.page.get_by_label(self.says(phrase))

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    def told(self, role: Any = "status") -> str:
        return self.page.get_by_role(role).inner_text()

    def _look(self) -> None:
        """Complain of what some people could not use, once for each page."""
        seen = urlsplit(self.page.url).path.split("/")[1], self.heading()
        if not self.has_scripts or seen in self._looked_at:
            return
        self._looked_at.add(seen)
        folds = "document.querySelectorAll('details').forEach(fold => {{ fold.open = {} }})"
        self.page.evaluate(folds.format("true"))
        found = [rule for rule in Axe().run(self.page).response["violations"] if rule["impact"] in GRAVE]
        self.page.evaluate(folds.format("false"))
        self.complaints.extend(f"{seen}: {rule['id']}: {rule['nodes'][0]['html']}" for rule in found)

    def tick(self) -> list[EmailMessage]:
        """Do what is due, and return the mails that this brings."""
        return self._brought(jobs.tick)

    def post(self) -> list[EmailMessage]:
        """Send the single mails that are due, and return them."""
        return self._brought(partial(jobs.run, "notices"))

    def _brought(self, work: Callable[[Services], object]) -> list[EmailMessage]:
        before = len(self.inbox.files())
        # Gathering runs an event loop, which this thread has already for the browser.
        self.worker.submit(work, self.services).result()
        return mails(self.inbox)[before:]

    def mail(self, to: str) -> EmailMessage:
        """Send the single mails that are due, and return the one to *to*."""
        (mail,) = [mail for mail in self.post() if to in str(mail["To"])]
        return mail

    def day(self, day: datetime, number: int) -> list[tuple[str, datetime, EmailMessage]]:
        """Live from 05:00 to 18:00 UTC with the stories *number*; return to whom which mail came when."""
        news = self.services.settings.state.parent
        for folder, story in zip(("news", "local"), STORIES[number], strict=True):
            write_feed(
                news / folder,
                (story, f"https://{folder}.example/{number}"),
                published=day,
                name=f"{number}.xml",
                summary=story,
            )
        came = []
        for hour in HOURS:
            self.clock.set(day + timedelta(hours=hour))
            came += [(str(mail["To"]).rpartition("<")[2].strip(">"), self.clock.now(), mail) for mail in self.tick()]
        self.clock.set(day + timedelta(hours=18))
        return came

    def subscription(self) -> Subscription | None:
        """Return the Subscription of this reader as it is now."""
        with self.services.reading() as session:
            theirs = select(Subscription).join(Subscriber).where(Subscriber.address.contains(TELLING))
            return session.scalar(theirs)

    def stored(self) -> str:
        """Return all that is written in any table."""
        return repr(snapshot(self.services)).lower()


@pytest.fixture(params=[(True, "sqlite"), (False, "postgresql")], ids=["with scripts", "without scripts"])
def life(
    request: pytest.FixtureRequest,
    make_services: MakeServices,
    browser: Browser,
    clock: FixedClock,
    inbox: Inbox,
    tmp_path: Path,
) -> Iterator[Life]:
    has_scripts, database = request.param
    (tmp_path / "local").mkdir()
    socket = listening(0)
    services = make_services(
        request.getfixturevalue(f"{database}_url"),
        base_url=f"http://127.0.0.1:{socket.getsockname()[1]}",
        smtp_port=inbox.port,
        more=LOCAL,
    )
    subscribe(services, "ben")
    complaints: list[str] = []
    with ExitStack() as parts:
        parts.enter_context(Background(create_app(services), [socket]))
        context = browser.new_context(java_script_enabled=has_scripts, timezone_id="America/New_York")
        parts.callback(context.close)
        worker = parts.enter_context(ThreadPoolExecutor(1))
        yield Life(services, clock, inbox, _watched(context, complaints), has_scripts, complaints, worker)


def _watched(context: BrowserContext, complaints: list[str]) -> Page:
    """Return a page that asks nobody but this machine; whatever it does or says amiss goes into *complaints*."""

    def at_home(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            complaints.append(f"asked {route.request.url}")
            route.abort()

    def heard(message: ConsoleMessage) -> None:
        complaints.append(f"{message.type}: {message.text}")

    context.set_default_timeout(10_000)
    context.route("**/*", at_home)
    page = context.new_page()
    page.on("console", heard)
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    return page


def link(mail: EmailMessage, base: str, kind: str) -> str:
    """Return the one address in *mail* whose path begins with *kind*."""
    found = {url for url in addresses([mail], base) if urlsplit(url).path.split("/")[1] == kind}
    (only,) = {url.partition("?")[0] for url in found}
    return only


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


def test_a_reader_lives_through_it_all_is_erased_and_lives_through_it_again(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGEST_CONFIG", str(tmp_path / "config.toml"))

    go_through(life, SUNDAY, 0, "de", (OLD, NEW))
    refused_from(tmp_path, NEW)
    go_through(life, SUNDAY + timedelta(days=21), 6, "en", (NEW, OLD))
    refused_from(tmp_path, OLD)

    assert life.complaints == []


def go_through(life: Life, start: datetime, first: int, language: str, at: tuple[str, str]) -> None:
    """Go from a sign-up on the evening of *start* to erasure, with the stories from *first* on, *at* two addresses."""
    days = [start + timedelta(days=number) for number in (*range(6), 13)]
    zone = sign_up(life, days[0], language, at[0])
    confirm(life, at[0])
    digest = gets_what_they_chose(life, days[1], first, zone, at[0])
    get_less(life, digest)
    change_everything_else(life, digest, "fr" if language == "de" else "nl")
    pause_and_resume(life, digest, days[2], first + 1)
    digest = gets_what_they_chose_then(life, days[3], first + 2, LATER_ZONE, at[0])
    fetch_own_data(life, digest, at[0], is_table=bool(first))
    move_back(life, move(life, digest, at), at)
    life.clock.advance(timedelta(hours=2))
    move(life, digest, at)
    digest = gets_it_at_the_new_address_only(life, days[4], first + 3, at)
    asks_for_nothing_yet(life, digest)
    leave_with_one_click_and_come_back(life, digest, is_multipart=bool(first))
    leave_by_the_page_and_say_why(life, digest)
    gets_nothing(life, days[5], first + 4)
    come_back(life, digest)
    leave_everything(life, digest)
    sign_up(life, days[5], life.language, at[1])
    confirm(life, at[1])
    life.clock.set(days[3] + timedelta(days=9))
    be_erased(life, digest, at[1])
    gets_nothing(life, days[6], first + 5)


def sign_up(life: Life, day: datetime, language: str, address: str) -> str:
    """Sign up for the stories of the world at nine, and return the time zone that was chosen beforehand."""
    life.clock.set(day + timedelta(hours=18))
    life.language = "en"  # the newsletter's
    life.open(life.services.links.subscribe("morning"))

    life.field("Your e-mail address").fill(address)
    life.unfold("Choose sections, days and hour")
    life.field("Local").uncheck()
    zone: str = life.field("In which time zone").input_value()
    life.field("At what hour").select_option("09:00")
    life.field("Language").select_option(language)
    life.field("Your name").fill("Zuzanna K.")
    life.press("Subscribe")

    assert life.heading() == "Check your mail"
    assert zone == ("America/New_York" if life.has_scripts else "Europe/Berlin")
    life.language = language
    return zone


def confirm(life: Life, address: str) -> None:
    """Open the link in the mail, which begins nothing, and press the button, which does."""
    mail = life.mail(address)
    life.clock.advance(timedelta(minutes=5))
    before = snapshot(life.services)
    life.open(link(mail, life.base, "confirm"))
    after = snapshot(life.services)
    life.press("Yes, send it to me")
    welcome = life.mail(address)

    assert mail["Content-Language"] == welcome["Content-Language"] == life.language
    assert before == after
    assert link(welcome, life.base, "p")
    found = life.subscription()
    assert found is not None
    assert (found.state, found.sections) == (SubscriptionState.ACTIVE, ("world",))


def gets_what_they_chose(life: Life, day: datetime, number: int, zone: str, address: str) -> EmailMessage:
    return _gets(life, day, number, datetime.combine(day, time(9), ZoneInfo(zone)), address, is_local=False)


def gets_what_they_chose_then(life: Life, day: datetime, number: int, zone: str, address: str) -> EmailMessage:
    return _gets(life, day, number, datetime.combine(day, time(10), ZoneInfo(zone)), address, is_local=True)


def _gets(life: Life, day: datetime, number: int, at: datetime, address: str, *, is_local: bool) -> EmailMessage:
    """Live through *day*: one mail comes to *address*, at that instant, with the section that was chosen."""
    came = life.day(day, number)

    assert [(to, when) for to, when, _ in came if to != "ben@reader.example"] == [(address, at)]
    assert [to for to, _, _ in came].count("ben@reader.example") == 1
    (mail,) = [mail for to, _, mail in came if to == address]
    world, local = STORIES[number]
    assert (world in text_of(mail), local in text_of(mail)) == (not is_local, is_local)
    return mail


def get_less(life: Life, digest: EmailMessage) -> None:
    """Take what the page for leaving offers in place of it: without a section, weekly, a break."""
    preferences, leave = link(digest, life.base, "p"), link(digest, life.base, "u")
    life.open(preferences)
    life.field("Local").check()
    life.press("Save")
    life.open(leave)
    life.field("Leave out a section").select_option("world")
    life.press("Leave it out")
    left_out = life.subscription()
    life.press("Once a week")
    weekly = life.subscription()
    life.press("A week")
    broken = life.subscription()
    life.open(preferences)
    life.press("Resume now")

    assert left_out is not None
    assert weekly is not None
    assert broken is not None
    assert left_out.sections == weekly.sections == ("local",)
    assert (left_out.cadence, weekly.cadence) == (Cadence.DAILY, Cadence.WEEKLY)
    assert (weekly.state, broken.state) == (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)


def change_everything_else(life: Life, digest: EmailMessage, language: str) -> None:
    """Change what the preferences hold besides the sections, and read what they say in the new language."""
    life.open(link(digest, life.base, "p"))
    life.field("Every day").check()
    life.field("At what hour").select_option("10:00")
    life.field("In which time zone").select_option(LATER_ZONE)
    life.unfold("Name and language")
    life.field("Your name").fill("Zuzanna Nowak")
    life.field("Language").select_option(language)
    life.press("Save")
    life.language = language

    assert life.told() == life.says("Saved. It holds from the next edition on that has not been sent yet.")
    found = life.subscription()
    assert found is not None
    assert (found.cadence, found.hour, found.sections) == (Cadence.DAILY, time(10), ("local",))


def pause_and_resume(life: Life, digest: EmailMessage, day: datetime, number: int) -> None:
    """Pause until a day, get nothing for a day, and resume in its evening."""
    preferences = link(digest, life.base, "p")
    life.open(preferences)
    life.unfold("Pause for a while")
    life.field("Or until this day").fill(f"{day + timedelta(days=14):%Y-%m-%d}")
    life.press("Pause")
    paused = life.subscription()
    came = life.day(day, number)
    life.open(preferences)
    life.press("Resume now")
    resumed = life.subscription()

    assert paused is not None
    assert (paused.state, paused.paused_until) == (SubscriptionState.PAUSED, (day + timedelta(days=14)).date())
    assert [to for to, _, _ in came] == ["ben@reader.example"]
    assert resumed is not None
    assert (resumed.state, resumed.paused_until) == (SubscriptionState.ACTIVE, None)


def move(life: Life, digest: EmailMessage, at: tuple[str, str]) -> EmailMessage:
    """Ask for another address, confirm it from there, and have the old one told; return what it is told."""
    life.open(link(digest, life.base, "p"))
    life.unfold("What is yours")
    life.field("Another e-mail address").fill(at[1])
    life.press("Send it to this address")
    asked = life.post()
    before = snapshot(life.services)
    life.open(link(asked[0], life.base, "a"))
    after = snapshot(life.services)
    life.press("Use this address")
    told = life.post()

    assert [mail["To"] for mail in asked] == [at[1]]
    assert before == after
    assert life.heading() == life.says("It has moved with you")
    assert [at[0] in str(mail["To"]) for mail in told] == [True]
    assert at[1] not in told[0].as_string()
    return told[0]


def move_back(life: Life, told: EmailMessage, at: tuple[str, str]) -> None:
    """Take the move back from the old mailbox."""
    life.clock.advance(timedelta(minutes=5))
    life.open(link(told, life.base, "a"))
    life.press("Use this address")
    (mail,) = life.post()

    assert at[1] in str(mail["To"])
    with life.services.reading() as session:
        assert at[0] in session.scalars(select(Subscriber.address)).all()


def gets_it_at_the_new_address_only(life: Life, day: datetime, number: int, at: tuple[str, str]) -> EmailMessage:
    came = {to: mail for to, _, mail in life.day(day, number)}

    assert set(came) == {at[1], "ben@reader.example"}
    assert at[0] not in came[at[1]].as_string()
    return came[at[1]]


def fetch_own_data(life: Life, digest: EmailMessage, address: str, *, is_table: bool) -> None:
    life.open(link(digest, life.base, "p"))
    life.unfold("What is yours")
    life.press("Ask for my data")
    mail = life.mail(address)
    life.open(link(mail, life.base, "d"))
    button = "Table (CSV)" if is_table else "For machines (JSON)"
    with life.page.expect_download() as download:
        life.page.get_by_role("button", name=life.says(button)).click()
    kept = download.value.path().read_text(encoding="utf-8")

    if is_table:
        cells = {cell for row in csv.reader(kept.splitlines()) for cell in row}
        assert {address, "Zuzanna Nowak", life.language, "requested", "confirmed", "paused", "sent"} <= cells
        return
    data = json.loads(kept)
    assert (data["reader"]["address"], data["reader"]["name"]) == (address, "Zuzanna Nowak")
    assert data["reader"]["language"] == life.language
    assert [one["sections"] for one in data["subscriptions"]] == [["local"]]
    assert [one["state"] for one in data["editions"]] == ["sent", "sent"]
    kinds = [event["kind"] for event in data["history"]]
    assert {"requested", "confirmed", "changed", "paused", "resumed"} <= set(kinds)


def asks_for_nothing_yet(life: Life, digest: EmailMessage) -> None:
    """Be told that the old address can still take the move back."""
    life.open(link(digest, life.base, "p"))
    life.unfold("What is yours")
    life.press("Erase my data")

    assert life.heading() == life.says("Not possible now")
    (said,) = life.complaints  # the browser's own word about the answer
    assert "409 (Conflict)" in said
    life.complaints.clear()


def leave_with_one_click_and_come_back(life: Life, digest: EmailMessage, *, is_multipart: bool) -> None:
    """Do what a mail program does with the headers of *digest*; then take it back on the page."""
    url = str(digest["List-Unsubscribe"]).strip("<>")
    name, _, value = str(digest["List-Unsubscribe-Post"]).partition("=")
    sent: Any = {"files": {name: (None, value)}} if is_multipart else {"data": {name: value}}
    answer = httpx2.post(url, **sent)
    left = life.subscription()
    life.open(url)
    come_back(life, digest)

    assert (answer.status_code, len(answer.cookies)) == (200, 0)
    assert left is not None
    assert left.state is SubscriptionState.ENDED


def come_back(life: Life, digest: EmailMessage) -> None:
    life.open(link(digest, life.base, "u"))
    life.press("Keep sending it")

    assert life.heading() == life.says("Good to have you back")
    found = life.subscription()
    assert found is not None
    assert found.state is SubscriptionState.ACTIVE


def leave_by_the_page_and_say_why(life: Life, digest: EmailMessage) -> None:
    life.open(link(digest, life.base, "u"))
    still = life.subscription()
    life.press("Unsubscribe")
    life.field("It comes too often").check()
    life.field("In your words").fill("Once a week would do.")
    life.press("Send")

    assert life.told() == life.says("Thank you. The editors read this.")
    assert still is not None
    assert still.state is SubscriptionState.ACTIVE
    found = life.subscription()
    assert found is not None
    assert (found.state, found.leaving_cause) == (SubscriptionState.ENDED, LeavingCause.TOO_OFTEN)
    assert found.leaving_words == "Once a week would do."


def leave_everything(life: Life, digest: EmailMessage) -> None:
    life.open(link(digest, life.base, "u"))
    life.press("Leave every newsletter")

    assert life.heading() == life.says("You have left everything")
    with life.services.reading() as session:
        assert SuppressionReason.UNSUBSCRIBED in session.scalars(select(Suppression.reason)).all()


def gets_nothing(life: Life, day: datetime, number: int) -> None:
    assert [to for to, _, _ in life.day(day, number)] == ["ben@reader.example"]


def be_erased(life: Life, digest: EmailMessage, address: str) -> None:
    """Ask for it, confirm it from the mailbox, and leave nothing but the keyed hash."""
    life.open(link(digest, life.base, "p"))
    life.unfold("What is yours")
    life.press("Erase my data")
    mail = life.mail(address)
    before = snapshot(life.services)
    life.open(link(mail, life.base, "f"))
    after = snapshot(life.services)
    known = life.stored()
    life.press("Erase my data")

    assert before == after
    assert life.heading() == life.says("Your data are erased")
    assert TELLING in known
    assert TELLING not in life.stored()
    with life.services.reading() as session:
        assert list(session.scalars(select(Suppression.reason))) == [SuppressionReason.ERASED]
    for url in (link(mail, life.base, "f"), link(digest, life.base, "p")):
        assert httpx2.get(url).status_code in {404, 410}


def refused_from(folder: Path, address: str) -> None:
    """Try to bring *address* back by a list."""
    (folder / "list.csv").write_text(f"email\n{address}\n", encoding="utf-8")

    told = run("subscriber", "import", "morning", folder / "list.csv", "--consent", "a paper form", "--json")

    assert (told.json["added"], list(told.json["counts"].values())) == (0, [1]), told
