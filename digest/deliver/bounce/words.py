"""Reports in words only, as servers wrote them before RFC 3464 and some still do."""

import logging
import re
from collections.abc import Sequence
from email.message import Message

from flufl.bounce import all_failures

from digest.deliver.bounce.judging import When, code_in, judged, status_in, when
from digest.deliver.bounce.parsing import header
from digest.deliver.bounce.report import Failure, Kind
from digest.logs import logger

log = logger(__name__)
# It tells of each of its seventeen detectors, and what it stumbles over with the text of the mail.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)

#: From here on a report quotes what it returns.
_RETURNED = re.compile(
    "^[ >|*=_-]*(?:(?:this is (?:a |the )?|(?:below|included) (?:this line )?is (?:a |the )?|here is (?:a "
    r"|the )?)cop(?:y|ies)\b|(?:original|undelivered|returned|failed|unsent) (?:message|mail)(?: (?:follows"
    r"|text|header)\S*)?\b.{0,20}$|(?:the )?(?:original |full )?message (?:text |headers? )?follows"
    r"|(?:message|mail) headers?\b.{0,15}(?:follow|:)|---+ ?(?:headers|returned|original|message text|message"
    r" header|unsent|transcript of message)|received: (?:from|by|\()|return-path: ?<).*",
    re.IGNORECASE | re.MULTILINE,
)
_BULLETIN = re.compile(
    "mailer-daemon|post_?master|mail delivery|mail administrator|mail system|mailerdaemon|delivery subsystem",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|deliver\w* (?:\S+ )?(?:fail|problem|error|status|notif)|fail\w* (?:\S+ )?(?:deliver|notice)"
    "|returned mail|mail (?:failed|error|system error)|failure notice|could not be delivered|non[- ]?deliver"
    "|nondeliver|mail failure|returned to sender|bounced",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    "this is a warning message only|warning: (?:message|could not)|you do not need to resend"
    "|not (?:yet )?been delivered|will (?:be retried|keep trying|continue to)"
    "|delivery (?:is |has been )?delayed|delayed mail|delivery will be (?:re)?attempted",
    re.IGNORECASE,
)
#: The answer to another command, or the end of a paragraph.
_NEXT = re.compile(r"\s*$|[245]\d\d[ -]|<<< |>>> |--|Out: |In: ")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~\"-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
MOST_RECIPIENTS = 20
#: In characters; what a report says stands in its beginning.
LONGEST = 8000


def said_to_people(parts: Sequence[tuple[str, str]]) -> str:
    """Return the words of a report in *parts* (type and text) before those of the mail that it returns."""
    plain = [text for kind, text in parts if kind == "text/plain"]
    chosen = plain[0] if plain else next((_without_tags(text) for kind, text in parts if kind == "text/html"), "")
    chosen = chosen[: 4 * LONGEST]
    cut = _RETURNED.search(chosen)
    return (chosen[: cut.start()] if cut else chosen)[:LONGEST]


def looks_like_a_report(message: Message) -> bool:
    """Return whether sender or subject of *message* say that a mail server wrote it about a mail."""
    sender = f"{header(message, 'From')} {header(message, 'Sender')}"
    return _BULLETIN.search(sender) is not None or _SUBJECT.search(header(message, "Subject")) is not None


def is_only_a_warning(message: Message, words: str) -> bool:
    """Return whether *message* says that its sender keeps trying."""
    return _NOT_YET.search(f"{header(message, 'Subject')} {words}") is not None


def failures(message: Message, words: str) -> tuple[Failure, ...]:
    """Return the failures that *words* tell of, each recipient's by the lines around the address."""
    named = recipients(message, words)
    at = when(words)
    if len(named) < 2:
        name = named[0] if named else ""
        lines = around(name, words) if name else ""
        whole = lines if code_in(lines) else " ".join(words.split())
        kind = judged("", whole, at)
        return (Failure(recipient=name, kind=kind, status=status_in(whole), diagnostic=whole[:500]),)
    return tuple(_one(name, around(name, words, named), at) for name in named)


def _one(name: str, lines: str, at: When) -> Failure:
    return Failure(
        recipient=name,
        kind=judged("", lines, at) if lines else Kind.SOFT,
        status=status_in(lines),
        diagnostic=lines[:500],
    )


def around(name: str, words: str, others: Sequence[str] = ()) -> str:
    """Return the lines of *words* from each mention of *name* to the mention of another recipient."""
    taken: list[str] = []
    is_ours = False
    rivals = [other.lower() for other in others if other != name]
    for line in words.splitlines():
        folded = line.lower()
        if name.lower() in folded:
            is_ours = True
        elif any(rival in folded for rival in rivals) or (taken and _NEXT.match(line)):
            is_ours = False
        if is_ours:
            taken.append(line)
    return " ".join(" ".join(taken).split())


def recipients(message: Message, words: str) -> tuple[str, ...]:
    """Return whom the report is about, as flufl.bounce finds them, else the first address in *words*."""
    try:
        temporary, permanent = all_failures(message)
    except Exception as fault:  # noqa: BLE001 (its detectors meet whatever strangers send)
        log.debug("flufl.bounce gave up", kind=type(fault).__name__)
        temporary, permanent = frozenset(), frozenset()
    found = sorted(one.decode("ascii", "replace") for one in {*temporary, *permanent})
    if found:
        return tuple(found)
    ours = {address.lower() for address in _ADDRESS.findall(f"{header(message, 'To')} {header(message, 'From')}")}
    named = [address for address in _ADDRESS.findall(words) if address.lower() not in ours]
    answered = [address for line in words.splitlines() if code_in(line) for address in _ADDRESS.findall(line)]
    refused = list(dict.fromkeys(address for address in answered if address in named))
    return tuple(refused[:MOST_RECIPIENTS] or named[:1])


def _without_tags(html: str) -> str:
    return re.sub(r"<[^<>]{0,500}>", " ", re.sub(r"(?is)<(style|script|title)\b.*?</\1>", " ", html[: 8 * LONGEST]))
