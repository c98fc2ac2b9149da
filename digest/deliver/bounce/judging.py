"""From numbers and words to a kind: only what surely says that an address does not exist is hard."""

import re
from enum import StrEnum

from digest.deliver.bounce.phrases import Cause, causes
from digest.deliver.bounce.report import Kind

#: RFC 3463 and its registry: what is wrong with the reader's address itself. 5.1.7 and 5.1.8 are about the sender's.
#: 5.1.351 is Exchange Online's word for a 5.1.1 of the server behind it.
_ADDRESS_IS_DEAD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.1.351"})
#: How some widely used servers say, in a status of another class and words of their own, that an address is dead:
#: Exchange Online, Outlook.com, Yahoo (after the text) and Sendmail for a domain without mail (RFC 7505).
_IN_OWN_WORDS = (
    ("5.4.1", "recipient address rejected: access denied"),
    ("5.5.0", "requested action not taken: mailbox unavailable"),
    ("5.0.0", "delivery error: dd this user doesn't have a"),
    ("5.7.27", "host does not accept mail"),
)
_ABOUT_THE_SENDER = frozenset({"5.1.7", "5.1.8"})
#: What the reporting server has looked up itself.
_LOOKED_UP = frozenset({Cause.HOST, Cause.LISTED})
_DEAD = frozenset({Cause.USER, Cause.HOST, Cause.MOVED})
_ABOUT_US = frozenset({Cause.SENDER, Cause.POLICY})
_PASSING = frozenset({Cause.FULL, Cause.LATER, Cause.TROUBLE})

#: RFC 3463 §2, not a part of a number of a version or of an IP address.
STATUS = re.compile(r"(?<![\d.-])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
CODE = re.compile(r"(?<![\d.\-#/:])([45]\d\d)(?=[- #:,;=<\[(]|$)", re.MULTILINE)
#: A mail that was refused after its text had been seen was judged by its text, whatever the answer says.
_AFTER_DATA = re.compile(
    r"in reply to (?:the )?end of DATA|end of data|after DATA|SMTP command\s+DATA|response (?:to|from) .{0,40}\bDATA\b"
    r"|to DATA command|>>> (?:DATA|\.)\s",
    re.IGNORECASE,
)
#: A server that leaves a blank where the address belongs no longer knows to which recipient it answers.
_TO_NOBODY = re.compile(r"\b5\d\d:? +: ")
#: Where commands are pipelined, the answer to RCPT stands below DATA, which is then refused for want of a recipient.
_NO_RECIPIENT = re.compile(r"<<< 503|need RCPT|no (?:valid )?recipients|RCPT (?:first|before)", re.IGNORECASE)
_AT_RECIPIENT = re.compile(r"\bRCPT(?:\b|_TO)|does not like recipient|no valid recipients", re.IGNORECASE)


class When(StrEnum):
    """At which point of its conversation a server refused a mail."""

    #: Nobody tells.
    UNKNOWN = "unknown"
    #: At the recipient.
    RECIPIENT = "recipient"
    #: After it had seen the text.
    TEXT = "text"


def status_in(text: str) -> str:
    """Return the first enhanced status of a failure in *text* that tells more than its class; empty for none."""
    found = [status for status in STATUS.findall(text) if status[0] != "2"]
    return next((status for status in found if not status.endswith(".0.0")), found[0] if found else "")


def code_in(text: str) -> int | None:
    """Return the first code of an SMTP failure in *text*; None for none."""
    found = CODE.search(text)
    return int(found[1]) if found else None


def when(text: str) -> When:
    """Return at which point a mail was refused, as *text*, the log of the conversation or the answer, tells."""
    if _TO_NOBODY.search(text):
        return When.TEXT
    if _AFTER_DATA.search(text) and not _NO_RECIPIENT.search(text):
        return When.TEXT
    return When.RECIPIENT if _AT_RECIPIENT.search(text) else When.UNKNOWN


def judged(status: str, text: str, at: When = When.UNKNOWN) -> Kind:
    """
    Return what a failure with the enhanced *status* (may be empty) and the server's words *text* means.

    A hard one is never guessed. Without a status of class 5.1, "user unknown" counts only where it answered RCPT: at
    any other point servers say it of mails that they filter out. Whether a domain exists, or a name is in a directory
    of its own, the reporting server has looked up itself.
    """
    code, told = code_in(text), status_in(text)
    if status[:1] != "4" and told and (not status or status.endswith(".0")):
        status = told
    if status.startswith("2."):
        return Kind.NONE
    if status.startswith("4.") or (not status.startswith("5.") and code is not None and code < 500):
        return Kind.SOFT
    if any(status == number and words in text.lower() for number, words in _IN_OWN_WORDS):
        return Kind.HARD
    said = causes(text)
    if _is_dead(status, frozenset(said), at):
        return Kind.HARD
    # Of several causes the most cautious one counts; a full mailbox is a reader's, not ours.
    if status.startswith("5.7.") or status in _ABOUT_THE_SENDER:
        return Kind.POLICY
    return Kind.POLICY if said and said[0] in _ABOUT_US and status != "5.2.2" else Kind.SOFT


def _is_dead(status: str, said: frozenset[Cause], at: When) -> bool:
    if at is When.TEXT or said & (_ABOUT_US | _PASSING):
        return False
    if status in _ADDRESS_IS_DEAD:
        return True
    if status == "5.2.2" or status.startswith("5.7.") or status in _ABOUT_THE_SENDER:
        return False
    if said & _LOOKED_UP:
        return True
    return at is When.RECIPIENT and Cause.CLOSED not in said and bool(said & _DEAD)
