"""The line to the relay: opened when needed, secured, signed in, used for many messages, closed politely."""

import base64
import ipaddress
import smtplib
import socket
import ssl
from typing import Self

from digest.deliver.transaction import Lost, Parcel, RelayBusy, Reply, ask, transact
from digest.errors import RelayHalted
from digest.model.message import NotTried, Outcome
from digest.model.relay import Relay, Security

#: After so many new connections in a row that broke before taking a message, the relay is left for a while.
FRUITLESS_CONNECTIONS = 3


class Line:
    """
    A line to one relay for one thread.

    Nothing is opened before the first ``send``. A context manager: it closes the line.
    """

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self._smtp: smtplib.SMTP | None = None
        self._messages = 0
        self._fruitless = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.close()

    def send(self, parcel: Parcel) -> Outcome:
        """
        Hand *parcel* to the relay, and return what became of it.

        A connection that turns out to be used up is replaced once. RelayHalted when the relay refuses us as a whole;
        RelayBusy, which is one, when it is out of reach or that may pass by itself.
        """
        is_new = not self._is_usable
        outcome = self._try(parcel)
        if isinstance(outcome, NotTried) and not is_new:
            outcome = self._try(parcel)
        if not isinstance(outcome, NotTried):
            self._fruitless = 0
            return outcome
        self._fruitless += 1
        if self._fruitless >= FRUITLESS_CONNECTIONS:
            self._fruitless = 0
            raise RelayBusy(
                f"{self.relay} broke off {FRUITLESS_CONNECTIONS} new connections in a row before it took a message "
                f"({outcome.reason}); it is tried again later"
            )
        return outcome

    def close(self) -> None:
        """Take leave of the relay; nothing that goes wrong now matters."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(5)
                ask(smtp, "QUIT")
        except (Lost, OSError):
            pass
        finally:
            smtp.close()

    @property
    def _is_usable(self) -> bool:
        return self._smtp is not None and self._smtp.sock is not None and self._messages < self.relay.per_connection

    def _try(self, parcel: Parcel) -> Outcome:
        if not self._is_usable:
            self.close()
            self._smtp, self._messages = connect(self.relay), 0
        assert self._smtp is not None
        self._messages += 1
        return transact(self._smtp, parcel, self.relay)


def connect(relay: Relay) -> smtplib.SMTP:
    """Return a connection to *relay*, secured and signed in as it says; RelayHalted or RelayBusy when that fails."""
    smtp = _open(relay)
    try:
        _greet(smtp, relay)
        if relay.security is Security.STARTTLS:
            _start_tls(smtp, relay)
        if relay.username:
            _sign_in(smtp, relay)
    except Lost as lost:
        smtp.close()
        raise RelayBusy(f"{relay} broke off before we could mail ({lost}); it is tried again later") from lost
    except BaseException:
        smtp.close()
        raise
    return smtp


def _open(relay: Relay) -> smtplib.SMTP:
    seconds = relay.timeout.total_seconds()
    try:
        smtp = (
            smtplib.SMTP_SSL(relay.host, relay.port, timeout=seconds, context=_context(relay))
            if relay.security is Security.TLS
            else smtplib.SMTP(relay.host, relay.port, timeout=seconds)
        )
    except smtplib.SMTPConnectError as refused:
        reply = Reply(refused.smtp_code, _text(refused.smtp_error))
        if reply.is_permanent:
            raise RelayHalted(f"{relay} takes no mail from this machine ({reply}); ask its operator") from refused
        raise RelayBusy(f"{relay} takes no mail now ({reply}); it is tried again later") from refused
    except ssl.SSLError as fault:
        raise _untrusted(relay, fault) from fault
    except (smtplib.SMTPException, OSError, UnicodeError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
        raise RelayBusy(
            f"{relay} cannot be reached ({reason}); check [smtp] host and port if this stays, mail waits until then"
        ) from fault
    assert smtp.sock is not None
    # The dot is written apart from the body; it must not wait until the body is acknowledged.
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def _greet(smtp: smtplib.SMTP, relay: Relay) -> None:
    try:
        smtp.ehlo_or_helo_if_needed()
    except smtplib.SMTPHeloError as refused:
        reply = Reply(refused.smtp_code, _text(refused.smtp_error))
        if reply.is_permanent:
            raise RelayHalted(f"{relay} refuses our greeting ({reply}); ask its operator") from refused
        raise Lost(str(reply)) from refused
    except (smtplib.SMTPException, OSError) as fault:
        raise Lost(str(fault)) from fault


def _start_tls(smtp: smtplib.SMTP, relay: Relay) -> None:
    """Encrypt the connection, and greet anew: what was said in clear counts for nothing (RFC 3207 §4.2)."""
    if not smtp.has_extn("starttls"):
        raise RelayHalted(
            f"{relay} offers no STARTTLS, and no mail goes out in clear; "
            'set [smtp] security = "tls" if it encrypts from the first byte, or "none" if it is on this machine'
        )
    try:
        smtp.starttls(context=_context(relay))
    except smtplib.SMTPResponseException as refused:
        reply = Reply(refused.smtp_code, _text(refused.smtp_error))
        raise RelayHalted(f"{relay} refuses to encrypt ({reply}); ask its operator") from refused
    except ssl.SSLError as fault:
        raise _untrusted(relay, fault) from fault
    except (smtplib.SMTPException, OSError) as fault:
        raise Lost(str(fault)) from fault
    _greet(smtp, relay)


def _sign_in(smtp: smtplib.SMTP, relay: Relay) -> None:
    """Sign in once, by one mechanism (RFC 4954): trying one after the other would count as several failures."""
    if relay.security is Security.NONE and not _is_on_this_machine(smtp):
        raise RelayHalted(
            f"{relay} would get our password in clear; "
            'set [smtp] security = "starttls" or "tls", or take the username out'
        )
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        reply = ask(smtp, "AUTH", f"PLAIN {_base64(f'{chr(0)}{relay.username}{chr(0)}{relay.password}')}")
    elif "LOGIN" in offered:
        reply = ask(smtp, "AUTH", "LOGIN")
        for secret in (relay.username, relay.password):
            reply = ask(smtp, _base64(secret)) if reply.code == 334 else reply
    else:
        raise RelayHalted(
            f"{relay} offers no sign-in that we know (PLAIN, LOGIN); check [smtp] port, or take the username out"
        )
    if reply.is_temporary:
        raise RelayBusy(f"{relay} cannot check our password now ({reply}); it is tried again later")
    if not reply.is_yes:
        raise RelayHalted(f"{relay} refuses our sign-in ({reply}); check [smtp] username and password")


def _is_on_this_machine(smtp: smtplib.SMTP) -> bool:
    assert smtp.sock is not None
    return ipaddress.ip_address(smtp.sock.getpeername()[0].partition("%")[0]).is_loopback


def _context(relay: Relay) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not relay.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _untrusted(relay: Relay, fault: ssl.SSLError) -> RelayHalted:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return RelayHalted(
            f"{relay} has a certificate that we do not trust ({fault.verify_message}); "
            "give the host name that it is made out to, or have it renewed"
        )
    return RelayHalted(f"{relay} cannot be encrypted ({fault.reason or fault}); check [smtp] port and security")


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()


def _text(raw: bytes | str) -> str:
    return " ".join((raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw).split())
