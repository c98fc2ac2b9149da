"""What may be kept of a plan for a Source: its section, its bounds, its selectors."""

from collections.abc import Iterable
from dataclasses import replace

from digest.errors import DigestError
from digest.gather.finding.opml import OutlineFeed
from digest.gather.pages.selectors import check
from digest.gather.piece import absolute
from digest.gather.text.clean import cut, plain
from digest.gather.text.language import primary
from digest.model.newsletter import Newsletter, SourceKind, SourcePlan

#: As for a source of config.toml.
LONGEST_NAME = 80
HEAVIEST = 10


class SourceRefused(DigestError):
    """The caller asked for a Source that cannot be added, changed or removed as asked; the message gives the remedy."""


def section_of(newsletter: Newsletter, name: str) -> str:
    """Return the slug of the section that *name* means, by its slug or title; SourceRefused names those that exist."""
    found = _section_named(newsletter, [name])
    if found is None:
        raise SourceRefused(f'{newsletter.title} has no section "{name}"; it has: {_sections(newsletter)}')
    return found


def checked(newsletter: Newsletter, plan: SourcePlan) -> SourcePlan:
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


def of_outline(newsletter: Newsletter, feed: OutlineFeed, usual: str | None) -> SourcePlan:
    """Return the plan for *feed* of a list, in the section *usual* if its categories name none; else SourceRefused."""
    section = _section_named(newsletter, reversed(feed.category)) or usual
    if section is None:
        where = f'in the category "{" > ".join(feed.category)}"' if feed.category else "in no category"
        raise SourceRefused(
            f'"{feed.title}" is {where}, and the sections are {_sections(newsletter)}; name one for the rest'
        )
    name = "" if feed.title == feed.address else feed.title
    plan = SourcePlan(address=feed.address, section=section, kind=feed.kind, name=name, language=feed.language)
    return checked(newsletter, plan)


def _section_named(newsletter: Newsletter, names: Iterable[str]) -> str | None:
    known = {section.title.casefold(): section.slug for section in newsletter.sections}
    known |= {section.slug: section.slug for section in newsletter.sections}
    return next((known[name.casefold()] for name in names if name.casefold() in known), None)


def _sections(newsletter: Newsletter) -> str:
    return ", ".join(section.title for section in newsletter.sections)
