"""The verb: claim, write, hand over, settle, until nothing is due."""

from collections.abc import Callable
from typing import TypeVar

from digest.deliver.courier import Courier, DeliverReport, Letter
from digest.deliver.outbox import Outbox
from digest.deliver.round import Round
from digest.logs import logger

log = logger(__name__)

Key = TypeVar("Key")
Item = TypeVar("Item")


def deliver(
    courier: Courier,
    outbox: Outbox[Key, Item],
    letter: Letter[Item],
    *,
    progress: Callable[[DeliverReport], None] | None = None,
) -> DeliverReport:
    """
    Carry all mail of *outbox* that is due, batch by batch, and settle it as it goes.

    *letter* writes to one recipient; a letter that cannot be written fails that mail alone. When the relay refuses us
    as a whole, no mail is to blame: what was claimed goes back as it was. *progress* is told after each batch.
    DatabaseNotReady leaves what is not settled to the replay of the journal.
    JournalFailed when there can be no journal.
    """
    report = DeliverReport()
    Round(courier, outbox, letter, report, progress).carry()
    if report.counts or report.halted:
        log.info("mail carried", courier=courier.name, halted=report.halted, **report.counts)
    return report
