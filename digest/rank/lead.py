"""Which article stands for an event, and in which section it belongs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from digest.model.candidate import Candidate
from digest.rank.quality import is_worth_printing


def lead_first(candidates: Iterable[Candidate], period_start: datetime) -> tuple[Candidate, ...]:
    """
    Return *candidates* with the one that should lead in front, the next best after it.

    A headline comes before none, news since *period_start* before older pieces; then the weightier Source, a picture,
    a summary worth printing, the earliest.
    """
    return tuple(
        sorted(
            candidates,
            key=lambda candidate: (
                not candidate.title.strip(),
                candidate.first_seen < period_start,
                -candidate.source_weight,
                not candidate.image,
                not is_worth_printing(candidate),
                candidate.published,
                candidate.url_key,
            ),
        )
    )


def section_of(candidates: Sequence[Candidate]) -> str:
    """Return the section in which most publishers carry the event; among equals the one nearest the lead."""
    votes = dict.fromkeys((candidate.publisher, candidate.section) for candidate in candidates)
    return Counter(section for _, section in votes).most_common(1)[0][0]
