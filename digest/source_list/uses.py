"""Who uses which Source: config.toml's and those that were added, by newsletter."""

from collections.abc import Mapping
from dataclasses import dataclass

from digest.database import Session
from digest.gather.identity import url_key
from digest.model.newsletter import Newsletter, SourcePlan
from digest.model.source import Source
from digest.services import Services
from digest.store import added_sources, sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How one Newsletter uses a Source. *is_added* when config.toml does not name it; it rests without its section."""

    newsletter: str
    plan: SourcePlan
    is_added: bool
    rests: bool = False


def complete(session: Session, services: Services) -> Mapping[str, Newsletter]:
    """Return every Newsletter with the Sources that were added to it, by its slug."""
    return {letter.slug: sources.complete(session, letter) for letter in services.settings.newsletters}


def uses(session: Session, services: Services) -> dict[str, list[Use]]:
    """Return who uses each Source, by its key."""
    found: dict[str, list[Use]] = {}
    added = added_sources.by_newsletter(session)
    for letter in services.settings.newsletters:
        named = {plan.address for plan in letter.sources}
        sections = {section.slug for section in letter.sections}
        for plan in letter.sources:
            found.setdefault(plan.address, []).append(Use(newsletter=letter.slug, plan=plan, is_added=False))
        for row in added.get(letter.slug, ()):
            if row.address not in named:
                rests = row.section not in sections
                use = Use(newsletter=letter.slug, plan=row.plan, is_added=True, rests=rests)
                found.setdefault(row.address, []).append(use)
    return found


def named(session: Session, services: Services, address: str) -> Source:
    """Return the Source at *address*, however that is written; WrongState when there is none."""
    letters = complete(session, services)
    sources.enlist(session, letters.values(), services.clock.now())
    keys = [plan.address for letter in letters.values() for plan in letter.sources]
    alike = (key for key in keys if url_key(key) == url_key(address))
    return sources.named(session, address if address in keys else next(alike, address))
