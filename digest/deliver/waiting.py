"""Claimed mail that waits for a line, behind the limits of relays and domains."""

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from digest.deliver.pace import Gates
from digest.model.delivery import Claimed
from digest.model.relay import Relay

Key = TypeVar("Key")
Item = TypeVar("Item")

#: So many mails to a domain whose limit is used up wait here; others go back and come again later.
ASIDE = 50


class Waiting(Generic[Key, Item]):
    """First come, first served, but for domains that are to be left alone or whose limit is used up."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self._queue: deque[Claimed[Key, Item]] = deque()
        self._aside: dict[str, deque[Claimed[Key, Item]]] = defaultdict(deque)
        #: When each domain aside may be asked for again.
        self._until: dict[str, datetime] = {}
        #: When a relay's limit lets the next one through, where that was what failed last.
        self.next_at: datetime | None = None

    def __len__(self) -> int:
        return len(self._queue) + sum(map(len, self._aside.values()))

    def __iter__(self) -> Iterator[Claimed[Key, Item]]:
        yield from self._queue
        for aside in self._aside.values():
            yield from aside

    def add(self, claimed: Claimed[Key, Item]) -> None:
        """Put it last."""
        self._queue.append(claimed)

    def put_first(self, claimed: Claimed[Key, Item]) -> None:
        """Put it first: it was taken and could not be handed over."""
        self._queue.appendleft(claimed)

    def take(self, relay: Relay, now: datetime) -> Claimed[Key, Item] | None:
        """Return the next one that may go through *relay* now; None where there is none, and ``next_at`` says when."""
        self.next_at = None
        for domain in [domain for domain, until in self._until.items() if until <= now]:
            self._queue.extendleft(reversed(self._aside.pop(domain)))
            del self._until[domain]
        while self._queue:
            claimed = self._queue[0]
            if claimed.domain in self._until:
                self._aside[claimed.domain].append(self._queue.popleft())
                continue
            if self._gates.has_domain(claimed.domain):
                short = self._gates.take_domain(claimed.domain, now)
                if short is not None:
                    self._until[claimed.domain] = short
                    continue
            short = self._gates.take_relay(relay, now)
            if short is not None:
                self._gates.put_back_domain(claimed.domain)
                self.next_at = short
                return None
            return self._queue.popleft()
        if self._until:
            self.next_at = min(self._until.values())
        return None

    def overflow(self) -> list[tuple[Claimed[Key, Item], datetime]]:
        """Take out those for which there is no room aside, each with the time when its turn may come."""
        out = []
        for domain, aside in self._aside.items():
            rate = self._gates.domains[domain].rate
            apart = timedelta(seconds=1 / rate) if rate else timedelta(0)
            while len(aside) > ASIDE:
                out.append((aside.pop(), self._until[domain] + len(aside) * apart))
        return out

    def hold(self, domain: str) -> list[Claimed[Key, Item]]:
        """Take out all that wait for *domain*."""
        held = [claimed for claimed in self._queue if claimed.domain == domain]
        self._queue = deque(claimed for claimed in self._queue if claimed.domain != domain)
        held += self._aside.pop(domain, ())
        self._until.pop(domain, None)
        return held

    def remove(self, keys: set[Key]) -> None:
        """Take out those called *keys*."""
        self._queue = deque(claimed for claimed in self._queue if claimed.key not in keys)
        for domain, aside in self._aside.items():
            self._aside[domain] = deque(claimed for claimed in aside if claimed.key not in keys)

    def clear(self) -> None:
        """Take out all."""
        self._queue.clear()
        self._aside.clear()
        self._until.clear()
