"""Quoted-printable bodies (RFC 2045 §6.7) that no hop needs to change: 7 bits, short lines, no dot in front."""

import re

#: RFC 2045: at most 76 characters, the soft break's "=" among them.
_WIDTH = 75
_SOFT = b"=\r\n"
# Literal are printable ASCII but "=", and a blank that neither follows a blank nor ends its line: some hops trim those.
_UNSAFE = re.compile(rb"[^\x20-\x3c\x3e-\x7e]|(?<=[ ]) | $")
_ESCAPES = tuple(b"=%02X" % value for value in range(256))
# A value that needs no change but for its breaks.
_PLAIN = re.compile(rb"[!-<>-~]+(?: [!-<>-~]+)*")


def encode(raw: bytes) -> bytes:
    """Return *raw*, as ``canonical`` gives it, in quoted-printable lines of at most 76 characters, each with CRLF."""
    return b"".join(_line(line) for line in raw.split(b"\r\n"))


def piece(raw: bytes) -> bytes:
    """
    Return *raw*, text with CRLF between lines, encoded such that encoded pieces may be joined in any order.

    It begins where a line begins, and ends with CRLF or a soft break. *raw* must not be cut within a character.
    """
    *lines, last = raw.split(b"\r\n")
    encoded = b"".join(_line(line) for line in lines)
    return encoded + _line(last, is_cut=True) if last else encoded


def value(raw: bytes) -> bytes:
    """Return what ``piece`` gives for a short *raw* on one line, sooner."""
    if _PLAIN.fullmatch(raw):
        size = len(raw)
        if size <= _WIDTH and raw[0] != 46 and raw[:5] != b"From ":  # 46: a dot
            return raw + _SOFT
        if _WIDTH < size <= 2 * _WIDTH and raw[0] != 46 and raw[_WIDTH] != 46 and b" " not in raw:
            return b"%b=\r\n%b=\r\n" % (raw[:_WIDTH], raw[_WIDTH:])
    return piece(raw)


def canonical(text: str) -> bytes:
    """Return *text* in UTF-8 with CRLF between its lines and none at its end; lone surrogates become question marks."""
    return "\r\n".join(re.split(r"\r\n|\r|\n", text.rstrip("\r\n"))).encode("utf-8", "replace")


def _line(raw: bytes, *, is_cut: bool = False) -> bytes:
    """Return one line of text in lines of mail; one that *is_cut* goes on in the next piece."""
    rest = _UNSAFE.sub(lambda found: _ESCAPES[found[0][0]], raw)
    out = bytearray()
    start = 0
    ending, room = (_SOFT, _WIDTH) if is_cut else (b"\r\n", _WIDTH + 1)
    while True:
        front = _front(rest, start)
        taken = start + (1 if front else 0)
        if len(front) + len(rest) - taken <= room:
            return bytes(out + front + rest[taken:] + ending)
        end = _cut(rest, taken + _WIDTH - len(front))
        out += front + rest[taken:end] + _SOFT
        start = end


def _front(rest: bytes, start: int) -> bytes:
    """Return what replaces the first character: a dot may end a mail, and "From " begins one in mailbox files."""
    if rest.startswith(b".", start):
        return b"=2E"
    return b"=46" if rest.startswith(b"From ", start) else b""


def _cut(rest: bytes, end: int) -> int:
    """Return the last place up to *end* that lies neither within an escape nor within a character."""
    if rest[end - 1 : end] == b"=":
        end -= 1
    elif rest[end - 2 : end - 1] == b"=":
        end -= 2
    while rest[end : end + 1] == b"=" and rest[end + 1 : end + 2] in {b"8", b"9", b"A", b"B"}:
        end -= 3
    return end
