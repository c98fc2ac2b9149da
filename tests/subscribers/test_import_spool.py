"""Rows on their way into the order of their marks: nothing is lost, and a full disk is told."""

import gc
import io
import random
from contextlib import nullcontext
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from subscribers.errors import ImportFault
from subscribers.import_csv import ImportPlan, Reason, Refusal, import_readers
from subscribers.import_csv.place import _public_ids
from subscribers.import_csv.spool import Marked, Spool

CELLS = ("a@b.example", "", " Zoë\nand a second line", "'=1", "")


def row(mark: str, line: int) -> Marked:
    return Marked(mark, line, "A@b.example", "a@b.example", CELLS)


def test_rows_come_out_by_their_marks_and_those_of_one_mark_by_their_lines() -> None:
    told = [row(f"{number % 100:064x}", number) for number in range(1000)]
    shuffled = random.Random(7).sample(told, len(told))

    with Spool() as spool:
        spool.put(shuffled[:400])
        spool.put(shuffled[400:])
        found = list(spool.marked())

    assert found == sorted(told)


def test_refusals_come_out_by_their_lines_whenever_they_came_in() -> None:
    told = [Refusal(line, reason, "fact, ß") for line, reason in zip(range(2, 900), [*Reason] * 99, strict=False)]

    with Spool() as spool:
        spool.refuse(told[450:])
        spool.refuse(told[:450])
        found = list(spool.refusals())

    assert found == told


def test_a_full_folder_for_temporary_files_is_told_with_its_remedy() -> None:
    with Spool() as spool:
        spool._database.execute("PRAGMA max_page_count = 20")

        with pytest.raises(ImportFault, match=r"make room in the folder for temporary files, .* SQLITE_TMPDIR"):
            spool.put(row(f"{number:064x}", number) for number in range(10_000))


def test_public_ids_of_a_batch_begin_alike_and_no_two_are_the_same() -> None:
    ids = _public_ids(5000)

    assert ids == sorted(set(ids))
    assert {len(each) for each in ids} == {13}
    assert len({each[:2] for each in ids}) == 1
    assert set("".join(each[2:] for each in ids)) == set("abcdefghijklmnopqrstuvwxyz234567")
    assert _public_ids(1) != _public_ids(1)


def test_the_garbage_collector_has_everything_back_after_an_import(
    session: Session, plan: ImportPlan, now: datetime
) -> None:
    import_readers(lambda: nullcontext(session), io.BytesIO(b"email\nana@b.example\n"), plan, now=now)

    assert gc.get_freeze_count() == 0
