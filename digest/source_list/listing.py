"""Every Source in one list, as the command line shows it."""

from dataclasses import dataclass

from digest.model.source import Source
from digest.services import Services
from digest.source_list.uses import Use, complete, uses
from digest.store import arrivals, sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One Source and those who use it. *per_day* counts new pieces of the last week; None in its first day."""

    source: Source
    uses: tuple[Use, ...]
    per_day: float | None


def listing(services: Services) -> tuple[Listed, ...]:
    """Return every Source of every newsletter, those in trouble first; those that rest come last."""
    now = services.clock.now()
    with services.session() as session:
        used = uses(session, services)
        sources.enlist(session, complete(session, services).values(), now)
        pace = arrivals.per_day(session, used, now)
        rows = (
            Listed(source=s, uses=tuple(used[s.key]), per_day=pace.get(s.key)) for s in sources.listing(session, used)
        )
        return tuple(sorted(rows, key=lambda listed: all(use.rests for use in listed.uses)))
