"""The refused rows of an import, in a file to be mended and imported once more."""

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import UnsupportedOperation
from os import fstat
from os.path import samestat
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TextIO

from digest.cli.output import fail
from digest.cli.subscriber.list_file import STANDARD_INPUT
from digest.cli.whole import whole
from subscribers.import_csv import Refusal
from subscribers.import_csv.rows import Row, rows
from subscribers.text import guarded, unguarded

HEADINGS = ("line", "reason", "fact")


@contextmanager
def written(path: Path | None, file: Path, stream: BinaryIO) -> Iterator[Callable[[Refusal], None]]:
    """
    Give what takes each Refusal in the order of the lines; at the end *path* holds all of them with their rows.

    The rows are read from *stream*, the bytes of *file*, once more: so nothing need be kept of those that are taken.
    """
    if path is None:
        yield lambda _refusal: None
        return
    try:
        if _is_read_from(path, file):
            fail(f"{path} is the very list that is read; name another file for the refused rows")
        with whole(path) as out, TemporaryFile("w+", encoding="utf-8", newline="") as noted:
            yield _Notes(noted).take
            noted.seek(0)
            stream.seek(0)
            _join(csv.reader(noted), stream, out)
    except OSError as fault:
        fail(f"{path} cannot be written: {fault.strerror}; name a file in a folder that you may write to")


def _is_read_from(path: Path, file: Path) -> bool:
    """Return whether *path* is what is read, also where a shell has opened it in our place."""
    if not path.is_file():
        return False
    there = path.stat()
    try:
        return samestat(there, file.stat() if file != STANDARD_INPUT else fstat(sys.stdin.fileno()))
    except UnsupportedOperation:
        return False  # what stands in for standard input is no file


class _Notes:
    """Writes Refusals down while the import runs."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = csv.writer(stream)

    def take(self, refusal: Refusal) -> None:
        """Write *refusal* down; ends the command where there is no room."""
        try:
            self._writer.writerow((refusal.line, refusal.reason.value, refusal.fact))
        except OSError as fault:
            fail(f"the refusals cannot be kept: {fault.strerror}; make room in the folder for temporary files")


def _join(noted: Iterator[list[str]], stream: BinaryIO, out: TextIO) -> None:
    """Write each of *noted* with the cells that stand on its line of *stream*; a line that is no CSV has none."""
    writer = csv.writer(out)
    with closing(rows(stream)) as records:
        header = next(records, None)
        writer.writerow((*HEADINGS, *(map(_harmless, header.cells) if isinstance(header, Row) else ())))
        for line, reason, fact in noted:
            record = next((each for each in records if each.line >= int(line)), None)
            cells = record.cells if isinstance(record, Row) and record.line == int(line) else ()
            writer.writerow((line, reason, guarded(fact), *map(_harmless, cells)))


def _harmless(cell: str) -> str:
    return guarded(unguarded(cell))
