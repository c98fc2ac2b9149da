"""The clerk: does the database work of one sender in a thread of its own, in order, while the mail goes on."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any, Generic, TypeVar

from digest.clock import Clock
from digest.deliver.outbox import Outbox
from digest.errors import DatabaseNotReady
from digest.logs import logger
from digest.model.delivery import Claimed, Lease, Settlement

log = logger(__name__)

Key = TypeVar("Key")
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    On what terms a sender holds its mail: its own name, for how long, and when to stop.

    *patience* is how long it waits before it writes down anew what a database that was not ready did not take.
    """

    owner: str
    clock: Clock
    lease: timedelta
    patience: timedelta
    stop: Event

    def until(self) -> Lease:
        """Return a lease that begins now."""
        return Lease(owner=self.owner, until=self.clock.now() + self.lease)


@dataclass(frozen=True, slots=True)
class Batch(Generic[Key, Item]):
    """What was claimed at an instant, and the domains that asked to be left alone, each with the end of that."""

    claims: Sequence[Claimed[Key, Item]]
    holds: Mapping[str, datetime]
    at: datetime


class Clerk(Generic[Key, Item]):
    """Claims, extends and settles; each method hands the work in, and *wake* is called when it is done."""

    def __init__(self, outbox: Outbox[Key, Item], terms: Terms, wake: Callable[[], None]) -> None:
        self._outbox = outbox
        self._terms = terms
        self._wake = wake
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clerk")

    def claim(self, limit: int) -> "Future[Batch[Key, Item]]":
        """Take up to *limit* due mails, and look up which domains are to be left alone."""
        return self._do(lambda: self._claimed(limit))

    def extend(self, claims: Collection[Claimed[Key, Any]]) -> "Future[set[Key]]":
        """Hold *claims* for longer, and return the keys of those that are still ours."""
        return self._do(lambda: self._outbox.extend(claims, self._terms.until()))

    def settle(
        self, settlements: Sequence[Settlement[Key]], held_since: datetime
    ) -> "Future[Sequence[Settlement[Key]]]":
        """Write down what became of mails that are ours at least since *held_since*; return those that were lost."""
        return self._do(lambda: self._write_down(settlements, held_since))

    def is_going(self) -> "Future[bool]":
        """Ask whether the mail is still to go out."""
        return self._do(self._outbox.is_going)

    def close(self) -> None:
        """Wait for all that was handed in."""
        self._thread.shutdown(wait=True)

    def _claimed(self, limit: int) -> "Batch[Key, Item]":
        now = self._terms.clock.now()
        claims = self._outbox.claim(now, self._terms.until(), limit)
        return Batch(claims, self._outbox.holds() if claims else {}, now)

    def _do(self, work: Callable[[], Result]) -> "Future[Result]":
        future = self._thread.submit(work)
        future.add_done_callback(lambda _: self._wake())
        return future

    def _write_down(self, settlements: Sequence[Settlement[Key]], held_since: datetime) -> Sequence[Settlement[Key]]:
        """
        Settle, and return those whose lease was lost.

        A database that is not ready is asked again for as long as the lease holds; once more when we are to stop.
        """
        terms, is_last = self._terms, False
        while True:
            now = terms.clock.now()
            try:
                return self._outbox.settle(settlements, owner=terms.owner, now=now)
            except DatabaseNotReady as fault:
                if is_last or now - held_since >= terms.lease:
                    raise
                log.warning("mails wait to be settled", mails=len(settlements), courier=terms.owner, fault=str(fault))
                is_last = terms.stop.is_set()
                terms.stop.wait(terms.patience.total_seconds())
