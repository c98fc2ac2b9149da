"""Add and change, remove, pause and resume Sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from digest.database import Session
from digest.gather.identity import url_key
from digest.logs import logger
from digest.model.added import AddedSource
from digest.model.newsletter import Newsletter, Selectors, SourceKind, SourcePlan
from digest.model.source import SourceState
from digest.services import Services
from digest.source_list.plans import SourceRefused, checked
from digest.source_list.uses import complete, named
from digest.store import added_sources, audit, sources

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What is to be changed of an added Source; None leaves it as it is. An empty *language* stands for none.

    *links* changes that one selector alone, *selectors* all.
    """

    section: str | None = None
    name: str | None = None
    weight: float | None = None
    kind: SourceKind | None = None
    language: str | None = None
    full_text: bool | None = None
    selectors: Selectors | None = None
    links: str | None = None

    def of(self, plan: SourcePlan) -> SourcePlan:
        """Return *plan* with what is wanted."""
        selectors = self.selectors or plan.selectors
        return replace(
            plan,
            section=plan.section if self.section is None else self.section,
            name=plan.name if self.name is None else self.name,
            weight=plan.weight if self.weight is None else self.weight,
            kind=self.kind or plan.kind,
            language=plan.language if self.language is None else self.language or None,
            full_text=plan.full_text if self.full_text is None else self.full_text,
            selectors=selectors if self.links is None else replace(selectors, links=self.links),
        )


def add(services: Services, slug: str, plan: SourcePlan, *, by: str) -> SourcePlan:
    """
    Have the newsletter called *slug* use the Source of *plan* from now on, and return the plan as it is kept.

    ``plan.section`` may be the slug or the title of a section. Raises UnknownNewsletter, or SourceRefused when the
    plan has a fault or its address is known already.
    """
    newsletter = services.newsletter(slug)
    plan = checked(newsletter, plan)
    with services.session() as session:
        letters = complete(session, services)
        known = {url_key(known.address): known for known in letters[slug].sources}
        if twin := known.get(url_key(plan.address)):
            raise SourceRefused(
                f"{plan.shown} is a source of {newsletter.title} already, in the section {twin.section}"
                + ("" if twin.address == plan.address else f", as {twin.shown}")
            )
        _require_one_kind(letters, plan)
        keep(session, services, slug, [plan], by)
    return plan


def change(services: Services, slug: str, address: str, wanted: Wanted, *, by: str) -> SourcePlan:
    """
    Have the newsletter called *slug* use its added Source at *address* as *wanted*; return the plan as it is kept.

    One of another kind or with other selectors is read afresh. Raises UnknownNewsletter, or SourceRefused when it has
    no such Source, config.toml defines it, or what is wanted has a fault.
    """
    newsletter = services.newsletter(slug)
    with services.session() as session:
        row = _added(session, newsletter, address, "change it there")
        before, rests = row.plan, row.section not in {section.slug for section in newsletter.sections}
        plan = checked(newsletter, _without_lost_labels(newsletter, wanted.of(before)))
        others = {name: letter for name, letter in complete(session, services).items() if name != slug}
        _require_one_kind(others, plan)
        row.use_as(plan)
        session.flush()
        sources.enlist(session, complete(session, services).values(), services.clock.now())
        if rests or (plan.kind, plan.selectors) != (before.kind, before.selectors):
            sources.named(session, plan.address).read_afresh(services.clock.now())
        told = f"{slug}: {', '.join(_changed(before, plan)) or 'nothing'}"
        _write(session, services, by, "change source", plan, told)
    return plan


def remove(services: Services, slug: str, address: str, *, by: str) -> SourcePlan:
    """
    Have the newsletter called *slug* no longer use the added Source at *address*; its Articles stay.

    Raises UnknownNewsletter, or SourceRefused when it has no such Source or config.toml defines it.
    """
    newsletter = services.newsletter(slug)
    with services.session() as session:
        row = _added(session, newsletter, address, "take it out there")
        plan = row.plan
        added_sources.remove(session, row)
        _write(session, services, by, "remove source", plan, slug)
        log.info("source_removed", newsletter=slug, source=url_key(plan.address))
    return plan


def pause(services: Services, address: str, *, by: str) -> SourceState:
    """Leave the Source at *address* alone, for every newsletter; WrongState when it is gone or there is none."""
    with services.session() as session:
        source = named(session, services, address)
        source.pause()
        audit.write(session, by=by, act="pause source", at=services.clock.now(), about=source.shown)
        return source.state


def resume(services: Services, address: str, *, by: str) -> SourceState:
    """Check the Source at *address* again, from now on; WrongState when it was not at rest or there is none."""
    with services.session() as session:
        source = named(session, services, address)
        source.resume(services.clock.now())
        audit.write(session, by=by, act="resume source", at=services.clock.now(), about=source.shown)
        return source.state


def keep(session: Session, services: Services, slug: str, plans: Sequence[SourcePlan], by: str) -> None:
    """Save *plans* in place of resting ones of the same address, and have their Sources asked at once."""
    now = services.clock.now()
    resting = {url_key(row.address): row for row in added_sources.of_newsletter(session, slug)}
    for plan in plans:
        if row := resting.get(url_key(plan.address)):
            added_sources.remove(session, row)
        added_sources.add(session, AddedSource.of(slug, plan, by=by, at=now))
        _write(session, services, by, "add source", plan, f"{slug}, section {plan.section}")
    sources.enlist(session, complete(session, services).values(), now)
    for plan in plans:
        source = sources.named(session, plan.address)
        if source.state is not SourceState.ACTIVE:
            source.resume(now)
    log.info("sources_added", newsletter=slug, added=len(plans))


def _added(session: Session, newsletter: Newsletter, address: str, remedy: str) -> AddedSource:
    """Return what was added at *address*, however that is written; SourceRefused, with a *remedy* for config.toml."""
    key = url_key(address)
    rows = added_sources.of_newsletter(session, newsletter.slug)
    row = next((row for row in rows if row.address == address or url_key(row.address) == key), None)
    if row is None:
        if any(address == plan.address or key == url_key(plan.address) for plan in newsletter.sources):
            raise SourceRefused(f"{address} stands in config.toml; {remedy}")
        raise SourceRefused(
            f'{newsletter.title} has no source "{address}"; `digest source list` shows those that there are'
        )
    return row


def _require_one_kind(letters: Mapping[str, Newsletter], plan: SourcePlan) -> None:
    """Refuse with SourceRefused a *plan* that reads a Source otherwise than one of *letters* does."""
    for other in (other for letter in letters.values() for other in letter.sources):
        if other.address == plan.address and other.kind is not plan.kind:
            raise SourceRefused(f"{plan.shown} is read as a {other.kind} by another newsletter; it is one here too")


def _without_lost_labels(newsletter: Newsletter, plan: SourcePlan) -> SourcePlan:
    """Return *plan* without the labels of sections that are no longer there: nobody can mend those."""
    slugs = {section.slug for section in newsletter.sections}
    return replace(plan, labels={label: section for label, section in plan.labels.items() if section in slugs})


def _changed(before: SourcePlan, after: SourcePlan) -> list[str]:
    """Name the fields in which *after* differs."""
    names = ("section", "name", "weight", "kind", "language", "full_text", "selectors")
    return [name.replace("_", " ") for name in names if getattr(before, name) != getattr(after, name)]


def _write(session: Session, services: Services, by: str, act: str, plan: SourcePlan, detail: str) -> None:
    audit.write(session, by=by, act=act, at=services.clock.now(), about=plan.shown, detail=detail)
