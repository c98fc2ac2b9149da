"""Settling: what became of a mail is written down, even when the database is not ready at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from digest.database import Database
from digest.deliver import deliver
from digest.deliver.courier import Courier
from digest.deliver.outbox import EditionOutbox
from digest.deliver.recovery import replay
from digest.deliver.transaction import Parcel
from digest.errors import DatabaseNotReady
from digest.model.delivery import Account, Claimed, DeliveryKey, Lease, Settlement
from digest.model.message import Recipient
from digest.model.relay import Relay
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.planned import NOW
from tests.digest.deliver.scripted_server import ScriptedServer
from tests.digest.deliver.test_stage import account, letter, new_edition

Serve = Callable[..., ScriptedServer]
CourierTo = Callable[..., Courier]


@dataclass(frozen=True, slots=True, kw_only=True)
class FullDisk(EditionOutbox):
    """An outbox whose database takes the claims, but not at once what became of them."""

    refusals: int
    tried: list[datetime] = field(default_factory=list)

    def settle(
        self, settlements: Sequence[Settlement[DeliveryKey]], *, owner: str, now: datetime
    ) -> list[Settlement[DeliveryKey]]:
        self.tried.append(now)
        if len(self.tried) <= self.refusals:
            raise DatabaseNotReady("the database did not do its work: database or disk is full")
        return EditionOutbox.settle(self, settlements, owner=owner, now=now)


def test_mails_that_went_out_while_the_disk_was_full_are_settled_when_there_is_room_again(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 3), serve()
    courier = courier_to(relay_to(server), patience=timedelta(0))
    outbox = FullDisk(database=database, edition_id=edition_id, refusals=4)

    report = deliver(courier, outbox, letter)

    assert account(database, edition_id) == Account(intended=3, sent=3)
    assert dict(report.counts) == {"sent": 3}
    assert len(server.messages) == 3


@pytest.mark.parametrize(("lease", "is_stopped"), [(timedelta(0), False), (timedelta(minutes=30), True)])
def test_a_database_that_stays_full_is_left_when_the_lease_is_over_or_the_sender_is_to_stop(
    database: Database, serve: Serve, courier_to: CourierTo, lease: timedelta, *, is_stopped: bool
) -> None:
    edition_id, server = new_edition(database, 1), serve()
    courier = courier_to(relay_to(server), patience=timedelta(0), lease=lease)
    outbox = FullDisk(database=database, edition_id=edition_id, refusals=10)

    def letter_before_the_stop(recipient: Recipient, relay: Relay) -> Parcel | None:
        if is_stopped:
            courier.stop.set()
        return letter(recipient, relay)

    with pytest.raises(DatabaseNotReady):
        deliver(courier, outbox, letter_before_the_stop)

    assert account(database, edition_id) == Account(intended=1, waiting=1)
    assert len(outbox.tried) == (2 if is_stopped else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostAtCommit(EditionOutbox):
    """An outbox whose database makes the claim, and is gone before it can say so."""

    def claim(self, now: datetime, lease: Lease, limit: int) -> list[Claimed[DeliveryKey, Recipient]]:
        EditionOutbox.claim(self, now, lease, limit)
        raise DatabaseNotReady("the database did not do its work: server closed the connection")


def test_what_was_claimed_while_the_database_fell_silent_is_put_back_by_the_replay(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id = new_edition(database, 3)
    courier = courier_to(relay_to(serve()))
    with pytest.raises(DatabaseNotReady):
        deliver(courier, LostAtCommit(database=database, edition_id=edition_id), letter)
    outbox = EditionOutbox(database=database, edition_id=edition_id)

    counts = replay(courier.journals, [outbox], NOW, resends=False)

    assert counts == {"put_back": 3}
    assert account(database, edition_id) == Account(intended=3, waiting=3)
