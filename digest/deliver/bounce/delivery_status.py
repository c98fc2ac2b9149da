"""Delivery status notifications: RFC 3464, the machine's own report."""

from collections.abc import Sequence
from dataclasses import dataclass

from digest.deliver.bounce.fields import Fields, blocks, typed
from digest.deliver.bounce.judging import STATUS, When, judged, when
from digest.deliver.bounce.phrases import Cause, causes
from digest.deliver.bounce.report import Failure, Kind
from digest.deliver.bounce.words import around

#: RFC 3464 §2.3.3: whoever is named with one of these is not, or not yet, without the mail.
NO_FAILURE = frozenset({"delayed", "delivered", "relayed", "expanded"})
#: How PowerMTA, a relay of bulk senders, calls refusals of the address.
_OF_THE_RECIPIENT = frozenset({"bad-mailbox", "bad-domain"})
GOT_IT = frozenset({"delivered", "relayed", "expanded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a notification tells: the failures, and whether somebody else got the mail. False when it tells nothing."""

    failures: tuple[Failure, ...] = ()
    somebody_got_it: bool = False
    is_notification: bool = False
    #: Whom it names as not having got the mail, those who may still get it included.
    recipients: tuple[str, ...] = ()


def told(parts: Sequence[tuple[str, str]], words: str) -> Told:
    """
    Return what the delivery-status parts among *parts* (type and text) tell.

    *words* is what the report says to people; it is asked where the fields say too little.
    """
    found = [block for kind, text in parts if kind == "text/delivery-status" for block in blocks(text)]
    recipients = [block for block in found if "final-recipient" in block or "original-recipient" in block]
    failed = [block for block in recipients if _action(block) not in NO_FAILURE]
    return Told(
        failures=tuple(
            _failure(block, words if len(failed) == 1 else around(_recipient(block), words))
            for block in failed
            if not _is_success(block)
        ),
        somebody_got_it=any(_action(block) in GOT_IT for block in recipients),
        is_notification=bool(recipients),
        recipients=tuple(dict.fromkeys(_recipient(block) for block in recipients if _action(block) not in GOT_IT)),
    )


def _action(block: Fields) -> str:
    words = block.get("action", "").lower().split()
    return words[0].strip(".,;()") if words else ""


def _is_success(block: Fields) -> bool:
    return block.get("status", "").strip().startswith("2.")


def _failure(block: Fields, words: str) -> Failure:
    status = STATUS.search(block.get("status", ""))
    kind, _, diagnostic = block.get("diagnostic-code", "").partition(";")
    if not diagnostic:
        diagnostic = kind
    # Without an answer of the server, some tell the reason in brackets behind the number.
    said = diagnostic.strip() or block.get("status", "").partition("(")[2].rstrip(")")
    number = status[1] if status else ""
    at = when(diagnostic)
    if at is When.UNKNOWN:
        at = When.RECIPIENT if block.get("x-powermta-bouncecategory") in _OF_THE_RECIPIENT else when(words)
    verdict = judged(number, said, at)
    if verdict is Kind.SOFT and not said and words:
        verdict = judged(number, words, at)
    if verdict is Kind.HARD and Cause.FULL in causes(words):
        verdict = Kind.SOFT  # fields and words contradict each other
    return Failure(recipient=_recipient(block), kind=verdict, status=number, diagnostic=" ".join(said.split())[:500])


def _recipient(block: Fields) -> str:
    """Return the address that we wrote to, where the server says so (RFC 3461 §4.2), else the one that failed."""
    original = typed(block.get("original-recipient", ""))
    return original if "@" in original else typed(block.get("final-recipient", ""))
