"""The news that an Edition has to choose from: what was gathered, ranked with all that is known of it."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from digest import calendar
from digest.database import Session
from digest.model.candidate import Candidate, Cluster, RankContext
from digest.model.ids import ArticleId
from digest.model.newsletter import Newsletter
from digest.rank import rank
from digest.services import Services
from digest.store import articles, editions, rulings
from subscribers.cadence import Cadence

#: Ranking looks back at least so far, so that old stories are recognised.
MEMORY = dt.timedelta(hours=72)


def ranked(
    services: Services, session: Session, newsletter: Newsletter, cadence: Cadence, period: calendar.Period
) -> tuple[Cluster, ...]:
    """
    Return the events that an Edition of *newsletter* for *period* has to choose from, best first.

    Its ``sources`` are to be complete. It looks back further than the period, so that old stories are recognised.
    """
    now = period.end
    candidates = articles.candidates(session, newsletter, min(period.start, now - MEMORY), now)
    context = RankContext(
        period_start=period.start,
        already_sent=editions.already_sent(session, newsletter.slug, cadence, now),
        rulings=rulings.in_force(session, newsletter.slug, now - rulings.LIFETIME),
        meanings=_meanings(services, newsletter, candidates),
    )
    return rank(candidates, context, newsletter.weights, now)


def _meanings(
    services: Services, newsletter: Newsletter, candidates: Sequence[Candidate]
) -> Mapping[ArticleId, NDArray[np.float32]]:
    """Return what the English headlines among *candidates* mean, where the newsletter wants them grouped by it."""
    if services.meanings is None or not newsletter.embeddings:
        return {}
    english = [candidate for candidate in candidates if candidate.language in {None, "en"}]
    rows = services.meanings.of([candidate.title for candidate in english])
    return {candidate.article_id: row for candidate, row in zip(english, rows, strict=True)}
