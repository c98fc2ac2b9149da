"""The acts of editors and operators on the list of Sources: add and remove, pause and resume, exchange, look before."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.database import Session
from digest.errors import DigestError
from digest.gather.finding import opml
from digest.gather.finding.discover import Found, discover
from digest.gather.finding.opml import OutlineFeed
from digest.gather.finding.scout import Scout
from digest.gather.identity import url_key
from digest.gather.pages.selectors import check
from digest.gather.piece import absolute
from digest.gather.text.clean import cut, plain
from digest.gather.text.language import primary
from digest.gather.worker import Readers
from digest.logs import logger
from digest.model.added import AddedSource
from digest.model.entry import Entry
from digest.model.newsletter import NO_SELECTORS, Newsletter, Selectors, SourceKind, SourcePlan
from digest.model.source import Source, SourceState
from digest.services import Services
from digest.store import added_sources, arrivals, sources

#: As for a source of config.toml.
LONGEST_NAME = 80
HEAVIEST = 10
#: An index of sitemaps and those that it leads to.
MOST_REQUESTS = 6

log = logger(__name__)


class SourceRefused(DigestError):
    """The caller asked for a Source that cannot be added or removed as asked; the message gives the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How one Newsletter uses a Source. *is_added* when config.toml does not name it; it rests without its section."""

    newsletter: str
    plan: SourcePlan
    is_added: bool
    rests: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One Source and those who use it. *per_day* counts new pieces of the last week; None in its first day."""

    source: Source
    uses: tuple[Use, ...]
    per_day: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a list of feeds came to: what was added, how many were there already, and what was lost, in words."""

    added: tuple[SourcePlan, ...]
    known: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be taken from an address, if it were a Source."""

    address: str
    kind: SourceKind
    title: str
    entries: tuple[Entry, ...]


# -- look --------------------------------------------------------------------------------------------------------------


def listing(services: Services) -> tuple[Listed, ...]:
    """Return every Source of every newsletter, those in trouble first; those that rest come last."""
    now = services.clock.now()
    with services.session() as session:
        uses = _uses(session, services)
        sources.enlist(session, _complete(session, services).values(), now)
        pace = arrivals.per_day(session, uses, now)
        rows = (
            Listed(source=s, uses=tuple(uses[s.key]), per_day=pace.get(s.key)) for s in sources.listing(session, uses)
        )
        return tuple(sorted(rows, key=lambda listed: all(use.rests for use in listed.uses)))


def found_at(services: Services, address: str) -> tuple[Found, ...]:
    """Return what can be read of the site or feed at *address*, the best first; FetchFailed when it does not answer."""

    async def look() -> tuple[Found, ...]:
        async with services.web_client() as client:
            return await discover(address, client, now=services.clock.now())

    return asyncio.run(look())


def preview(
    services: Services, address: str, *, kind: SourceKind | None = None, selectors: Selectors = NO_SELECTORS
) -> Preview:
    """
    Return what would be taken from *address*, and keep nothing; without *kind* it is told by what lies there.

    Raises FetchFailed when it does not answer, UnreadableInput for one of *selectors* or a body that is of no use.
    """
    check(selectors)

    async def look() -> Preview:
        async with services.web_client() as client, Readers(count=1) as readers:
            scout = Scout(client, readers, now=services.clock.now(), requests=MOST_REQUESTS)
            sight = await scout.see(address, kind)
            listed = await scout.read(sight, selectors)
            return Preview(address=sight.address, kind=sight.kind, title=listed.title, entries=listed.entries)

    return asyncio.run(look())


def section_of(newsletter: Newsletter, name: str) -> str:
    """Return the slug of the section that *name* means, by its slug or title; SourceRefused names those that exist."""
    found = _section_named(newsletter, [name])
    if found is None:
        raise SourceRefused(f'{newsletter.title} has no section "{name}"; it has: {_sections(newsletter)}')
    return found


# -- add and remove ----------------------------------------------------------------------------------------------------


