"""Ranking: whether the first five Stories are those that most publishers told, when one publisher in eight is read."""

import hashlib
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean
from typing import Any

from benchmarks.gather import sets
from benchmarks.gather.candidates import of_headlines
from benchmarks.gather.sets import Headline
from benchmarks.program import Arguments, Floor, Program, Report, Table
from digest.model.candidate import RankContext
from digest.model.newsletter import RankingWeights
from digest.rank import rank

EIGHTHS = 8
TOP = 5
SHUFFLES = 100
COVERAGE = RankingWeights(coverage=1, source=0, velocity=0, title=0, summary=0, half_life=timedelta(days=36_500))
ALL = "all as one newsletter"

#: Puts some headlines of a newsletter in order, the best first, and says the story of each.
Order = Callable[[Sequence[Headline]], list[str]]


@dataclass(frozen=True, slots=True)
class Five:
    """How good five stories are, and how many of them are told again."""

    ndcg: float
    repeated: float

    @classmethod
    def of(cls, order: Sequence[str], worth: Mapping[str, int]) -> "Five":
        """
        Judge the first five of *order* by the *worth* of each story; one told again is worth nothing.

        nDCG with linear gains (Järvelin and Kekäläinen, 2002).
        """
        top = list(order[:TOP])
        gains = [worth[story] if story not in top[:at] else 0 for at, story in enumerate(top)]
        best = sorted(worth.values(), reverse=True)[:TOP]
        return cls(_discounted(gains) / _discounted(best), len(top) - len(set(top)))


def measure(arguments: Arguments) -> Report:
    """Rank what each eighth of the publishers says, as one newsletter and by category."""
    headlines = [each for each in sets.headlines(arguments.data) if arguments.takes(each.story)]
    newsletters = {ALL: headlines}
    for category in sorted({each.category for each in headlines}):
        part = [each for each in headlines if each.category == category]
        if len({each.story for each in part}) > TOP:
            newsletters[f"category {category}"] = part
    found: dict[tuple[str, str], list[Five]] = defaultdict(list)
    for newsletter, told in newsletters.items():
        for method, five in _judged(told):
            found[newsletter, method].append(five)
    rows: list[list[Any]] = [
        [newsletter, method, fmean(five.ndcg for five in fives), fmean(five.repeated for five in fives)]
        for (newsletter, method), fives in found.items()
    ]
    ours = next(row for row in rows if row[:2] == [ALL, OURS])
    stories = len({each.story for each in headlines})
    return Report(
        tables=[
            Table(
                title="Ranking: the first five, seen by one publisher in eight",
                columns={"newsletter": "", "order": "", "nDCG@5": ".3f", "told again, per five": ".2f"},
                rows=rows,
                note=f"{len(headlines):,} headlines, {stories} stories. A story is worth as many publishers as tell it "
                f"in the whole set; mean of {EIGHTHS} eighths. Categories with at most {TOP} stories are left out.",
            )
        ],
        floors=[
            Floor(claim="nDCG@5 as one newsletter, by coverage", value=ours[2], bound=0.93),
            Floor(claim="stories told again, per five", value=ours[3], bound=0.2, at_most=True, spec=".2f"),
        ],
    )


def _judged(told: Sequence[Headline]) -> Iterator[tuple[str, Five]]:
    publishers: dict[str, set[str]] = defaultdict(set)
    for each in told:
        publishers[each.story].add(each.publisher)
    worth = {story: len(names) for story, names in publishers.items()}
    for eighth in range(EIGHTHS):
        seen = [each for each in told if _eighth_of(each.publisher) == eighth]
        for method, order in ORDERS.items():
            yield method, Five.of(order(seen), worth)
        chance = random.Random(eighth)
        shuffled = [Five.of([each.story for each in chance.sample(seen, k=len(seen))], worth) for _ in range(SHUFFLES)]
        yield "articles at random", Five(fmean(s.ndcg for s in shuffled), fmean(s.repeated for s in shuffled))


def _by_rank(seen: Sequence[Headline], weights: RankingWeights | None = None) -> list[str]:
    stories = {each.number: each.story for each in seen}
    clusters = rank(
        of_headlines(seen, lambda each: each.category),
        RankContext(period_start=seen[0].published),
        weights or RankingWeights(),
        seen[-1].published,
    )
    return [stories[cluster.lead.article_id] for cluster in clusters]


def _true_coverage(seen: Sequence[Headline]) -> list[str]:
    publishers: dict[str, set[str]] = defaultdict(set)
    for each in seen:
        publishers[each.story].add(each.publisher)
    return sorted(publishers, key=lambda story: -len(publishers[story]))


def _newest_first(seen: Sequence[Headline]) -> list[str]:
    return [each.story for each in reversed(seen)]


OURS = "digest.rank, by coverage"
ORDERS: dict[str, Order] = {
    OURS: lambda seen: _by_rank(seen, COVERAGE),
    # What coverage could reach if every event were found: the stories as they are known.
    "known stories, by coverage": _true_coverage,
    # The measure knows neither age nor style; this shows what the wish for fresh news costs by it.
    "digest.rank, default weights": _by_rank,
    "newest article first": _newest_first,
}


def _eighth_of(publisher: str) -> int:
    return hashlib.sha256(publisher.encode()).digest()[0] % EIGHTHS


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


if __name__ == "__main__":
    Program(name="ranking", about=__doc__ or "", measure=measure).run()
