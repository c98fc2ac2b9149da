"""The walk of a file: rows, wishes, places, and the account of them all."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from typing import BinaryIO, Self

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from subscribers.errors import ImportFault
from subscribers.import_csv.place import Batch, Placed, judge, place
from subscribers.import_csv.plan import ImportPlan, ImportReport, Onlooker, Reason, Refusal
from subscribers.import_csv.rows import rows
from subscribers.import_csv.sieve import Candidate, Departure, Sieve
from subscribers.import_csv.spool import Marked, Spool
from subscribers.import_csv.wishes import Columns, columns
from subscribers.text import one_line

#: Rows that go into the database in one transaction: more would keep other writers waiting and fill the memory,
#: fewer would write the ends of all indexes, and wait for the disk, more often.
BATCH = 20_000
#: So many refusals are told in full; the rest is counted.
MOST_REFUSALS = 1000
NOBODY = Onlooker()
Sifted = tuple[Batch, list[Refusal]]
#: Rows that are read at once.
_AT_ONCE = 5_000


def import_readers(
    transaction: Callable[[], AbstractContextManager[Session]],
    stream: BinaryIO,
    plan: ImportPlan,
    *,
    now: datetime,
    dry_run: bool = False,
    onlooker: Onlooker = NOBODY,
) -> ImportReport:
    """
    Add every reader of the CSV in *stream* to the plan's newsletter, active at once, and account for every row.

    The header names the columns in any order: address (or email), name, language, time_zone, sections, cadence, hour;
    or as the exports of other programs do. No row stops the rest. Nobody who left, is suppressed or has yet to confirm
    is brought in, and nobody who reads already is changed. Who had left elsewhere, says the file, is suppressed, unless
    they have agreed here since; who had left one newsletter of ours, says our own export, is only left out.

    *transaction* opens one for each batch of rows, so that others can write in between. What is killed has kept the
    batches before, and the same order given again goes on: whom it had added is unchanged then. With *dry_run* the
    report is the same and nothing is written. *onlooker* is told of what is committed. ImportFault when the file has no
    usable header or the plan states no ground.
    """
    if not one_line(plan.ground.wording):
        raise ImportFault("the import states no ground; say when and how these readers agreed")
    with closing(rows(stream)) as records, Spool() as spool, _little_to_look_through():
        account = _Account(spool, onlooker)
        found = columns(next(records, None), plan.mapping)
        sieve = Sieve(found, plan)
        while marked := [sieve.mark(row) for row in islice(records, _AT_ONCE)]:
            spool.put(each for each in marked if isinstance(each, Marked))
            account.refuse([each for each in marked if isinstance(each, Refusal)])
            account.read(len(marked))
        with _Ahead(_batches(map(sieve.sift, spool.marked()))) as batches:
            place_all = partial(judge, plan=plan)
            if not dry_run:
                place_all = partial(place, plan=plan, now=now, handed_over=batches.prepare)
            for asked, refused in batches:
                account.take(_placed(transaction, asked, place_all), refused)
        return account.report(found)


@contextmanager
def _little_to_look_through() -> Iterator[None]:
    """Spare the garbage collector what is loaded already: looking through that took a tenth of an import."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _placed(
    transaction: Callable[[], AbstractContextManager[Session]],
    batch: Batch,
    place_all: Callable[[Session, Batch], Placed],
) -> Placed:
    """
    Place *batch* in a transaction of its own.

    Where the database refuses it, it is halved until the fault of one row stands alone.
    """
    try:
        with transaction() as session:
            return place_all(session, batch)
    except (IntegrityError, DataError):
        if len(batch) == 1:
            fact = "was refused by the database; import the file once more"
            return Placed(refused=[Refusal(batch[0].line, Reason.NOT_STORED, fact)])
    middle = len(batch) // 2
    return _placed(transaction, batch[:middle], place_all) + _placed(transaction, batch[middle:], place_all)


def _batches(sifted: Iterator[Candidate | Departure | Refusal]) -> Iterator[Sifted]:
    """Yield who may be placed, BATCH at a time, and the Refusals among them."""
    asked: list[Candidate | Departure] = []
    refused: list[Refusal] = []
    for each in sifted:
        if isinstance(each, Refusal):
            refused.append(each)
        else:
            asked.append(each)
        if BATCH in (len(asked), len(refused)):
            yield asked, refused
            asked, refused = [], []
    yield asked, refused


class _Ahead:
    """Gives *batches* one by one, each made in a thread since ``prepare`` was called, else when it is asked for."""

    def __init__(self, batches: Iterator[Sifted]) -> None:
        self._batches, self._maker = batches, ThreadPoolExecutor(1)
        self._coming: Future[Sifted | None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._maker.shutdown()

    def __iter__(self) -> Iterator[Sifted]:
        while (batch := self.prepare().result()) is not None:
            self._coming = None
            yield batch

    def prepare(self) -> Future[Sifted | None]:
        """Begin to make the next one, if that is not being done."""
        if self._coming is None:
            self._coming = self._maker.submit(next, self._batches, None)
        return self._coming


class _Account:
    """Counts what became of each row."""

    def __init__(self, spool: Spool, onlooker: Onlooker) -> None:
        self._spool, self._onlooker = spool, onlooker
        self._read = self._added = self._unchanged = 0
        self._counts: Counter[Reason] = Counter()

    def read(self, number: int) -> None:
        """Take down that so many rows more have been read."""
        self._read += number
        self._onlooker.read(self._read)

    def refuse(self, refusals: list[Refusal]) -> None:
        """Take *refusals* down."""
        self._counts.update(refusal.reason for refusal in refusals)
        self._spool.refuse(refusals)

    def take(self, placed: Placed, refused: list[Refusal]) -> None:
        """Take one batch down."""
        self._added += placed.added
        self._unchanged += placed.unchanged
        self.refuse([*refused, *placed.refused])
        self._onlooker.progress(self._added + self._unchanged + self._counts.total())

    def report(self, found: Columns) -> ImportReport:
        """Return the account of the whole file, and tell each Refusal."""
        told: list[Refusal] = []
        for refusal in self._spool.refusals():
            self._onlooker.refused(refusal)
            if len(told) < MOST_REFUSALS:
                told.append(refusal)
        return ImportReport(
            format=found.format,
            added=self._added,
            unchanged=self._unchanged,
            refused=tuple(told),
            counts=dict(self._counts),
            ignored_columns=found.ignored,
        )
