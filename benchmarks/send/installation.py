"""An installation to send from: its folder, its config.toml, its keys, and what the sender is told."""

import datetime as dt
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.render.sample import LINKS, TITLES
from digest.clock import SystemClock
from digest.model.relay import Conduct
from digest.services import Services
from digest.settings import load, shape
from subscribers.cadence import Cadence

SLUG = "morning"
DOMAIN = "news.example.org"
CADENCE = Cadence.DAILY
#: What receivers ask for; RFC 8301 allows no fewer than 1024.
RSA_BITS = 2048
SELECTOR = "bench"

_CONFIG = """\
[site]
base_url = "{base_url}"
state = "state"

[database]
url = "{database_url}"

[log]
level = "warning"

[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
{connections}
pipelining = "{conduct}"

[[newsletter]]
slug = "{slug}"
title = "The Morning"
sender = "The Morning <morning@{domain}>"
postal_address = "The Morning, 1 Example Street, 12345 Exampleton"
at = "00:00"
zone = "UTC"
minimum_stories = 1

{sections}

[[newsletter.source]]
folder = "news"
section = "{first}"
{dkim}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a sender is told: where the relay is, over how many connections, and the key to sign with, if any."""

    port: int
    connections: int = 16
    key: Path | None = None
    conduct: Conduct = Conduct.PIPELINED
    #: How many processes send at once; each opens so many connections.
    senders: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A folder with a config.toml and its keys, and the database that goes with it."""

    home: Path
    database_url: str

    @property
    def config(self) -> Path:
        """Return its config.toml."""
        return self.home / "config.toml"

    def write(self, orders: Orders) -> None:
        """Write its config.toml anew."""
        (self.home / "news").mkdir(parents=True, exist_ok=True)
        sections = "\n".join(f'[[newsletter.section]]\ntitle = "{title}"' for title in TITLES)
        self.config.write_text(
            _CONFIG.format(
                base_url=LINKS.base_url,
                database_url=self.database_url,
                port=orders.port,
                conduct=orders.conduct,
                connections=f"connections = {orders.connections}" if has_connections() else "",
                slug=SLUG,
                domain=DOMAIN,
                dkim=_dkim(orders.key) if orders.key is not None else "",
                sections=sections,
                first=TITLES[0],
            ),
            encoding="utf-8",
        )

    def start(self) -> Services:
        """Return its wired services; close them at the end."""
        return Services.start(load(self.config), SystemClock())

    def command(self, date: dt.date) -> list[str]:
        """Return the command that sends the Edition of *date* to all its readers."""
        digest = [sys.executable, "-c", "from digest.cli.main import main; main()", "--config", str(self.config)]
        return [*digest, "edition", "send", SLUG, "--date", date.isoformat(), "--cadence", CADENCE.value]


def has_connections() -> bool:
    """Return whether the sender of this version can be told its number of connections."""
    return "connections" in shape.SmtpTable.model_fields


def can_sign() -> bool:
    """Return whether the sender of this version can sign by itself."""
    return hasattr(shape, "DkimTable")


def new_key(path: Path) -> Path:
    """Write a new private RSA key to *path*, in PEM, and return it."""
    key = rsa.generate_private_key(65537, RSA_BITS)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path


def _dkim(key: Path) -> str:
    return f'\n[[dkim]]\ndomain = "{DOMAIN}"\nselector = "{SELECTOR}"\nkey_file = "{key}"\n'
