"""
What ticks call. Each job is idempotent, asks the database whether there is something to do, and leaves a JobRun if so.

The scheduler decides when; the unique keys and committed claims of the database decide whether.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Event

from digest import calendar, notices, pipeline
from digest.errors import DigestError
from digest.logs import logger
from digest.model.edition import EditionState, SkipReason
from digest.model.newsletter import Approval, Newsletter
from digest.services import Services
from digest.store import deliveries, editions, job_runs
from digest.store import notices as notice_store
from subscribers.cadence import Cadence

log = logger(__name__)

#: Runs are kept so long.
KEEP_RUNS = dt.timedelta(days=30)

Job = Callable[[Services, Event], Mapping[str, int]]


def run(name: str, services: Services, stop: Event | None = None) -> Mapping[str, int]:
    """
    Run the job called *name* and return its counts, empty when there was nothing to do.

    Its faults end in the JobRun and in the log, never in the caller: the next tick tries again.
    """
    began = services.clock.now()
    try:
        counts = JOBS[name](services, stop or Event())
    except Exception as fault:
        log.exception("job failed", job=name)
        _record(services, name, began, fault=f"{type(fault).__name__}: {fault}")
        return {"failed": 1}
    if any(counts.values()):
        log.info("job done", job=name, **counts)
        _record(services, name, began, counts=dict(counts))
    return counts


def _record(
    services: Services, name: str, began: dt.datetime, *, counts: dict[str, int] | None = None, fault: str = ""
) -> None:
    try:
        with services.session() as session:
            job_run = job_runs.begin(session, name, began)
            if fault:
                job_run.fail(fault, services.clock.now())
            else:
                job_run.finish(counts or {}, services.clock.now())
    except DigestError:
        log.exception("the run of a job could not be written down", job=name)


def tick(services: Services, stop: Event | None = None) -> dict[str, Mapping[str, int]]:
    """Do all that is due now, once, in the order of the flow; what each job came to, by its name."""
    return {name: run(name, services, stop) for name in JOBS if name != "upkeep"}


def _leases(services: Services, _stop: Event) -> Mapping[str, int]:
    """Set what a vanished sender held to in doubt."""
    now = services.clock.now()
    with services.session() as session:
        return {"in_doubt": deliveries.expire_leases(session, now) + notice_store.expire_leases(session, now)}


def _gather(services: Services, _stop: Event) -> Mapping[str, int]:
    """Ask the Sources whose time has come."""
    report = pipeline.gather_due(services)
    for source, reason in report.failures:
        log.warning("source failed", source=source, reason=reason)
    return {"new": report.new, "changed": report.changed, "failed": len(report.failures)}


def _plan(services: Services, _stop: Event) -> Mapping[str, int]:
    """Open the Editions of the next days, and keep the hour of those that are not made yet."""
    planned = 0
    for newsletter in services.settings.newsletters:
        for cadence, date in calendar.edition_days(services.clock.now(), newsletter.schedule):
            with services.session() as session:
                known = editions.find(session, newsletter.slug, cadence, date) is not None
                pipeline.plan_edition(session, newsletter, cadence, date)
                planned += not known
    return {"planned": planned}


def _prepare(services: Services, _stop: Event) -> Mapping[str, int]:
    """Make the Drafts whose time has come; skip those that come too late, so that older ones flow into the newest."""
    counts: Counter[str] = Counter()
    with services.reading() as session:
        planned = [
            (e.id, e.newsletter, e.cadence, e.date, e.due_at) for e in editions.in_states(session, EditionState.PLANNED)
        ]
    for edition_id, slug, cadence, date, due_at in planned:
        newsletter = _known(services, slug)
        if newsletter is None or calendar.prepare_at(due_at, newsletter.schedule) > services.clock.now():
            continue
        if _skip_if_too_late(services, newsletter, cadence, date):
            counts["skipped"] += 1
            continue
        pipeline.gather_afresh(services, [newsletter], unless_asked_within=pipeline.FRESH)
        result = pipeline.prepare_edition(services, newsletter, cadence, date)
        counts[type(result).__name__.lower()] += 1
        notices.tell_editors(services, newsletter, edition_id)
    return counts


def _skip_if_too_late(services: Services, newsletter: Newsletter, cadence: Cadence, date: dt.date) -> bool:
    with services.session() as session:
        edition = pipeline.plan_edition(session, newsletter, cadence, date)
        last = max(pipeline.waves(session, newsletter, cadence, date).values())
        if not calendar.is_too_late(last, services.clock.now(), newsletter.schedule, cadence):
            return False
        edition.skip(SkipReason.TOO_LATE)
        return True


def _approve(services: Services, _stop: Event) -> Mapping[str, int]:
    """Approve the Drafts that nobody has touched, when their hour has come and their newsletter says so."""
    now, approved = services.clock.now(), 0
    with services.reading() as session:
        drafts = [(e.id, e.newsletter) for e in editions.in_states(session, EditionState.DRAFT) if e.due_at <= now]
    for edition_id, slug in drafts:
        newsletter = _known(services, slug)
        if newsletter is not None and newsletter.approval is Approval.AUTO:
            pipeline.approve_automatically(services, edition_id)
            approved += 1
    return {"approved": approved}


def _notices(services: Services, stop: Event) -> Mapping[str, int]:
    """Send the single mails that wait."""
    return notices.send(services, stop=stop).counts


def _send(services: Services, stop: Event) -> Mapping[str, int]:
    """Send the Deliveries whose hour has come; skip those whose hour has passed by too much."""
    now, counts = services.clock.now(), Counter[str]()
    with services.session() as session:
        going = editions.in_states(session, EditionState.APPROVED, EditionState.SENDING)
        due = [edition for edition in going if edition.due_at <= now and _known(services, edition.newsletter)]
        for edition in due:
            catch_up = services.newsletter(edition.newsletter).schedule.catch_up(edition.cadence)
            counts["too_late"] += deliveries.skip_too_late(session, edition.id, now, catch_up)
    for edition in due:
        sent = pipeline.send_edition(services, edition.id, stop=stop)
        counts.update(sent.counts)
        if sent.halted:
            log.error("sending halted", edition=edition.id, reason=sent.halted)
            break
    return counts


def _upkeep(services: Services, _stop: Event) -> Mapping[str, int]:
    """Forget what is of no use any more."""
    with services.session() as session:
        return {"forgotten": job_runs.forget_before(session, services.clock.now() - KEEP_RUNS)}


def _known(services: Services, slug: str) -> Newsletter | None:
    """Return the newsletter, or None for one that config.toml no longer defines: its Editions rest."""
    return next((n for n in services.settings.newsletters if n.slug == slug), None)


#: In the order of the flow.
JOBS: Mapping[str, Job] = {
    "leases": _leases,
    "gather": _gather,
    "plan": _plan,
    "prepare": _prepare,
    "approve": _approve,
    "notices": _notices,
    "send": _send,
    "upkeep": _upkeep,
}
