"""The walk of a file: rows, wishes, places, and the account of them all."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from sqlalchemy.orm import Session

from subscribers.address import fingerprint
from subscribers.errors import ImportFault
from subscribers.import_csv.place import Candidate, Placed, place
from subscribers.import_csv.plan import ImportPlan, ImportReport, Reason, Refusal
from subscribers.import_csv.rows import Malformed, Row, rows
from subscribers.import_csv.wishes import Columns, columns, wish
from subscribers.text import one_line

BATCH = 500
#: So many refusals are told in full; the rest is counted.
MOST_REFUSALS = 1000


def import_readers(
    session: Session,
    stream: BinaryIO,
    plan: ImportPlan,
    *,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda _rows: None,
) -> ImportReport:
    """
    Add every reader of the CSV in *stream* to the plan's newsletter, active at once, and account for every row.

    The header names the columns in any order: address (or email), name, language, time_zone, sections, cadence, hour.
    No row stops the rest. Nobody who left, is suppressed or has yet to confirm is brought in, and nobody who reads
    already is changed. With *dry_run* the report is the same and nothing is written. *progress* gets the number of rows
    handled so far. ImportFault when the file has no usable header or the plan states no ground.
    """
    if not one_line(plan.ground.wording):
        raise ImportFault("the import states no ground; say when and how these readers agreed")
    account = _Account()
    with closing(rows(stream)) as records:
        found = columns(next(records, None))
        sieve = _Sieve(found, plan)
        while batch := list(islice(records, BATCH)):
            candidates: list[Candidate] = []
            for sifted in map(sieve.sift, batch):
                if isinstance(sifted, Refusal):
                    account.refuse(sifted)
                else:
                    candidates.append(sifted)
            for outcome in place(session, candidates, plan, now=now, dry_run=dry_run):
                if isinstance(outcome, Refusal):
                    account.refuse(outcome)
                else:
                    account.placed[outcome] += 1
            progress(account.rows)
    return account.report(found)


class _Sieve:
    """Turns rows into Candidates, each address once."""

    def __init__(self, found: Columns, plan: ImportPlan) -> None:
        self._columns, self._plan = found, plan
        # 64 bits of a fingerprint tell the readers of any file apart, and a million of them take little memory.
        self._seen: set[int] = set()

    def sift(self, row: Row | Malformed) -> Candidate | Refusal:
        asked = wish(row, self._columns, self._plan)
        if isinstance(asked, Refusal):
            return asked
        mark = fingerprint(asked.address.key, self._plan.fingerprint_key)
        short = int(mark[:16], 16)
        if short in self._seen:
            return Refusal(row.line, Reason.DUPLICATE, "has an address that stands further up in the file")
        self._seen.add(short)
        return Candidate(row.line, asked, mark)


class _Account:
    """Counts what became of each row."""

    def __init__(self) -> None:
        self.placed: Counter[Placed] = Counter()
        self._counts: Counter[Reason] = Counter()
        self._refused: list[Refusal] = []

    @property
    def rows(self) -> int:
        return self.placed.total() + self._counts.total()

    def refuse(self, refusal: Refusal) -> None:
        self._counts[refusal.reason] += 1
        if len(self._refused) < MOST_REFUSALS:
            self._refused.append(refusal)

    def report(self, found: Columns) -> ImportReport:
        return ImportReport(
            added=self.placed[Placed.ADDED],
            unchanged=self.placed[Placed.UNCHANGED],
            refused=tuple(sorted(self._refused, key=lambda refusal: refusal.line)),
            counts=dict(self._counts),
            ignored_columns=found.ignored,
        )
