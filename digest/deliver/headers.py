"""Header lines: encoded, folded, and never more than one line of meaning (RFC 5322, RFC 2047)."""

import base64
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import idna

from digest.errors import DigestError
from digest.model.message import Mailbox

_LINE = 76
#: A longer word cannot stand on a folded line beside the header's name. RFC 2047 §2 allows encoded words 75 characters.
_LONGEST_WORD = 60
#: What an encoded word of that length can hold; "=?utf-8?b?" and "?=" take twelve characters of it.
_PLAIN_BYTES = (_LONGEST_WORD - 12) // 4 * 3
LONGEST_NAME = 64
LONGEST_SUBJECT = 250
#: RFC 5322 §2.1.1 allows 998 octets in a line, and an address of the web cannot be folded.
LONGEST_URL = 900

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
# An atom or a quoted string (RFC 5321 §4.1.2), which may hold blanks, then a domain or an address literal.
_ADDRESS = re.compile(
    r"""(?:[!#-'*+/-9=?A-Z^-~.\-\u00a1-\ud7ff\ue000-\U0010ffff]+|"(?:[ !#-\[\]-~]|\\[ -~])+")@[A-Za-z0-9.\-\[\]:]+"""
)
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_URL = re.compile(r"[!-;=?-~]+")


class UnfitForMail(DigestError):
    """A value cannot stand in a mail; the message says which and why, without repeating an address."""


def clean(text: str, longest: int) -> str:
    """Return *text* on one line without control characters, at most *longest* characters of it."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in text)
    return " ".join(text.split())[:longest].rstrip()


def text(name: str, value: str, *, longest: int = LONGEST_SUBJECT) -> str:
    """Return the header *name* with free text, such as a Subject, folded."""
    value = clean(value, longest)
    words = value.split(" ") if _reads_as_it_is(value) else list(_encoded_words(value))
    return _folded(name, words)


def mailbox(name: str, box: Mailbox, *, allow_utf8: bool = False) -> str:
    """Return the header *name* with a display name and an address; UnfitForMail as ``address`` says."""
    return _folded(name, [*phrase(box.name), f"<{address(box.address, allow_utf8=allow_utf8)}>"])


def phrase(value: str) -> list[str]:
    """Return *value* as the words of an RFC 5322 phrase, quoted or encoded where it must be."""
    value = clean(value, LONGEST_NAME)
    if not value:
        return []
    if not _reads_as_it_is(value):
        return list(_encoded_words(value))
    if _ATOMS.fullmatch(value):
        return value.split(" ")
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    return [quoted] if len(quoted) <= _LONGEST_WORD else list(_encoded_words(value))


@lru_cache(256)  # the sender's own comes with each mail, and a recipient's twice
def address(value: str, *, allow_utf8: bool = False) -> str:
    """
    Return *value* as it stands in a mail: its domain as A-labels (RFC 5891); UnfitForMail when it is no address.

    A local part beyond ASCII is one only where the relay takes it (RFC 6531): with *allow_utf8*.
    """
    local, at, domain = value.rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError as fault:
            raise UnfitForMail("the address has a domain that is none") from fault
    if not local.isascii() and not allow_utf8:
        raise UnfitForMail("the address has characters beyond ASCII before its @, which not every relay carries")
    value = f"{local}{at}{domain}"
    if not _ADDRESS.fullmatch(value) or len(value.encode("utf-8", "replace")) > 254:
        raise UnfitForMail("the address is no mail address")
    return value


def needs_utf8(value: str) -> bool:
    """Return whether the address *value* has a local part that only SMTPUTF8 carries."""
    return not value.rpartition("@")[0].isascii()


def url(value: str) -> str:
    """Return *value* in angle brackets (RFC 2369); UnfitForMail when it is no web address that fits a header."""
    if not _URL.fullmatch(value) or len(value) > LONGEST_URL or not value.startswith(("https://", "http://")):
        raise UnfitForMail(f"{value[:100]!r} is no web address that fits a header")
    return f"<{value}>"


def message_id(value: str) -> str:
    """Return *value* if it is a message id with its angle brackets; UnfitForMail for others."""
    if not _MESSAGE_ID.fullmatch(value) or len(value) > LONGEST_URL:
        raise UnfitForMail(f"{value[:100]!r} is no message id")
    return value


def token(value: str) -> str:
    """Return *value* without blanks and control characters; UnfitForMail when it is not ASCII."""
    value = "".join(clean(value, LONGEST_URL).split())
    if not value.isascii():
        raise UnfitForMail(f"{value[:100]!r} must be ASCII to stand in a header")
    return value


def line(name: str, *words: str) -> str:
    """Return the header *name* with *words* that are fit for it, folded between them."""
    return _folded(name, list(words))


def _reads_as_it_is(value: str) -> bool:
    # "=?" would be taken for the beginning of an encoded word.
    return (
        _PRINTABLE.fullmatch(value) is not None
        and "=?" not in value
        and all(len(word) <= _LONGEST_WORD for word in value.split(" "))
    )


def _encoded_words(value: str) -> Iterator[str]:
    """Cut *value* between characters into encoded words; readers join them without the blanks between."""
    piece = b""
    for character in value:
        encoded = character.encode()
        if len(piece) + len(encoded) > _PLAIN_BYTES:
            yield _encoded_word(piece)
            piece = b""
        piece += encoded
    yield _encoded_word(piece)


def _encoded_word(piece: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(piece).decode()}?="


def _folded(name: str, words: list[str]) -> str:
    whole = f"{name}: {' '.join(words)}"
    if len(whole) <= _LINE:
        return whole
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)
