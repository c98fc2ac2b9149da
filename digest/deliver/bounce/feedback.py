"""Complaints: feedback reports (RFC 5965), and what two providers sent before it."""

import re
from collections.abc import Sequence
from email.message import Message

from digest.deliver.bounce.fields import Fields, blocks, typed
from digest.deliver.bounce.parsing import header
from digest.deliver.bounce.report import Kind

#: RFC 5965 §7.3 and RFC 6430 registered these; "opt-out" and its list form are older and mean what they say.
#: "not-spam" takes one back, "auth-failure" (RFC 6591) and "dmarc" are about our signature, "other" tells nothing.
COMPLAINTS = frozenset({"abuse", "fraud", "virus", "opt-out", "opt-out-list", "complaint"})

_HOTMAIL = re.compile(r"^complaint about message from ", re.IGNORECASE)
_AOL = re.compile(r"\bemail feedback report for (?:ip )?", re.IGNORECASE)


def fields(parts: Sequence[tuple[str, str]]) -> Fields | None:
    """Return the fields of the feedback report among *parts* (type and text); None when there is none."""
    for kind, text in parts:
        if kind == "text/feedback-report":
            found = blocks(text)
            return {name: value for block in reversed(found) for name, value in block.items()}
    return None


def kind_of(report: Fields) -> Kind:
    """Return whether the feedback *report* is a complaint of a reader."""
    said = report.get("feedback-type", "").lower().split()
    return Kind.COMPLAINT if said and said[0].strip(";,.") in COMPLAINTS else Kind.NONE


def is_old_complaint(message: Message) -> bool:
    """Return whether *message* is a complaint from a loop older than RFC 5965: AOL's, or Hotmail's junk reports."""
    subject = header(message, "Subject")
    if "x-hmxmroriginalrecipient" in {name.lower() for name in message} or _HOTMAIL.match(subject):
        return True
    sender = header(message, "From").lower()
    return _AOL.search(subject) is not None or ("scomp@aol." in sender or "staff@hotmail.com" in sender)


def recipients(report: Fields) -> tuple[str, ...]:
    """Return who complained, where the provider has not blacked it out."""
    for name in ("original-rcpt-to", "removal-recipient"):
        address = typed(report.get(name, ""))
        if "@" in address:
            return (address,)
    return ()
