"""
The second factor of an account: turned on in two steps, asked at each sign-in, turned off.

Between the two steps the account has a secret and no code of it has been taken (``totp_step`` is 0): it counts for
nothing yet. The row is the caller's to lock, so that of two who bring one code at once, one comes in.
"""

from datetime import datetime
from enum import StrEnum

from digest.model.staff import Staff
from digest.sealing import Sealed, seal, unseal
from digest.staff import codes
from subscribers.tokens import Keys


class Proof(StrEnum):
    """What somebody has shown."""

    NONE = ""
    CODE = "code"
    RECOVERY_CODE = "recovery code"


def begin(staff: Staff, keys: Keys) -> None:
    """Give the account a new secret, which counts once ``confirm`` has seen a code of it."""
    staff.totp_secret = seal(Sealed.SECOND_FACTOR, codes.fresh_secret(), keys)
    staff.totp_step = 0
    staff.recovery_hashes = []


def secret(staff: Staff, keys: Keys) -> str:
    """Return the account's secret, to be shown before it counts; Unsealable as ``sealing.unseal``."""
    return unseal(Sealed.SECOND_FACTOR, staff.totp_secret or "", keys)


def confirm(staff: Staff, code: str, keys: Keys, now: datetime) -> tuple[str, ...]:
    """Let the second factor count from now on, if *code* is of its secret; return the codes for paper, else none."""
    if staff.totp_secret is None or staff.has_second_factor:
        return ()
    step = codes.step_of(code, secret(staff, keys), now, after=0)
    if step is None:
        return ()
    staff.totp_step = step
    return renew_recovery_codes(staff)


def renew_recovery_codes(staff: Staff) -> tuple[str, ...]:
    """Return new codes for paper; those before are worthless. Only their hashes are kept."""
    fresh = codes.recovery_codes()
    staff.recovery_hashes = [codes.recovery_hash(code) for code in fresh]
    return fresh


def take(staff: Staff, code: str, keys: Keys, now: datetime) -> Proof:
    """Take a code from a phone or from paper, each once; NONE when it is neither. Unsealable as ``sealing.unseal``."""
    if not staff.has_second_factor:
        return Proof.NONE
    hashed = codes.recovery_hash(code)
    if hashed in staff.recovery_hashes:
        staff.recovery_hashes = [kept for kept in staff.recovery_hashes if kept != hashed]
        return Proof.RECOVERY_CODE
    step = codes.step_of(code, secret(staff, keys), now, after=staff.totp_step)
    if step is None:
        return Proof.NONE
    staff.totp_step = step
    return Proof.CODE


def turn_off(staff: Staff) -> None:
    """Forget the second factor with its codes for paper."""
    staff.totp_secret = None
    staff.totp_step = 0
    staff.recovery_hashes = []
