"""
DKIM signatures: RFC 6376, with RSA as RFC 8301 asks for and Ed25519 as RFC 8463 adds it.

What does not change from mail to mail is put together once. The body is taken as it is: ours is written so that both
canonicalisations leave it alone (lines end with CRLF, no tab, no run of blanks, no blank at the end of a line, one CRLF
at the end). So are the headers: each comes in its relaxed form, which a caller keeps for those that stay the same.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from digest.deliver.headers import UnfitForMail

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

#: A header's lower-case name, and the whole header in its relaxed form.
RelaxedHeader = tuple[str, bytes]

#: What is signed, where it is there. RFC 6376 §5.4.1; RFC 8058 §4 and RFC 9477 §3.1.4 demand theirs.
SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "reply-to",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-help",
    "list-archive",
    "feedback-id",
    "cfbl-address",
    "x-digest-edition",
)
_LINE = 76
#: Behind ``b=`` and on the lines below it: as wide as fits the first of them.
_WIDTH = _LINE - len(" b=")
_BLANKS = re.compile(rb"[ \t]+")
_PADDING = PKCS1v15()
_SHA256 = SHA256()


def relaxed(line: str | bytes) -> bytes:
    """Return one header, folded or not, as ``name:value`` and CRLF in relaxed canonicalisation: RFC 6376 §3.4.2."""
    raw = line.encode() if isinstance(line, str) else line
    name, _, value = raw.partition(b":")
    unfolded = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.rstrip(b" \t").lower() + b":" + unfolded + b"\r\n"


def body_hash(body: bytes | Iterable[bytes]) -> bytes:
    """Return the SHA-256 digest of *body*, given whole or in parts, as its bytes are."""
    if isinstance(body, bytes):
        return hashlib.sha256(body).digest()
    hashed = hashlib.sha256()
    for part in body:
        hashed.update(part)
    return hashed.digest()


@dataclass(frozen=True, slots=True)
class Signer:
    """One key of a domain, ready to sign; its constant tags are put together once."""

    domain: str
    selector: str
    key: PrivateKey = field(repr=False)
    #: The signature's beginning up to ``t=``, on the wire and relaxed, by the names that it signs.
    _heads: dict[tuple[str, ...], tuple[bytes, bytes]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _made: Callable[[bytes], bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_made", _rsa(self.key) if isinstance(self.key, RSAPrivateKey) else _ed25519(self.key))

    @property
    def algorithm(self) -> str:
        """Return the value of ``a=``."""
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    def sign(
        self,
        headers: Sequence[RelaxedHeader],
        body: bytes | Iterable[bytes],
        *,
        at: datetime,
        leave_out: frozenset[str] = frozenset(),
    ) -> bytes:
        """
        Return the whole ``DKIM-Signature`` header, folded and with its CRLF; it goes above all that it signs.

        *headers* come in the order of the mail, *body* as it goes out. *at* stands in ``t=``: with the mail's own Date
        every attempt gets the same bytes. Names in *leave_out*, in lower case, are not signed, for a relay that
        rewrites them; From always is. UnfitForMail when there is not exactly one From.
        """
        names, signed = _chosen(headers, leave_out)
        return self.finish(names, signed, base64.b64encode(body_hash(body)), int(at.timestamp()))

    def finish(self, names: tuple[str, ...], signed: bytes, hashed: bytes, seconds: int) -> bytes:
        """
        Return the header, given what all keys of a domain have in common.

        The *names* that are signed and their headers joined, the body's hash in base64, and the Unix time.
        """
        wire, canonical = self._heads.get(names) or self._head(names)
        middle = b"%d; bh=%b;" % (seconds, hashed)
        signature = base64.b64encode(self._made(b"%b%b%b b=" % (signed, canonical, middle)))
        folded = b"\r\n ".join([signature[i : i + _WIDTH] for i in range(0, len(signature), _WIDTH)])
        return b"%b%b\r\n b=%b\r\n" % (wire, middle, folded)

    def _head(self, names: tuple[str, ...]) -> tuple[bytes, bytes]:
        """Return the beginning for the signed *names*, and keep it."""
        # From is named once more than there is one: nobody can put another above it (RFC 6376 §5.4, §8.15).
        lines = [
            f"DKIM-Signature: v=1; a={self.algorithm}; c=relaxed/relaxed;",
            *_filled([f"d={self.domain};", f"s={self.selector};"], " "),
            *_filled([f"h={names[0]}", *(f":{name}" for name in names[1:]), ":from;"], ""),
            " t=",
        ]
        wire = "\r\n".join(lines).encode("ascii")
        head = wire, relaxed(wire).removesuffix(b"\r\n")
        self._heads[names] = head
        return head


@dataclass(frozen=True, slots=True)
class Signers:
    """The keys of one domain: each signs, and what they have in common is worked out once."""

    domain: str
    signers: tuple[Signer, ...]

    @classmethod
    def of(cls, domain: str, keys: Iterable[tuple[str, PrivateKey]]) -> Self:
        """Return the signers of *domain* for *keys*, each with its selector."""
        return cls(domain, tuple(Signer(domain, selector, key) for selector, key in keys))

    def sign_all(
        self,
        headers: Sequence[RelaxedHeader],
        body: bytes | Iterable[bytes],
        *,
        at: datetime,
        leave_out: frozenset[str] = frozenset(),
    ) -> bytes:
        """Return one ``DKIM-Signature`` header for each key, one below the other; the rest as ``Signer.sign``."""
        names, signed = _chosen(headers, leave_out)
        hashed, seconds = base64.b64encode(body_hash(body)), int(at.timestamp())
        return b"".join([signer.finish(names, signed, hashed, seconds) for signer in self.signers])


def signed(message: bytes, signers: Signers, *, at: datetime, leave_out: frozenset[str] = frozenset()) -> bytes:
    """
    Return the whole *message* with its signatures above it: for single mails, whose parts nobody keeps.

    *message* is as ``envelope.build`` gives it.
    """
    head, _, body = message.partition(b"\r\n\r\n")
    lines = [relaxed(line) for line in re.split(rb"\r\n(?![ \t])", head)]
    headers = [(line.partition(b":")[0].decode("ascii"), line) for line in lines]
    return signers.sign_all(headers, body, at=at, leave_out=leave_out) + message


def _chosen(headers: Sequence[RelaxedHeader], leave_out: frozenset[str]) -> tuple[tuple[str, ...], bytes]:
    """Return which names are signed, and their headers in that order; of several, the lowest (RFC 6376 §5.4.2)."""
    found = dict(headers)
    if "from" not in found or (len(found) != len(headers) and sum(name == "from" for name, _ in headers) > 1):
        raise UnfitForMail("a mail has exactly one From; only such a one can be signed")
    names = [name for name in SIGNED if name in found]
    if leave_out:
        names = [name for name in names if name == "from" or name not in leave_out]
    return tuple(names), b"".join([found[name] for name in names])


def _rsa(key: RSAPrivateKey) -> Callable[[bytes], bytes]:
    def made(data: bytes) -> bytes:
        return key.sign(data, _PADDING, _SHA256)

    return made


def _ed25519(key: Ed25519PrivateKey) -> Callable[[bytes], bytes]:
    def made(data: bytes) -> bytes:
        return key.sign(hashlib.sha256(data).digest())  # the hash is what is signed: RFC 8463 §3

    return made


def _filled(words: Iterable[str], between: str) -> list[str]:
    """Return *words* on as few lines as hold them, each begun with a blank; one that is too long stands alone."""
    lines = [" "]
    for word in words:
        joined = word if lines[-1] == " " else between + word
        if len(lines[-1]) + len(joined) > _LINE and lines[-1] != " ":
            lines.append(" ")
            joined = word
        lines[-1] += joined
    return lines
