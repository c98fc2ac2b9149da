"""
The way that comes to mind first: an EmailMessage for each reader, smtplib, dkimpy, one after the other.

``python -m benchmarks.send.naive CONFIG DATE MESSAGES [KEY]`` prints what ``benchmarks.send.ours`` prints. Content,
readers and the HTML and text of each are the same; nothing is written down about any mail.
"""

import datetime as dt
import smtplib
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path

import dkim

from benchmarks.send import readers
from benchmarks.send.installation import CADENCE, DOMAIN, SELECTOR, SLUG
from benchmarks.send.ours import told
from digest.clock import SystemClock
from digest.letters import reader_values
from digest.model.message import Recipient
from digest.model.newsletter import Newsletter
from digest.model.rendered import RenderedDigest
from digest.services import Services
from digest.settings import load
from digest.store import editions
from subscribers import audience

#: The headers of ours that dkimpy is to sign.
SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"list-id",
    b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip

Sign = Callable[[bytes], bytes]


def main(config: Path, date: dt.date, messages: int, key: Path | None) -> None:
    """Mail the Edition of *date* to so many readers, signed where there is a *key*."""
    services = Services.start(load(config), SystemClock())
    try:
        newsletter, relay = services.newsletter(SLUG), services.settings.relays[0]
        rendered, recipients = _edition(services, date, messages)
        sign = _signing(key) if key is not None else None
        with told(messages), smtplib.SMTP(relay.host, relay.port) as smtp:
            for recipient in recipients:
                letter = _letter(services, newsletter, rendered, recipient)
                message = letter.as_bytes(policy=SMTP.clone(max_line_length=76))
                if sign is not None:
                    message = sign(message) + message
                smtp.sendmail(newsletter.sender.address, [recipient.address], message)
    finally:
        services.close()


def _edition(services: Services, date: dt.date, messages: int) -> tuple[RenderedDigest, Iterator[Recipient]]:
    edition_id = readers.find(services, date)
    with services.reading() as session:
        rendered = editions.get(session, edition_id).rendered
        rows = session.execute(audience.readers(SLUG, [CADENCE], date).limit(messages)).all()
    return rendered, (
        Recipient(
            edition_id=edition_id,
            subscriber_id=row.subscriber_id,
            public_id=row.public_id,
            address=row.address,
            name=row.name,
            time_zone=row.time_zone,
            sections=row.sections,
        )
        for row in rows
    )


def _letter(services: Services, newsletter: Newsletter, rendered: RenderedDigest, recipient: Recipient) -> EmailMessage:
    values = reader_values(services, recipient.edition_id, recipient.public_id, recipient.name)
    filled = rendered.fill(recipient.sections, values)
    letter = EmailMessage()
    letter["From"] = formataddr((newsletter.sender.name, newsletter.sender.address))
    letter["To"] = formataddr((recipient.name, recipient.address))
    letter["Subject"] = filled.subject
    letter["Date"] = format_datetime(services.clock.now())
    letter["Message-ID"] = make_msgid(domain=DOMAIN)
    letter["List-Id"] = f"{newsletter.title} <{newsletter.slug}.{DOMAIN}>"
    letter["List-Unsubscribe"] = f"<{values['unsubscribe_url']}>"
    letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter.set_content(filled.text)
    letter.add_alternative(filled.html, subtype="html")
    return letter


def _signing(key: Path) -> Sign:
    private = key.read_bytes()

    def sign(message: bytes) -> bytes:
        signature = dkim.sign(
            message,
            SELECTOR.encode(),
            DOMAIN.encode(),
            private,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(SIGNED),
        )
        assert isinstance(signature, bytes)
        return signature

    return sign


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        dt.date.fromisoformat(sys.argv[2]),
        int(sys.argv[3]),
        Path(sys.argv[4]) if len(sys.argv) > 4 else None,
    )
