"""The walk of a file: rows, wishes, places, and the account of them all."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import datetime
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import BinaryIO

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from subscribers.errors import ImportFault
from subscribers.import_csv.place import Batch, Placed, place
from subscribers.import_csv.plan import ImportPlan, ImportReport, Onlooker, Reason, Refusal
from subscribers.import_csv.rows import Malformed, Row, rows
from subscribers.import_csv.sieve import Candidate, Departure, Sieve
from subscribers.import_csv.wishes import Columns, columns
from subscribers.text import one_line

#: Rows that go into the database in one transaction: more would keep other writers waiting and fill the memory, fewer
#: would write most pages of its indexes more often.
BATCH = 30_000
#: So many refusals are told in full; the rest is counted.
MOST_REFUSALS = 1000
NOBODY = Onlooker()

Sifted = Candidate | Departure | Refusal


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
    account = _Account(onlooker)
    place_all = partial(place, plan=plan, now=now, dry_run=dry_run)
    with closing(rows(stream)) as records:
        found = columns(next(records, None), plan.mapping)
        for batch in _batches(records, Sieve(found, plan)):
            refused = [each for each in batch if isinstance(each, Refusal)]
            asked = [each for each in batch if not isinstance(each, Refusal)]
            account.take(_placed(transaction, asked, place_all), refused)
    return account.report(found)


def _placed(
    transaction: Callable[[], AbstractContextManager[Session]],
    batch: Batch,
    place_all: Callable[[Session, Batch], Placed],
) -> Placed:
    """
    Place *batch*, which is in the order of the file, in a transaction of its own.

    Where the database refuses it, it is halved until the fault of one row stands alone.
    """
    try:
        with transaction() as session:
            return place_all(session, sorted(batch, key=attrgetter("mark")))
    except (IntegrityError, DataError):
        if len(batch) == 1:
            fact = "was refused by the database; import the file once more"
            return Placed(refused=[Refusal(batch[0].line, Reason.NOT_STORED, fact)])
    # The first in the file is the one that is taken.
    middle = len(batch) // 2
    return _placed(transaction, batch[:middle], place_all) + _placed(transaction, batch[middle:], place_all)


def _batches(records: Iterator[Row | Malformed], sieve: Sieve) -> Iterator[list[Sifted]]:
    while batch := [sieve.sift(row) for row in islice(records, BATCH)]:
        yield batch


class _Account:
    """Counts what became of each row."""

    def __init__(self, onlooker: Onlooker) -> None:
        self._onlooker = onlooker
        self._added = self._unchanged = 0
        self._counts: Counter[Reason] = Counter()
        self._refused: list[Refusal] = []

    def take(self, placed: Placed, refused: list[Refusal]) -> None:
        """Take one batch down."""
        self._added += placed.added
        self._unchanged += placed.unchanged
        for refusal in sorted([*refused, *placed.refused], key=attrgetter("line")):
            self._counts[refusal.reason] += 1
            if len(self._refused) < MOST_REFUSALS:
                self._refused.append(refusal)
            self._onlooker.refused(refusal)
        self._onlooker.progress(self._added + self._unchanged + self._counts.total())

    def report(self, found: Columns) -> ImportReport:
        """Return the account of the whole file."""
        return ImportReport(
            format=found.format,
            added=self._added,
            unchanged=self._unchanged,
            refused=tuple(self._refused),
            counts=dict(self._counts),
            ignored_columns=found.ignored,
        )
