"""What every benchmark program shares: its arguments, its conditions, its tables on the screen and in JSON."""

import argparse
import datetime as dt
import hashlib
import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import structlog
from rich.console import Console
from rich.table import Table as Drawn

from digest.clock import SystemClock

RESULTS = Path("build/benchmarks")
HALVES = ("first", "second")
#: In columns; where the output is no terminal, tables are still to be read.
NARROWEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What a program was asked: where the data lie, how often to measure, and which half of each set to take."""

    #: Empty for a program that makes its own.
    data: Path
    runs: int
    half: str
    date: dt.date
    #: The program's own options, by name.
    own: Mapping[str, Any]

    @property
    def now(self) -> dt.datetime:
        """Return the start of the day of the measurement, later than all that the data sets hold."""
        return dt.datetime.combine(self.date, dt.time(), dt.UTC)

    def takes(self, name: str) -> bool:
        """Return whether the item called *name* is in the half that was asked for."""
        return not self.half or half_of(name) == self.half


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of results. *columns* maps each heading to a format specification, empty for text."""

    title: str
    columns: Mapping[str, str]
    rows: Sequence[Sequence[Any]]
    note: str = ""

    def cells(self) -> list[list[str]]:
        """Return the rows as text; what was not measured is a dash."""
        return [
            [_cell(value, spec) for value, spec in zip(row, self.columns.values(), strict=True)] for row in self.rows
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A promise of the project and what was measured: at least *bound*, or at most."""

    claim: str
    value: float
    bound: float
    at_most: bool = False
    spec: str = ".3f"

    @property
    def is_held(self) -> bool:
        """Return whether the promise is kept."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    @property
    def cells(self) -> list[str]:
        """Return claim, measured value, floor and verdict as text."""
        sign = "≤" if self.at_most else "≥"
        verdict = "held" if self.is_held else "missed"
        return [self.claim, format(self.value, self.spec), f"{sign} {format(self.bound, self.spec)}", verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that one program has measured."""

    tables: Sequence[Table]
    floors: Sequence[Floor] = ()

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Return the report in the JSON object *said*."""
        return cls(
            tables=[Table(**table) for table in said["tables"]], floors=[Floor(**floor) for floor in said["floors"]]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """
    One measurement: its *name* is that of its JSON file, *peers* are the distributions that it compares with.

    *topic* is the folder that it stands in. A program that *makes_its_data* is not asked for any.
    """

    name: str
    about: str
    measure: Callable[[Arguments], Report]
    peers: Sequence[str] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    topic: str = "gather"
    makes_its_data: bool = False

    def run(self) -> None:
        """Measure as the command line says, print the tables and write build/benchmarks/<name>.json."""
        arguments = self._arguments()
        # The product's own log lines would stand between the tables.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        conditions = self._conditions(arguments)
        report = self.measure(arguments)
        RESULTS.mkdir(parents=True, exist_ok=True)
        said = {"program": self.name, "conditions": conditions, **asdict(report)}
        path = RESULTS / f"{self.name}.json"
        path.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        _print(report, conditions)

    def _arguments(self) -> Arguments:
        parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{self.topic}.{self.name}", description=self.about)
        if self.makes_its_data:
            parser.set_defaults(data=Path(), half="")
        else:
            parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets")
            parser.add_argument(
                "--half", choices=HALVES, default="", help="only this half of each set, by hash of name"
            )
        parser.add_argument("--runs", type=int, default=3, help="measure times so often and take the median (3)")
        today = SystemClock().now().date()
        parser.add_argument("--date", type=dt.date.fromisoformat, default=today, help="the day to write down (today)")
        for option, settings in self.options.items():
            parser.add_argument(f"--{option}", **settings)
        given = vars(parser.parse_args())
        own = {option: given.pop(option) for option in self.options}
        return Arguments(**given, own=own)

    def _conditions(self, arguments: Arguments) -> dict[str, str]:
        machine = f"{os.cpu_count()} cores {platform.machine()}, {platform.system()}"
        return {
            "date": arguments.date.isoformat(),
            "machine": f"{machine}, load {os.getloadavg()[0]:.1f} at the start",
            "python": platform.python_version(),
            "runs": str(arguments.runs),
            **({} if self.makes_its_data else {"data": f"{arguments.half} half" if arguments.half else "whole"}),
            **{peer: version(peer) for peer in self.peers},
        }


def run_all(topic: str, programs: Sequence[str]) -> int:
    """Run the *programs* of a *topic*, each in a process of its own, with our options; 1 when one could not finish."""
    command = [sys.executable, "-m"]
    failed = [
        program
        for program in programs
        if subprocess.run([*command, f"benchmarks.{topic}.{program}", *sys.argv[1:]], check=False).returncode
    ]
    if failed:
        print(f"These could not finish: {', '.join(failed)}.", file=sys.stderr)
    return bool(failed)


def half_of(name: str) -> str:
    """Return the half that the item called *name* belongs to: one to choose settings on, the other to report."""
    return HALVES[hashlib.sha256(name.encode()).digest()[0] & 1]


def ratio(ours: float, theirs: float) -> float:
    """Return how many times *theirs* goes into *ours*; 0 where there is nothing to compare with."""
    return ours / theirs if theirs else 0.0


def _cell(value: Any, spec: str) -> str:
    if value is None:
        return "-"
    return format(value, spec) if isinstance(value, int | float) else str(value)


def _print(report: Report, conditions: Mapping[str, str]) -> None:
    console = Console()
    console.width = max(console.width, NARROWEST)
    console.print(" · ".join(f"{name} {value}" for name, value in conditions.items()), style="dim")
    for table in report.tables:
        drawn = Drawn(title=table.title, caption=table.note or None, title_justify="left", caption_justify="left")
        for heading, spec in table.columns.items():
            drawn.add_column(heading, justify="right" if spec else "left", overflow="fold")
        for row in table.cells():
            drawn.add_row(*row)
        console.print(drawn)
    for floor in report.floors:
        claim, value, bound, verdict = floor.cells
        console.print(f"{verdict}: {claim} {value} ({bound})", style="green" if floor.is_held else "red")
