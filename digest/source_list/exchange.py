"""Exchange lists of feeds with other programs: OPML."""

from collections.abc import Iterable
from dataclasses import dataclass

from digest.errors import DigestError
from digest.gather.finding import opml
from digest.gather.finding.opml import OutlineFeed
from digest.gather.identity import url_key
from digest.model.newsletter import Newsletter, SourceKind, SourcePlan
from digest.services import Services
from digest.source_list.acts import keep
from digest.source_list.plans import of_outline, section_of
from digest.source_list.uses import complete


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a list of feeds came to: what was added, how many were there already, and what was lost, in words."""

    added: tuple[SourcePlan, ...]
    known: int
    faults: tuple[str, ...]


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
        keys = {url_key(plan.address) for plan in complete(session, services)[slug].sources}
        for feed in outline.feeds:
            if url_key(feed.address) in keys:
                known += 1
                continue
            try:
                plans.append(of_outline(newsletter, feed, usual))
            except DigestError as fault:
                faults.append(str(fault))
                continue
            keys.add(url_key(feed.address))
        if not dry_run:
            keep(session, services, slug, plans, by)
    return Imported(added=tuple(plans), known=known, faults=tuple(faults))


def as_opml(services: Services, slug: str, plans: Iterable[SourcePlan]) -> bytes:
    """Return *plans* for the newsletter called *slug* as the OPML list that adds just these, passwords and all."""
    newsletter = services.newsletter(slug)
    feeds = [_outline(newsletter, plan, plan.address) for plan in plans]
    return opml.write(newsletter.title, feeds, at=services.clock.now())


def export_opml(services: Services, slug: str) -> bytes:
    """
    Return the Sources on the web of the newsletter called *slug* as an OPML list, section by section.

    A list is passed on: passwords in addresses stay here.
    """
    newsletter = services.newsletter(slug)
    with services.reading() as session:
        plans = complete(session, services)[slug].sources
    order = [section.slug for section in newsletter.sections]
    feeds = [
        _outline(newsletter, plan, plan.shown)
        for plan in sorted(plans, key=lambda plan: order.index(plan.section))
        if plan.kind is not SourceKind.FOLDER
    ]
    return opml.write(newsletter.title, feeds, at=services.clock.now())


def _outline(newsletter: Newsletter, plan: SourcePlan, address: str) -> OutlineFeed:
    return OutlineFeed(
        title=plan.name or address,
        address=address,
        category=(newsletter.section(plan.section).title,),
        kind=plan.kind,
        language=plan.language,
    )