def add(services: Services, slug: str, plan: SourcePlan, *, by: str) -> SourcePlan:
    """
    Have the newsletter called *slug* use the Source of *plan* from now on, and return the plan as it is kept.

    ``plan.section`` may be the slug or the title of a section. Raises UnknownNewsletter, or SourceRefused when the
    plan has a fault or its address is known already.
    """
    newsletter = services.newsletter(slug)
    plan = _checked(newsletter, plan)
    with services.session() as session:
        letters = _complete(session, services)
        known = {url_key(known.address): known for known in letters[slug].sources}
        if twin := known.get(url_key(plan.address)):
            raise SourceRefused(
                f"{plan.address} is a source of {newsletter.title} already, in the section {twin.section}"
                + ("" if twin.address == plan.address else f", as {twin.address}")
            )
        for other in (other for letter in letters.values() for other in letter.sources):
            if other.address == plan.address and other.kind is not plan.kind:
                raise SourceRefused(
                    f"{plan.address} is read as a {other.kind} by another newsletter; add it as one here"
                )
        _keep(session, services, slug, [plan], by)
    return plan


def remove(services: Services, slug: str, address: str) -> SourcePlan:
    """
    Have the newsletter called *slug* no longer use the added Source at *address*; its Articles stay.

    Raises UnknownNewsletter, or SourceRefused when it has no such Source or config.toml defines it.
    """
    newsletter = services.newsletter(slug)
    key = url_key(address)
    with services.session() as session:
        rows = added_sources.of_newsletter(session, slug)
        row = next((row for row in rows if row.address == address or url_key(row.address) == key), None)
        if row is None:
            if any(address == plan.address or key == url_key(plan.address) for plan in newsletter.sources):
                raise SourceRefused(f"{address} stands in config.toml; take it out there")
            raise SourceRefused(
                f'{newsletter.title} has no source "{address}"; `digest source list` shows those that there are'
            )
        plan = row.plan
        added_sources.remove(session, row)
        log.info("source_removed", newsletter=slug, source=url_key(plan.address))
    return plan


def pause(services: Services, address: str) -> SourceState:
    """Leave the Source at *address* alone, for every newsletter; WrongState when it is gone or there is none."""
    with services.session() as session:
        source = _named(session, services, address)
        source.pause()
        return source.state


def resume(services: Services, address: str) -> SourceState:
    """Check the Source at *address* again, from now on; WrongState when it was not at rest or there is none."""
    with services.session() as session:
        source = _named(session, services, address)
        source.resume(services.clock.now())
        return source.state


# -- exchange ----------------------------------------------------------------------------------------------------------


def import_opml(
    services: Services, slug: str, body: bytes, *, by: str, section: str | None = None, dry_run: bool = False
) -> Imported:
    """
    Add the feeds of the OPML list *body* to the newsletter called *slug*; with *dry_run* only say what would be added.

    A feed goes to the section that the innermost of its categories names by title or slug, else to *section*. Raises
    UnknownNewsletter, SourceRefused when there is no such *section*, UnreadableInput when *body* is no list.
    """
    newsletter = services.newsletter(slug)
    usual = section_of(newsletter, section) if section is not None else None
    outline = opml.read(body, name="The list")
    faults, plans, known = list(outline.faults), list[SourcePlan](), 0
    with services.session() as session:
        keys = {url_key(plan.address) for plan in _complete(session, services)[slug].sources}
        for feed in outline.feeds:
            if url_key(feed.address) in keys:
                known += 1
                continue
            try:
                plans.append(_plan(newsletter, feed, usual))
            except DigestError as fault:
                faults.append(str(fault))
                continue
            keys.add(url_key(feed.address))
        if not dry_run:
            _keep(session, services, slug, plans, by)
    return Imported(added=tuple(plans), known=known, faults=tuple(faults))


def export_opml(services: Services, slug: str) -> bytes:
    """
    Return the Sources on the web of the newsletter called *slug* as an OPML list, section by section.

    A list is passed on: passwords in addresses stay here.
    """
    newsletter = services.newsletter(slug)
    with services.reading() as session:
        plans = _complete(session, services)[slug].sources
    titles = {section.slug: section.title for section in newsletter.sections}
    order = list(titles)
    feeds = [
        OutlineFeed(
            title=plan.name or plan.shown,
            address=plan.shown,
            category=(titles[plan.section],),
            kind=plan.kind,
            language=plan.language,
        )
        for plan in sorted(plans, key=lambda plan: order.index(plan.section))
        if plan.kind is not SourceKind.FOLDER
    ]
    return opml.write(newsletter.title, feeds, at=services.clock.now())


