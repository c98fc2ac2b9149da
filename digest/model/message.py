"""What goes over the wire: Recipient, Email, and the outcomes of trying to send one."""

from dataclasses import dataclass
from datetime import datetime

from digest.model.ids import EditionId, SubscriberId


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A display name (may be empty, may hold any character) and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One reader of one Edition, as the sender hands them to the letter writer."""

    edition_id: EditionId
    subscriber_id: SubscriberId
    #: The random public id of the Subscription: what signed links name.
    public_id: str
    address: str
    name: str
    time_zone: str
    #: The chosen section slugs; None for all.
    sections: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingList:
    """The headers that make a mail a list mail: RFC 2369, RFC 2919, RFC 8058."""

    #: Dotted, without @: ``auto-daily.news.example.org``.
    list_id: str
    list_title: str
    help_url: str
    archive_url: str
    owner: str
    #: Gmail's Feedback-ID: four fields, the last one stable.
    feedback_id: str


@dataclass(slots=True, kw_only=True)
class Addressing:
    """In what the mails of one Edition differ, but for their bodies."""

    to: Mailbox
    #: With angle brackets; the same on every attempt.
    message_id: str
    #: The envelope sender, where bounces go.
    return_path: str
    #: Our own name for this mail, by which reports about it are matched; empty for none.
    token: str = ""
    #: Where a mail program's button to leave leads (RFC 8058); empty for a mail that is none of a list's.
    unsubscribe_url: str = ""
    #: Where mail programs without it send their reader's leave, and where complaints go (RFC 9477), if they are read.
    unsubscribe_address: str = ""
    complaint_address: str = ""
    #: Further headers that the relay wants, as whole lines.
    further: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """One complete mail: what a recipient's program will show, and what its headers say."""

    sender: Mailbox
    addressing: Addressing
    subject: str
    text: str
    html: str
    date: datetime
    language: str
    reply_to: str | None = None
    #: Whether the text part is format=flowed (RFC 3676).
    text_flowed: bool = False
    mailing_list: MailingList | None = None
    #: Which Edition it is, and the hash of the pages that it was filled from; empty for a mail that is of none.
    edition: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The server took responsibility: 2xx to the final dot."""

    code: int
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """The server said 4xx for this recipient: try again later."""

    code: int
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The server said 5xx for this recipient: never try again. *at_dot* tells that it had seen the whole message."""

    code: int
    reply: str
    at_dot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """The final dot was written and no reply came: the mail may or may not have arrived."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTried:
    """The connection failed before the final dot: nothing happened, the mail is as it was. *code* is what closed it."""

    reason: str
    code: int | None = None


Outcome = Accepted | Deferred | Rejected | InDoubt | NotTried
