"""Questions to DNS: short ones, each asked once, none for long; the only file that knows dnspython."""

from datetime import timedelta
from enum import StrEnum
from typing import Protocol

import dns.exception
import dns.name
import dns.rdata
import dns.resolver
from dns.rdtypes.txtbase import TXTBase

from digest.errors import DigestError

#: How long one question may take, its repetitions with it.
PATIENCE = timedelta(seconds=3)
#: After so many questions without an answer no more are asked.
SILENCES = 3
#: Nobody needs longer records or more of them; the rest is left out.
_LONGEST_TEXT = 8192
_MOST_RECORDS = 50


class DnsSilent(DigestError):
    """DNS gave no answer, so nothing can be said either way."""


class RecordType(StrEnum):
    """What is asked for."""

    #: Text: SPF, DKIM, DMARC.
    TXT = "TXT"
    #: An IPv4 address.
    A = "A"
    #: An IPv6 address.
    AAAA = "AAAA"
    #: Who takes the mail of a domain.
    MX = "MX"
    #: The name of an address.
    PTR = "PTR"


class Resolver(Protocol):
    """Whoever answers questions to DNS."""

    def ask(self, name: str, kind: RecordType) -> tuple[str, ...]:
        """Return the records of *kind* at *name*, none when there are none; DnsSilent when there was no answer."""
        ...


class Dns:
    """
    The resolver of this machine.

    A TXT record comes as its strings joined, an MX as ``10 mail.example.org``, names without their last dot.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, RecordType], tuple[str, ...]] = {}
        self._silences = 0
        try:
            self._resolver: dns.resolver.Resolver | None = dns.resolver.Resolver()
        except dns.exception.DNSException:
            self._resolver = None  # no resolver is configured

    def ask(self, name: str, kind: RecordType) -> tuple[str, ...]:
        """Return the records of *kind* at *name*, none when there are none; DnsSilent when there was no answer."""
        question = (name.lower().rstrip("."), kind)
        if question not in self._known:
            self._known[question] = self._ask(*question)
        return self._known[question]

    def _ask(self, name: str, kind: RecordType) -> tuple[str, ...]:
        if self._resolver is None:
            raise DnsSilent("this machine has no resolver")
        if self._silences >= SILENCES:
            raise DnsSilent(f"it left {SILENCES} questions open before")
        try:
            answer = self._resolver.resolve(f"{name}.", kind.value, lifetime=PATIENCE.total_seconds(), search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.NameTooLong):
            return ()
        except (dns.exception.DNSException, OSError, ValueError) as silence:
            self._silences += 1
            raise DnsSilent(type(silence).__name__) from silence
        return tuple(sorted(_text(record) for record in list(answer)[:_MOST_RECORDS]))


def _text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, TXTBase):
        return b"".join(record.strings).decode("utf-8", "replace")[:_LONGEST_TEXT]
    text = record.to_text()[:_LONGEST_TEXT]
    return text if text in {".", "0 ."} else text.rstrip(".")
