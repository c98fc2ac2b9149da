"""
One message on an open connection: MAIL, RCPT, DATA, body, dot.

Kept apart from ``smtplib.SMTP.sendmail``, which tells a connection lost before the final dot and one lost after it by
the same exception: before, nothing has happened; after, nobody knows.
"""

import smtplib
from dataclasses import dataclass

from digest.errors import DigestError, RelayHalted
from digest.model.message import Accepted, Deferred, InDoubt, NotTried, Outcome, Rejected
from digest.model.relay import Relay


class RelayBusy(RelayHalted):
    """The relay is out of reach or takes no mail just now; trying again later may help without anybody's doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A mail ready for the wire: addresses fit for SMTP, the message with CRLF line ends. *sender* may be empty."""

    sender: str
    recipient: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What the relay answered to one command: RFC 5321 §4.2."""

    code: int
    text: str

    @property
    def is_yes(self) -> bool:
        """Return whether it did what it was told."""
        return 200 <= self.code < 300

    @property
    def is_temporary(self) -> bool:
        """Return whether trying later may help."""
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        """Return whether trying again is of no use."""
        return 500 <= self.code < 600

    @property
    def closes(self) -> bool:
        """Return whether the relay is about to close the connection: RFC 5321 §3.8."""
        return self.code == 421

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Lost(DigestError):
    """The connection broke, or what came over it was no SMTP; only this package sees it."""


def transact(smtp: smtplib.SMTP, parcel: Parcel, relay: Relay) -> Outcome:
    """
    Hand *parcel* over, and return what became of it. The connection is closed where it cannot be used any more.

    RelayHalted when the relay refuses us rather than the recipient: RelayBusy if that may pass by itself.
    """
    is_dot_written = False
    try:
        refusal = _announce(smtp, parcel, relay) or _write(smtp, parcel.message)
        if refusal is not None:
            return refusal
        is_dot_written = True
        return _outcome(smtp, _dot(smtp, relay))
    except (Lost, OSError) as fault:
        smtp.close()
        reason = str(fault) or type(fault).__name__
        return InDoubt(reason=reason) if is_dot_written else NotTried(reason=reason)


def ask(smtp: smtplib.SMTP, command: str, argument: str = "") -> Reply:
    """Give one command and return the relay's reply; Lost when none came."""
    try:
        smtp.putcmd(command, argument)
    except (smtplib.SMTPException, OSError) as fault:
        raise Lost(f"the connection broke at {command}: {fault}") from fault
    return read(smtp)


def read(smtp: smtplib.SMTP) -> Reply:
    """Return the next reply, which may have many lines; Lost when there is none or it is no SMTP."""
    try:
        code, text = smtp.getreply()
    except (smtplib.SMTPException, OSError) as fault:
        raise Lost(str(fault)) from fault
    if not 200 <= code < 600:
        raise Lost(f"the relay answered something that is no SMTP reply: {_readable(text)[:80]}")
    return Reply(code, _readable(text))


def _announce(smtp: smtplib.SMTP, parcel: Parcel, relay: Relay) -> Outcome | None:
    """Say who mails whom, and return None when the relay waits for the message."""
    _wait(smtp, relay.timeout.total_seconds())
    size = _size_argument(smtp, parcel, relay)
    reply = ask(smtp, "MAIL", f"FROM:<{parcel.sender}>{size}")
    if not reply.is_yes:
        return _refused_sender(smtp, reply, relay)
    reply = ask(smtp, "RCPT", f"TO:<{parcel.recipient}>")
    if reply.code == 530:
        return _refused_sender(smtp, reply, relay)
    if not reply.is_yes:
        # 552 at RCPT is temporary: RFC 5321 §4.5.3.1.10.
        return _refused(smtp, Reply(452, reply.text) if reply.code == 552 else reply)
    reply = ask(smtp, "DATA")
    return None if reply.code == 354 else _refused(smtp, reply)


def _size_argument(smtp: smtplib.SMTP, parcel: Parcel, relay: Relay) -> str:
    """Return the SIZE argument of MAIL where the relay knows it (RFC 1870); RelayHalted when the message is too big."""
    if not smtp.has_extn("size"):
        return ""
    offered = smtp.esmtp_features["size"].strip()
    size = len(parcel.message)
    if offered.isdigit() and 0 < int(offered) < size:
        raise RelayHalted(
            f"{relay} takes mails of at most {offered} bytes and this one has {size}; "
            "make the newsletter shorter, or let the relay take more"
        )
    return f" SIZE={size}"


def _write(smtp: smtplib.SMTP, message: bytes) -> Outcome | None:
    """Write the message without its final dot; a relay that had enough of it before its end may have said so."""
    if message.startswith(b"."):
        message = b"." + message
    body = message.replace(b"\r\n.", b"\r\n..")  # RFC 5321 §4.5.2
    assert smtp.sock is not None
    try:
        smtp.sock.sendall(body if body.endswith(b"\r\n") else body + b"\r\n")
    except OSError as fault:
        reply = read(smtp)
        smtp.close()
        if reply.closes or not (reply.is_temporary or reply.is_permanent):
            raise Lost(f"the relay broke off within the message: {reply}") from fault
        return _as_outcome(reply)
    return None


def _dot(smtp: smtplib.SMTP, relay: Relay) -> Reply:
    assert smtp.sock is not None
    _wait(smtp, max(relay.dot_timeout, relay.timeout).total_seconds())
    smtp.sock.sendall(b".\r\n")
    return read(smtp)


def _outcome(smtp: smtplib.SMTP, reply: Reply) -> Outcome:
    """Any reply to the dot is a reply: after 421 too, the relay has not taken the message."""
    if reply.closes:
        smtp.close()
    return _as_outcome(reply)


def _as_outcome(reply: Reply) -> Outcome:
    if reply.is_yes:
        return Accepted(code=reply.code, reply=reply.text)
    if reply.is_temporary:
        return Deferred(code=reply.code, reply=reply.text)
    if reply.is_permanent:
        return Rejected(code=reply.code, reply=reply.text)
    raise Lost(f"the relay gave a reply that has no meaning here: {reply}")


def _refused_sender(smtp: smtplib.SMTP, reply: Reply, relay: Relay) -> Outcome:
    """No recipient is at fault when the relay refuses at MAIL, or wants a sign-in first."""
    if reply.closes:
        smtp.close()
        return NotTried(reason=str(reply))
    _reset(smtp)
    if reply.is_temporary:
        raise RelayBusy(f"{relay} takes no mail from us now ({reply}); it is tried again later")
    raise RelayHalted(
        f"{relay} refuses our mail as a whole ({reply}); check [smtp] username and password, and the sender's address"
    )


def _refused(smtp: smtplib.SMTP, reply: Reply) -> Outcome:
    """The relay does not want this recipient, or not now; the connection stays fit for the next."""
    if reply.closes:
        smtp.close()
        return NotTried(reason=str(reply))
    if reply.is_yes or reply.code == 503 or not (reply.is_temporary or reply.is_permanent):
        # We and the relay no longer agree on where in the conversation we are.
        raise Lost(f"the relay gave a reply that has no meaning here: {reply}")
    _reset(smtp)
    return _as_outcome(reply)


def _reset(smtp: smtplib.SMTP) -> None:
    """End the begun transaction; a relay that cannot do even that is left."""
    try:
        if ask(smtp, "RSET").is_yes:
            return
    except Lost:
        pass
    smtp.close()


def _wait(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is None:
        raise Lost("the connection is closed")
    smtp.sock.settimeout(seconds)


def _readable(text: bytes) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text.decode("utf-8", "replace")).split())
