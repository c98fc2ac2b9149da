"""Rows by the thousand, around the unit of work: few long statements, in which the driver lets other threads run."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, cast

from sqlalchemy import ARRAY, Connection, String, Table, column, func
from sqlalchemy import cast as sql_cast
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

#: So many rows a statement: SQLite takes 32,766 parameters.
_MOST_ROWS = 250
#: What SQLite keeps of its indexes while many rows go in, in KiB; fingerprints come in no order that would help it.
_CACHE = 16 * 1024


def widen_cache(connection: Connection) -> None:
    """Let SQLite keep more of the database in memory for as long as *connection* lives."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE}")


def listed(connection: Connection, texts: Sequence[str]) -> TableValuedAlias:
    """Return *texts*, of which there may be very many, as a table to be joined; its column is ``value``."""
    value: Any = column("value", String)
    if connection.dialect.name == "sqlite":
        return func.json_each(json.dumps(texts)).table_valued(value, name="listed")
    return func.unnest(sql_cast(list(texts), ARRAY(String))).table_valued(value, name="listed").render_derived()


def binder(connection: Connection, kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """Return how a value of this *kind* is handed to the driver."""
    return kind.dialect_impl(connection.dialect).bind_processor(connection.dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def fill(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """
    Make the temporary *table* anew of *rows*, whose values, in the order of its columns, are what the driver takes.

    By hand, as SQLAlchemy compiles a statement of so many values anew each time, and JSON takes SQLite thrice as long.
    """
    connection.execute(CreateTable(table, if_not_exists=True))
    connection.execute(table.delete())
    if connection.dialect.name == "sqlite":
        _fill_sqlite(connection, table, iter(rows))
        return
    driver = cast("Any", connection.connection)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _fill_sqlite(connection: Connection, table: Table, rows: Iterator[tuple[Any, ...]]) -> None:
    one = f"({', '.join('?' * len(table.columns))})"
    while part := list(islice(rows, _MOST_ROWS)):
        # A row a statement would wait for the other thread each time; the driver keeps the text of the full ones.
        into = f"INSERT INTO {table.name} VALUES {', '.join([one] * len(part))}"  # noqa: S608 (names of ours)
        connection.exec_driver_sql(into, tuple(chain.from_iterable(part)))
