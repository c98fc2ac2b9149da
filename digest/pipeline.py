"""
The flow, readable top to bottom: gather → prepare (rank, compose, illustrate) → approve (render, plan).

What comes after, the sending, stands in ``sending``, so that a process that only sends loads nothing of this.

Each step returns what happened and never mails by itself. Each is safe to repeat.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from digest import calendar, illustration, news, proof
from digest.compose import compose
from digest.database import Session
from digest.errors import UnfitToSend, WrongState
from digest.gather import gather
from digest.gather.identity import url_key
from digest.gather.reading import read_pages
from digest.logs import logger
from digest.model.candidate import Cluster
from digest.model.draft import Draft, EditionFacts
from digest.model.edition import Edition, EditionState, SkipReason
from digest.model.entry import Failed, Fetched, Gathered, PageCheck, PageRead
from digest.model.ids import ArticleId, EditionId
from digest.model.newsletter import Newsletter, SourcePlan
from digest.model.source import Source
from digest.services import Services
from digest.store import articles, audit, deliveries, editions, sources
from subscribers import audience
from subscribers.cadence import Cadence

#: A Source asked within this time is not asked once more before an Edition is made.
FRESH = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """When an approved Edition begins: each reader's mail at its hour but none *not_before*; *at_once*, all then."""

    not_before: dt.datetime | None = None
    at_once: bool = False


OnGathered = Callable[[str, Gathered], None]

log = logger(__name__)


@dataclass(slots=True)
class GatherReport:
    """What asking the Sources came to: Sources asked and answered; articles new, changed and known."""

    asked: int = 0
    answered: int = 0
    new: int = 0
    changed: int = 0
    known: int = 0
    #: Pages of Articles read.
    pages: int = 0
    #: Source and reason, for each that did not answer usably.
    failures: list[tuple[str, str]] = field(default_factory=list)
    #: Source or page, and what could not be read in it, for each that answered with flaws.
    faults: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The Edition has its Draft."""

    edition_id: EditionId


@dataclass(frozen=True, slots=True)
class Skipped:
    """There is no Edition of this date, for *reason*."""

    edition_id: EditionId
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """The Edition has its Draft and waits for an editor, for *reason*."""

    edition_id: EditionId
    reason: str


# -- gather ------------------------------------------------------------------------------------------------------------


def gather_due(services: Services, *, on_done: OnGathered | None = None) -> GatherReport:
    """Ask every Source whose time has come, keep what is new, and read the pages that are due."""
    now = services.clock.now()
    with services.session() as session:
        uses = _enlisted(session, services.settings.newsletters, now)
        due = sources.due(session, uses, now)
    return _ask(services, uses, due, on_done)


def gather_afresh(
    services: Services,
    newsletters: Sequence[Newsletter],
    *,
    unless_asked_within: dt.timedelta = dt.timedelta(0),
    on_done: OnGathered | None = None,
) -> GatherReport:
    """Ask every Source of *newsletters* now, whatever its own pace, but for those asked a moment ago."""
    now = services.clock.now()
    with services.session() as session:
        uses = _enlisted(session, newsletters, now)
        due = sources.not_checked_since(session, uses, now - unless_asked_within)
    return _ask(services, uses, due, on_done)


def _enlisted(session: Session, newsletters: Sequence[Newsletter], now: dt.datetime) -> Mapping[str, SourcePlan]:
    """Return how each Source of *newsletters* is used, by its key; where several use it, by the first to want pages."""
    letters = [sources.complete(session, newsletter) for newsletter in newsletters]
    sources.enlist(session, letters, now)
    uses: dict[str, SourcePlan] = {}
    for plan in (plan for letter in letters for plan in letter.sources):
        if plan.address not in uses or (plan.wants_pages and not uses[plan.address].wants_pages):
            uses[plan.address] = plan
    return uses


def _ask(
    services: Services, uses: Mapping[str, SourcePlan], due: Sequence[Source], on_done: OnGathered | None
) -> GatherReport:
    report = GatherReport(asked=len(due))
    by_id = {source.id: source for source in due}

    async def run() -> None:
        async with services.web_client() as client:
            checks = [source.check(uses[source.key]) for source in due]
            async for gathered in gather(checks, client, now=services.clock.now()):
                source = by_id[gathered.source_id]
                _keep(services, gathered, source.shown, uses[source.key], report)
                if on_done is not None:
                    on_done(source.shown, gathered)
            pages = _pages_due(services, uses)
            asked = list(pages.values())
            async for read in read_pages(asked, client, now=services.clock.now(), robots=services.robots):
                _keep_page(services, read, pages[read.article_id].url, report)

    if due or _pages_due(services, uses):
        asyncio.run(run())
    return report


def _keep(services: Services, gathered: Gathered, name: str, plan: SourcePlan, report: GatherReport) -> None:
    """Save one Source's answer in a transaction of its own, so that one bad Source never costs another its news."""
    outcome = gathered.outcome
    with services.session() as session:
        source = sources.asked(session, gathered)
        if isinstance(outcome, Fetched):
            first = source.last_answered_at is None
            saved = articles.save_new(session, source, outcome.entries, gathered.at, key_of=url_key, first=first)
            if plan.wants_pages:
                articles.want_pages(session, source, gathered.at, due_at=services.clock.now())
            report.new, report.changed = report.new + saved.new, report.changed + saved.changed
            report.known += saved.known
            report.faults += [(name, fault) for fault in outcome.faults]
        sources.settle(session, gathered)  # now that its news counts for its pace
    if isinstance(outcome, Failed):
        report.failures.append((name, outcome.reason))
    else:
        report.answered += 1


