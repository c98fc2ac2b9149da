"""Test mails: an Edition as its readers would get it, sent to a few addresses that an editor names."""

import datetime as dt
import hashlib
import re

from digest import proof
from digest.database import Session
from digest.errors import DigestError
from digest.model.edition import Edition
from digest.model.ids import EditionId, NoticeId
from digest.model.notice import NoticeWish
from digest.notices import A_TEST_TELLS, PROOF
from digest.proof import Viewpoint
from digest.services import Services
from digest.store import audit, notices
from subscribers import address, suppression
from subscribers.address import Address
from subscribers.errors import BadAddress

#: Addresses that one test may go to.
MOST_ADDRESSES = 10
#: Test mails that one account may send within ``WINDOW``.
MOST_MAILS = 30
WINDOW = dt.timedelta(hours=1)
#: Who acts on the command line, where no account is; what is asked for there is not counted.
COMMAND_LINE = "command line"


class ProofRefused(DigestError):
    """The editor must change whom the test goes to, or wait; nothing was sent. The message says which and why."""


def mail_proof(
    services: Services, edition_id: EditionId, viewpoint: Viewpoint, to: str, *, by: str
) -> tuple[NoticeId, ...]:
    """
    Put in a test mail from *viewpoint* to each address in the text *to*, and return their ids; they go out at once.

    Its links open nothing and it is counted nowhere; it is filled when it goes out, from the Draft as it is then.
    ProofRefused for what is no address, for too many, and for those that get no mail; NoMail and the errors of
    ``proof.opened`` where there is nothing to be seen.
    """
    wanted = addresses_in(to, allow_special=services.settings.is_local)
    edition, _, pages = proof.opened(services, edition_id)
    proof.chosen(pages, viewpoint)
    now = services.clock.now()
    with services.session() as session:
        for each in wanted:
            _refuse_suppressed(services, session, each, by)
        _refuse_too_many(session, len(wanted), by, now)
        audit.write(
            session,
            by=by,
            act="test",
            at=now,
            about=str(edition),
            detail=f"a test mail to {', '.join(address.masked(each.text) for each in wanted)}",
        )
        return tuple(notices.enqueue(session, _wish(edition, viewpoint, each, by, now), now) for each in wanted)


def addresses_in(text: str, *, allow_special: bool) -> tuple[Address, ...]:
    """Return the addresses in *text*, each once; ProofRefused as ``mail_proof`` says."""
    written = [part for part in re.split(r"[\s,;]+", text) if part]
    found: dict[str, Address] = {}
    for part in written:
        try:
            parsed = address.parse(part, allow_special=allow_special)
        except BadAddress as fault:
            raise ProofRefused(f"“{part[:100]}” cannot be written to: {fault}") from fault
        found.setdefault(parsed.key, parsed)
    if not found:
        raise ProofRefused("there is no address; give at least one")
    if len(found) > MOST_ADDRESSES:
        raise ProofRefused(f"there are {len(found)} addresses; a test goes to {MOST_ADDRESSES} at most")
    return tuple(found.values())


def _refuse_suppressed(services: Services, session: Session, to: Address, by: str) -> None:
    reason = suppression.reason_for(session, address.fingerprint(to.key, services.keys.fingerprint))
    # Who has left as a reader may still look at what they edit; what only an operator lifts holds for them as well.
    if reason is None or (to.key == by.lower() and reason in suppression.LIFTED_BY_READER):
        return
    raise ProofRefused(f"{to.text} gets no mail from here ({reason}); take it out")


def _refuse_too_many(session: Session, more: int, by: str, now: dt.datetime) -> None:
    if by == COMMAND_LINE:
        return
    written = notices.written_since(session, _mark(by), now - WINDOW)
    if written + more > MOST_MAILS:
        raise ProofRefused(
            f"within the hour {written} test mails have gone out for you, and {MOST_MAILS} may; wait a while"
        )


def _wish(edition: Edition, viewpoint: Viewpoint, to: Address, by: str, now: dt.datetime) -> NoticeWish:
    values = {
        "edition_id": edition.id,
        "sections": None if viewpoint.sections is None else list(viewpoint.sections),
        "reader": viewpoint.reader,
    }
    # A button pressed twice is one wish; a minute later it is another.
    same = hashlib.sha256(repr((values, edition.draft_version, to.key, f"{now:%F %H:%M}")).encode()).hexdigest()
    return NoticeWish(
        kind=PROOF,
        address=to.text,
        newsletter=edition.newsletter,
        values=values,
        dedupe_key=f"{_mark(by)}{same}",
        expires_at=now + A_TEST_TELLS,
    )


def _mark(by: str) -> str:
    """Return how the dedupe_key of every test mail of *by* begins."""
    return f"{PROOF}:{hashlib.sha256(by.encode()).hexdigest()[:16]}:"
