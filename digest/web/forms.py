"""Forms: what a browser or a mail program has posted, read within limits and never trusted."""

from dataclasses import dataclass
from io import BytesIO
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request
from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field

from digest.web.words import phrase

#: The longest body that any of our forms can have.
LONGEST_BODY = 64 * 1024
_MOST_FIELDS = 200
_UNREADABLE = phrase("This form could not be read. Go back, reload the page and try again.")
_TOO_LONG = phrase("This is more than our forms can hold. Shorten it and try again.")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a form in their order."""

    pairs: tuple[tuple[str, str], ...] = ()

    def one(self, name: str, default: str = "") -> str:
        """Return the first value of *name* without blanks around it."""
        return next((value.strip() for key, value in self.pairs if key == name), default)

    def raw(self, name: str) -> str:
        """Return the first value of *name* exactly as it was typed: for passwords."""
        return next((value for key, value in self.pairs if key == name), "")

    def many(self, name: str) -> tuple[str, ...]:
        """Return every value of *name*."""
        return tuple(value.strip() for key, value in self.pairs if key == name)


async def read(request: Request) -> Fields:
    """Return the posted fields, urlencoded or multipart; 413 when there are too many bytes, 422 when unreadable."""
    body = await _body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            return _multipart(request, body)
        return _urlencoded(body)
    except (FormParserError, ValueError) as fault:
        raise HTTPException(422, _UNREADABLE) from fault


async def read_any(request: Request) -> Fields:
    """Return the posted fields, or none: for a request that must work whatever its body is."""
    try:
        return await read(request)
    except HTTPException:
        return Fields()


Posted = Annotated[Fields, Depends(read)]
PostedAnything = Annotated[Fields, Depends(read_any)]


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise HTTPException(413, _TOO_LONG)
    return bytes(body)


def _urlencoded(body: bytes) -> Fields:
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    return Fields(tuple((_clean(name), _clean(value)) for name, value in pairs))


def _multipart(request: Request, body: bytes) -> Fields:
    pairs: list[tuple[str, str]] = []

    def take(field: Field) -> None:
        if len(pairs) >= _MOST_FIELDS:
            raise ValueError("too many fields")
        pairs.append((_text(field.field_name), _text(field.value)))

    headers = {"Content-Type": request.headers["content-type"].encode("latin-1")}
    parse_form(headers, BytesIO(body), take, lambda _file: None)
    return Fields(tuple(pairs))


def _text(value: bytes | None) -> str:
    return _clean((value or b"").decode("utf-8", "replace"))


def _clean(text: str) -> str:
    """Return *text* without NUL, which no database keeps."""
    return text.replace("\x00", "")
