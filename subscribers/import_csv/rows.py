"""From bytes to rows of cells with their line numbers, whatever the bytes are."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Generator, Iterator
from typing import BinaryIO, NamedTuple, cast

#: Longer lines are skipped unread, so that no file fills the memory. Characters.
LONGEST_LINE = 65_536
#: A quoted cell may go on for so many lines; beyond that its quotation mark is a slip that spoils its own line only.
MOST_LINES = 20
DELIMITERS = (",", ";", "\t", "|")
_REPLACED = "\ufffd"


class Row(NamedTuple):
    """The cells of one record, stripped, and the line that it begins on."""

    line: int
    cells: tuple[str, ...]


class Malformed(NamedTuple):
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
        header = next((line for line in lines if line.text is None or not line.text.isspace()), None)
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
        elif '"' in text:
            yield _judged(number, _quoted(text, waiting, lines, delimiter))
        elif not text.isspace():
            # Without quotation marks that is all there is to CSV, and most lines are so.
            yield _judged(number, tuple(map(str.strip, text.split(delimiter))))


def _quoted(text: str, waiting: deque[_Line], lines: Iterator[_Line], delimiter: str) -> tuple[str, ...] | None:
    """Return the record that begins with the line *text*, None when it is no CSV; take the lines that it goes on in."""
    taken = [text]
    while (record := _read(taken, delimiter)) is None:
        is_open = sum(part.count('"') for part in taken) % 2 == 1
        more = _following(waiting, lines, len(taken) - 1) if is_open and len(taken) < MOST_LINES else None
        if more is None:
            return None
        taken.append(more)
    for _ in taken[1:]:
        waiting.popleft()
    return record


def _following(waiting: deque[_Line], lines: Iterator[_Line], place: int) -> str | None:
    """Return the text of the line at *place* of those to come, read if need be; None when there is none to be kept."""
    if place == len(waiting) and (line := next(lines, None)) is not None:
        waiting.append(line)
    return waiting[place].text if place < len(waiting) else None


def _read(lines: list[str], delimiter: str) -> tuple[str, ...] | None:
    try:
        return tuple(cell.strip() for cell in next(csv.reader(lines, delimiter=delimiter, strict=True)))
    except csv.Error:
        return None


def _judged(number: int, cells: tuple[str, ...] | None) -> Row | Malformed:
    if cells is None:
        return Malformed(number, "has a quotation mark that is not closed or not doubled, or a cell that is too long")
    whole = "".join(cells)
    if _REPLACED in whole:
        return Malformed(number, "has bytes that are not UTF-8; save the file as UTF-8")
    if "\0" in whole:
        return Malformed(number, "holds a NUL character, as UTF-16 without its mark does; save the file as UTF-8")
    return Row(number, cells)


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=lambda delimiter: len(_read([header], delimiter) or ()))
