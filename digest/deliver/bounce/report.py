"""What a mail that came back to us says: Kind, Failure and Report."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a returned mail means for the address that ours was sent to."""

    #: The address does not exist: RFC 3463 class 5.1.
    HARD = "hard"
    #: It may exist, and did not take this mail: full, closed, out of reach, or nobody knows why.
    SOFT = "soft"
    #: We, or what we wrote, were refused: that says nothing about the reader.
    POLICY = "policy"
    #: The reader called our mail spam.
    COMPLAINT = "complaint"
    #: The reader asks by mail to get no more.
    UNSUBSCRIBE = "unsubscribe"
    #: A machine answered for the reader.
    AUTO_REPLY = "auto-reply"
    #: Nothing that we act on.
    NONE = "none"


#: The kinds that say that a mail did not come to its reader.
FAILURES = frozenset({Kind.HARD, Kind.SOFT, Kind.POLICY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One recipient of whom a report says that the mail did not, or not yet, come to them."""

    recipient: str
    kind: Kind
    #: RFC 3463, such as 5.1.1; empty where none was told.
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    One returned mail, read.

    *tokens* are all that may name our mail, the most trustworthy first; none of them has been checked. *status* and
    *diagnostic* are those of the failure that decided the kind. *leave* are the tokens of links for leaving
    (``subscribers.tokens``) that a mail to leave may hold. *fault* says why a mail could not be read; its kind is none.
    """

    kind: Kind
    status: str = ""
    diagnostic: str = ""
    failures: tuple[Failure, ...] = ()
    recipients: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    fault: str = ""

    @property
    def token(self) -> str | None:
        """Return the first token found; None without one."""
        return self.tokens[0] if self.tokens else None


def worst(failures: tuple[Failure, ...], *, somebody_got_it: bool) -> Failure:
    """
    Return the failure that speaks for all of them.

    Our mails have one recipient. Where a report names several, the address stands for a group: it is dead only when
    every member is, and not while *somebody_got_it*.
    """
    softer = next((failure for failure in failures if failure.kind is Kind.SOFT), None) or next(
        (failure for failure in failures if failure.kind is Kind.POLICY), None
    )
    first = softer or failures[0]
    if first.kind is Kind.HARD and somebody_got_it:
        return Failure(recipient=first.recipient, kind=Kind.SOFT, status=first.status, diagnostic=first.diagnostic)
    return first
