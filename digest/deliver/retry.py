"""What becomes of a mail after one conversation about it: when it is tried again, and when it is given up."""

import random
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from digest.model.delivery import REPLY_LENGTH, Claimed, DeliveryState, Reason, Settlement
from digest.model.message import Accepted, Deferred, InDoubt, NotTried, Outcome, Rejected

Key = TypeVar("Key")

#: The waits after the first, second … deferral; the last one repeats.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))
#: Each wait is up to so much shorter or longer, so that the tries of many mails do not fall together.
JITTER = 0.2
#: RFC 5321 suggests days, but news goes stale.
GIVE_UP_AFTER = timedelta(hours=48)
#: After a connection fault, which says nothing about the mail.
AFTER_A_FAULT = timedelta(minutes=1)
#: After a template was at fault: its author is at work on it.
AFTER_A_BAD_TEMPLATE = timedelta(minutes=15)

_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")


def next_try(attempts: int, now: datetime, chance: random.Random) -> datetime:
    """Return when to try again after a deferral that *attempts* tries came before."""
    wait = WAITS[min(attempts, len(WAITS) - 1)]
    return now + wait * chance.uniform(1 - JITTER, 1 + JITTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """
    Says what an outcome means for a mail.

    *chance* spreads the tries. With *resends*, a mail in doubt is sent again rather than held for an operator.
    """

    chance: random.Random
    resends: bool = False

    def verdict(self, outcome: Outcome, claimed: Claimed[Key, Any], now: datetime, relay: str) -> Settlement[Key]:
        """Return the new state of the mail that *relay* had its say about, and when it is next tried."""
        match outcome:
            case Accepted(code=code, reply=reply):
                return Settlement(
                    key=claimed.key,
                    lease_no=claimed.lease_no,
                    state=DeliveryState.SENT,
                    is_attempt=True,
                    relay=relay,
                    code=code,
                    reply=anonymous(reply),
                )
            case Deferred():
                return self._deferred(outcome, claimed, now, relay)
            case Rejected(code=code, reply=reply, at_dot=at_dot):
                refused = failed(claimed, Reason.REJECTED, is_attempt=True, relay=relay, code=code, reply=reply)
                return replace(refused, at_dot=at_dot)
            case InDoubt(reason=reason):
                return doubt(claimed.key, claimed.lease_no, now, relay=relay, reply=reason, resends=self.resends)
            case NotTried(reason=reason):
                return put_back(claimed, next_at=now + AFTER_A_FAULT, relay=relay, reply=reason)

    def _deferred(self, outcome: Deferred, claimed: Claimed[Key, Any], now: datetime, relay: str) -> Settlement[Key]:
        give_up_at = claimed.due_at + GIVE_UP_AFTER
        if claimed.expires_at is not None:
            give_up_at = min(give_up_at, claimed.expires_at)
        next_at = next_try(claimed.attempts, now, self.chance)
        code, reply = outcome.code, outcome.reply
        if next_at > give_up_at:
            return failed(claimed, Reason.EXPIRED, is_attempt=True, relay=relay, code=code, reply=reply)
        return Settlement(
            key=claimed.key,
            lease_no=claimed.lease_no,
            state=DeliveryState.DEFERRED,
            is_attempt=True,
            next_at=next_at,
            relay=relay,
            code=code,
            reply=anonymous(reply),
        )


def doubt(
    key: Key, lease_no: int, now: datetime, *, relay: str = "", reply: str = "", resends: bool
) -> Settlement[Key]:
    """Return that nobody knows whether the mail arrived; with *resends* it is sent again, the same to the byte."""
    return Settlement(
        key=key,
        lease_no=lease_no,
        state=DeliveryState.DEFERRED if resends else DeliveryState.IN_DOUBT,
        is_attempt=True,
        reason=Reason.NO_REPLY,
        next_at=now + AFTER_A_FAULT if resends else None,
        relay=relay,
        reply=anonymous(reply),
    )


def failed(
    claimed: Claimed[Key, Any],
    reason: Reason,
    *,
    is_attempt: bool,
    relay: str = "",
    code: int | None = None,
    reply: str,
) -> Settlement[Key]:
    """Return that the mail will not be sent."""
    return Settlement(
        key=claimed.key,
        lease_no=claimed.lease_no,
        state=DeliveryState.FAILED,
        is_attempt=is_attempt,
        reason=reason,
        relay=relay,
        code=code,
        reply=anonymous(reply),
    )


def put_back(claimed: Claimed[Key, Any], *, next_at: datetime, relay: str = "", reply: str = "") -> Settlement[Key]:
    """Return that nothing has happened to the mail; it is claimed again from *next_at* on."""
    return Settlement(
        key=claimed.key,
        lease_no=claimed.lease_no,
        state=DeliveryState.PLANNED,
        is_attempt=False,
        next_at=next_at,
        relay=relay,
        reply=anonymous(reply),
    )


def skipped(claimed: Claimed[Key, Any], reason: Reason) -> Settlement[Key]:
    """Return that the mail is not to be sent."""
    return Settlement(
        key=claimed.key, lease_no=claimed.lease_no, state=DeliveryState.SKIPPED, is_attempt=False, reason=reason
    )


def anonymous(text: str) -> str:
    """Return *text* on one line without mail addresses: what a relay said is kept longer than a person's data."""
    told = " ".join(text.replace("\0", " ").split())[: 2 * REPLY_LENGTH]
    return (_ADDRESS.sub("…@…", told) if "@" in told else told)[:REPLY_LENGTH]
