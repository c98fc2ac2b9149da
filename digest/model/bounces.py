"""Where reports about our mails come in: the domain of return paths, a mailbox, and what providers' hooks prove."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from digest.model.relay import Security


class AfterReading(StrEnum):
    """What is done with a mail of the mailbox once it has been read."""

    #: It stays where it is, and is marked as seen.
    SEEN = "seen"
    #: It is moved to another folder.
    MOVE = "move"
    #: It is deleted.
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBox:
    """The IMAP mailbox that reports are delivered to."""

    host: str
    port: int
    security: Security = Security.TLS
    username: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    after: AfterReading = AfterReading.SEEN
    #: Where read mails are moved to.
    move_to: str = "Read"
    timeout: timedelta = timedelta(seconds=60)

    def __str__(self) -> str:
        return f"the mailbox {self.folder} at {self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookKeys:
    """What proves that a hook was called by its provider; an empty one closes the hook."""

    ses_topic: str = ""
    #: Base64 of a public key, as SendGrid shows it.
    sendgrid_public_key: str = ""
    mailgun_signing_key: str = field(default="", repr=False)
    postmark_username: str = ""
    postmark_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounces:
    """Where reports come in. Without a *domain* return paths name no mail."""

    domain: str = ""
    box: ReportBox | None = None
    hooks: HookKeys = HookKeys()
