"""Forms: what a browser or a mail program has posted, read within limits and never trusted."""

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request
from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File

from digest.web.words import phrase

#: The longest body that any of our forms can have.
LONGEST_BODY = 64 * 1024
#: The same at the desk, where one form holds all the words of an Edition of 200 Stories.
LONGEST_AT_DESK = 2_000_000
#: The same with a file in it.
LONGEST_UPLOAD = 3_000_000
_MOST_FIELDS, _MOST_AT_DESK = 200, 2000
_UNREADABLE = phrase("This form could not be read. Go back, reload the page and try again.")
_TOO_LONG = phrase("This is more than our forms can hold. Shorten it and try again.")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a form in their order, and the files that came with it."""

    pairs: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()

    def one(self, name: str, default: str = "") -> str:
        """Return the first value of *name* without blanks around it."""
        return next((value.strip() for key, value in self.pairs if key == name), default)

    def raw(self, name: str) -> str:
        """Return the first value of *name* exactly as it was typed: for passwords."""
        return next((value for key, value in self.pairs if key == name), "")

    def many(self, name: str) -> tuple[str, ...]:
        """Return every value of *name*."""
        return tuple(value.strip() for key, value in self.pairs if key == name)

    def file(self, name: str) -> bytes:
        """Return the content of the file *name*, empty when none was chosen."""
        return next((content for key, content in self.files if key == name), b"")


async def read(request: Request) -> Fields:
    """Return the posted fields, urlencoded or multipart; 413 when there are too many bytes, 422 when unreadable."""
    return replace(await _read(request, LONGEST_BODY, _MOST_FIELDS), files=())


async def read_at_desk(request: Request) -> Fields:
    """Return the posted fields of a form of the desk; else as ``read``, with room for a whole Edition."""
    return replace(await _read(request, LONGEST_AT_DESK, _MOST_AT_DESK), files=())


async def read_upload(request: Request) -> Fields:
    """Return the posted fields and files; else as ``read``, with room for a file."""
    return await _read(request, LONGEST_UPLOAD, _MOST_FIELDS)


async def _read(request: Request, most: int, most_fields: int) -> Fields:
    body = await _body(request, most)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            return _multipart(request, body, most_fields)
        return _urlencoded(body, most_fields)
    except (FormParserError, ValueError) as fault:
        raise HTTPException(422, _UNREADABLE) from fault


async def read_any(request: Request) -> Fields:
    """Return the posted fields, or none: for a request that must work whatever its body is."""
    try:
        return await read(request)
    except HTTPException:
        return Fields()


Posted = Annotated[Fields, Depends(read)]
PostedAtDesk = Annotated[Fields, Depends(read_at_desk)]
Uploaded = Annotated[Fields, Depends(read_upload)]
PostedAnything = Annotated[Fields, Depends(read_any)]


async def _body(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, _TOO_LONG)
    return bytes(body)


def _urlencoded(body: bytes, most_fields: int) -> Fields:
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=most_fields)
    return Fields(tuple((_clean(name), _clean(value)) for name, value in pairs))


def _multipart(request: Request, body: bytes, most_fields: int) -> Fields:
    pairs: list[tuple[str, str]] = []
    files: list[tuple[str, bytes]] = []

    def take(field: Field) -> None:
        if len(pairs) >= most_fields:
            raise ValueError("too many fields")
        pairs.append((_text(field.field_name), _text(field.value)))

    def take_file(file: File) -> None:
        if len(files) >= most_fields:
            raise ValueError("too many files")
        file.file_object.seek(0)
        files.append((_text(file.field_name), file.file_object.read()))
        file.close()

    headers = {"Content-Type": request.headers["content-type"].encode("latin-1")}
    parse_form(headers, BytesIO(body), take, take_file)
    return Fields(tuple(pairs), tuple(files))


def _text(value: bytes | None) -> str:
    return _clean((value or b"").decode("utf-8", "replace"))


def _clean(text: str) -> str:
    """Return *text* without NUL, which no database keeps."""
    return text.replace("\x00", "")
