"""How we stand with each relay: connections found by trying, back-off, messages per connection learned."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from digest.model.relay import Relay

#: Connections to begin with; each round of accepted messages adds one (RFC 5681 calls it additive increase).
FIRST_CONNECTIONS = 2
#: Seconds to wait after a relay took no connection: doubled each time, up to the last.
BACKOFF_FIRST, BACKOFF_LONGEST = 1.0, 60.0
#: After so many new connections in a row that broke before taking a message, the relay is left for a while.
FRUITLESS_CONNECTIONS = 3
#: Where more than half of so many replies are refusals, only one connection goes on.
WATCHED = 200


@dataclass(slots=True)
class Standing:
    """One relay as this process has come to know it; shared by all its couriers."""

    relay: Relay
    #: Connections that it seems to bear.
    target: float = FIRST_CONNECTIONS
    #: Connections of this process, open or being opened.
    lines: int = 0
    #: Whether it has ever let us in.
    is_proven: bool = False
    #: In monotonic seconds: before this no new connection.
    not_before: float = 0.0
    #: Messages handed over, divided by its weight: the relay with the least is fed first.
    share: float = 0.0
    #: In monotonic seconds: when it was last given a message.
    moved_at: float = 0.0
    #: Messages that it takes on one connection before it closes it; None where it has not told.
    learned: int | None = None
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)
    _backoff: float = 0.0
    _fruitless: int = 0
    _replies: deque[bool] = field(default_factory=lambda: deque(maxlen=WATCHED))

    @property
    def per_connection(self) -> int:
        """Return after how many messages we take leave first."""
        return self.relay.per_connection if self.learned is None else min(self.relay.per_connection, self.learned)

    @property
    def room(self) -> int:
        """Return how many more connections may be opened."""
        return min(int(self.target), self.relay.connections) - self.lines

    def opened(self) -> None:
        """Take note of one connection more."""
        with self._lock:
            self.lines += 1

    def closed(self) -> None:
        """Take note of one connection less."""
        with self._lock:
            self.lines -= 1

    def accepted(self) -> None:
        """Take note that it took a message."""
        self.target = min(self.target + 1 / self.target, float(self.relay.connections))
        self._backoff, self._fruitless = 0.0, 0
        self._replies.append(True)

    def refused(self) -> bool:
        """Take note of a refusal; return whether it refuses more than half, so that only one connection goes on."""
        self._fruitless = 0
        self._replies.append(False)
        if len(self._replies) < WATCHED or sum(self._replies) * 2 >= WATCHED:
            return False
        self._replies.clear()
        self.target = 1.0
        return True

    def closed_after(self, messages: int) -> None:
        """Learn from a relay that closed a connection by itself after so many messages."""
        if messages:
            self.learned = messages if self.learned is None else min(self.learned, messages)
        else:
            self.halve()

    def halve(self) -> None:
        """Ask for half of the connections: multiplicative decrease."""
        self.target = max(1.0, self.target / 2)

    def fruitless(self) -> bool:
        """Take note of a connection that broke before it took a message; return whether it is to be left for now."""
        self._fruitless += 1
        if self._fruitless < FRUITLESS_CONNECTIONS:
            return False
        self._fruitless = 0
        return True

    def back_off(self, now: float) -> None:
        """Open no connection for a while, twice as long as the last time; what fails meanwhile was begun before."""
        if now < self.not_before:
            return
        self.halve()
        self._backoff = min(BACKOFF_LONGEST, self._backoff * 2 or BACKOFF_FIRST)
        self.not_before = now + self._backoff


@dataclass(frozen=True, slots=True)
class Fleet:
    """All relays of this process."""

    standings: tuple[Standing, ...]

    @classmethod
    def of(cls, relays: Iterable[Relay]) -> "Fleet":
        """Return the fleet of *relays*, of which nothing is known yet."""
        return cls(tuple(Standing(relay) for relay in relays))

    def called(self, names: Iterable[str]) -> tuple[Standing, ...]:
        """Return the standings of the relays called *names*; of all for no name."""
        wanted = set(names)
        return tuple(s for s in self.standings if not wanted or s.relay.name in wanted)
