"""The only wiring: settings, clock, database, keys, links, templates and the web client, put together once."""

import json
import os
import random
import secrets
import socket
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Self

from digest import resources
from digest.clock import Clock
from digest.database import Database, Session
from digest.deliver.courier import Courier, Manners
from digest.deliver.dkim_keys import Signing, open_signing
from digest.deliver.envelope import Seal
from digest.deliver.pace import SharedPace
from digest.deliver.profile import REWRITTEN
from digest.deliver.relays import Fleet
from digest.deliver.retry import Judge
from digest.errors import SettingsError
from digest.http import GuardedClient, Limits
from digest.http.robots import Robots
from digest.links import Links
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.model.relay import Relay
from digest.settings import Settings
from digest.shelf import Shelf
from subscribers import audience, suppression, tokens

if TYPE_CHECKING:
    from jinja2 import Environment

    from digest.meaning import Meanings
    from digest.model.rendered import RenderedDigest
    from digest.render.press import Press

#: Stands for a reader's token where none may work: previews, tests and the archive. As long as a real one.
INERT_TOKEN = "0" * 57
#: An editor goes back and forth between a few versions; one takes a megabyte or two.
KEPT_PAGES = 8
#: Told to every site that we read, with the operator's contact behind it.
PRODUCT = "DailyDigest/0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """
    The secrets of one installation.

    *fingerprint* makes the fingerprints of suppressed addresses: it never rotates and belongs into the backup, for an
    erased address cannot be hashed anew. *tokens* sign links; *message* makes Message-IDs that cannot be guessed.
    """

    tokens: tokens.Keys
    fingerprint: bytes
    message: bytes

    @classmethod
    def open(cls, state: Path) -> Self:
        """Read the keys from the folder *state*, or make them there at the first start (mode 0600)."""
        path = state / "keys.json"
        try:
            state.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _write_new_keys(path)
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                tokens=tokens.Keys(tuple(bytes.fromhex(key) for key in data["tokens"])),
                fingerprint=bytes.fromhex(data["fingerprint"]),
                message=bytes.fromhex(data["message"]),
            )
        except OSError as fault:
            raise SettingsError([f"[site] state: {path} cannot be used: {fault.strerror}; check the folder"]) from fault
        except (ValueError, KeyError, TypeError) as fault:
            raise SettingsError(
                [f"[site] state: {path} is damaged ({fault}); bring it back from your backup"]
            ) from fault


def _write_new_keys(path: Path) -> None:
    fresh = _written_beside(
        path,
        {
            "tokens": [secrets.token_hex(32)],
            "fingerprint": secrets.token_hex(32),
            "message": secrets.token_hex(32),
        },
    )
    try:
        os.link(fresh, path)  # fails where another process was first: its keys then stand
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def rotate_keys(state: Path, now: datetime) -> None:
    """
    Put a new signing key in front of those in the folder *state*: it signs from the next start on, and all open.

    Nothing else changes, the fingerprint key least of all. SettingsError as ``Keyring.open``.
    """
    Keyring.open(state)
    path = state / "keys.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        data["tokens"].insert(0, secrets.token_hex(32))
        data["since"] = [now.isoformat(), *data.get("since", ())]
        _written_beside(path, data).replace(path)
    except OSError as fault:
        raise SettingsError([f"[site] state: {path} cannot be used: {fault.strerror}; check the folder"]) from fault


def signing_keys_since(state: Path) -> list[datetime | None]:
    """Return since when each signing key in the folder *state* signs, newest first; None for the first one."""
    number = len(Keyring.open(state).tokens.secrets)
    since = json.loads((state / "keys.json").read_text(encoding="utf-8")).get("since", ())
    return [*map(datetime.fromisoformat, since), *[None] * number][:number]


def _written_beside(path: Path, data: object) -> Path:
    """Write *data* into a new file beside *path*, for its owner alone, safe from a power cut; return its path."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that the flow needs from the world."""

    settings: Settings
    clock: Clock
    database: Database
    keys: Keyring
    links: Links
    #: How we stand with each relay.
    fleet: Fleet
    #: Knows what headlines mean; None unless a newsletter asks for it.
    meanings: "Meanings | None" = None
    #: What sites ask of robots, remembered for a day.
    robots: Robots = field(default_factory=Robots)
    #: The keys that mail is signed with.
    signing: Signing = field(default_factory=Signing, repr=False)
    #: The pages that previews were last filled from.
    pages: "Shelf[RenderedDigest]" = field(default_factory=lambda: Shelf(KEPT_PAGES), repr=False)

    @classmethod
    def start(cls, settings: Settings, clock: Clock) -> Self:
        """Open everything that *settings* names; SettingsError or DatabaseNotReady when that cannot be."""
        meanings = None
        if any(newsletter.embeddings for newsletter in settings.newsletters):
            from digest import meaning  # noqa: PLC0415 (numbers' library and weights take memory that few need)

            meanings = meaning.load()
        keys = Keyring.open(settings.state)
        signing, unusable = open_signing(settings.dkim)
        database = Database(settings.database_url)
        database.prepare()
        with database.reading() as session:
            faults = (*unusable, *_contradictions(session, settings, keys))
            is_new = suppression.recognises(session, keys.fingerprint) is None
        if is_new and not faults:
            with database.session() as session:
                suppression.remember(session, keys.fingerprint)
        if faults:
            database.close()
            raise SettingsError(faults)
        return cls(
            settings=settings,
            clock=clock,
            database=database,
            keys=keys,
            links=Links(settings.base_url),
            fleet=Fleet.of(settings.relays),
            meanings=meanings,
            signing=signing,
        )

    def session(self) -> AbstractContextManager[Session]:
        """Give a Session that may write, committed at its end."""
        return self.database.session()

    def reading(self) -> AbstractContextManager[Session]:
        """Give a Session that only reads."""
        return self.database.reading()

    def newsletter(self, slug: str) -> Newsletter:
        """Return the Newsletter called *slug*; UnknownNewsletter when there is none."""
        return self.settings.newsletter(slug)

    def seal(self, domain: str, relay: Relay) -> Seal | None:
        """Return how mail whose From is at *domain* is signed for *relay*; None when that is left to the relay."""
        signers = self.signing.signer_for(domain)
        return None if signers is None else Seal(signers=signers, leave_out=REWRITTEN[relay.profile])

    def environment(self, newsletter: Newsletter) -> "Environment":
        """Return the mail templates in the newsletter's look and language."""
        return mail_templates(newsletter)

    def speaking(self, newsletter: Newsletter, language: str) -> Newsletter:
        """Return *newsletter* as it speaks in *language*, where its templates have that; else in its own."""
        from digest.render.languages import spoken  # noqa: PLC0415 (as in mail_templates)

        folders = [folder for folder in (newsletter.templates, resources.templates() / "email") if folder is not None]
        found = spoken(folders, language)
        return newsletter if found is None else replace(newsletter, language=found)

    def press(self, newsletter: Newsletter, edition_id: EditionId) -> "Press":
        """Return what an Edition of *newsletter* is printed with at this moment."""
        return press(newsletter, self.links, edition_id, self.clock.now())

    def web_client(self, limits: Limits | None = None) -> GuardedClient:
        """Return a new client for strangers' servers, within its own *limits*; use it as an async context manager."""
        return GuardedClient(
            user_agent=f"{PRODUCT} (+{self.settings.contact or self.settings.base_url})",
            allowed=self.settings.allow_networks,
            limits=limits,
        )

    @property
    def journals(self) -> Path:
        """Return the folder in which the senders of this machine keep their journals."""
        return self.settings.state / "journals"

    def courier(self, task: str, relays: Collection[str] = (), stop: Event | None = None) -> Courier:
        """Return a courier of this process for *task*, which sends through the *relays* of these names, or all."""
        return Courier(
            name=f"{socket.gethostname()[:40]}:{os.getpid()}:{task}:{secrets.token_hex(4)}",
            standings=self.fleet.called(relays),
            clock=self.clock,
            judge=Judge(chance=random.SystemRandom(), resends=self.settings.resends_doubt),
            journals=self.journals,
            pace=SharedPace(self.database),
            manners=Manners(policy_share=self.settings.policy_share, domains=self.settings.domains),
            stop=stop or Event(),
        )

    def close(self) -> None:
        """Give everything back."""
        self.database.close()