def _pages_due(services: Services, uses: Mapping[str, SourcePlan]) -> Mapping[ArticleId, PageCheck]:
    """Return the pages to read now, each with the selectors and language of its Source."""
    with services.reading() as session:
        due = articles.pages_due(session, uses, services.clock.now())
        return {article.id: article.page_check(uses[article.source.key]) for article in due}


def _keep_page(services: Services, read: PageRead, url: str, report: GatherReport) -> None:
    with services.session() as session:
        articles.settle_page(session, read, key_of=url_key)
    if isinstance(read.outcome, Failed):
        report.faults.append((url, read.outcome.reason))
    else:
        report.pages += 1


# -- prepare -----------------------------------------------------------------------------------------------------------


def plan_edition(
    session: Session, newsletter: Newsletter, cadence: Cadence, date: dt.date, now: dt.datetime
) -> Edition:
    """
    Return the one Edition of *newsletter*, *cadence* and *date*, with the instant of its first wave.

    A wave that a reader asks for when it has passed, or is nearer than the time that editors have to look at the Draft,
    is served with the first of the others: nobody's choice takes that time from them.
    WrongState on a date that the newsletter's time zone has skipped.
    """
    instants = waves(session, newsletter, cadence, date)
    if not instants:
        raise WrongState(f"{date} never was in {newsletter.schedule.zone.key}; name another date")
    own = instants[None, None]
    known = editions.find(session, newsletter.slug, cadence, date)
    earliest = min(now + newsletter.schedule.review, own if known is None else known.due_at)
    due_at = min([own, *(at for at in instants.values() if at >= earliest)])
    return editions.open_for(session, newsletter.slug, cadence, date, due_at=due_at)


def waves(
    session: Session, newsletter: Newsletter, cadence: Cadence, date: dt.date
) -> dict[calendar.ReaderHour, dt.datetime]:
    """
    Return when the Edition falls due for the readers of each (time zone, hour).

    The newsletter's own instant is in it under (None, None); nothing at all on a date that its time zone has skipped.
    """
    keys = audience.wave_keys(session, newsletter.slug, Cadence.served_by(cadence, date), date)
    return calendar.waves(date, [(None, None), *((key.time_zone, key.hour) for key in keys)], newsletter.schedule)


