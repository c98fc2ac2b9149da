"""Relay: the SMTP server that takes our mail, and how we speak with it."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Security(StrEnum):
    """How the conversation with the relay is protected."""

    #: In clear: for a relay on this machine.
    NONE = "none"
    #: Begun in clear, encrypted before anything of worth is said (RFC 3207); refused when the relay does not offer it.
    STARTTLS = "starttls"
    #: Encrypted from the first byte (RFC 8314).
    TLS = "tls"


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
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    #: Whether its certificate must be valid for *host*.
    verify: bool = True
    #: How long to wait for the connection and for each reply but the last.
    timeout: timedelta = timedelta(seconds=60)
    #: How long to wait for the reply to the final dot; RFC 5321 §4.5.3.2.6 asks for ten minutes.
    dot_timeout: timedelta = timedelta(minutes=10)
    #: After so many messages the connection is closed and a new one opened.
    per_connection: int = 100

    def __str__(self) -> str:
        return f"the relay {self.host}:{self.port}"
