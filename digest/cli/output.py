"""How commands answer: text for people or JSON for machines on standard output, everything else on standard error."""

import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: The command did not do what it was asked for.
FAILED = 1
#: It was asked wrongly, or the settings are faulty; nothing was started.
USAGE = 2

# A pipe has no width; tables in it are not folded.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON on standard output, and nothing else there.")]


def answer(data: object, *, as_json: bool, text: str = "") -> None:
    """Print *data* as JSON, or *text* for people."""
    if as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, default=_plain) + "\n")
    elif text:
        out.print(text, markup=False)


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Print *rows* as a table for people, or *empty* when there are none."""
    if not rows:
        out.print(empty, markup=False)
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        shown.add_column(heading, justify="left", overflow="fold")
    for row in rows:
        shown.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    out.print(shown)


def complain(message: str) -> None:
    """Say on standard error what went wrong."""
    err.print(message, markup=False)


def fail(message: str) -> NoReturn:
    """Say what went wrong, and end with exit code 1."""
    complain(message)
    raise typer.Exit(FAILED)


def usage(message: str) -> NoReturn:
    """Say what was asked wrongly, and end with exit code 2."""
    complain(message)
    raise typer.Exit(USAGE)


def _plain(value: object) -> Any:
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