def prepare_edition(
    services: Services, newsletter: Newsletter, cadence: Cadence, date: dt.date
) -> Prepared | Skipped | Held:
    """
    Make the Edition of *newsletter* for *cadence* and *date*, ready for its editors.

    Skipped when there is too little news: no edition is better than an empty one. Held when too few sources answered,
    or when its mail has faults that must reach nobody.
    An older Edition that still waits for an editor gives way to it: its news is in the new one. Safe to call twice: an
    Edition that has its Draft keeps it, and gets no more than pictures that it still lacks.
    """
    made = _drafted(services, newsletter, cadence, date)
    illustrate(services, made.edition_id)
    return proofread(services, made) if isinstance(made, Prepared) else made


def _drafted(services: Services, newsletter: Newsletter, cadence: Cadence, date: dt.date) -> Prepared | Skipped | Held:
    """Rank and lay out the Edition, unless that has been done."""
    now = services.clock.now()
    with services.session() as session:
        edition = plan_edition(session, newsletter, cadence, date, now)
        if edition.is_prepared:
            return as_it_is(edition)
        edition_id = edition.id
    with services.reading() as session:  # ranking takes its time, and nobody who writes should wait for it
        newsletter = sources.complete(session, newsletter)
        previous = editions.previous_period_end(session, editions.get(session, edition_id))
        period = calendar.period(previous, now, cadence)
        clusters = news.ranked(services, session, newsletter, cadence, period)
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        if edition.is_prepared:
            return as_it_is(edition)
        draft = laid_out(session, newsletter, edition, clusters)
        if not draft.has_enough_news(newsletter.minimum_stories):
            edition.skip(too_little(newsletter, draft))
            return as_it_is(edition)
        save_draft(session, newsletter, edition, draft, period)
        for older in editions.older_open(session, edition):
            older.skip(f"{SkipReason.SUPERSEDED} {edition.date}")
        return as_it_is(edition)


def laid_out(session: Session, newsletter: Newsletter, edition: Edition, clusters: Sequence[Cluster]) -> Draft:
    """Return the Draft that *clusters* give for *edition*, with the next number."""
    number = editions.next_number(session, newsletter.slug, edition.cadence)
    facts = EditionFacts(newsletter=newsletter.slug, cadence=edition.cadence, date=edition.date, number=number)
    return compose(newsletter, clusters, facts)


def too_little(newsletter: Newsletter, draft: Draft) -> str:
    """Say why *draft* is too small for an Edition."""
    return f"{SkipReason.TOO_LITTLE_NEWS}: {len(draft.stories)} of at least {newsletter.minimum_stories} stories"


def save_draft(
    session: Session, newsletter: Newsletter, edition: Edition, draft: Draft, period: calendar.Period
) -> None:
    """Give *edition* its Draft, and hold it when too few sources have answered."""
    answered, asked = sources.coverage(session, newsletter, min(period.start, period.end - dt.timedelta(days=1)))
    edition.save(draft, period=(period.start, period.end), coverage=(answered, asked))
    if asked and answered / asked < newsletter.coverage_floor:
        edition.hold(f"only {answered} of {asked} sources answered; the floor is {newsletter.coverage_floor:.0%}")


def as_it_is(edition: Edition) -> Prepared | Skipped | Held:
    """Say what has become of making *edition*."""
    match edition.state:
        case EditionState.SKIPPED:
            return Skipped(edition.id, edition.reason)
        case EditionState.HELD:
            return Held(edition.id, edition.reason)
        case _:
            return Prepared(edition.id)


def illustrate(services: Services, edition_id: EditionId) -> None:
    """
    Fetch the pictures that the Edition's mails may show, where its newsletter serves them from its own address.

    Each is asked for once: from then on the Draft holds our copies, or says why there are none. No fault of it costs
    the Edition anything but its pictures. Nothing is done where there is no Draft that an editor could still change.
    """
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        look = services.newsletter(edition.newsletter).look
        checks = illustration.wanted(edition.draft, look) if edition.is_open else ()
    if not checks:
        return
    try:
        reads = illustration.fetch(services, checks)
        with services.session() as session:
            edition = editions.get(session, edition_id, lock=True)
            if edition.is_open:
                draft = illustration.illustrated(edition.draft, look, reads)  # as an editor may have left it meanwhile
                illustration.keep(session, draft, reads, services.clock.now())
                edition.illustrate(draft)
    except Exception:
        log.exception("edition_not_illustrated", edition_id=edition_id)


