"""Feeds: how fast they are read, how many items are found, and whether they say what feedparser says."""

import html
import io
import re
import unicodedata
from calendar import timegm
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urljoin

import fastfeedparser
import feedparser

from benchmarks.gather import sets
from benchmarks.gather.sets import FeedFile
from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from benchmarks.spent import cpu_race
from digest.errors import UnreadableInput
from digest.gather.feeds import feed
from digest.model.entry import Entry

Parser = Callable[[FeedFile], Sequence[Any]]

OURS, THEIRS = "digest.gather.feeds.feed", "feedparser, defaults"
FIELDS = ("title", "link", "id", "date")
DATES = ("published_parsed", "updated_parsed", "created_parsed")
TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^>]*>", re.DOTALL)
SHOWN = 100
#: What lies before is no date: some generators print the zero of their clock, 0001-01-01.
EARLIEST_YEAR = 1970


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one item that we and feedparser read in different ways."""

    feed: str
    field: str
    theirs: str
    ours: str


def measure(arguments: Arguments) -> Report:
    """Race the parsers over both sets, and compare what they find."""
    files = [file for file in sets.feeds(arguments.data) if arguments.takes(file.name)]
    cars = [file for file in sets.car_feeds(arguments.data) if arguments.takes(file.name)]
    parsers = _parsers(arguments.now)
    seconds = cpu_race({name: _over(files, read) for name, read in parsers.items()}, arguments.runs)
    compared = [(file, *pair) for file in files if file.is_well_formed for pair in _pairs(file, arguments.now)]
    differences = [found for file, theirs, ours in compared for found in _differences(file, theirs, ours)]
    tables = [_speed_table(files, cars, parsers, seconds), _agreement_table(compared, differences)]
    if arguments.own["differences"]:
        tables.append(_differences_table(differences))
    there = sum(file.items for file in (*files, *cars))
    found = sum(_count(parsers[OURS], file) for file in (*files, *cars))
    return Report(
        tables=tables,
        floors=[
            Floor(claim="speed, times feedparser", value=ratio(seconds[THEIRS], seconds[OURS]), bound=20, spec=".1f"),
            Floor(claim="items found, share", value=ratio(found, there), bound=1),
            Floor(
                claim="worst agreement of a field with feedparser",
                value=min(_share(compared, differences, field) for field in FIELDS),
                bound=0.99,
                spec=".4f",
            ),
        ],
    )


def _speed_table(
    files: Sequence[FeedFile], cars: Sequence[FeedFile], parsers: Mapping[str, Parser], seconds: Mapping[str, float]
) -> Table:
    return Table(
        title="Feeds: speed and items",
        columns={
            "parser": "",
            "feeds/s": ",.1f",
            "times feedparser": ".1f",
            "items": ",d",
            "feeds with all items": "d",
            "items of car feeds": ",d",
        },
        rows=[
            [
                name,
                len(files) / seconds[name],
                ratio(seconds[THEIRS], seconds[name]),
                sum(_count(read, file) for file in files),
                sum(_count(read, file) == file.items for file in files),
                sum(_count(read, file) for file in cars),
            ]
            for name, read in parsers.items()
        ],
        note=f"{len(files)} feeds with {sum(file.items for file in files):,} items; {len(cars)} car feeds with "
        f"{sum(file.items for file in cars):,}. Processor time, one thread.",
    )


def _parsers(now: datetime) -> dict[str, Parser]:
    return {
        OURS: lambda file: feed.parse(file.body, url=file.url, fetched_at=now),
        THEIRS: lambda file: feedparser.parse(io.BytesIO(file.body)).entries,
        "fastfeedparser": lambda file: fastfeedparser.parse(file.body).entries,
    }


def _over(files: Sequence[FeedFile], read: Parser) -> Callable[[], object]:
    return lambda: [_count(read, file) for file in files]


def _count(read: Parser, file: FeedFile) -> int:
    try:
        return len(read(file))
    except (UnreadableInput, ValueError):
        return 0


def _pairs(file: FeedFile, now: datetime) -> Iterator[tuple[Any, Entry | None]]:
    """Yield each entry of feedparser with ours of the same identity or link; None where we have none."""
    said = feedparser.parse(io.BytesIO(file.body), response_headers={"content-location": file.url}).entries
    ours = feed.parse(file.body, url=file.url, fetched_at=now)
    known: dict[str, Entry] = {}
    for entry in ours:
        known.setdefault(entry.guid, entry)
        known.setdefault(_address(entry.link), entry)
    for theirs in said:
        yield theirs, known.get(_plain(theirs.get("id", ""))) or known.get(_address(theirs.get("link", "")))


def _differences(file: FeedFile, theirs: Any, ours: Entry | None) -> Iterator[Difference]:
    for field, wanted, got in zip(FIELDS, _said(theirs), _read(ours, theirs, file.url), strict=True):
        if wanted and wanted != got:
            yield Difference(file.name, field, wanted, got)


def _said(entry: Any) -> tuple[str, str, str, str]:
    """Return title, link, id and date of feedparser's *entry* in the form to be compared; empty for none."""
    title = entry.get("title", "")
    if "html" in (entry.get("title_detail") or {}).get("type", ""):
        title = html.unescape(TAG.sub(" ", title))
    # Plain dict access: feedparser's own falls back from one date to another, with a warning.
    parts = next((found for name in DATES if (found := dict.get(entry, name)) and found[0] >= EARLIEST_YEAR), None)
    date = datetime.fromtimestamp(timegm(parts), UTC).isoformat() if parts else ""
    return _plain(title), _address(entry.get("link", "")), _plain(entry.get("id", "")), date


