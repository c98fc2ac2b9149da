"""Codes of the second factor: those that a phone shows for half a minute (RFC 6238), and those on paper."""

import hashlib
import secrets
from datetime import datetime
from hmac import compare_digest

import pyotp

#: A code is shown for so many seconds (RFC 6238 §5.2 recommends 30).
STEP_SECONDS = 30
#: So many steps before and after this one are taken too: clocks differ, and people type slowly.
TOLERANCE = 1
RECOVERY_CODES = 10
#: Without letters and digits that are taken for one another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4


def fresh_secret() -> str:
    """Return a new secret of 160 bits in base32, as RFC 4226 §4 recommends."""
    return pyotp.random_base32()


def enrolment(secret: str, *, email: str, issuer: str) -> str:
    """Return the ``otpauth:`` address that an authenticator app reads out of a QR code."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=email, issuer_name=issuer)


def step_of(code: str, secret: str, now: datetime, *, after: int) -> int | None:
    """
    Return the time step that *code* belongs to, if it is this one or a neighbour and later than the step *after*.

    None for any other: a code of a step that has been taken, or an older one, never works again.
    """
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit()):
        return None
    here = int(now.timestamp()) // STEP_SECONDS
    shown = pyotp.TOTP(secret, interval=STEP_SECONDS)
    found = None
    # Every step is compared, so that the time taken tells nothing.
    for step in range(here - TOLERANCE, here + TOLERANCE + 1):
        if compare_digest(shown.generate_otp(step), digits) and step > after:
            found = step
    return found


def recovery_codes() -> tuple[str, ...]:
    """Return ten codes for paper: 79 random bits each, in groups that can be typed."""
    return tuple(
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(RECOVERY_CODES)
    )


def recovery_hash(code: str) -> str:
    """Return the SHA-256 by which a code on paper is known, however it is typed: that many bits need no slow hash."""
    return hashlib.sha256("".join(c for c in code.casefold() if c.isalnum()).encode()).hexdigest()
