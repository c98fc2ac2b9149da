"""A table of headlines, as `digest story cluster` reads it."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO

from digest.gather.identity import host_of, url_key
from digest.model.candidate import Candidate
from digest.model.ids import ArticleId

COLUMNS = ("id", "title", "link", "publisher", "category", "published")
_NEEDED = ("id", "title")
_DELIMITERS = ",;\t"
_SECONDS = re.compile(r"\d+(\.\d+)?")
# Epoch seconds reach this in the year 5138, milliseconds did in 1973.
_MILLISECONDS = 100_000_000_000
# Where no row has a date, all have the same, whatever it is.
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
# Of the lines that one record may take.
_TALLEST = 20


class _Tabs(csv.excel_tab):
    """Quotation marks are part of the text."""

    quoting = csv.QUOTE_NONE


@dataclass(slots=True)
class Headlines:
    """What a table holds: the ids of its good rows with their Candidates, in order, and what is wrong with others."""

    candidates: dict[str, Candidate] = field(default_factory=dict)
    #: "line 7: no title", for each bad row.
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    """One good row."""

    number: int
    fields: Mapping[str, str]
    published: datetime | None


def read(content: bytes) -> Headlines:
    """
    Read a table in UTF-8 with a header that names its columns, in any order and case, of which id and title are needed.

    Its delimiter is the comma, semicolon or tab, whichever its header has most of. *published* is ISO 8601, in UTC
    where it names no zone, or epoch seconds or milliseconds; a row without one counts as published with the newest.
    """
    headlines = Headlines()
    rows = list(_rows(content.decode("utf-8-sig", errors="replace"), headlines.faults))
    newest = max((row.published for row in rows if row.published is not None), default=_NO_DATE)
    for row in rows:
        identity = row.fields["id"]
        if identity in headlines.candidates:
            first = headlines.candidates[identity].article_id
            headlines.faults.append(f"line {row.number}: the id {identity} was given in line {first} already")
        else:
            headlines.candidates[identity] = _candidate(row, newest)
    return headlines


def _candidate(row: _Row, newest: datetime) -> Candidate:
    link = row.fields["link"]
    host = host_of(link)
    publisher = row.fields["publisher"] or host or f"line {row.number}"
    published = row.published or newest
    return Candidate(
        article_id=ArticleId(row.number),
        url=link if host else "",
        url_key=url_key(link) if host else f"line {row.number}",
        title=row.fields["title"],
        summary="",
        publisher=publisher,
        source_name=publisher,
        source_key=publisher,
        source_weight=1.0,
        section=row.fields["category"],
        published=published,
        first_seen=published,
        is_dated=row.published is not None,
    )


def _rows(text: str, faults: list[str]) -> Iterator[_Row]:
    """Yield the good rows of the table *text*; say in *faults* what is wrong with the others."""
    records = _records(list(StringIO(text, newline=None)), faults)
    number, header = next(records, (1, []))
    names = [cell.strip().casefold() for cell in header]
    if missing := [name for name in _NEEDED if name not in names]:
        columns = ", ".join(COLUMNS)
        faults.append(f"line {number}: the header lacks {' and '.join(missing)}; it names columns out of {columns}")
        return
    for number, cells in records:
        if any(cell.strip() for cell in cells[len(names) :]):
            faults.append(f"line {number}: {len(cells)} fields, but the header has {len(names)}; put text in quotes")
            continue
        given = dict(zip(names, (" ".join(cell.split()) for cell in cells), strict=False))
        fields = {name: given.get(name, "") for name in COLUMNS}
        if missing := [name for name in _NEEDED if not fields[name]]:
            faults.append(f"line {number}: no {' and no '.join(missing)}")
            continue
        try:
            yield _Row(number, fields, _instant(fields["published"]))
        except (ValueError, OverflowError, OSError):
            remedy = "give ISO 8601, or epoch seconds or milliseconds"
            faults.append(f"line {number}: published is {fields['published'][:40]!r}; {remedy}")


def _records(lines: Sequence[str], faults: list[str]) -> Iterator[tuple[int, list[str]]]:
    """
    Yield the number of the line that each record begins in, and its cells; empty ones are passed over.

    A quotation mark that is never closed costs its own line only, not the rest of the table.
    """
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    # Headlines in tables with tabs hold quotation marks as they are.
    form: type[csv.Dialect] = _Tabs if delimiter == "\t" else csv.excel
    at = 0
    while at < len(lines):
        number = at + 1
        try:
            reader = csv.reader(lines[at : at + _TALLEST], form, delimiter=delimiter, strict=True)
            cells = next(reader)
            at += reader.line_num
        except csv.Error:
            at += 1
            try:
                cells = next(csv.reader(lines[at - 1 : at], form, delimiter=delimiter))
            except csv.Error as fault:
                faults.append(f"line {number}: {fault}")
                continue
        if any(cell.strip() for cell in cells):
            yield number, cells


def _instant(text: str) -> datetime | None:
    """Return the instant that *text* names, None when it is empty; ValueError or OverflowError when it names none."""
    if not text:
        return None
    if _SECONDS.fullmatch(text):
        number = float(text)
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
