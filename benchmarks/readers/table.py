"""A table of invented readers with all that goes wrong in such tables; the same each time."""

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

HEADINGS = ("email", "name", "language", "time_zone", "sections", "cadence", "hour")
DOMAINS = 2_000
_NAMES = ("Ada", "Ben", "Carla", "Zoë", "Émile", "Наталья", "みなと", "O'Brien", "Jean-Luc")
_ZONES = ("", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Tokyo", "Australia/Sydney")
_SECTIONS = ("", "", "", "{0}", "{0} {1}")
_HOURS = ("", "", "", "7", "06:30", "18:00")
#: Each spoils a row in another way.
_FAULTS = (
    ("no address", "", "", "", "", "", ""),
    ("{address}", "x"),
    ("{address}", "", "", "Mars/Olympus", "", "", ""),
    ("{address}", "", "", "", "", "hourly", ""),
    ("{address}", "", "", "", "", "", "25"),
    ("{address}", "n" * 300, "", "", "", "", ""),
    ("{address}", "N\0UL", "", "", "", "", ""),
)


def address(number: int) -> str:
    """Return the address of the reader in row *number*."""
    return f"reader.{number}@domain-{number % DOMAINS}.example"


def is_suppressed(number: int) -> bool:
    """Return whether the address of row *number* gets no mail: one of a hundred."""
    return number % 100 == 17


def has_left(number: int) -> bool:
    """Return whether the reader of row *number* has left: one of a hundred."""
    return number % 100 == 43


def write(path: Path, rows: int, sections: Sequence[str]) -> None:
    """Write so many *rows*: 3 % repeat an address in other letters, 2 % are faulty; *sections* are the first."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        _write(stream, rows, sections)


def _write(stream: TextIO, rows: int, sections: Sequence[str]) -> None:
    chance, writer = random.Random(7), csv.writer(stream)
    writer.writerow(HEADINGS)
    for number in range(rows):
        drawn, theirs = chance.random(), address(number)
        if drawn < 0.02:
            writer.writerow([cell.format(address=theirs) for cell in chance.choice(_FAULTS)])
            continue
        if drawn < 0.05 and number:
            theirs = address(chance.randrange(number)).upper()
        name = f"{chance.choice(_NAMES)} {chance.choice(_NAMES)}"
        zone, chosen, hour = chance.choice(_ZONES), chance.choice(_SECTIONS).format(*sections), chance.choice(_HOURS)
        writer.writerow((theirs, name, "en", zone, chosen, "daily", hour))