def _contradictions(session: Session, settings: Settings, keys: Keyring) -> Iterator[str]:
    """Tell what the settings say against what the database knows, in words."""
    defined = {newsletter.slug for newsletter in settings.newsletters}
    for slug, readers in audience.in_use(session).items():
        if slug not in defined:
            yield (
                f'newsletter "{slug}" has {readers} readers but no longer stands in config.toml; put it back, '
                f"and end their subscriptions with `digest subscriber end {slug} --all` before you take it out"
            )
    is_ours = suppression.recognises(session, keys.fingerprint)
    # A database of before the check was kept has none: then somebody's fingerprint must do.
    if not (audience.is_fingerprinted_with(session, keys.fingerprint) if is_ours is None else is_ours):
        yield (
            f"[site] state: {settings.state / 'keys.json'} is not the one that this database was begun with, so "
            "suppressed addresses would not be recognised; bring back the keys.json of your backup"
        )


def mail_templates(newsletter: Newsletter) -> "Environment":
    """Return the mail templates in the newsletter's look and language: its own copies first, then the packaged ones."""
    from digest.render.pages import environment  # noqa: PLC0415 (whoever only sends prints nothing)

    return environment(
        resources.templates() / "email",
        own=newsletter.templates,
        theme=newsletter.look.theme,
        language=newsletter.language,
        is_flowed=newsletter.text_flowed,
    )


def press(newsletter: Newsletter, links: Links, edition_id: EditionId, now: datetime) -> "Press":
    """Return what an Edition of *newsletter* is printed with."""
    from digest.render.press import Press  # noqa: PLC0415 (as above)

    return Press(environment=mail_templates(newsletter), links=links, now=now, longest=inert_urls(links, edition_id))


def inert_urls(links: Links, edition_id: EditionId) -> dict[str, str]:
    """Return the addresses of a reader who is nobody: as long as any reader's, and they open nothing."""
    return {
        "unsubscribe_url": links.unsubscribe(INERT_TOKEN),
        "preferences_url": links.preferences(INERT_TOKEN),
        "view_url": links.view(edition_id, INERT_TOKEN),
    }
