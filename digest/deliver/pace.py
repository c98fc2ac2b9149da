"""The pace: what relays and recipient domains may be given now, shared by all senders through the database."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from digest.database import Database
from digest.model.relay import Limits, Relay
from digest.store import pace
from digest.store.pace import Grant

#: Tokens fetched at once.
HANDFUL = 50


class Pace(Protocol):
    """Whoever keeps the buckets and the holds. Each call is a transaction of its own."""

    def take(self, name: str, limits: Limits, wanted: int, now: datetime) -> Grant:
        """Take up to *wanted* tokens from the bucket called *name*."""
        ...

    def give_back(self, name: str, count: int) -> None:
        """Put back *count* tokens that were not used."""
        ...

    def hold(self, domain: str, reply: str, now: datetime) -> datetime:
        """Leave *domain* alone, for it said *reply*; return until when."""
        ...

    def release(self, domains: Collection[str], now: datetime) -> None:
        """Forget the past holds of *domains*, which have taken mail again."""
        ...


@dataclass(frozen=True, slots=True)
class SharedPace:
    """The pace kept in the database."""

    database: Database

    def take(self, name: str, limits: Limits, wanted: int, now: datetime) -> Grant:
        """Take up to *wanted* tokens from the bucket called *name*."""
        with self.database.session() as session:
            return pace.take(session, name, limits, wanted, now)

    def give_back(self, name: str, count: int) -> None:
        """Put back *count* tokens that were not used."""
        with self.database.session() as session:
            pace.give_back(session, name, count)

    def hold(self, domain: str, reply: str, now: datetime) -> datetime:
        """Leave *domain* alone, for it said *reply*; return until when."""
        with self.database.session() as session:
            return pace.hold(session, domain, reply, now)

    def release(self, domains: Collection[str], now: datetime) -> None:
        """Forget the past holds of *domains*, which have taken mail again."""
        with self.database.session() as session:
            pace.release(session, domains, now)


@dataclass(slots=True)
class Permits:
    """The tokens of one bucket that this sender has fetched and not used."""

    name: str
    limits: Limits
    pace: Pace
    left: int = 0
    #: When it is worth asking again; None before the first time.
    next_at: datetime | None = None

    def take(self, now: datetime) -> bool:
        """Use one, fetching more if that is worth while; return whether there was one."""
        if not self.left and (self.next_at is None or now >= self.next_at):
            grant = self.pace.take(self.name, self.limits, HANDFUL, now)
            self.left, self.next_at = grant.count, grant.next_at
        if not self.left:
            return False
        self.left -= 1
        return True

    def put_back(self) -> None:
        """Take back the use of one."""
        self.left += 1

    def close(self) -> None:
        """Give back what was not used."""
        if self.left:
            self.pace.give_back(self.name, self.left)
            self.left = 0


@dataclass(slots=True)
class Gates:
    """
    All limits that stand before the relays and domains of one run; *domains* maps a domain to its limits.

    What takes a token returns None, or when to ask again where there was none.
    """

    pace: Pace
    domains: Mapping[str, Limits]
    _permits: dict[str, Permits] = field(default_factory=dict)

    def has_domain(self, domain: str) -> bool:
        """Return whether *domain* has limits."""
        return domain in self.domains

    def take_domain(self, domain: str, now: datetime) -> datetime | None:
        """Take a token of *domain*, which has limits."""
        return self._take(f"domain:{domain}", self.domains[domain], now)

    def take_relay(self, relay: Relay, now: datetime) -> datetime | None:
        """Take a token of *relay*, if it has limits."""
        return None if relay.limits.is_none else self._take(f"relay:{relay.name}", relay.limits, now)

    def put_back_domain(self, domain: str) -> None:
        """Take back a token of *domain*, if it has limits."""
        if domain in self.domains:
            self._permits[f"domain:{domain}"].put_back()

    def put_back(self, relay: Relay, domain: str) -> None:
        """Take back what a mail took that was not handed over."""
        self.put_back_domain(domain)
        if not relay.limits.is_none:
            self._permits[f"relay:{relay.name}"].put_back()

    def close(self) -> None:
        """Give back what was not used."""
        for permits in self._permits.values():
            permits.close()

    def _take(self, bucket: str, limits: Limits, now: datetime) -> datetime | None:
        permits = self._permits.get(bucket)
        if permits is None:
            permits = self._permits[bucket] = Permits(bucket, limits, self.pace)
        if permits.take(now):
            return None
        assert permits.next_at is not None
        return permits.next_at
