"""Rows by the thousand, around the unit of work."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import ARRAY, Connection, String, Table, cast, column, func
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

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
    return func.unnest(cast(list(texts), ARRAY(String))).table_valued(value, name="listed").render_derived()


def binder(connection: Connection, kind: TypeEngine[Any]) -> Callable[[Any], Any]:
    """Return how a value of this *kind* is handed to the driver."""
    return kind.dialect_impl(connection.dialect).bind_processor(connection.dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def fill(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """
    Make the temporary *table* anew of *rows*, whose values, in the order of its columns, are what the driver takes.

    By the driver, which takes them one by one: SQLAlchemy would hold all of them at once, a statement of many VALUES is
    no faster, and JSON takes SQLite thrice as long.
    """
    connection.execute(CreateTable(table, if_not_exists=True))
    connection.execute(table.delete())
    driver: Any = connection.connection
    with closing(driver.cursor()) as cursor:
        if connection.dialect.name == "sqlite":
            values = ", ".join("?" * len(table.columns))
            cursor.executemany(f"INSERT INTO {table.name} VALUES ({values})", rows)  # noqa: S608 (a name of ours)
            return
        with cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        # No other process does that for a temporary table, and without it PostgreSQL may join by the wrong end.
        cursor.execute(f"ANALYZE {table.name}")
