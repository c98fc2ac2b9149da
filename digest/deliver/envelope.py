"""The one place where the headers of our mail are written, and the two parts joined."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from email.utils import format_datetime

from digest.deliver import headers, quoted
from digest.model.ids import EditionId, NoticeId, SubscriberId
from digest.model.layout import base64_size
from digest.model.message import Email, MailingList


def message_id(edition_id: EditionId, subscriber_id: SubscriberId, *, key: bytes, domain: str) -> str:
    """Return ``<EDITION.SUBSCRIBER.HMAC8@domain>``: the same on every attempt, and not to be guessed without *key*."""
    return _signed(f"{edition_id}.{subscriber_id}", key, domain)


def notice_id(notice_id: NoticeId, *, key: bytes, domain: str) -> str:
    """Return the Message-ID of a Notice, ``<notice.ID.HMAC8@domain>``."""
    return _signed(f"notice.{notice_id}", key, domain)


def build(email: Email) -> bytes:
    """
    Return *email* as RFC 5322 bytes with CRLF line ends: the same bytes each time.

    7-bit clean; text/plain first, text/html last; no body line longer than 76 characters or beginning with a dot.
    UnfitForMail when an address, link or id cannot stand in a header.
    """
    boundary = _boundary(email.message_id)
    kind = headers.line("Content-Type", "multipart/alternative;", f'boundary="{boundary}"')
    head = "\r\n".join([*_headers(email), kind])
    return b"".join(
        (
            head.encode("ascii"),
            b"\r\n\r\n",
            _part(boundary, "text/plain; charset=utf-8" + ("; format=flowed" if email.text_flowed else ""), email.text),
            _part(boundary, "text/html; charset=utf-8", email.html),
            f"--{boundary}--\r\n".encode("ascii"),
        )
    )


def _headers(email: Email) -> Iterator[str]:
    yield headers.mailbox("From", email.sender)
    if email.reply_to is not None:
        yield headers.line("Reply-To", headers.address(email.reply_to))
    yield headers.mailbox("To", email.to)
    yield headers.text("Subject", email.subject)
    yield headers.line("Date", format_datetime(email.date))
    yield headers.line("Message-ID", headers.message_id(email.message_id))
    yield "MIME-Version: 1.0"
    if email.mailing_list is not None:
        yield from _list_headers(email.mailing_list)
    yield "Auto-Submitted: auto-generated"  # RFC 3834 §5
    yield "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply"
    yield headers.line("Content-Language", headers.token(email.language))


def _list_headers(mailing_list: MailingList) -> Iterator[str]:
    """RFC 2919, RFC 2369, RFC 8058, and Gmail's Feedback-ID."""
    yield headers.line("List-Id", *headers.phrase(mailing_list.list_title), f"<{headers.token(mailing_list.list_id)}>")
    yield headers.line("List-Unsubscribe", headers.url(mailing_list.unsubscribe_url))
    yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    yield headers.line("List-Help", headers.url(mailing_list.help_url))
    yield headers.line("List-Owner", f"<mailto:{headers.address(mailing_list.owner)}>")
    yield headers.line("List-Archive", headers.url(mailing_list.archive_url))
    yield "List-Post: NO"
    yield headers.line("Feedback-ID", headers.token(mailing_list.feedback_id))


def _part(boundary: str, kind: str, text: str) -> bytes:
    """Return one part in the encoding that is shorter: quoted-printable, or base64 for scripts beyond Latin."""
    raw = quoted.canonical(text)
    encoding, body = "quoted-printable", quoted.encode(raw)
    if len(body) > base64_size(len(raw)):
        encoding = "base64"
        body = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    head = f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode("ascii") + body


def _signed(name: str, key: bytes, domain: str) -> str:
    digest = hmac.digest(key, b"message-id:" + name.encode(), "sha256")
    return f"<{name}.{base64.b32encode(digest[:5]).decode().lower()}@{domain}>"


def _boundary(of: str) -> str:
    # "=_" cannot occur in quoted-printable text: RFC 2045 §6.7.
    return f"=_{hashlib.sha256(of.encode('utf-8', 'replace')).hexdigest()[:32]}"
