"""The one place where the headers of our mail are written, and the two parts joined."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from functools import lru_cache

from digest.deliver import headers, quoted
from digest.deliver.dkim import Signers, relaxed, signed
from digest.deliver.pieces import Body
from digest.deliver.transaction import Parcel
from digest.model.ids import EditionId, NoticeId, SubscriberId
from digest.model.layout import base64_size
from digest.model.message import Addressing, Email, MailingList
from digest.model.pieces import Values

#: Not for the recipient, but for whoever reports about the mail.
ID_HEADER = "X-Digest-ID"
#: For whoever asks whether this is what was approved.
EDITION_HEADER = "X-Digest-Edition"
#: The headers in which the mails of an Edition differ.
_PERSONAL = frozenset({"To", "Message-ID", "List-Unsubscribe", "CFBL-Address", "CFBL-Feedback-ID", ID_HEADER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """How mails are signed: the keys of the sender's domain, and the headers that the relay rewrites, in lower case."""

    signers: Signers
    leave_out: frozenset[str] = frozenset()


def message_id(edition_id: EditionId, subscriber_id: SubscriberId, *, key: bytes, domain: str) -> str:
    """Return ``<EDITION.SUBSCRIBER.HMAC8@domain>``: the same on every attempt, and not to be guessed without *key*."""
    return _signed(f"{edition_id}.{subscriber_id}", key, domain)


def notice_id(notice_id: NoticeId, *, key: bytes, domain: str) -> str:
    """Return the Message-ID of a Notice, ``<notice.ID.HMAC8@domain>``."""
    return _signed(f"notice.{notice_id}", key, domain)


def build(email: Email) -> bytes:
    """
    Return *email* as RFC 5322 bytes with CRLF line ends: the same bytes each time.

    7-bit clean, but for an address that needs SMTPUTF8; text/plain first, text/html last; no body line longer than 76
    characters or beginning with a dot. UnfitForMail when an address, link or id cannot stand in a header.
    """
    boundary = _boundary(email.addressing.message_id)
    lines = [line.encode() for line in (*_headers(email), _kind(boundary))]
    text = _part(email.text)
    html = _part(email.html)
    body = b"".join((_opening(boundary, email, text[0]), text[1], _middle(boundary, html[0]), html[1], _end(boundary)))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def parcel(email: Email, seal: Seal | None = None) -> Parcel:
    """Return *email* ready for the wire, signed with *seal*; UnfitForMail as ``build`` says."""
    message = build(email)
    if seal is not None:
        message = signed(message, seal.signers, at=email.date, leave_out=seal.leave_out)
    return _parcel(email.addressing, message)


class Envelope:
    """
    What the mails of one Edition to the readers of one set of sections share, encoded once.

    *specimen* is one of them, of which the values of personal headers and the two parts are not looked at. Each mail is
    signed with *seal*, if there is one.
    """

    def __init__(self, specimen: Email, *, text: Body, html: Body, seal: Seal | None = None) -> None:
        boundary = _boundary(specimen.addressing.message_id)
        self._date = specimen.date
        self._lines: list[bytes] = []
        self._places: dict[str, int] = {}
        for line in (*_headers(specimen), _kind(boundary)):
            name = line.partition(":")[0]
            if name in _PERSONAL or line in specimen.addressing.further:
                self._places[name] = len(self._lines)
            self._lines.append(line.encode() + b"\r\n")
        self._seal = seal
        self._relaxed = [] if seal is None else [_relaxed(line) for line in self._lines]
        self._text, self._html = text, html
        self._opening = _opening(boundary, specimen, text.encoding)
        self._middle = _middle(boundary, html.encoding)
        self._end = _end(boundary)

    def address(self, addressing: Addressing, values: Values) -> Parcel:
        """
        Return the mail of *addressing* with *values* in its slots, ready for the wire.

        UnfitForMail as ``build`` says.
        """
        lines = self._lines.copy()
        personal = [(self._places[line.partition(":")[0]], line.encode() + b"\r\n") for line in _personal(addressing)]
        for place, line in personal:
            lines[place] = line
        known: dict[bytes, bytes] = {}
        text, html = self._text.fill(values.text, known), self._html.fill(values.html, known)
        body = [self._opening, *text, self._middle, *html, self._end]
        if self._seal is None:
            return _parcel(addressing, b"".join([*lines, b"\r\n", *body]))
        relaxed_lines = self._relaxed.copy()
        for place, line in personal:
            relaxed_lines[place] = _relaxed(line)
        whole = b"".join(body)
        seal = self._seal
        signature = seal.signers.sign_all(relaxed_lines, whole, at=self._date, leave_out=seal.leave_out)
        return _parcel(addressing, b"".join([signature, *lines, b"\r\n", whole]))


