"""What a sender that was killed left behind: told by its journal, and settled before anybody claims anew."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from digest.deliver import retry
from digest.deliver.journal import Told, left_behind
from digest.logs import logger
from digest.model.delivery import Settlement

log = logger(__name__)

Key = TypeVar("Key")


class Ledger(Protocol[Key]):
    """Whatever holds the mail that journals of one kind tell of."""

    @property
    def kind(self) -> str:
        """What its journals say that they are about."""
        ...

    def read(self, text: str) -> Key:
        """Return the key that stands in a journal as *text*; ValueError when it is none."""
        ...

    def recover(self, settlements: Sequence[Settlement[Key]], *, owner: str, now: datetime) -> Counter[str]:
        """Settle what *owner* left as told, put back the rest that it held, and return how many came to each state."""
        ...


def replay(folder: Path, ledgers: Iterable[Ledger[Any]], now: datetime, *, resends: bool) -> Counter[str]:
    """
    Settle what the journals in *folder* tell, of senders that live no more; return how many came to each state.

    A mail whose message may have been completed and has no reply is in doubt, or with *resends* sent again. One that
    was not begun is as it was. A journal that cannot be read stays, and its mails go by their leases.
    """
    by_kind = {ledger.kind: ledger for ledger in ledgers}
    counts: Counter[str] = Counter()
    for journal in left_behind(folder):
        ledger = by_kind.get(journal.kind)
        if ledger is None:
            log.error("a journal cannot be read; move it away once its mails are resolved", journal=journal.path.name)
            continue
        settlements = [_settlement(ledger, told, now, resends=resends) for told in journal.told()]
        recovered = ledger.recover([s for s in settlements if s is not None], owner=journal.owner, now=now)
        journal.forget()
        log.warning("a sender did not come back; its journal is settled", courier=journal.owner, **recovered)
        counts += recovered
    return counts


def _settlement(ledger: Ledger[Key], told: Told, now: datetime, *, resends: bool) -> Settlement[Key] | None:
    try:
        key = ledger.read(told.key)
    except ValueError:
        return None  # a line that was cut
    fate = told.settlement
    if fate is None:
        return retry.doubt(key, told.lease_no, now, reply="the sender was stopped before a reply came", resends=resends)
    return Settlement(
        key=key,
        lease_no=fate.lease_no,
        state=fate.state,
        is_attempt=fate.is_attempt,
        reason=fate.reason,
        next_at=fate.next_at,
        relay=fate.relay,
        code=fate.code,
        reply=fate.reply,
        at_dot=fate.at_dot,
    )
