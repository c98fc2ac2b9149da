"""Relay: the SMTP server that takes our mail, and how we speak with it."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

#: The name of the one in [smtp].
MAIN = "main"


class Security(StrEnum):
    """How the conversation with the relay is protected."""

    #: In clear: for a relay on this machine.
    NONE = "none"
    #: Begun in clear, encrypted before anything of worth is said (RFC 3207); refused when the relay does not offer it.
    STARTTLS = "starttls"
    #: Encrypted from the first byte (RFC 8314).
    TLS = "tls"


class Conduct(StrEnum):
    """How far we speak ahead of the relay's replies: RFC 2920."""

    #: Sender, recipient and DATA in one breath, then the message: two round trips. Without PIPELINING, in lock-step.
    PIPELINED = "pipelined"
    #: The next sender and recipient follow the message at once: one round trip each, for a relay far away.
    EAGER = "eager"
    #: Each command waits for the reply to the one before.
    LOCK_STEP = "lock-step"


class Mechanism(StrEnum):
    """How we sign in: RFC 4954."""

    #: The first of PLAIN, LOGIN and CRAM-MD5 that the relay offers.
    AUTO = "auto"
    PLAIN = "plain"
    LOGIN = "login"
    CRAM_MD5 = "cram-md5"
    #: With an OAuth 2 access token in place of the password.
    XOAUTH2 = "xoauth2"


class Protocol(StrEnum):
    """What the relay speaks."""

    SMTP = "smtp"
    #: RFC 2033: on this machine or its network, also over a Unix socket.
    LMTP = "lmtp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How much a relay, or a recipient domain, is given.

    *rate* is in mails per second with bursts of *burst*, *per_day* counts from midnight UTC; None for no limit.
    *warmup* is the first day of a plan that lets the daily number grow.
    """

    rate: float | None = None
    burst: int = 1
    per_day: int | None = None
    warmup: dt.date | None = None

    @property
    def is_none(self) -> bool:
        """Return whether nothing is limited."""
        return self.rate is None and self.per_day is None and self.warmup is None


class Profile(StrEnum):
    """Whose relay it is: providers rewrite headers, and tell what became of a mail in ways of their own."""

    #: A mail server that leaves our headers as they are.
    NONE = "none"
    #: Amazon Simple Email Service.
    SES = "ses"
    SENDGRID = "sendgrid"
    MAILGUN = "mailgun"
    POSTMARK = "postmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail is handed over. With a *username* we sign in; never in clear, unless the relay is on this machine."""

    host: str
    port: int
    name: str = MAIN
    profile: Profile = Profile.NONE
    protocol: Protocol = Protocol.SMTP
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    #: Read at each sign-in, where it is given: a token in it may be renewed while we run.
    password_file: Path | None = None
    mechanism: Mechanism = Mechanism.AUTO
    #: Whether its certificate must be valid for *host*.
    verify: bool = True
    conduct: Conduct = Conduct.PIPELINED
    #: The longest wait for the connection and for each reply but the last; RFC 5321 §4.5.3.2 asks for five minutes.
    timeout: dt.timedelta = dt.timedelta(minutes=5)
    #: How long to wait for the reply to the final dot; RFC 5321 §4.5.3.2.6 asks for ten minutes.
    dot_timeout: dt.timedelta = dt.timedelta(minutes=10)
    #: At most so many connections at once, found by trying.
    connections: int = 16
    #: After so many messages the connection is closed and a new one opened.
    per_connection: int = 100
    #: Its share of the mail where there are several.
    weight: float = 1.0
    limits: Limits = Limits()

    @property
    def secret(self) -> str:
        """Return the password or access token as it is now; OSError where its file cannot be read."""
        if self.password_file is None:
            return self.password
        return self.password_file.read_text(encoding="utf-8").strip()

    @property
    def table(self) -> str:
        """Return the table of config.toml that it stands in."""
        return "[smtp]" if self.name == MAIN else f"[[relay]] {self.name}:"

    def __str__(self) -> str:
        return f"the relay {self.host}:{self.port}"
