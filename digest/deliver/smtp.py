"""From a relay's address to an open connection: reached, greeted, secured, signed in. What follows is no smtplib's."""

import base64
import hmac
import ipaddress
import smtplib
import socket
import ssl
from dataclasses import dataclass
from functools import cache

from digest.deliver.transaction import Lost, Offers, Reply, readable
from digest.errors import RelayHalted
from digest.model.relay import Mechanism, Protocol, Relay, Security

#: In seconds, to open a connection.
REACHED_WITHIN = 30.0


class RelayBusy(RelayHalted):
    """The relay is out of reach or takes no mail just now; trying again later may help without anybody's doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A connection on which mail can be handed over, in non-blocking mode, and what the relay can do."""

    sock: socket.socket
    offers: Offers


def open_line(relay: Relay) -> Opened:
    """Return a new connection to *relay*; RelayHalted or RelayBusy as ``connect`` says."""
    smtp = connect(relay)
    sock = smtp.sock
    assert sock is not None
    sock.setblocking(False)
    if _has_more(smtp):
        smtp.close()
        raise RelayBusy(f"{relay} spoke unasked before we could mail; it is tried again later")
    smtp.sock = None  # ours from here on
    if smtp.file is not None:
        smtp.file.close()
    return Opened(sock=sock, offers=offers(smtp))


def offers(smtp: smtplib.SMTP) -> Offers:
    """Return what the relay said at its last greeting, the one after STARTTLS where there was one."""
    size = smtp.esmtp_features.get("size", "").strip()
    return Offers(
        pipelining=smtp.has_extn("pipelining"),
        size=smtp.has_extn("size"),
        size_limit=int(size) if size.isdigit() and int(size) > 0 else None,
        utf8=smtp.has_extn("smtputf8"),
    )


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


def ask(smtp: smtplib.SMTP, command: str, argument: str = "") -> Reply:
    """Give one command and return the relay's reply; Lost when none came."""
    try:
        smtp.putcmd(command, argument)
        code, text = smtp.getreply()
    except (smtplib.SMTPException, OSError) as fault:
        raise Lost(f"the connection broke at {command}: {fault}") from fault
    if not 200 <= code < 600:
        raise Lost(f"the relay answered something that is no SMTP reply: {readable(text)[:80]}")
    return Reply(code, readable(text))


def _has_more(smtp: smtplib.SMTP) -> bool:
    """Return whether something lies in the buffer that nobody asked for."""
    if smtp.file is None:
        return False
    try:
        return bool(smtp.file.peek(1))
    except (ssl.SSLError, OSError):
        return False


def _open(relay: Relay) -> smtplib.SMTP:
    try:
        smtp = _reached(relay)
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
            f"{relay} cannot be reached ({reason}); "
            f"check {relay.table} host and port if this stays, mail waits until then"
        ) from fault
    sock = smtp.sock
    assert sock is not None
    if sock.family != socket.AF_UNIX:
        # A message's last bytes must not wait until the ones before are acknowledged.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def _reached(relay: Relay) -> smtplib.SMTP:
    seconds = relay.timeout.total_seconds()
    if relay.protocol is Protocol.LMTP:
        lmtp = smtplib.LMTP(local_hostname=_own_name(), timeout=seconds)
        code, text = lmtp.connect(relay.host, relay.port)
        if code != 220:
            lmtp.close()
            raise smtplib.SMTPConnectError(code, text)
        return lmtp
    if relay.security is Security.TLS:
        return _SmtpOverTls(relay.host, relay.port, _own_name(), timeout=seconds, context=_context(relay))
    return _Smtp(relay.host, relay.port, _own_name(), timeout=seconds)


class _Smtp(smtplib.SMTP):
    """Waits for replies as long as RFC 5321 asks, but not so long for a machine that is not there."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock: socket.socket = super()._get_socket(host, port, min(timeout, REACHED_WITHIN))  # type: ignore[misc]  # typeshed leaves it out
        sock.settimeout(timeout)
        return sock


class _SmtpOverTls(smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock: socket.socket = super()._get_socket(host, port, min(timeout, REACHED_WITHIN))  # type: ignore[misc]  # as above
        sock.settimeout(timeout)
        return sock


@cache
def _own_name() -> str:
    """Return what we call ourselves in the greeting; asked for once, since a name server may be slow."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


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
            f'set {relay.table} security = "tls" if it encrypts from the first byte, '
            'or "none" if it is on this machine'
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
            f'set {relay.table} security = "starttls" or "tls", or take the username out'
        )
    try:
        secret = relay.secret
    except (OSError, UnicodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is no text in UTF-8"
        raise RelayHalted(
            f"the password for {relay} cannot be read: {relay.password_file}: {reason}; "
            f"check {relay.table} password_file"
        ) from fault
    reply = _answer(smtp, _mechanism(smtp, relay), relay.username, secret)
    if reply.is_temporary:
        raise RelayBusy(f"{relay} cannot check our password now ({reply}); it is tried again later")
    if not reply.is_yes:
        raise RelayHalted(f"{relay} refuses our sign-in ({reply}); check {relay.table} username and password")


def _mechanism(smtp: smtplib.SMTP, relay: Relay) -> Mechanism:
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if relay.mechanism is not Mechanism.AUTO:
        known: tuple[Mechanism, ...] = (relay.mechanism,)
    else:
        known = (Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.CRAM_MD5)
    for mechanism in known:
        if mechanism.upper() in offered:
            return mechanism
    names = ", ".join(mechanism.upper() for mechanism in known)
    raise RelayHalted(
        f"{relay} offers no sign-in that we know ({names}); check {relay.table} port, or take the username out"
    )


def _answer(smtp: smtplib.SMTP, mechanism: Mechanism, user: str, secret: str) -> Reply:
    match mechanism:
        case Mechanism.LOGIN:
            reply = ask(smtp, "AUTH", "LOGIN")
            for answer in (user, secret):
                reply = ask(smtp, _base64(answer)) if reply.code == 334 else reply
            return reply
        case Mechanism.CRAM_MD5:  # RFC 2195
            reply = ask(smtp, "AUTH", "CRAM-MD5")
            if reply.code != 334:
                return reply
            try:
                challenge = base64.b64decode(reply.text, validate=True)
            except ValueError as fault:
                raise Lost(f"the relay gave a challenge that cannot be read: {reply}") from fault
            return ask(smtp, _base64(f"{user} {hmac.digest(secret.encode(), challenge, 'md5').hex()}"))
        case Mechanism.XOAUTH2:
            reply = ask(smtp, "AUTH", f"XOAUTH2 {_base64(f'user={user}{chr(1)}auth=Bearer {secret}{chr(1)}{chr(1)}')}")
            # The fault stands in a challenge; an empty answer fetches the reply.
            return ask(smtp, "") if reply.code == 334 else reply
        case _:
            return ask(smtp, "AUTH", f"PLAIN {_base64(f'{chr(0)}{user}{chr(0)}{secret}')}")


def _is_on_this_machine(smtp: smtplib.SMTP) -> bool:
    assert smtp.sock is not None
    if smtp.sock.family == socket.AF_UNIX:
        return True
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
    if isinstance(fault, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return RelayBusy(f"{relay} closed the connection while it was being encrypted; it is tried again later")
    reason = fault.reason or fault
    return RelayHalted(f"{relay} cannot be encrypted ({reason}); check {relay.table} port and security")


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()


def _text(raw: bytes | str) -> str:
    return readable(raw if isinstance(raw, bytes) else raw.encode())
