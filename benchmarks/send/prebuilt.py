"""
The bare wire: one message handed over again and again, without database or letters, but with journal and account.

``python -m benchmarks.send.prebuilt PORT CONNECTIONS MESSAGES LENGTH`` prints one JSON object, as ``ours`` does.
"""

import random
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from benchmarks.send.ours import told
from digest.clock import SystemClock
from digest.deliver import deliver
from digest.deliver.courier import Courier
from digest.deliver.relays import Fleet
from digest.deliver.retry import Judge
from digest.deliver.transaction import Parcel
from digest.model.delivery import Claimed, DeliveryState, Lease, Settlement
from digest.model.relay import Limits, Relay, Security
from digest.store.pace import Grant

_LINE = b"The quick brown fox jumps over the lazy dog, and nobody minds it at all.\r\n"


@dataclass(slots=True)
class InMemory:
    """An outbox of so many mails that are numbers, kept nowhere."""

    messages: int
    kind = "numbers"
    claimed: int = 0
    sent: int = 0

    def written(self, key: int) -> str:
        """Return *key* as it stands in a journal."""
        return str(key)

    def claim(self, now: datetime, lease: Lease, limit: int) -> list[Claimed[int, str]]:  # noqa: ARG002 (an outbox's)
        """Take up to *limit* of them."""
        first, self.claimed = self.claimed, min(self.messages, self.claimed + limit)
        return [
            Claimed(
                key=number,
                item=f"reader{number}@mail.example",
                domain="mail.example",
                lease_no=1,
                attempts=0,
                due_at=now,
                next_at=now,
            )
            for number in range(first, self.claimed)
        ]

    def extend(self, claims: Iterable[Claimed[int, object]], lease: Lease) -> set[int]:  # noqa: ARG002 (an outbox's)
        """Return that all are still ours."""
        return {claimed.key for claimed in claims}

    def settle(
        self,
        settlements: Sequence[Settlement[int]],
        *,
        owner: str,  # noqa: ARG002 (an outbox's)
        now: datetime,  # noqa: ARG002 (an outbox's)
    ) -> list[Settlement[int]]:
        """Count those that were sent."""
        self.sent += sum(settlement.state == DeliveryState.SENT for settlement in settlements)
        return []

    def is_going(self) -> bool:
        """Return that nobody stops it."""
        return True

    def holds(self) -> Mapping[str, datetime]:
        """Return that no domain is left alone."""
        return {}


@dataclass(slots=True)
class NoPace:
    """No limits at all."""

    asked: list[str] = field(default_factory=list)

    def take(self, name: str, limits: Limits, wanted: int, now: datetime) -> Grant:  # noqa: ARG002 (a pace's)
        """Give what is wanted."""
        return Grant(count=wanted, next_at=now)

    def give_back(self, name: str, count: int) -> None:
        """Take no note."""

    def hold(self, domain: str, reply: str, now: datetime) -> datetime:  # noqa: ARG002 (a pace's)
        """Hold nothing."""
        return now

    def release(self, domains: Collection[str], now: datetime) -> None:
        """Take no note."""


def main(port: int, connections: int, messages: int, length: int) -> None:
    """Hand over so many *messages* of *length* bytes; SystemExit when any was not taken."""
    head = b"From: morning@news.example.org\r\nSubject: The Morning\r\n\r\n"
    message = head + _LINE * ((length - len(head)) // len(_LINE))
    relay = Relay(host="127.0.0.1", port=port, security=Security.NONE, connections=connections, per_connection=100_000)
    outbox = InMemory(messages)

    def letter(address: str, _relay: Relay) -> Parcel:
        return Parcel(sender="morning@news.example.org", recipient=address, message=message)

    with tempfile.TemporaryDirectory() as folder:
        courier = Courier(
            name="prebuilt",
            standings=Fleet.of([relay]).standings,
            clock=SystemClock(),
            judge=Judge(chance=random.Random(1)),
            journals=Path(folder),
            pace=NoPace(),
        )
        with told(messages):
            report = deliver(courier, outbox, letter)
    if outbox.sent != messages:
        raise SystemExit(f"of {messages} messages {outbox.sent} were taken. {report.halted}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:5]))
