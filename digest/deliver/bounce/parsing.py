"""Raw bytes to a message: bounded in size, lines and parts, and never opening a mail within the mail."""

import re
from email.errors import MessageError
from email.message import Message
from email.parser import BytesFeedParser, FeedParser
from email.policy import compat32

from digest.errors import UnreadableInput

#: A larger mail is no report.
LARGEST = 10_000_000
#: What is read of it: reports stand first, and what they return is cut off here.
WINDOW = 512_000
MOST_LINES = 20_000
#: A report has three parts, and some a dozen.
MOST_PARTS = 60
_BOUNDARY = re.compile(r"^--([^\s\"\\]{1,200})\s*\n(?:[A-Za-z-]+:.*\n)*?Content-Type:", re.IGNORECASE | re.MULTILINE)


class TooMany(MessageError):
    """The mail has more parts than any report."""


class Leaf(Message):
    """A part whose own mails and fields are text to us: taking those apart is where mails are bombs."""

    def get_content_maintype(self) -> str:
        """Return the main type, with ``text`` for a mail within the mail, so that the parser goes no deeper."""
        kind = super().get_content_maintype()
        return "text" if kind == "message" else kind

    def get_content_type(self) -> str:
        """Return the type, whose fields (message/delivery-status) the parser would otherwise make parts of."""
        kind = super().get_content_type()
        return f"text/{kind[len('message/') :]}" if kind.startswith("message/") else kind


def parsed(raw: bytes) -> Message:
    """Return *raw* as a message whose parts are leaves or multipart; UnreadableInput says why that cannot be."""
    if len(raw) > LARGEST:
        raise UnreadableInput(
            f"the mail has {len(raw) / 1e6:.1f} MB; reports have at most {LARGEST / 1e6:g} MB, so it is left unread"
        )
    if not raw.strip():
        raise UnreadableInput("the mail is empty")
    parser = BytesFeedParser(_factory=_counted(), policy=compat32)
    try:
        parser.feed(_window(raw))
        message: Message = parser.close()
        return _mended(message)
    except TooMany as fault:
        raise UnreadableInput(str(fault)) from fault
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as fault:
        raise UnreadableInput(f"the mail is damaged ({type(fault).__name__}); it is left unread") from fault


def _mended(message: Message) -> Message:
    """Return *message* with its parts, where its header names another boundary than stands between them."""
    if message.is_multipart() or message.get_content_maintype() != "multipart":
        return message
    payload = message.get_payload()
    found = _BOUNDARY.search(payload) if isinstance(payload, str) else None
    if found is None:
        return message
    parser = FeedParser(_factory=_counted(), policy=compat32)
    parser.feed(f'Content-Type: multipart/mixed; boundary="{found[1]}"\n\n{payload}')
    parts = parser.close()
    if parts.is_multipart():
        message.set_payload(parts.get_payload())
    return message


def _counted() -> type[Leaf]:
    parts = 0

    class Counted(Leaf):
        """One of at most MOST_PARTS parts."""

        def __init__(self, policy: object = compat32) -> None:
            nonlocal parts
            parts += 1
            if parts > MOST_PARTS:
                raise TooMany(f"the mail has more than {MOST_PARTS} parts; it is left unread")
            super().__init__(policy)  # type: ignore[arg-type]  # the parser's stubs and the message's differ

    return Counted


def _window(raw: bytes) -> bytes:
    """Return the beginning of *raw*, without the separator line of a mailbox file, and a blank line before it."""
    cut = raw.lstrip(b"\r\n")[:WINDOW]
    if cut.startswith((b"From ", b">From ")):
        cut = cut.partition(b"\n")[2]
    if cut.count(b"\n") > MOST_LINES:
        cut = b"\n".join(cut.split(b"\n", MOST_LINES)[:MOST_LINES])
    return cut


def texts(message: Message) -> list[tuple[str, str]]:
    """Return type and text of each part that is not multipart, in order; undecodable bytes are replaced."""
    return [(part.get_content_type(), text(part)) for part in message.walk() if not part.is_multipart()]


def text(part: Message) -> str:
    """Return the payload of *part* as text; what cannot be decoded is replaced."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    try:
        return payload.decode(charset, "replace")
    except (LookupError, ValueError):
        return payload.decode("utf-8", "replace")


def header(message: Message, name: str) -> str:
    """Return the header *name* on one line; empty where there is none."""
    return " ".join(str(message.get(name, "")).split())