def _read(entry: Entry | None, theirs: Any, base: str) -> tuple[str, str, str, str]:
    if entry is None:
        return "", "", "", ""
    date = entry.published.replace(microsecond=0).isoformat() if entry.published else ""
    guid = _plain(entry.guid)
    # feedparser makes an id that looks relative absolute; ours stays what it is wherever the feed moves.
    if urljoin(base, guid) == theirs.get("id"):
        guid = theirs["id"]
    return _plain(entry.title), _address(entry.link), guid, date


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _address(link: str) -> str:
    """Return *link* with one way of writing its characters."""
    return quote(unquote(link.strip()), safe=":/?#[]@!$&'()*+,;=%~")


def _share(compared: Sequence[tuple[Any, ...]], differences: Sequence[Difference], field: str) -> float:
    """Return the share of the items to which feedparser gives *field* where ours is the same."""
    there = sum(bool(_said(theirs)[FIELDS.index(field)]) for _, theirs, _ in compared)
    return 1 - ratio(sum(found.field == field for found in differences), there)


def _agreement_table(compared: Sequence[tuple[Any, ...]], differences: Sequence[Difference]) -> Table:
    return Table(
        title="Feeds: agreement with feedparser on well-formed files",
        columns={"field": "", "items with it": ",d", "the same": ".4f", "different": "d"},
        rows=[
            [
                field,
                sum(bool(_said(theirs)[FIELDS.index(field)]) for _, theirs, _ in compared),
                _share(compared, differences, field),
                sum(found.field == field for found in differences),
            ]
            for field in FIELDS
        ],
        note="Titles without markup, with single spaces; links escaped in one way; ids as such or made absolute; "
        "dates to the second.",
    )


def _differences_table(differences: Sequence[Difference]) -> Table:
    return Table(
        title="Feeds: differences from feedparser",
        columns=dict.fromkeys(("feed", "field", "feedparser", "ours"), ""),
        rows=[[found.feed, found.field, found.theirs[:SHOWN], found.ours[:SHOWN]] for found in differences],
    )


if __name__ == "__main__":
    Program(
        name="feeds",
        about=__doc__ or "",
        measure=measure,
        peers=("feedparser", "fastfeedparser"),
        options={"differences": {"action": "store_true", "help": "list every field that differs from feedparser's"}},
    ).run()
