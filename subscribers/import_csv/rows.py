"""From bytes to rows of cells with their line numbers, whatever the bytes are."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, cast

#: Longer lines are skipped unread, so that no file fills the memory. Characters.
LONGEST_LINE = 65_536
#: A quoted cell may go on for so many lines; beyond that its quotation mark is a slip that spoils its own line only.
MOST_LINES = 20
DELIMITERS = (",", ";", "\t", "|")
_REPLACED = "\ufffd"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one record, stripped, and the line that it begins on."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is no record, and why."""

    line: int
    fact: str


class _Line(NamedTuple):
    """A line of the file; its text is None when it is too long to be kept."""

    number: int
    text: str | None


def rows(stream: BinaryIO) -> Generator[Row | Malformed]:
    """
    Yield each record of the CSV in *stream*, the header first; blank lines are left out, *stream* is left open.

    Reads UTF-8, with or without a byte order mark, and UTF-16 with one. The delimiter is the one of comma, semicolon,
    tab and bar that gives the header most cells.
    """
    buffered = io.BufferedReader(cast("io.RawIOBase", stream))
    has_utf16_mark = buffered.peek(2)[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    text = io.TextIOWrapper(buffered, encoding="utf-16" if has_utf16_mark else "utf-8-sig", errors="replace")
    try:
        lines = _lines(text)
        header = next((line for line in lines if line.text is None or line.text.strip()), None)
        if header is not None:
            yield from _records(deque([header]), lines, _delimiter(header.text or ""))
    finally:
        text.detach()
        buffered.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[_Line]:
    """Yield each line with its number, from 1."""
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        is_too_long = len(line) == LONGEST_LINE and not line.endswith("\n")
        rest = line
        while is_too_long and rest and not rest.endswith("\n"):
            rest = text.readline(LONGEST_LINE)
        yield _Line(number, None if is_too_long else line)


def _records(waiting: deque[_Line], lines: Iterator[_Line], delimiter: str) -> Iterator[Row | Malformed]:
    while (first := waiting.popleft() if waiting else next(lines, None)) is not None:
        number, text = first
        if text is None:
            yield Malformed(number, f"is longer than {LONGEST_LINE} characters")
            continue
        if not text.strip():
            continue
        while len(waiting) < MOST_LINES - 1 and (line := next(lines, None)) is not None:
            waiting.append(line)
        cells, used = _cells(text, waiting, delimiter)
        for _ in range(used):
            waiting.popleft()
        yield _judged(number, cells)


def _cells(text: str, following: deque[_Line], delimiter: str) -> tuple[tuple[str, ...] | None, int]:
    """Return the record that begins with the line *text*, None when it is no CSV, and how many lines more it took."""
    taken = [text]
    for more in (*[line.text for line in following], None):
        try:
            record = next(csv.reader(taken, delimiter=delimiter, strict=True))
        except csv.Error:
            is_open = sum(part.count('"') for part in taken) % 2 == 1
            if not is_open or more is None:
                break
            taken.append(more)
        else:
            return tuple(cell.strip() for cell in record), len(taken) - 1
    return None, 0


def _judged(number: int, cells: tuple[str, ...] | None) -> Row | Malformed:
    if cells is None:
        return Malformed(number, "has a quotation mark that is not closed or not doubled, or a cell that is too long")
    if any(_REPLACED in cell for cell in cells):
        return Malformed(number, "has bytes that are not UTF-8; save the file as UTF-8")
    if any("\0" in cell for cell in cells):
        return Malformed(number, "holds a NUL character; save the file as plain text")
    return Row(number, cells)


def _delimiter(header: str) -> str:
    def width(delimiter: str) -> int:
        return len(_cells(header, deque(), delimiter)[0] or ())

    return max(DELIMITERS, key=width)
