"""The look into the mailbox of reports: each slice is recorded in its own transaction before it is marked."""

from collections import Counter
from collections.abc import Sequence
from threading import Event

from digest import returns
from digest.deliver import bounce
from digest.deliver.bounce import Report
from digest.deliver.bounce.mailbox import Mailbox
from digest.errors import DigestError
from digest.logs import logger
from digest.model.bounces import ReportBox
from digest.services import Services

log = logger(__name__)

#: One look takes at most so many mails; the next tick goes on.
MOST = 5000

Read = dict[bytes, Report]


def look_through(services: Services, box: ReportBox, counts: Counter[str], stop: Event) -> None:
    """
    Read the mails in *box* that have not been read, record what they say, and add to *counts* what each came to.

    Interrupted at any point, the next look repeats at most one slice, and what is recorded twice counts once.
    MailboxFailed when the server fails; what has been marked before stays so.
    """
    taken = 0
    with Mailbox(box) as mailbox:
        for uids in mailbox.slices():
            read, unreadable = _fetched(mailbox, uids)
            poison = _recorded(services, read, counts)
            counts["unreadable"] += len(unreadable)
            mailbox.mark([uid for uid in read if uid not in poison], [*unreadable, *poison])
            taken += len(uids)
            if stop.is_set() or taken >= MOST:
                break


def _fetched(mailbox: Mailbox, uids: Sequence[bytes]) -> tuple[Read, list[bytes]]:
    read: Read = {}
    unreadable: list[bytes] = []
    for uid in uids:
        raw = mailbox.fetch(uid)
        report = None if raw is None else bounce.read(raw)
        if report is None or report.fault:
            unreadable.append(uid)
        else:
            read[uid] = report
    return read, unreadable


def _recorded(services: Services, read: Read, counts: Counter[str]) -> set[bytes]:
    """Record what was *read* in one transaction, or each in its own where one is poison; return the poison."""
    try:
        with services.session() as session:
            words = [returns.record(services, session, report).word for report in read.values()]
    except DigestError:
        raise
    except Exception as fault:  # noqa: BLE001 (one mail must not stop the others)
        log.warning("a slice of reports is recorded one by one", kind=type(fault).__name__)
        return _one_by_one(services, read, counts)
    counts.update(words)
    return set()


def _one_by_one(services: Services, read: Read, counts: Counter[str]) -> set[bytes]:
    poison: set[bytes] = set()
    for uid, report in read.items():
        try:
            with services.session() as session:
                word = returns.record(services, session, report).word
        except DigestError:
            raise
        except Exception:
            log.exception("a report could not be recorded", kind=report.kind.value)
            poison.add(uid)
            counts["unreadable"] += 1
        else:
            counts[word] += 1
    return poison
