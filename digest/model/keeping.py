"""Who may join, and how long what is known of readers is kept, as config.toml says."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long things are kept; None for ever."""

    #: A sign-up that nobody confirmed.
    unconfirmed: timedelta = timedelta(days=14)
    #: A reader who has left everything.
    ended: timedelta | None = timedelta(days=365)
    #: Single mails that have come to their end.
    notices: timedelta = timedelta(days=30)
    #: The ledger of somebody who was erased.
    evidence: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whose addresses are taken at sign-up."""

    #: Domains, in lower case and ASCII, at which nobody signs up; nor at one below them.
    refused_domains: frozenset[str] = frozenset()
    #: Whether DNS is asked if the domain takes mail.
    asks_dns: bool = False
