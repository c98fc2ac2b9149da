"""Who carries mail, on what terms, and what it came to."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from digest.clock import Clock
from digest.deliver.journal import Journal
from digest.deliver.pace import Pace
from digest.deliver.relays import Standing
from digest.deliver.retry import Judge
from digest.deliver.transaction import Parcel
from digest.model.delivery import DeliveryState, Settlement
from digest.model.relay import Limits, Relay

Item = TypeVar("Item")

#: Writes the mail to one recipient for one relay; None means that there is nothing for this one.
Letter = Callable[[Item, Relay], Parcel | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """
    How a sender behaves, whatever it sends.

    *lease* must outlast the longest conversation about one mail, in which the reply to the final dot alone may take ten
    minutes. *batch* mails are claimed at once. *policy_share* is the share of refusals for policy (RFC 3463, 5.7.x)
    above which the sending is paused. *domains* limits recipient domains.
    """

    lease: timedelta = timedelta(minutes=30)
    batch: int = 500
    patience: timedelta = timedelta(seconds=5)
    policy_share: float = 0.1
    domains: Mapping[str, Limits] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """
    Who carries mail: one thread, with the relays that it may use, its clock, its judgement and its manners.

    *name* owns the leases and must be no other courier's. Its journal lies in the folder *journals*. *stop* ends the
    work: conversations in flight are finished, nothing new is begun.
    """

    name: str
    standings: Sequence[Standing]
    clock: Clock
    judge: Judge
    journals: Path
    pace: Pace
    manners: Manners = field(default_factory=Manners)
    stop: Event = field(default_factory=Event)

    def journal(self, kind: str) -> Journal:
        """Open this courier's journal for mails of *kind*."""
        return Journal(self.journals, self.name, kind)


@dataclass(slots=True)
class DeliverReport:
    """
    What carrying the mail came to.

    *counts*: how many came to each state (sent, deferred, failed, skipped, in_doubt), were ``put_back`` untouched, or
    were ``lost`` to another sender. *halted* says in one sentence why no relay took any more; None when all that was
    due has been tried. *needs_operator* tells whether waiting alone will not mend that. *faults* says the same of each
    relay that was left, also where others went on. *refused* says why the sending should be paused: too many refusals
    for policy. *rests* tells that the pace allows no more for now.
    """

    counts: Counter[str] = field(default_factory=Counter)
    halted: str | None = None
    needs_operator: bool = False
    faults: list[str] = field(default_factory=list)
    refused: str | None = None
    rests: str | None = None

    def count(self, settlement: Settlement[Any]) -> None:
        """Take a settled mail into the counts."""
        is_back = settlement.state == DeliveryState.PLANNED
        self.counts["put_back" if is_back else settlement.state.value] += 1