def _parcel(addressing: Addressing, message: bytes) -> Parcel:
    to = addressing.to.address
    return Parcel(
        sender=headers.address(addressing.return_path) if addressing.return_path else "",
        recipient=headers.address(to, allow_utf8=True),
        message=message,
        needs_utf8=headers.needs_utf8(to),
    )


def _relaxed(line: bytes) -> tuple[str, bytes]:
    plain = relaxed(line)
    return plain.partition(b":")[0].decode("ascii"), plain


def _headers(email: Email) -> Iterator[str]:
    personal = {line.partition(":")[0]: line for line in _personal(email.addressing)}
    yield headers.mailbox("From", email.sender)
    if email.reply_to is not None:
        yield headers.line("Reply-To", headers.address(email.reply_to))
    yield personal.pop("To")
    yield headers.text("Subject", email.subject)
    yield headers.line("Date", format_datetime(email.date))
    yield personal.pop("Message-ID")
    yield "MIME-Version: 1.0"
    if email.mailing_list is not None:
        yield from _list_headers(email.mailing_list)
        yield personal.pop("List-Unsubscribe")
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    yield from personal.values()
    if email.edition:
        yield headers.line(EDITION_HEADER, *email.edition)
    yield "Auto-Submitted: auto-generated"  # RFC 3834 §5
    yield "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply"
    yield headers.line("Content-Language", headers.token(email.language))


def _personal(addressing: Addressing) -> Iterator[str]:
    """Give the headers in which the mails of an Edition differ."""
    yield headers.mailbox("To", addressing.to, allow_utf8=True)
    yield headers.line("Message-ID", headers.message_id(addressing.message_id))
    if addressing.unsubscribe_url:
        yield headers.line("List-Unsubscribe", *_ways_out(addressing))
    if addressing.complaint_address:  # RFC 9477
        yield headers.line("CFBL-Address", f"{headers.address(addressing.complaint_address)};", "report=arf")
        yield headers.line("CFBL-Feedback-ID", headers.token(addressing.token))
    if addressing.token:
        yield headers.line(ID_HEADER, headers.token(addressing.token))
    yield from addressing.further


def _ways_out(addressing: Addressing) -> Iterator[str]:
    """Give what lets a mail program leave for its reader: RFC 2369, RFC 8058."""
    if addressing.unsubscribe_address:
        yield f"<mailto:{headers.address(addressing.unsubscribe_address)}?subject=unsubscribe>,"
    yield headers.url(addressing.unsubscribe_url)


def _list_headers(mailing_list: MailingList) -> Iterator[str]:
    """RFC 2919, RFC 2369, and Gmail's Feedback-ID."""
    yield headers.line("List-Id", *headers.phrase(mailing_list.list_title), f"<{headers.token(mailing_list.list_id)}>")
    yield headers.line("List-Help", headers.url(mailing_list.help_url))
    yield headers.line("List-Owner", f"<mailto:{headers.address(mailing_list.owner)}>")
    yield headers.line("List-Archive", headers.url(mailing_list.archive_url))
    yield "List-Post: NO"
    yield headers.line("Feedback-ID", headers.token(mailing_list.feedback_id))


def _kind(boundary: str) -> str:
    return headers.line("Content-Type", "multipart/alternative;", f'boundary="{boundary}"')


def _opening(boundary: str, email: Email, encoding: str) -> bytes:
    return _part_head(
        boundary, "text/plain; charset=utf-8" + ("; format=flowed" if email.text_flowed else ""), encoding
    )


def _middle(boundary: str, encoding: str) -> bytes:
    return _part_head(boundary, "text/html; charset=utf-8", encoding)


def _part_head(boundary: str, kind: str, encoding: str) -> bytes:
    return f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode("ascii")


def _end(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode("ascii")


def _part(text: str) -> tuple[str, bytes]:
    """Return one part in the encoding that is shorter: quoted-printable, or base64 for scripts beyond Latin."""
    raw = quoted.canonical(text)
    body = quoted.encode(raw)
    if len(body) > base64_size(len(raw)):
        return "base64", base64.encodebytes(raw).replace(b"\n", b"\r\n")
    return "quoted-printable", body


def _signed(name: str, key: bytes, domain: str) -> str:
    mac = _mac(key).copy()
    mac.update(name.encode())
    return f"<{name}.{base64.b32encode(mac.digest()[:5]).decode().lower()}@{domain}>"


@lru_cache
def _mac(key: bytes) -> hmac.HMAC:
    """Return the beginning of every HMAC with *key*."""
    return hmac.new(key, b"message-id:", "sha256")


def _boundary(of: str) -> str:
    # "=_" cannot occur in quoted-printable text: RFC 2045 §6.7.
    return f"=_{hashlib.sha256(of.encode('utf-8', 'replace')).hexdigest()[:32]}"
