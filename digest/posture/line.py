"""The line to the relay, as it is once it is open: how it is encrypted, what the relay can do, who it says it is."""

import ipaddress
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from digest.deliver import smtp
from digest.errors import RelayHalted
from digest.model.relay import Relay
from digest.posture.hosts import is_ours_alone
from digest.posture.observation import Observation, Verdict, shown

#: What is of use to us: RFC 2920, 1870, 6152, 6531, 3461, 2034, 3030.
EXTENSIONS = ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "CHUNKING")
#: The whole of a mail is smaller.
LARGEST_MAIL = 150 * 1024
#: A certificate that ends sooner should have been renewed.
RENEWED_BY_NOW = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """
    What a relay has shown of itself; of one that is out of reach, only its name.

    *greeting* is the host that it calls itself, *address* its own, *extensions* are in capitals with their parameters.
    """

    relay: Relay
    fault: str = ""
    greeting: str = ""
    address: str = ""
    protocol: str = ""
    cipher: str = ""
    certificate_until: datetime | None = None
    extensions: tuple[tuple[str, str], ...] = ()

    @property
    def is_direct(self) -> bool:
        """Return whether the relay is on this machine or network, so that it sends from an address of ours."""
        return bool(self.address) and is_ours_alone(self.address)


def shake_hands(relay: Relay) -> Handshake:
    """Open a line to *relay*, sign in, look, and take leave."""
    try:
        open_line = smtp.connect(relay)
    except RelayHalted as halt:
        return Handshake(relay=relay, fault=str(halt))
    try:
        return _seen(relay, open_line)
    finally:
        _leave(open_line)


def _seen(relay: Relay, line: smtplib.SMTP) -> Handshake:
    assert line.sock is not None
    said = (line.ehlo_resp or line.helo_resp or b"").decode("utf-8", "replace").split()
    tls = line.sock if isinstance(line.sock, ssl.SSLSocket) else None
    certificate = tls.getpeercert(binary_form=True) if tls is not None else None
    cipher = tls.cipher() if tls is not None else None
    return Handshake(
        relay=relay,
        greeting=shown(said[:1]).lower(),
        address=line.sock.getpeername()[0].partition("%")[0],
        protocol=(tls.version() or "") if tls is not None else "",
        cipher=cipher[0] if cipher else "",
        certificate_until=_end_of(certificate),
        extensions=tuple(sorted((name.upper(), value.strip()) for name, value in line.esmtp_features.items())),
    )


def _end_of(certificate: bytes | None) -> datetime | None:
    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc if certificate else None
    except ValueError:  # TLS is less strict about what a certificate holds
        return None


def _leave(line: smtplib.SMTP) -> None:
    try:
        line.quit()
    except (smtplib.SMTPException, OSError):
        line.close()


def observe_line(handshake: Handshake, now: datetime) -> Iterator[Observation]:
    """Give what is to be said of the line to a relay: whether it opens, its encryption, what the relay can do."""
    name = str(handshake.relay).removeprefix("the ")
    if handshake.fault:
        yield Observation(what=name, verdict=Verdict.FAULT, said=handshake.fault)
        return
    yield Observation(
        what=name, verdict=Verdict.OK, said="takes our connection", found=f"{handshake.greeting} [{handshake.address}]"
    )
    yield _encryption(f"encryption of {name}", handshake, now)
    yield _abilities(f"extensions of {name}", handshake)


def _encryption(what: str, handshake: Handshake, now: datetime) -> Observation:
    until = handshake.certificate_until
    if not handshake.protocol:
        if ipaddress.ip_address(handshake.address).is_loopback:
            return Observation(what=what, verdict=Verdict.OK, said="none, and none is needed on this machine")
        said = 'mail goes to it in clear; set security = "starttls" or "tls"'
        return Observation(what=what, verdict=Verdict.WARN, said=said)
    found = f"{handshake.protocol} {handshake.cipher}" + (f", certificate until {until:%Y-%m-%d}" if until else "")
    verdict, said = _encrypted_well(handshake, until - now if until else None)
    return Observation(what=what, verdict=verdict, said=said, found=found)


def _encrypted_well(handshake: Handshake, left: timedelta | None) -> tuple[Verdict, str]:
    if handshake.protocol not in {"TLSv1.2", "TLSv1.3"}:
        return Verdict.WARN, "that version is out of date (RFC 8996); ask the relay's operator for TLS 1.2 or later"
    if left is not None and left < timedelta(0):
        return Verdict.WARN, "the certificate has ended; have it renewed"
    if left is not None and left < RENEWED_BY_NOW:
        return Verdict.WARN, f"the certificate ends in {left.days} days; have it renewed"
    if not handshake.relay.verify:
        return Verdict.WARN, "the certificate is not checked; set verify = true"
    return Verdict.OK, "in order"


def _abilities(what: str, handshake: Handshake) -> Observation:
    offered = dict(handshake.extensions)
    found = shown([", ".join(f"{name} {offered[name]}".strip() for name in EXTENSIONS if name in offered)])
    missing = [name for name in EXTENSIONS if name not in offered]
    size = offered.get("SIZE", "")
    if size.isascii() and size.isdigit() and 0 < int(size) < LARGEST_MAIL:
        said = f"it takes mails of at most {size} bytes, and ours may have {LARGEST_MAIL}; let it take more"
        return Observation(what=what, verdict=Verdict.FAULT, said=said, found=found)
    said = f"without {', '.join(missing)}, which is no harm" if missing else "all that we could use"
    if "PIPELINING" in missing:
        return Observation(
            what=what, verdict=Verdict.WARN, said=f"{said} but for PIPELINING: sending is slower", found=found
        )
    return Observation(what=what, verdict=Verdict.OK, said=said, found=found)
