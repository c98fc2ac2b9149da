"""Where the mail of a sender comes from and goes back to: the Deliveries of an Edition, or the Notices."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from digest.database import Database
from digest.deliver.bounce.answers import answered
from digest.model.delivery import Claimed, DeliveryKey, Lease, Reason, Settlement
from digest.model.ids import EditionId, NoticeId, SubscriberId
from digest.model.message import Recipient
from digest.model.notice import NoticeToSend
from digest.store import deliveries, notices, pace
from subscribers import bounces
from subscribers.model import BounceKind

Key = TypeVar("Key")
Item_co = TypeVar("Item_co", covariant=True)


class Outbox(Protocol[Key, Item_co]):
    """Whatever holds mail to be sent. Each call is a transaction of its own, committed when it returns."""

    @property
    def kind(self) -> str:
        """What its journals say that they are about."""
        ...

    def written(self, key: Key) -> str:
        """Return *key* as it stands in a journal."""
        ...

    def claim(self, now: datetime, lease: Lease, limit: int) -> Sequence[Claimed[Key, Item_co]]:
        """Take up to *limit* due mails under *lease*; none means that none is due."""
        ...

    def extend(self, claims: Iterable[Claimed[Key, object]], lease: Lease) -> set[Key]:
        """Hold *claims* until the end of *lease*, and return the keys of those that are still ours."""
        ...

    def settle(self, settlements: Sequence[Settlement[Key]], *, owner: str, now: datetime) -> Sequence[Settlement[Key]]:
        """Write down what has become of claimed mails; return those whose lease was lost."""
        ...

    def is_going(self) -> bool:
        """Return whether nobody has paused or cancelled it."""
        ...

    def holds(self) -> Mapping[str, datetime]:
        """Return the recipient domains that asked to be left alone and have taken no mail since, and until when."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionOutbox:
    """
    The Deliveries of one Edition, or with None those of every Edition.

    A Delivery is given up *catch_up* after its hour, if that is set. *ignore_wave* takes those whose hour has not come.
    """

    database: Database
    edition_id: EditionId | None
    catch_up: timedelta | None = None
    ignore_wave: bool = False
    kind = "deliveries"

    def written(self, key: DeliveryKey) -> str:
        """Return *key* as it stands in a journal."""
        return f"{key[0]}.{key[1]}"

    @staticmethod
    def read(text: str) -> DeliveryKey:
        """Return the key that stands in a journal as *text*; ValueError when it is none."""
        edition, subscriber = text.split(".")
        return EditionId(int(edition)), SubscriberId(int(subscriber))

    def claim(self, now: datetime, lease: Lease, limit: int) -> list[Claimed[DeliveryKey, Recipient]]:
        """Take up to *limit* due Deliveries under *lease*; none of an Edition that is not going out."""
        with self.database.session() as session:
            claims = deliveries.claim(
                session, self.edition_id, now, lease=lease, limit=limit, ignore_wave=self.ignore_wave
            )
        if self.catch_up is not None:
            for claimed in claims:
                claimed.expires_at = claimed.due_at + self.catch_up
        return claims

    def extend(self, claims: Iterable[Claimed[DeliveryKey, object]], lease: Lease) -> set[DeliveryKey]:
        """Hold *claims* until the end of *lease*, and return the keys of those that are still ours."""
        with self.database.session() as session:
            return deliveries.extend(session, claims, lease)

    def settle(
        self, settlements: Sequence[Settlement[DeliveryKey]], *, owner: str, now: datetime
    ) -> list[Settlement[DeliveryKey]]:
        """
        Write down what has become of claimed Deliveries; return those whose lease was lost.

        What the relay refused for good counts for its reader like a report that comes later.
        """
        with self.database.session() as session:
            lost = deliveries.settle(session, settlements, owner=owner, now=now)
            bounces.record_all(session, _refusals(settlements, lost, now))
            return lost

    def recover(self, settlements: Sequence[Settlement[DeliveryKey]], *, owner: str, now: datetime) -> Counter[str]:
        """Settle what the journal of *owner*, who lives no more, tells, and put back the rest that it held."""
        with self.database.session() as session:
            counts = deliveries.recover(session, settlements, owner=owner, now=now)
            bounces.record_all(session, _refusals(settlements, (), now))
            return counts

    def is_going(self) -> bool:
        """Return whether the Edition is neither paused nor cancelled."""
        with self.database.reading() as session:
            return self.edition_id is None or deliveries.is_going(session, self.edition_id)

    def holds(self) -> dict[str, datetime]:
        """Return the recipient domains that asked to be left alone and have taken no mail since, and until when."""
        with self.database.reading() as session:
            return pace.holds(session)


def _refusals(
    settlements: Sequence[Settlement[DeliveryKey]], lost: Sequence[Settlement[DeliveryKey]], now: datetime
) -> list[bounces.Said]:
    """Return what the relay has said for good about readers."""
    said = []
    for settlement in settlements:
        if settlement.reason is not Reason.REJECTED or settlement.code is None or settlement in lost:
            continue
        failure = answered(settlement.code, settlement.reply, to_text=settlement.at_dot)
        if failure is not None:
            edition_id, subscriber_id = settlement.key
            said.append(
                bounces.Said(
                    mail=bounces.of_delivery(edition_id, subscriber_id),
                    kind=BounceKind(failure.kind.value),
                    at=now,
                    status=failure.status,
                    diagnostic=failure.diagnostic,
                    subscriber_id=subscriber_id,
                )
            )
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOutbox:
    """The Notices that wait; *fingerprint_key* knows the addresses that get no mail."""

    database: Database
    fingerprint_key: bytes
    kind = "notices"

    def written(self, key: NoticeId) -> str:
        """Return *key* as it stands in a journal."""
        return str(key)

    @staticmethod
    def read(text: str) -> NoticeId:
        """Return the key that stands in a journal as *text*; ValueError when it is none."""
        return NoticeId(int(text))

    def claim(self, now: datetime, lease: Lease, limit: int) -> list[Claimed[NoticeId, NoticeToSend]]:
        """Take up to *limit* due Notices under *lease*."""
        with self.database.session() as session:
            return notices.claim(session, now, lease=lease, limit=limit, fingerprint_key=self.fingerprint_key)

    def extend(self, claims: Iterable[Claimed[NoticeId, object]], lease: Lease) -> set[NoticeId]:
        """Hold *claims* until the end of *lease*, and return the keys of those that are still ours."""
        with self.database.session() as session:
            return notices.extend(session, claims, lease)

    def settle(
        self, settlements: Sequence[Settlement[NoticeId]], *, owner: str, now: datetime
    ) -> list[Settlement[NoticeId]]:
        """Write down what has become of claimed Notices; return those whose lease was lost."""
        with self.database.session() as session:
            return notices.settle(session, settlements, owner=owner, now=now)

    def recover(self, settlements: Sequence[Settlement[NoticeId]], *, owner: str, now: datetime) -> Counter[str]:
        """Settle what the journal of *owner*, who lives no more, tells, and put back the rest that it held."""
        with self.database.session() as session:
            return notices.recover(session, settlements, owner=owner, now=now)

    def is_going(self) -> bool:
        """Return that single mails always go out."""
        return True

    def holds(self) -> dict[str, datetime]:
        """Return that a single mail tries any domain: somebody waits for it."""
        return {}
