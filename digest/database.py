"""The database: engine, session scopes, metadata. Others take their Session from here."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, String, column, create_engine, event, inspect, select, table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from digest.errors import DatabaseNotReady, SettingsError
from digest.model import (
    added,
    article,
    audit,
    delivery,
    edition,
    findable,
    job_run,
    notice,
    pace,
    picture,
    revision,
    ruling,
    source,
    staff,
)
from subscribers import model as readers
from subscribers.base import Base

__all__ = ["Database", "Session", "metadata"]

#: Every module whose rows the migrations must cover; importing them fills the metadata.
ROW_MODULES = (
    added,
    article,
    audit,
    delivery,
    edition,
    findable,
    job_run,
    notice,
    pace,
    picture,
    revision,
    ruling,
    source,
    staff,
    readers,
)
metadata = Base.metadata

#: SQLite waits so long for another writer before it gives up.
BUSY_TIMEOUT_MS = 30_000
MIGRATIONS = Path(__file__).parent / "migrations"
#: Alembic's own table.
_VERSION = "alembic_version"


class Database:
    """One database, SQLite or PostgreSQL, and the two ways to speak with it."""

    def __init__(self, url: str) -> None:
        """Open the database at the SQLAlchemy address *url*; SettingsError when it is none we know."""
        self.url = url
        self.engine = _engine(url)
        self._reading = self.engine.execution_options(sqlite_begin="DEFERRED")

    @contextmanager
    def session(self) -> Iterator[Session]:
        """
        Give a Session that may write; commit at the end, roll back on an error.

        On SQLite it holds the one write lock from its first statement (BEGIN IMMEDIATE), so that what it has read is
        still true when it writes.
        """
        with _told_plainly(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            event.listen(session, "after_flush", findable.keep)
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a Session that only reads and never waits for writers."""
        with _told_plainly(), Session(self._reading, expire_on_commit=False) as session:
            yield session

    def upgrade(self) -> None:
        """Bring the schema to the newest version; safe to repeat."""
        from alembic import command  # noqa: PLC0415 (as good as no start needs it, and it takes its time and memory)
        from alembic.config import Config  # noqa: PLC0415

        with _told_plainly(), self.engine.connect() as connection:
            _refuse_newer(_schema_of(connection))
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    def prepare(self) -> None:
        """
        Make sure that the schema is the one this version was written for.

        An empty database is filled; one that holds an older or newer schema is never changed unasked:
        DatabaseNotReady says what to do.
        """
        with _told_plainly(), self.engine.connect() as connection:
            is_empty = not inspect(connection).get_table_names()
            found = _schema_of(connection)
        _refuse_newer(found)
        if is_empty:
            self.upgrade()
        elif found != newest_version():
            raise DatabaseNotReady(
                f"the database has schema {found or 'unknown'}, this version needs {newest_version()}; "
                "make a copy of it, then run `digest db upgrade`"
            )

    def empty_log(self) -> None:
        """
        Bring home what SQLite's write-ahead log holds and cut it to nothing, for old pages in it show what was deleted.

        Where others read or write just then, it waits for them no longer than a second, and leaves it to the next time.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with _told_plainly():
            connection = self.engine.raw_connection()
            try:
                cursor = connection.cursor()
                for pragma in ("busy_timeout=1000", "wal_checkpoint(TRUNCATE)", f"busy_timeout={BUSY_TIMEOUT_MS}"):
                    cursor.execute(f"PRAGMA {pragma}").fetchall()
                cursor.close()
            finally:
                connection.close()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def newest_version() -> str:
    """Return the version of the schema that this program was written for: the number of its last migration."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _schema_of(connection: Connection) -> str | None:
    """Return the version of the schema that the database says it has; None where it says nothing."""
    if not inspect(connection).has_table(_VERSION):
        return None
    return connection.scalar(select(column("version_num", String)).select_from(table(_VERSION)))


def _refuse_newer(found: str | None) -> None:
    """Leave alone what a later version has made: no migration of ours leads back from there."""
    if found is not None and found > newest_version():
        raise DatabaseNotReady(
            f"the database has schema {found}, newer than the {newest_version()} of this version; "
            "start the version that made it, or restore a copy from before"
        )


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        # The values of a statement that failed are addresses and tokens; they would stand in every traceback.
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite", hide_parameters=True)
    except ModuleNotFoundError as missing:
        raise SettingsError(
            [f"[database] url needs the package {missing.name}; install it with `pip install daily-digest[postgres]`"]
        ) from missing
    except (ArgumentError, ImportError) as fault:
        kind = url.partition(":")[0][:40]  # not the whole: it may hold a password
        remedy = "give an address such as sqlite:///var/digest.db or postgresql://host/name"
        raise SettingsError(
            [f'[database] url begins with "{kind}", which is no database that we know; {remedy}']
        ) from fault
    except OSError as fault:
        raise DatabaseNotReady(f"the folder of the database cannot be made: {fault}; check [database] url") from fault
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(connection: object, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # SQLAlchemy begins, not the driver
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",  # what was deleted is overwritten, and not only forgotten where it stood
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    # SQLite's own makes only letters of ASCII small, and an address would be known in one spelling and not in another.
    connection.create_function("lower", 1, _lower, deterministic=True)  # type: ignore[attr-defined]


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _on_sqlite_begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn the driver's way of saying that the database is out of reach into one sentence with its remedy."""
    try:
        yield
    except (OperationalError, DatabaseError, sqlite3.DatabaseError) as fault:
        if isinstance(fault, DatabaseError) and type(fault) not in {OperationalError, DatabaseError}:
            raise  # a broken rule, such as a key used twice, is for the caller to judge
        if stopped := _stopped_by(fault):
            raise stopped from None  # a driver that is stopped at work loses its connection, and says only that
        cause = getattr(fault, "orig", None) or fault
        raise DatabaseNotReady(
            f"the database did not do its work: {str(cause).strip().splitlines()[0]}; "
            "check [database] url, free space and permissions"
        ) from fault


def _stopped_by(fault: BaseException | None) -> KeyboardInterrupt | None:
    """Return the Ctrl-C in whose wake *fault* came, if there was one."""
    while fault is not None and not isinstance(fault, KeyboardInterrupt):
        fault = fault.__context__
    return fault
