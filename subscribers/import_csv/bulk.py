"""Rows by the thousand, around the unit of work: few long statements, in which the driver lets other threads run."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, String, Table, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute

#: So many rows a statement: SQLite takes 32,766 parameters.
_MOST_ROWS = 512
#: What SQLite keeps of its indexes while many rows go in, in KiB; fingerprints come in no order that would help it.
_CACHE = 16 * 1024

Rows = Iterable[tuple[Any, ...]]


def widen_cache(connection: Connection) -> None:
    """Let SQLite keep more of the database in memory for as long as *connection* lives."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE}")


def is_one_of(connection: Connection, found: InstrumentedAttribute[str], texts: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that *found* is one of *texts*, of which there may be very many."""
    if connection.dialect.name == "sqlite":
        return found.in_(select(func.json_each(json.dumps(texts)).table_valued("value").c.value))
    return found.in_(select(func.unnest(cast(list(texts), ARRAY(String)))))


def new_ids(connection: Connection, table: Table, number: int) -> list[int]:
    """Return *number* ids of *table* that nobody has; on SQLite, good as long as the transaction holds the lock."""
    name = table.name
    if connection.dialect.name == "sqlite":
        highest = connection.exec_driver_sql(f"SELECT coalesce(max(id), 0) FROM {name}").scalar_one()  # noqa: S608
        return list(range(highest + 1, highest + 1 + number))
    drawn = f"SELECT nextval(pg_get_serial_sequence('{name}', 'id')) FROM generate_series(1, {number})"  # noqa: S608
    return list(connection.exec_driver_sql(drawn).scalars())


def binder(connection: Connection, table: Table, name: str) -> Callable[[Any], Any]:
    """Return how a value for the column *name* is handed to the driver."""
    kind = table.c[name].type
    return kind.dialect_impl(connection.dialect).bind_processor(connection.dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def insert(connection: Connection, table: Table, names: Sequence[str], rows: Rows, *, if_new: bool = False) -> None:
    """
    Insert *rows*, whose values, in the order of *names*, are what the driver takes; *if_new* lets be what is there.

    Columns that are not named get the default of the model.
    """
    defaults = {
        each.name: each.default.arg  # type: ignore[attr-defined]  # is_scalar says that it has one
        for each in table.columns
        if each.default is not None and each.default.is_scalar and each.name not in names
    }
    names = [*names, *defaults]
    full = (row + tuple(defaults.values()) for row in rows)
    end = " ON CONFLICT DO NOTHING" if if_new else ""
    into = f"INSERT INTO {table.name} ({', '.join(names)})"
    if connection.dialect.name == "sqlite":
        _insert_values(connection, into, end, full)
    else:
        types = [table.c[name].type.compile(connection.dialect) for name in names]
        _insert_arrays(connection, into, end, types, full)


def _insert_values(connection: Connection, into: str, end: str, rows: Iterator[tuple[Any, ...]]) -> None:
    while part := list(islice(rows, _MOST_ROWS)):
        one = f"({', '.join('?' * len(part[0]))})"
        while part:
            # In powers of two: the driver keeps each statement that it has seen, and long ones take megabytes.
            step = 1 << len(part).bit_length() - 1
            values = tuple(chain.from_iterable(part[:step]))
            connection.exec_driver_sql(f"{into} VALUES {', '.join([one] * step)}{end}", values)
            del part[:step]


def _insert_arrays(
    connection: Connection, into: str, end: str, types: Sequence[str], rows: Iterator[tuple[Any, ...]]
) -> None:
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    while part := list(islice(rows, _MOST_ROWS)):
        columns = tuple(map(list, zip(*part, strict=True)))
        connection.exec_driver_sql(f"{into} SELECT * FROM unnest({arrays}){end}", columns)  # noqa: S608 (names of ours)