def proofread(services: Services, made: Prepared) -> Prepared | Skipped | Held:
    """Hold the Edition if its mail has faults."""
    with services.session() as session:
        edition = editions.get(session, made.edition_id, lock=True)
        if edition.state is EditionState.DRAFT:
            try:
                proof.fit_to_send(services, services.newsletter(edition.newsletter), edition)
            except UnfitToSend as fault:
                edition.hold(str(fault))
        return as_it_is(edition)


# -- approve -----------------------------------------------------------------------------------------------------------


def approve(services: Services, edition_id: EditionId, *, by: str, start: Start | None = None) -> int:
    """
    Freeze the Edition's content on the word of *by*, and plan one Delivery per reader. Returns how many were planned.

    Pictures that it still lacks are fetched first. From here on sending, archive and preview read only what was frozen.
    Hours that have passed count from the first, or from now where that has passed too: whoever approves late wants it
    sent. A special Edition has no hour but now, or that of *start*.
    WrongState when it is not open for approval; UnfitToSend when its mail has faults that must reach nobody.
    """
    illustrate(services, edition_id)
    now = services.clock.now()
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        start = start or Start(not_before=max(now, edition.due_at))
        planned = _approve(services, session, edition, by=by, start=start)
        how = "send now" if start.at_once else "approve"
        since = f", from {start.not_before.isoformat(timespec='minutes')}" if start.not_before else ""
        audit.write(session, by=by, act=how, at=now, about=str(edition), detail=f"{planned} planned{since}")
        return planned


def approve_automatically(services: Services, edition_id: EditionId) -> bool:
    """
    Do as ``approve`` because the hour has come; a Delivery whose own hour passed too long ago will be skipped.

    False when the Edition is no Draft any more, because an editor, or another process, was faster; and when its mail
    has faults: then it is held.
    """
    illustrate(services, edition_id)
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        if edition.state is not EditionState.DRAFT:
            return False
        try:
            _approve(services, session, edition, by="automatic", start=Start())
        except UnfitToSend as fault:
            edition.hold(str(fault))
            return False
        return True


def _approve(services: Services, session: Session, edition: Edition, *, by: str, start: Start) -> int:
    now = services.clock.now()
    newsletter = services.newsletter(edition.newsletter)
    draft = edition.draft
    edition.approve(proof.fit_to_send(services, newsletter, edition), by=by, at=now)
    editions.remember_stories(session, edition, draft, key_of=url_key)
    due = hours(session, newsletter, edition, start, now)
    if start.not_before is not None:
        edition.due_at = min(due.values(), default=max(edition.due_at, start.not_before))
    spread = dt.timedelta(0) if start.at_once else newsletter.spread
    return deliveries.plan(session, edition.id, editions.readers_of(edition), due, spread=spread)


def hours(
    session: Session, newsletter: Newsletter, edition: Edition, start: Start, now: dt.datetime
) -> dict[tuple[str, dt.time | None], dt.datetime]:
    """
    Return when the mails of *edition* fall due by *start*, for the readers of each (time zone, hour).

    None does so before the Edition itself: not even that of a reader who chose its hour when that had passed.
    """
    if edition.cadence.is_beside or start.at_once:
        wishes = Cadence.served_by(edition.cadence, edition.date)
        keys = audience.wave_keys(session, newsletter.slug, wishes, edition.date, segment=edition.audience)
        return {(key.time_zone, key.hour): start.not_before or now for key in keys}
    instants = waves(session, newsletter, edition.cadence, edition.date)
    begins = start.not_before or edition.due_at
    return {(zone, hour): max(at, begins) for (zone, hour), at in instants.items() if zone is not None}
