"""DkimKey: where the keys are with which we sign the mail of a domain (RFC 6376)."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class KeyKind(StrEnum):
    """What a key is, as ``k=`` of its record says it."""

    #: What every receiver checks: RFC 8301.
    RSA = "rsa"
    #: Shorter and faster, and few check it: RFC 8463.
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """One key of a domain: what it is called in DNS, what it is, and where it is kept."""

    selector: str
    kind: KeyKind
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """
    The names and files of the keys for one domain; the keys themselves are read at start and live nowhere else.

    The RSA key signs always; the Ed25519 key, where there is one, signs beside it (RFC 8463).
    """

    #: In lower case; mail from it and from all that lies below it is signed.
    domain: str
    selector: str
    key_file: Path
    ed25519_selector: str = ""
    ed25519_key_file: Path | None = None

    @property
    def files(self) -> tuple[KeyFile, ...]:
        """Return the keys, the RSA key first."""
        rsa = KeyFile(self.selector, KeyKind.RSA, self.key_file)
        if self.ed25519_key_file is None:
            return (rsa,)
        return (rsa, KeyFile(self.ed25519_selector, KeyKind.ED25519, self.ed25519_key_file))


def record_name(selector: str, domain: str) -> str:
    """Return where in DNS the public part of a key is looked up: RFC 6376 §3.6.2.1."""
    return f"{selector}._domainkey.{domain}"


def covers(domain: str, sender: str) -> bool:
    """Return whether mail from the domain *sender* may be signed by *domain*: the same, or above it."""
    sender = sender.lower()
    return sender == domain or sender.endswith(f".{domain}")