# -- what they share ---------------------------------------------------------------------------------------------------


def _complete(session: Session, services: Services) -> Mapping[str, Newsletter]:
    return {letter.slug: sources.complete(session, letter) for letter in services.settings.newsletters}


def _uses(session: Session, services: Services) -> dict[str, list[Use]]:
    """Return who uses each Source, by its key."""
    uses: dict[str, list[Use]] = {}
    for letter in services.settings.newsletters:
        named = {plan.address for plan in letter.sources}
        sections = {section.slug for section in letter.sections}
        for plan in letter.sources:
            uses.setdefault(plan.address, []).append(Use(newsletter=letter.slug, plan=plan, is_added=False))
        for row in added_sources.of_newsletter(session, letter.slug):
            if row.address not in named:
                rests = row.section not in sections
                use = Use(newsletter=letter.slug, plan=row.plan, is_added=True, rests=rests)
                uses.setdefault(row.address, []).append(use)
    return uses


def _named(session: Session, services: Services, address: str) -> Source:
    """Return the Source at *address*, however that is written; WrongState when there is none."""
    letters = _complete(session, services)
    sources.enlist(session, letters.values(), services.clock.now())
    keys = [plan.address for letter in letters.values() for plan in letter.sources]
    alike = (key for key in keys if url_key(key) == url_key(address))
    return sources.named(session, address if address in keys else next(alike, address))


def _keep(session: Session, services: Services, slug: str, plans: Sequence[SourcePlan], by: str) -> None:
    """Save *plans* in place of resting ones of the same address, and have their Sources asked at once."""
    now = services.clock.now()
    resting = {url_key(row.address): row for row in added_sources.of_newsletter(session, slug)}
    for plan in plans:
        if row := resting.get(url_key(plan.address)):
            added_sources.remove(session, row)
        added_sources.add(session, AddedSource.of(slug, plan, by=by, at=now))
    sources.enlist(session, _complete(session, services).values(), now)
    for plan in plans:
        source = sources.named(session, plan.address)
        if source.state is not SourceState.ACTIVE:
            source.resume(now)
    log.info("sources_added", newsletter=slug, added=len(plans))


def _checked(newsletter: Newsletter, plan: SourcePlan) -> SourcePlan:
    """Return *plan* as it can be kept; SourceRefused or UnreadableInput tells its first fault."""
    address = absolute("", plan.address)
    if plan.kind is SourceKind.FOLDER or not address:
        raise SourceRefused(
            f'"{plan.address}" is no web address; folders are named in config.toml, all else begins with https://'
        )
    if not 0 < plan.weight <= HEAVIEST:
        raise SourceRefused(f"The weight {plan.weight:g} is out of bounds; give one above 0 and up to {HEAVIEST}.")
    if plan.language is not None and primary(plan.language) is None:
        raise SourceRefused(f'"{plan.language}" is no language; give a code such as en or de.')
    check(plan.selectors)
    return replace(
        plan,
        address=address,
        section=section_of(newsletter, plan.section),
        name=cut(plain(plan.name), LONGEST_NAME),
        language=primary(plan.language),
        labels={label.casefold(): section_of(newsletter, name) for label, name in plan.labels.items()},
    )


def _section_named(newsletter: Newsletter, names: Iterable[str]) -> str | None:
    known = {section.title.casefold(): section.slug for section in newsletter.sections}
    known |= {section.slug: section.slug for section in newsletter.sections}
    return next((known[name.casefold()] for name in names if name.casefold() in known), None)


def _sections(newsletter: Newsletter) -> str:
    return ", ".join(section.title for section in newsletter.sections)


def _plan(newsletter: Newsletter, feed: OutlineFeed, usual: str | None) -> SourcePlan:
    """Return the plan for *feed* of a list; SourceRefused when no section fits."""
    section = _section_named(newsletter, reversed(feed.category)) or usual
    if section is None:
        where = f'in the category "{" > ".join(feed.category)}"' if feed.category else "in no category"
        raise SourceRefused(
            f'"{feed.title}" is {where}, and the sections are {_sections(newsletter)}; name one for the rest'
        )
    name = "" if feed.title == feed.address else feed.title
    plan = SourcePlan(address=feed.address, section=section, kind=feed.kind, name=name, language=feed.language)
    return _checked(newsletter, plan)
