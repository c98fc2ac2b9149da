"""
What ticks call. Each job is idempotent, asks the database whether there is something to do, and leaves a JobRun if so.

The scheduler decides when; the unique keys and committed claims of the database decide whether.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from digest import calendar, notices, pipeline, report_box, sending
from digest.errors import DigestError
from digest.logs import logger, without_names
from digest.model.edition import Edition, EditionState, SkipReason
from digest.model.newsletter import Newsletter
from digest.readers import forgetting, signing_up
from digest.services import Services
from digest.staff import guesses
from digest.store import audit, deliveries, editions, job_runs, revisions, staff
from subscribers import bounces, preferences
from subscribers.cadence import Cadence

log = logger(__name__)

#: Runs are kept so long.
KEEP_RUNS = dt.timedelta(days=30)
#: The revisions of a Draft are kept so long after its Edition has come to its end.
KEEP_REVISIONS = dt.timedelta(days=30)


@dataclass(slots=True)
class Tally:
    """What one run of a job comes to: its counts, and its faults in words."""

    job: str
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def each(self, what: str) -> Iterator[None]:
        """Keep a fault with the item *what*, so that it never costs the others their turn."""
        try:
            yield
        except DigestError as fault:
            self.blame(what, str(fault))
        except Exception as fault:
            log.exception("job failed", job=self.job, what=what)
            self._keep(what, f"{type(fault).__name__}: {fault}")

    def blame(self, what: str, reason: str) -> None:
        """Take down the fault of *what*."""
        log.error("job failed", job=self.job, what=what, reason=reason)
        self._keep(what, reason)

    def _keep(self, what: str, reason: str) -> None:
        self.faults.append(without_names(f"{what}: {reason}"))


Job = Callable[[Services, Tally, Event], None]


def run(name: str, services: Services, stop: Event | None = None) -> Mapping[str, int]:
    """
    Run the job called *name* and return its counts, all zero when there was nothing to do.

    Its faults, counted as ``faults``, end in the JobRun and in the log, never in the caller: the next tick tries again.
    """
    began, tally = services.clock.now(), Tally(name)
    with tally.each(name):
        JOBS[name](services, tally, stop or Event())
    if any(tally.counts.values()) or tally.faults:
        log.info("job done", job=name, faults=len(tally.faults), **tally.counts)
        _record(services, tally, began)
    return {**tally.counts, "faults": len(tally.faults)}


def _record(services: Services, tally: Tally, began: dt.datetime) -> None:
    try:
        with services.session() as session:
            job_run = job_runs.begin(session, tally.job, began)
            if tally.faults:
                job_run.fail("; ".join(tally.faults), dict(tally.counts), services.clock.now())
            else:
                job_run.finish(dict(tally.counts), services.clock.now())
    except DigestError:
        log.exception("the run of a job could not be written down", job=tally.job)


def tick(services: Services, stop: Event | None = None) -> dict[str, Mapping[str, int]]:
    """Do all that is due now, once, in the order of the flow; what each job came to, by its name."""
    return {name: run(name, services, stop) for name in JOBS}


def _leases(services: Services, tally: Tally, _stop: Event) -> None:
    """Settle what killed senders left in their journals; what a vanished one held without any is in doubt."""
    tally.counts.update(sending.recover(services))
    tally.counts["in_doubt"] += sending.expire_leases(services)


def _gather(services: Services, tally: Tally, _stop: Event) -> None:
    """Ask the Sources whose time has come."""
    report = pipeline.gather_due(services)
    for source, reason in report.failures:
        log.warning("source failed", source=source, reason=reason)
    tally.counts.update(new=report.new, changed=report.changed, pages=report.pages, failed=len(report.failures))


def _plan(services: Services, tally: Tally, _stop: Event) -> None:
    """Open the Editions of the next days, and keep the hour of those that are not made yet."""
    now = services.clock.now()
    for newsletter in services.settings.newsletters:
        for cadence, date in calendar.edition_days(now, newsletter.schedule):
            with services.session() as session:
                known = editions.find(session, newsletter.slug, cadence, date) is not None
                pipeline.plan_edition(session, newsletter, cadence, date, now)
                tally.counts["planned"] += not known


def _prepare(services: Services, tally: Tally, _stop: Event) -> None:
    """Make the Drafts whose time has come; skip those that come too late, so that older ones flow into the newest."""
    with services.reading() as session:
        planned = editions.in_states(session, EditionState.PLANNED)
    for edition in planned:
        newsletter = _known(services, edition.newsletter)
        if newsletter is None or calendar.prepare_at(edition.due_at, newsletter.schedule) > services.clock.now():
            continue
        with tally.each(str(edition)):
            tally.counts[_prepared(services, newsletter, edition)] += 1


def _prepared(services: Services, newsletter: Newsletter, edition: Edition) -> str:
    """Make the Draft of *edition*, and return what it came to in one word."""
    if _skip_if_too_late(services, newsletter, edition.cadence, edition.date):
        return "skipped"
    pipeline.gather_afresh(services, [newsletter], unless_asked_within=pipeline.FRESH)
    result = pipeline.prepare_edition(services, newsletter, edition.cadence, edition.date)
    return type(result).__name__.lower()


def _skip_if_too_late(services: Services, newsletter: Newsletter, cadence: Cadence, date: dt.date) -> bool:
    now = services.clock.now()
    with services.session() as session:
        edition = pipeline.plan_edition(session, newsletter, cadence, date, now)
        last = max(pipeline.waves(session, newsletter, cadence, date).values())
        if not calendar.is_too_late(last, now, newsletter.schedule, cadence):
            return False
        edition.skip(SkipReason.TOO_LATE)
        return True


def _approve(services: Services, tally: Tally, _stop: Event) -> None:
    """Approve the Drafts that nobody has touched, when their hour has come and their newsletter says so."""
    now = services.clock.now()
    with services.reading() as session:
        drafts = [edition for edition in editions.in_states(session, EditionState.DRAFT) if edition.due_at <= now]
    for edition in drafts:
        newsletter = _known(services, edition.newsletter)
        if newsletter is not None and newsletter.approves_itself(edition.cadence):
            with tally.each(str(edition)):
                if _skip_if_too_late(services, newsletter, edition.cadence, edition.date):
                    tally.counts["skipped"] += 1
                elif pipeline.approve_automatically(services, edition.id):
                    tally.counts["approved"] += 1


def _notices(services: Services, tally: Tally, stop: Event) -> None:
    """
    Take up the sign-ups that wait, tell editors of each Draft and what becomes of it, and send the single mails.

    Who must act is reminded before the hour.

    Every one that is open is told of again, for whoever made or held it may have been stopped before they said so;
    what has been told is not repeated.
    """
    with tally.each("sign-ups"):
        taken_up = signing_up.take_up(services, stop=stop)
        tally.counts.update(taken_up)
        if taken_up[signing_up.DROPPED]:
            tally.blame("sign-ups", f"{taken_up[signing_up.DROPPED]} could not be taken up; the log names their faults")
    with services.reading() as session:
        open_ones = editions.in_states(session, EditionState.DRAFT, EditionState.HELD)
    for edition in open_ones:
        newsletter = _known(services, edition.newsletter)
        if newsletter is not None:
            with tally.each(str(edition)):
                notices.tell_editors(services, newsletter, edition.id)
                notices.remind_editors(services, newsletter, edition.id)
    report = notices.send(services, stop=stop)
    tally.counts.update(report.counts)
    _blame(tally, report.halted, report.faults)


def _blame(tally: Tally, halted: str | None, faults: Iterable[str]) -> None:
    """Take down why the sending stopped, and what is wrong with relays where others went on."""
    for fault in [halted] if halted else faults:
        tally.blame("sending", fault)


def _send(services: Services, tally: Tally, stop: Event) -> None:
    """Send the Deliveries whose hour has come; skip those whose hour has passed by too much."""
    now = services.clock.now()
    with services.session() as session:
        going = editions.in_states(session, EditionState.APPROVED, EditionState.SENDING)
        due = [edition for edition in going if edition.due_at <= now and _known(services, edition.newsletter)]
        for edition in due:
            catch_up = services.newsletter(edition.newsletter).schedule.catch_up(edition.cadence)
            tally.counts["too_late"] += deliveries.skip_too_late(session, edition.id, now, catch_up)
    halted: set[tuple[str, ...]] = set()
    for edition in due:
        relays = services.newsletter(edition.newsletter).relays
        if relays in halted or stop.is_set():
            continue  # it waits for the next tick
        with tally.each(str(edition)):
            sent = sending.send_edition(services, edition.id, stop=stop)
            tally.counts.update(sent.counts)
            _blame(tally, sent.halted, sent.faults)
            if sent.halted:
                newsletter = services.newsletter(edition.newsletter)
                notices.alert_editors(services, newsletter, edition.id, reason=sent.halted)
            if sent.halted and sent.state is not EditionState.PAUSED:
                halted.add(relays)


def _bounces(services: Services, tally: Tally, stop: Event) -> None:
    """Read the reports that have come into the mailbox."""
    box = services.settings.bounces.box
    if box is not None:
        report_box.look_through(services, box, tally.counts, stop)


def _upkeep(services: Services, tally: Tally, stop: Event) -> None:
    """Forget what is of no use any more, and end the pauses that are over."""
    now = services.clock.now()
    with services.session() as session:
        runs = job_runs.forget_before(session, now - KEEP_RUNS)
        tally.counts["forgotten"] = runs + bounces.forget_before(session, now - bounces.KEPT)
        tally.counts["forgotten"] += revisions.forget_settled(session, now - KEEP_REVISIONS)
    with services.session() as session:
        kept = services.settings.audit
        tally.counts["audit_forgotten"] = audit.forget_before(session, now - kept) if kept is not None else 0
        staff.sweep(session, now=now, failures_before=now - guesses.WINDOW)
    with services.session() as session:
        # Once a day will do: whoever reads who wants an Edition knows the day on which a pause ends.
        tally.counts["resumed"] = preferences.end_pauses(session, now)
    forgetting.keep_time(services, tally.counts, stop)


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
    "bounces": _bounces,
    "upkeep": _upkeep,
}
