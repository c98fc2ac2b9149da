"""
The decisions of editors: make an Edition, approve, schedule or hold it, skip it, and stop what is going out.

Each is said twice without harm: what already is as asked for stays so. WrongState tells how the Edition stands instead.
"""

import datetime as dt
from collections.abc import Callable, Collection

from digest import calendar, pipeline, sending
from digest.database import Session
from digest.errors import WrongState
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.newsletter import Schedule
from digest.pipeline import Start
from digest.services import Services
from digest.store import audit, deliveries, editions

#: How far ahead an Edition may be scheduled.
FURTHEST = dt.timedelta(days=7)
#: The states in which Deliveries may still wait for their hour.
_WAITING = frozenset({EditionState.APPROVED, EditionState.SENDING})
#: The states of what somebody has approved, and nobody called off.
_APPROVED = editions.UNDERWAY | {EditionState.SENT}


def prepare(services: Services, slug: str) -> EditionId:
    """Gather what is new and make today's Edition of the newsletter called *slug*, if it is not made yet."""
    newsletter = services.newsletter(slug)
    pipeline.gather_afresh(services, [newsletter], unless_asked_within=pipeline.FRESH)
    today = calendar.local_date(services.clock.now(), newsletter.schedule.zone)
    return pipeline.prepare_edition(services, newsletter, newsletter.schedule.cadences[0], today).edition_id


def approve(services: Services, edition_id: EditionId, *, by: str) -> None:
    """Freeze the Edition and let it go out at its hour."""
    _unless(services, edition_id, _APPROVED, lambda: pipeline.approve(services, edition_id, by=by))


def schedule(services: Services, edition_id: EditionId, *, by: str, at: dt.datetime) -> None:
    """
    Freeze the Edition and let nothing of it go out before *at*; who wishes a later hour gets it then.

    One that waits already is moved to *at*. WrongState when *at* is past, or further away than a week.
    """
    now = services.clock.now()
    if at <= now:
        raise WrongState("that time has passed; name a later one, or send now")
    if at > now + FURTHEST:
        raise WrongState(f"that is further away than {FURTHEST.days} days; name an earlier time")
    _begin(services, edition_id, by=by, start=Start(not_before=at))


def send_now(services: Services, edition_id: EditionId, *, by: str) -> None:
    """Let the Edition, or what still waits of it, go out to everybody at once, approved if it was not."""
    if _state(services, edition_id) is not EditionState.SENT:
        _begin(services, edition_id, by=by, start=Start(not_before=services.clock.now(), at_once=True))


def hold(services: Services, edition_id: EditionId, *, by: str, reason: str = "") -> None:
    """Keep the Edition from going out until somebody approves or releases it."""
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        if edition.state is not EditionState.HELD:
            edition.hold(f"held by {by}: {reason}" if reason else f"held by {by}")
            _note(services, session, edition, by=by, act="hold", detail=reason)


def release(services: Services, edition_id: EditionId, *, by: str) -> None:
    """Take the hold back: the Edition goes out as its newsletter says."""
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        if edition.state is not EditionState.DRAFT:
            edition.release()
            _note(services, session, edition, by=by, act="release")


def skip(services: Services, edition_id: EditionId, *, by: str, reason: str) -> None:
    """Decide that there is no Edition of this date, and say why; the news waits for the next one."""
    if not reason:
        raise WrongState("an Edition is skipped for a reason, and there is none; say why")
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        if edition.state is not EditionState.SKIPPED:
            edition.skip(f"{reason} ({by})")
            _note(services, session, edition, by=by, act="skip", detail=reason)


def pause(services: Services, edition_id: EditionId, *, by: str, reason: str = "") -> None:
    """Let nothing more of the Edition go out until it is resumed."""
    reason = reason or f"paused by {by}"
    so = {EditionState.PAUSED}
    _unless(services, edition_id, so, lambda: sending.pause(services, edition_id, reason=reason, by=by))


def resume(services: Services, edition_id: EditionId, *, by: str) -> None:
    """Let the Edition go out again."""
    _unless(services, edition_id, _WAITING, lambda: sending.resume(services, edition_id, by=by))


def cancel(services: Services, edition_id: EditionId, *, by: str, reason: str = "") -> None:
    """Call the Edition off for good: who has it keeps it, nobody else gets it."""
    reason = reason or f"called off by {by}"
    so = {EditionState.CANCELLED}
    _unless(services, edition_id, so, lambda: sending.cancel(services, edition_id, reason=reason, by=by))


def local_instant(text: str, schedule: Schedule) -> dt.datetime:
    """
    Return the instant of the local date and time *text*, written as 2026-11-23T07:30, in the zone of *schedule*.

    Hours that a clock change leaves out or repeats are read as everywhere in the schedule. WrongState when it is none.
    """
    try:
        local = dt.datetime.fromisoformat(text)
    except ValueError as fault:
        raise WrongState(f'"{text[:40]}" is no date and time; write it as 2026-11-23T07:30') from fault
    try:
        at = calendar.due_at(local.date(), local.time(), schedule.zone) if local.tzinfo is None else None
    except OverflowError:  # the first and the last day that can be written
        at = None
    if at is None:
        raise WrongState(f'"{text[:40]}" is no local time of {schedule.zone.key}; name another')
    return at


def _unless(services: Services, edition_id: EditionId, so: Collection[EditionState], act: Callable[[], object]) -> None:
    """Do *act* unless the Edition is *so* already, or another press of the button makes it so meanwhile."""
    if _state(services, edition_id) in so:
        return
    try:
        act()
    except WrongState:
        if _state(services, edition_id) not in so:
            raise


def _begin(services: Services, edition_id: EditionId, *, by: str, start: Start) -> None:
    """Move what waits of the Edition to *start*, or approve it for then."""
    if _move(services, edition_id, by=by, start=start):
        return
    try:
        pipeline.approve(services, edition_id, by=by, start=start)
    except WrongState:
        # It fetches pictures first, and that is time enough for somebody else to approve it.
        if not _move(services, edition_id, by=by, start=start):
            raise


def _move(services: Services, edition_id: EditionId, *, by: str, start: Start) -> bool:
    """Move what waits of an approved Edition to *start*; False where it is not approved, or nothing waits."""
    now = services.clock.now()
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        if edition.state is EditionState.PAUSED:
            raise WrongState(f"{edition} is paused, and nothing of it goes out; resume it first")
        if edition.state not in _WAITING or start.not_before is None:
            return False
        newsletter = services.newsletter(edition.newsletter)
        moved = deliveries.reschedule(
            session,
            edition_id,
            editions.readers_of(edition),
            pipeline.hours(session, newsletter, edition, start, now),
            not_before=start.not_before,
            spread=dt.timedelta(0) if start.at_once else newsletter.spread,
        )
        if edition.state is EditionState.APPROVED:
            edition.due_at = deliveries.hours(session, edition_id).first or start.not_before
        act = "send now" if start.at_once else "reschedule"
        when = start.not_before.isoformat(timespec="minutes")
        _note(services, session, edition, by=by, act=act, detail=f"{moved} moved, none before {when}")
        return True


def _state(services: Services, edition_id: EditionId) -> EditionState:
    with services.reading() as session:
        return editions.get(session, edition_id).state


def _note(services: Services, session: Session, edition: Edition, *, by: str, act: str, detail: str = "") -> None:
    audit.write(session, by=by, act=act, at=services.clock.now(), about=str(edition), detail=detail)
