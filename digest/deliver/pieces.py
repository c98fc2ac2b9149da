"""Bodies encoded once: the literals of a sheet in their transfer encoding, joined for each reader with their values."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from digest.deliver import quoted
from digest.model.layout import base64_size
from digest.model.pieces import Slot

#: Bytes of a line of base64: RFC 2045 §6.8.
_LINE = 57


class Body(Protocol):
    """One part of a mail with slots."""

    @property
    def encoding(self) -> str:
        """Its Content-Transfer-Encoding."""
        ...

    def fill(self, values: Mapping[str, bytes], known: dict[bytes, bytes]) -> list[bytes]:
        """
        Return the encoded part in pieces, the last one with CRLF at its end; *values* are raw, on one line.

        *known* keeps encoded values, which the parts of one mail share.
        """
        ...


class Press:
    """Encodes sheets; a literal that many sheets share is encoded once."""

    def __init__(self) -> None:
        self._quoted: dict[bytes, bytes] = {}
        self._aligned: dict[bytes, _Aligned] = {}

    def body(self, parts: Sequence[bytes | Slot]) -> Body:
        """Return *parts* in the encoding that is shorter: base64 for scripts beyond Latin, else quoted-printable."""
        literals = [part for part in parts if isinstance(part, bytes)]
        size = sum(len(self._quote(literal)) for literal in literals)
        if size > base64_size(sum(map(len, literals))):
            return _Base64([self._align(part) if isinstance(part, bytes) else part for part in parts])
        return _Quoted([self._quote(part) if isinstance(part, bytes) else part for part in parts])

    def _quote(self, literal: bytes) -> bytes:
        found = self._quoted.get(literal)
        if found is None:
            found = self._quoted[literal] = quoted.piece(_with_crlf(literal))
        return found

    def _align(self, literal: bytes) -> "_Aligned":
        found = self._aligned.get(literal)
        if found is None:
            found = self._aligned[literal] = _Aligned(_with_crlf(literal))
        return found


class _Quoted:
    """In quoted-printable: every piece begins and ends at the end of a line."""

    encoding = "quoted-printable"

    def __init__(self, parts: Iterable[bytes | Slot]) -> None:
        self._parts: list[bytes] = []
        self._slots: list[tuple[int, str]] = []
        for part in parts:
            if isinstance(part, Slot):
                self._slots.append((len(self._parts), part.name))
                self._parts.append(b"")
            else:
                self._parts.append(part)
        # A body ends with a CRLF of its own, not with a soft break.
        last = self._parts[-1] if self._parts else b""
        self._parts.append(b"" if last.endswith(b"\r\n") and not last.endswith(b"=\r\n") else b"\r\n")

    def fill(self, values: Mapping[str, bytes], known: dict[bytes, bytes]) -> list[bytes]:
        """Return the encoded part in pieces."""
        parts = self._parts.copy()
        for place, name in self._slots:
            value = values[name]
            encoded = known.get(value)
            if encoded is None:
                encoded = known[value] = quoted.value(value)
            parts[place] = encoded
        return parts


class _Aligned:
    """A literal in base64, for each number of bytes that the piece before left over: 0, 1 or 2."""

    __slots__ = ("_raw", "_ways")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._ways: list[tuple[bytes, bytes, bytes] | None] = [None, None, None]

    def after(self, left: int) -> tuple[bytes, bytes, bytes]:
        """Return what completes *left* bytes to three, the encoded lines, and what is left over in turn."""
        way = self._ways[left]
        if way is None:
            start = min((3 - left) % 3, len(self._raw))
            end = start + (len(self._raw) - start) // 3 * 3
            lines = base64.encodebytes(self._raw[start:end]).replace(b"\n", b"\r\n")
            way = self._ways[left] = self._raw[:start], lines, self._raw[end:]
        return way


class _Base64:
    """
    In base64. What a piece leaves over is encoded with the beginning of the next, on a line of its own.

    RFC 2045 §6.8 lets lines be shorter than 76 characters, so literals keep their encoding wherever they stand.
    """

    encoding = "base64"

    def __init__(self, parts: Sequence["_Aligned | Slot"]) -> None:
        self._parts = parts

    def fill(self, values: Mapping[str, bytes], known: dict[bytes, bytes]) -> list[bytes]:  # noqa: ARG002 (a body's)
        """Return the encoded part in pieces."""
        out: list[bytes] = []
        left = b""
        for part in self._parts:
            aligned = _Aligned(values[part.name]) if isinstance(part, Slot) else part
            first, lines, rest = aligned.after(len(left))
            left += first
            if len(left) == 3:
                out.append(base64.b64encode(left) + b"\r\n")
                left = b""
            if not left:
                out.append(lines)
                left = rest
        if left:
            out.append(base64.b64encode(left) + b"\r\n")
        return out


def _with_crlf(literal: bytes) -> bytes:
    return literal.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
