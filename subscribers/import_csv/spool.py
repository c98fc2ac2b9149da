"""The rows of a file on their way from its order into that of their marks, and what is refused of them, on disk."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

from subscribers.errors import ImportFault
from subscribers.import_csv.plan import Reason, Refusal

#: What SQLite keeps of the spool in memory, in KiB; the rest is in the folder for temporary files.
_CACHE = 8 * 1024
_BETWEEN_CELLS = "\0"  # no Row holds one


class Marked(NamedTuple):
    """A Row with the text and the key of its address; *mark* is the fingerprint of that."""

    mark: str
    line: int
    address: str
    key: str
    cells: tuple[str, ...]


class Spool:
    """
    Keeps rows and Refusals in the order in which they come, and gives them back in that of their marks and lines.

    In a database that has no name and is gone with this process, however that ends.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in (
            f"PRAGMA cache_size = -{_CACHE}",
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE marked (mark TEXT, line INTEGER, address TEXT, key TEXT, cells TEXT)",
            "CREATE TABLE refusal (line INTEGER, reason TEXT, fact TEXT)",
            "BEGIN",
        ):
            self._database.execute(statement)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Throw away what it holds."""
        self._database.close()

    def put(self, rows: Iterable[Marked]) -> None:
        """Take *rows* in."""
        values = ((mark, line, address, key, _BETWEEN_CELLS.join(cells)) for mark, line, address, key, cells in rows)
        with _room():
            self._database.executemany("INSERT INTO marked VALUES (?, ?, ?, ?, ?)", values)

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Take *refusals* in."""
        values = ((each.line, each.reason.value, each.fact) for each in refusals)
        with _room():
            self._database.executemany("INSERT INTO refusal VALUES (?, ?, ?)", values)

    def marked(self) -> Iterator[Marked]:
        """Yield the rows by their marks; those with the same in the order of the file."""
        with _room():
            for mark, line, address, key, cells in self._database.execute("SELECT * FROM marked ORDER BY mark, line"):
                yield Marked(mark, line, address, key, tuple(cells.split(_BETWEEN_CELLS)))

    def refusals(self) -> Iterator[Refusal]:
        """Yield the Refusals in the order of the file."""
        with _room():
            for line, reason, fact in self._database.execute("SELECT * FROM refusal ORDER BY line"):
                yield Refusal(line, Reason(reason), fact)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as fault:
        raise ImportFault(
            f"the rows cannot be put in order: {fault}; make room in the folder for temporary files, "
            "or name another by SQLITE_TMPDIR"
        ) from fault
