"""What the lint says: one thing found, and how like things are told in one sentence."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    #: The mail would be broken, unsafe or clipped.
    ERROR = "error"
    #: The mail goes out, but some readers get less than they should.
    WARNING = "warning"


class Rule(StrEnum):
    """What a finding is about."""

    #: Markup that MJML does not know, or that is not well formed.
    MARKUP = "markup"
    #: Elements, attributes and addresses that mailboxes refuse.
    REFUSED = "refused"
    #: What the page is called.
    TITLE = "title"
    #: Which language a text is in, and how it runs.
    LANGUAGE = "language"
    #: The order of headings.
    HEADING = "heading"
    #: Tables that only lay out, and say so.
    TABLE = "table"
    #: Pictures: size, words for those who do not see them, address.
    PICTURE = "picture"
    #: Where links lead, and what they are called.
    LINK = "link"
    #: How a reader leaves.
    UNSUBSCRIBE = "unsubscribe"
    #: What tells third parties about readers.
    TRACKING = "tracking"
    #: Bytes.
    SIZE = "size"
    #: Style sheets.
    STYLE = "style"
    #: Whether text can be told from its ground.
    CONTRAST = "contrast"
    #: What mail programs know.
    CLIENT_SUPPORT = "client-support"
    #: What a spam filter says.
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; the message names the thing, the fact and the remedy."""

    severity: Severity
    rule: Rule
    message: str
    #: The address, of a link or picture, of the first example, in full; empty where it is about no such thing.
    place: str = field(default="", compare=False)


def told(examples: Iterable[str], one: str, many: str) -> str:
    """
    Return *one* about a single example, or *many* about several of them; an example that comes twice counts once.

    ``{example}`` stands for the first of them, ``{count}`` for their number. *examples* must not be empty.
    """
    different = tuple(dict.fromkeys(examples))
    return (many if different[1:] else one).format(example=different[0], count=len(different))


def excerpt(text: str, limit: int = 60) -> str:
    """Return *text* on one line, cut to *limit* characters, for a message."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
