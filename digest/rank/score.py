"""How much an event matters: few terms, each kept with the fact behind it."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from digest.model.candidate import Candidate, Score, ScorePart
from digest.model.newsletter import RankingWeights
from digest.rank.quality import is_worth_printing, title_quality

_RECENT = timedelta(hours=3)
_DAY = timedelta(days=1)


def score(candidates: Sequence[Candidate], weights: RankingWeights, period: timedelta, now: datetime) -> Score:
    """
    Return the Score of an event told by *candidates*, the lead first, by the formula of RankingWeights.

    The half-life is meant for a day's news: a *period* of several days stretches it as many times, so that Monday's
    news can still lead a weekly Edition. A part that has nothing to say to a reader has an empty fact.
    """
    newest = max(candidate.published for candidate in candidates)
    age = max(now - newest, timedelta(0))
    half_life = weights.half_life * max(period / _DAY, 1.0)
    return Score(
        parts=(
            _coverage(candidates, weights.coverage),
            _source(candidates, weights.source),
            _velocity(candidates, weights.velocity, now),
            ScorePart(name="title", weight=weights.title, value=title_quality(candidates[0].title), fact=""),
            ScorePart(name="summary", weight=weights.summary, value=_summary_quality(candidates), fact=""),
        ),
        decay=0.5 ** (age / half_life),
        age=f"newest {_ago(age)}" if any(c.is_dated for c in candidates if c.published == newest) else "",
    )


def _coverage(candidates: Sequence[Candidate], weight: float) -> ScorePart:
    publishers: dict[str, float] = {}
    for candidate in candidates:
        publishers[candidate.publisher] = max(publishers.get(candidate.publisher, 0.0), candidate.source_weight)
    fact = f"{len(publishers)} sources" if len(publishers) > 1 else ""
    return ScorePart(name="coverage", weight=weight, value=math.log2(1 + sum(publishers.values())), fact=fact)


def _source(candidates: Sequence[Candidate], weight: float) -> ScorePart:
    best = max(candidate.source_weight for candidate in candidates)
    return ScorePart(name="source", weight=weight, value=best, fact="a preferred source" if best > 1 else "")


def _velocity(candidates: Sequence[Candidate], weight: float, now: datetime) -> ScorePart:
    late = [candidate for candidate in candidates if candidate.published > now - _RECENT]
    recent = len(late)
    is_known = len(candidates) > 1 and any(candidate.is_dated for candidate in late)
    fact = f"{recent} in the last 3 hours" if is_known else ""
    return ScorePart(name="velocity", weight=weight, value=math.log2(1 + recent), fact=fact)


def _summary_quality(candidates: Sequence[Candidate]) -> float:
    """Return three quarters for a lead whose summary is worth printing, and one for a picture of anybody's."""
    return 0.75 * is_worth_printing(candidates[0]) + 0.25 * any(candidate.image for candidate in candidates)


def _ago(age: timedelta) -> str:
    if age < timedelta(minutes=1):
        return "just now"
    if age < timedelta(hours=1):
        return f"{age // timedelta(minutes=1)} min ago"
    if age < timedelta(days=2):
        return f"{age // timedelta(hours=1)} h ago"
    return f"{age // _DAY} days ago"
