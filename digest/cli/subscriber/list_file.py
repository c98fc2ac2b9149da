"""The list that an import reads: a file, or what is piped in, if it is text at all."""

import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from digest.cli.output import fail

#: Said in place of a file for what is piped in.
STANDARD_INPUT = Path("-")
#: Mailchimp puts into files of this name whom a shop has mailed a receipt, and who never agreed to more. Their columns
#: are those of readers.
_NEVER_ASKED = "nonsubscribed_"
_SPREADSHEET = "is a spreadsheet; save it as CSV (UTF-8) and import that"
_NO_TEXT = {
    b"\x1f\x8b": "is packed by gzip; unpack it first: gunzip -c FILE | digest subscriber import … -",
    b"\xd0\xcf\x11\xe0": _SPREADSHEET,
    b"%PDF": "is a PDF; export the list as CSV",
}


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Give the bytes of *file*, which can be read twice; ends the command where it is no list or cannot be read."""
    with ExitStack() as kept:
        try:
            stream = _standard_input() if file == STANDARD_INPUT else kept.enter_context(file.open("rb"))
            if not stream.seekable():
                copy = kept.enter_context(TemporaryFile())
                shutil.copyfileobj(stream, copy)
                copy.seek(0)
                stream = copy
            fault = _fault(stream)
        except OSError as error:
            fail(f"{file} cannot be read: {error.strerror}; name a readable CSV file")
        if fault:
            fail(f"{file} {fault}")
        yield stream


def _standard_input() -> BinaryIO:
    if sys.stdin is None:  # as Python has it where a service manager or a shell has closed it
        fail("standard input is closed; lead a file into the command, or name one")
    return sys.stdin.buffer


def check_name(file: Path) -> None:
    """End the command where *file* is known by its name to list people who never agreed."""
    if file.name.startswith(_NEVER_ASKED):
        fail(
            f"{file.name} lists contacts who never agreed to get mail, as Mailchimp names its files; "
            "import the one that begins with subscribed_, or rename this one if they did"
        )


def _fault(stream: BinaryIO) -> str:
    head = stream.read(4)
    stream.seek(0)
    if head == b"PK\x03\x04":
        return _packed(stream)
    return next((fault for begin, fault in _NO_TEXT.items() if head.startswith(begin)), "")


def _packed(stream: BinaryIO) -> str:
    try:
        names = zipfile.ZipFile(stream).namelist()
    except zipfile.BadZipFile:
        names = []
    if any(name.startswith("xl/") or name == "content.xml" for name in names):
        return _SPREADSHEET
    there = f" ({', '.join(names[:10])})" if names else ""
    return f"is a zip archive{there}; unpack it and import its lists one by one"
