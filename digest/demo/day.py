"""One day of the sample newspaper, from the sources to the inbox, with every part real."""

import re
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from socket import socket

from digest import calendar, notices, pipeline, sending
from digest.clock import Clock
from digest.demo.background import Background, free_port, listening
from digest.demo.inbox import Inbox
from digest.demo.inbox_pages import inbox_app
from digest.demo.ports import Ports
from digest.demo.readers import SAMPLE_READERS
from digest.demo.site import SourceSite
from digest.desk import releasing
from digest.errors import DigestError
from digest.model.delivery import Account
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter, SourceKind, SourcePlan
from digest.model.staff import Role
from digest.readers import signing_up
from digest.scheduler import Scheduler
from digest.services import Services
from digest.settings import load
from digest.staff import accounts
from digest.store import editions
from digest.store import staff as staff_store
from digest.web.app import create_app
from subscribers.consent import Evidence

SLUG = "lantern"
EDITOR = "editor@lantern.example"
BY_DEMO = Evidence(wording="Signed up by the demo.", source="digest demo", network_address="127.0.0.1")
CONFIRM_LINK = re.compile(rb"https?://[^\s\"<>]+/confirm/[A-Za-z0-9_.~%-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the day came to. *faults* are the links of the chain that did not hold, in words."""

    gathered: pipeline.GatherReport
    edition_id: EditionId
    state: EditionState
    #: Why there is no Edition, when it was skipped.
    reason: str
    stories: int
    account: Account
    mails: int
    faults: tuple[str, ...]


class Day:
    """A demo at work: sources, SMTP inbox, pages and services, all on loopback, all real."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        """Make ready to live the day in *directory*, which keeps the database, the config and the mails."""
        self.directory = directory.resolve()
        self.clock = clock
        self.password = secrets.token_urlsafe(9)

    @contextmanager
    def open(self) -> Iterator["Day"]:
        """Start every part, and stop them all at the end."""
        self.directory.mkdir(parents=True, exist_ok=True)
        ports = Ports.of(self.directory)
        with ExitStack() as parts:
            # Each port is taken as soon as it is found free, lest another demo take it in between.
            pages = parts.enter_context(closing(listening(ports.pages)))
            inbox_pages = parts.enter_context(closing(listening(ports.inbox)))
            self.site = parts.enter_context(SourceSite(self.clock.now, port=free_port(ports.sources)))
            self.inbox = parts.enter_context(Inbox(self.directory / "inbox", port=free_port(ports.smtp)))
            ports = Ports(_port(pages), self.site.port, self.inbox.port, _port(inbox_pages))
            ports.keep(self.directory)
            sources = [*self.site.sources(), *self.site.drop_folder(self.directory / "dropped")]
            config = self.directory / "config.toml"
            config.write_text(config_text(self.site, sources, ports), encoding="utf-8")
            self.services = Services.start(load(config), self.clock)
            parts.callback(self.services.close)
            self.scheduler = Scheduler(self.services)
            app = create_app(self.services, since_last_tick=self.scheduler.since_last_tick)
            parts.enter_context(Background(app, [pages]))
            parts.enter_context(Background(inbox_app(self.inbox), [inbox_pages]))
            self.inbox_url = f"http://127.0.0.1:{ports.inbox}/"
            yield self

    @property
    def newsletter(self) -> Newsletter:
        """Return the demo's newsletter."""
        return self.services.newsletter(SLUG)

    def hire_an_editor(self) -> None:
        """Give the desk an account with a password of this run."""
        with self.services.session() as session:
            if staff_store.account(session, EDITOR) is None:
                now = self.clock.now()
                accounts.add(
                    session, email=EDITOR, name="Demo editor", role=Role.OPERATOR, password=self.password, now=now
                )
            else:
                accounts.replace_password(session, EDITOR, self.password)

    def sign_up_readers(self, on_each: Callable[[str], None]) -> int:
        """Let the sample readers sign up, and confirm by the link in their mail; return how many confirmed now."""
        for reader in SAMPLE_READERS:
            wish = signing_up.SignUp(
                newsletter=SLUG,
                address=reader.address,
                name=reader.name,
                sections=reader.sections,
                cadence=reader.cadence,
                hour=reader.hour,
                time_zone=reader.time_zone,
                language=reader.language,
            )
            signing_up.sign_up(self.services, wish, BY_DEMO)
        signing_up.take_up(self.services)
        before = {mail.name for mail in self.inbox.files()}
        self._send_notices()
        confirmed = 0
        for mail in self.inbox.files():
            link = _confirm_link(mail.read_bytes()) if mail.name not in before else None
            if link is not None:
                _press_the_button(link)
                confirmed += 1
                on_each(mail.name)
        self._send_notices()
        return confirmed

    def _send_notices(self) -> None:
        report = notices.send(self.services)
        if report.halted or set(report.counts) - {"sent"}:
            raise DigestError(f"the single mails did not all go out: {dict(report.counts)} {report.halted or ''}")

    def gather(self, on_done: pipeline.OnGathered) -> pipeline.GatherReport:
        """Ask every source."""
        return pipeline.gather_afresh(self.services, [self.newsletter], on_done=on_done)

    def prepare(self) -> EditionId:
        """Rank and lay out today's Edition, or find the one that is there."""
        newsletter = self.newsletter
        today = calendar.local_date(self.clock.now(), newsletter.schedule.zone)
        return pipeline.prepare_edition(self.services, newsletter, newsletter.schedule.cadences[0], today).edition_id

    def approve(self, edition_id: EditionId) -> None:
        """Approve the Edition, unless that has been done."""
        with self.services.reading() as session:
            is_open = editions.get(session, edition_id).is_open
        if is_open:
            releasing.approve(self.services, edition_id, by=EDITOR)

    def send(self, edition_id: EditionId, on_progress: Callable[[Account], None]) -> sending.Sent:
        """Send every wave now; nothing when there is no Edition, since all its news was in an earlier one."""
        with self.services.reading() as session:
            edition = editions.get(session, edition_id)
            if edition.state is EditionState.SKIPPED:
                return sending.Sent(edition_id=edition_id, state=edition.state, account=Account(intended=0))
        return sending.send_edition(self.services, edition_id, every_wave=True, on_progress=on_progress)

    def outcome(self, gathered: pipeline.GatherReport, sent: sending.Sent) -> Outcome:
        """Add it all up, and name every link of the chain that did not hold."""
        with self.services.reading() as session:
            edition = editions.get(session, sent.edition_id)
            stories = 0 if edition.draft_json is None else len(edition.draft.stories)
        return Outcome(
            gathered=gathered,
            edition_id=sent.edition_id,
            state=sent.state,
            reason=edition.reason,
            stories=stories,
            account=sent.account,
            mails=len(self.inbox.files()),
            faults=tuple(self._faults(gathered, sent)),
        )

    def _faults(self, gathered: pipeline.GatherReport, sent: sending.Sent) -> Iterator[str]:
        if gathered.failures:
            yield f"sources that did not answer: {gathered.failures}"
        if sent.state is EditionState.SKIPPED:
            return
        account = sent.account
        digests = sum(1 for mail in self.inbox.files() if _carries(mail, sent.edition_id))
        if sent.halted:
            yield f"sending stopped: {sent.halted}"
        if sent.state is not EditionState.SENT:
            yield f"the edition is {sent.state}, not sent"
        if not account.adds_up:
            yield f"the account does not add up: {account}"
        if not account.sent:
            yield "no mail was sent"
        if account.failed or account.deferred or account.in_doubt:
            yield f"{account.failed} failed, {account.deferred} deferred, {account.in_doubt} in doubt"
        if account.sent != digests:
            yield f"{account.sent} digests were sent but {digests} lie in the inbox"


def config_text(site: SourceSite, sources: list[SourcePlan], ports: Ports) -> str:
    """Return the config.toml of the demo: the same file that anybody would write for themselves."""
    tables = [
        _CONFIG.format(slug=SLUG, pages=ports.pages, smtp=ports.smtp),
        *(
            f'[[newsletter.section]]\ntitle = "{plan.title}"\nslug = "{plan.slug}"\nstories = {plan.stories}\n'
            for plan in site.sections()
        ),
        *(_source_table(plan) for plan in sources),
    ]
    return "\n".join(tables)


def _port(listener: socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _source_table(plan: SourcePlan) -> str:
    kind = "feed" if plan.kind is SourceKind.FEED else "folder"
    lines = ["[[newsletter.source]]", f'{kind} = "{plan.address}"', f'section = "{plan.section}"']
    lines += [f'name = "{plan.name}"'] if plan.name else []
    lines += [f'language = "{plan.language}"'] if plan.language else []
    return "\n".join([*lines, f"weight = {plan.weight}", ""])


def _confirm_link(mail: bytes) -> str | None:
    part = message_from_bytes(mail, policy=policy.default).get_body(("plain",))
    found = CONFIRM_LINK.search(part.get_content().encode()) if part is not None else None
    return found[0].decode() if found else None


def _press_the_button(link: str) -> None:
    """Do what a reader's browser does on the confirmation page: POST its form."""
    request = urllib.request.Request(link, data=b"", method="POST")  # noqa: S310 (our own page on loopback)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (as above)
        if answer.status != 200:
            raise DigestError(f"the confirmation page answered {answer.status}; see the log")


def _carries(mail: Path, edition_id: EditionId) -> bool:
    """Return whether *mail* is a Delivery of that Edition: its Message-ID says so."""
    return f"\r\nMessage-ID: <{edition_id}.".encode() in mail.read_bytes()[:8000]


_CONFIG = """\
# Written by `digest demo`: a newsletter made of the sample newspaper. Try it with every command, such as
# `digest --config config.toml edition show {slug} --why`.

[site]
base_url = "http://127.0.0.1:{pages}"
listen = "127.0.0.1:{pages}"
state = "."

[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"

[gather]
allow_networks = ["127.0.0.0/8"]      # the sample newspaper lives on this machine

[log]
level = "warning"

[[newsletter]]
slug = "{slug}"
title = "The Daily Lantern"
description = "Eight papers, one short mail: what happened, told once."
sender = "The Daily Lantern <daily@lantern.example>"
postal_address = "The Daily Lantern, 4 Lamplighter Row, Harrowmere"
at = "07:00"
zone = "UTC"
cadences = ["daily", "weekly"]
"""
