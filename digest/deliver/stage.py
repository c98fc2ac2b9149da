"""The verb: claim, write, hand over, settle, until nothing is due."""

import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Generic, TypeVar

from digest.clock import Clock
from digest.deliver import headers, retry
from digest.deliver.dkim import Signers, signed
from digest.deliver.envelope import build
from digest.deliver.outbox import Outbox
from digest.deliver.smtp import Line
from digest.deliver.transaction import Parcel, RelayBusy
from digest.errors import DatabaseNotReady, RelayHalted, TemplateError
from digest.logs import logger
from digest.model.delivery import Claimed, DeliveryState, Lease, Reason, Settlement
from digest.model.message import Email

log = logger(__name__)

Key = TypeVar("Key")
Item = TypeVar("Item")

#: A lease is renewed at most so often; each mail then begins with nearly the whole of it before it.
HEARTBEAT = timedelta(minutes=1)


def _nobody(_domain: str) -> None:
    """Sign nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """
    Who carries mail: one thread with its line to the relay, its clock, and its manners.

    *name* owns the leases and must be no other courier's. *lease* must outlast the longest conversation about one mail,
    in which the reply to the final dot alone may take ten minutes. *stop* ends the work between two mails. *patience*
    is how long it waits before it writes down anew what a database that was not ready did not take. *signer_for* tells
    who signs the mail of a From's domain; None leaves that to the relay.
    """

    name: str
    line: Line
    clock: Clock
    chance: random.Random
    stop: Event = field(default_factory=Event)
    lease: timedelta = timedelta(minutes=30)
    batch: int = 50
    patience: timedelta = timedelta(seconds=5)
    signer_for: Callable[[str], Signers | None] = _nobody


@dataclass(slots=True)
class DeliverReport:
    """
    What carrying the mail came to.

    *counts*: how many came to each state (sent, deferred, failed, skipped, in_doubt), were ``put_back`` untouched, or
    were ``lost`` to another sender. *halted* says in one sentence why the relay took no more; None when all that was
    due has been tried. *needs_operator* tells whether waiting alone will not mend that.
    """

    counts: Counter[str] = field(default_factory=Counter)
    halted: str | None = None
    needs_operator: bool = False


def deliver(
    courier: Courier,
    outbox: Outbox[Key, Item],
    letter: Callable[[Item], Email | None],
    *,
    progress: Callable[[DeliverReport], None] | None = None,
) -> DeliverReport:
    """
    Carry all mail of *outbox* that is due, batch by batch, and settle each batch as it ends.

    *letter* writes to one recipient; None means that there is nothing for this one. A letter that cannot be written
    fails that mail alone. When the relay refuses us as a whole, no mail is to blame: what was claimed goes back as it
    was. *progress* is told after each batch.
    """
    report = DeliverReport()
    while report.halted is None and not courier.stop.is_set():
        now = courier.clock.now()
        claims = outbox.claim(now, Lease(owner=courier.name, until=now + courier.lease), courier.batch)
        if not claims:
            break
        _Round(courier, outbox, letter, report, deque(claims), now).carry()
        if progress is not None:
            progress(report)
    if report.counts or report.halted:
        log.info("mail carried", courier=courier.name, halted=report.halted, **report.counts)
    return report


@dataclass(slots=True)
class _Round(Generic[Key, Item]):
    """One batch of claimed mail on its way."""

    courier: Courier
    outbox: Outbox[Key, Item]
    letter: Callable[[Item], Email | None]
    report: DeliverReport
    waiting: deque[Claimed[Key, Item]]
    renewed_at: datetime
    settlements: list[Settlement[Key]] = field(default_factory=list)

    def carry(self) -> None:
        """Send what waits; whatever happens, settle what is known and put the rest back."""
        try:
            while not self.courier.stop.is_set():
                self._renew()
                if not self.waiting:
                    break
                # Taken out first: an interrupted mail is left to its lease, for nobody knows how far it came.
                claimed = self.waiting.popleft()
                try:
                    self.settlements.append(self._send(claimed))
                except RelayHalted:
                    self.waiting.appendleft(claimed)
                    raise
        except RelayHalted as halt:
            self.report.halted = str(halt)
            self.report.needs_operator = not isinstance(halt, RelayBusy)
        finally:
            self._settle()

    def _renew(self) -> None:
        """Keep the lease alive, and leave what another sender has taken over."""
        now = self.courier.clock.now()
        if now - self.renewed_at < HEARTBEAT:
            return
        held = self.outbox.extend(self.waiting, Lease(owner=self.courier.name, until=now + self.courier.lease))
        for claimed in [claimed for claimed in self.waiting if claimed.key not in held]:
            self.waiting.remove(claimed)
            self._tell_lost(claimed.key)
        self.renewed_at = now

    def _send(self, claimed: Claimed[Key, Item]) -> Settlement[Key]:
        try:
            email = self.letter(claimed.item)
            if email is None:
                return Settlement(
                    key=claimed.key,
                    lease_no=claimed.lease_no,
                    state=DeliveryState.SKIPPED,
                    is_attempt=False,
                    reason=Reason.EMPTY,
                )
            parcel = _parcel(email, self.courier.signer_for(email.sender.address.rpartition("@")[2]))
        except TemplateError as fault:
            told = str(fault)
            log.warning("a template is at fault; the mail waits for its author", mail=str(claimed.key), fault=told)
            next_at = self.courier.clock.now() + retry.AFTER_A_BAD_TEMPLATE
            return retry.put_back(claimed, next_at=next_at, reply=told)
        except Exception as fault:  # noqa: BLE001 (one letter that cannot be written must not keep the others)
            told = retry.anonymous(f"{type(fault).__name__}: {fault}")
            log.warning("a letter could not be written", mail=str(claimed.key), fault=told)
            return retry.failed(claimed, Reason.NO_LETTER, is_attempt=False, reply=told)
        outcome = self.courier.line.send(parcel)
        return retry.verdict(outcome, claimed, self.courier.clock.now(), self.courier.chance)

    def _settle(self) -> None:
        back = [retry.put_back(claimed, next_at=claimed.next_at) for claimed in self.waiting]
        settlements = [*self.settlements, *back]
        lost = self._write_down(settlements)
        for settlement in settlements:
            is_back = settlement.state == DeliveryState.PLANNED
            if settlement in lost:
                self._tell_lost(settlement.key, came_to=settlement.state)
            else:
                self.report.counts["put_back" if is_back else settlement.state.value] += 1

    def _write_down(self, settlements: Sequence[Settlement[Key]]) -> Sequence[Settlement[Key]]:
        """
        Settle, and return those whose lease was lost.

        What became of these mails is known here alone, so a database that is not ready is asked again for as long as
        the lease holds; once more when we are to stop.
        """
        courier, is_last = self.courier, False
        while True:
            now = courier.clock.now()
            try:
                return self.outbox.settle(settlements, owner=courier.name, now=now)
            except DatabaseNotReady as fault:
                if is_last or now - self.renewed_at >= courier.lease:
                    raise
                log.warning("mails wait to be settled", mails=len(settlements), courier=courier.name, fault=str(fault))
                is_last = courier.stop.is_set()
                courier.stop.wait(courier.patience.total_seconds())

    def _tell_lost(self, key: Key, *, came_to: DeliveryState | None = None) -> None:
        self.report.counts["lost"] += 1
        log.warning("the lease of a mail was lost", mail=str(key), courier=self.courier.name, came_to=came_to)


def _parcel(email: Email, signers: Signers | None) -> Parcel:
    message = build(email)
    return Parcel(
        sender=headers.address(email.return_path) if email.return_path else "",
        recipient=headers.address(email.to.address),
        message=message if signers is None else signed(message, signers, at=email.date),
    )
