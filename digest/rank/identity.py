"""What is one and the same: one address, one Candidate; one wire report, many publishers."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from digest.model.candidate import Candidate
from digest.rank.words import headline_words

_WIRE_WINDOW = timedelta(hours=72)
_WIRE_LIKENESS = 0.8
# Shorter titles ("Live updates", "Morning briefing") name columns, which publishers share without sharing news.
_FEWEST_WORDS = 4


def distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return one Candidate for each URL key, from the weightiest Source that has it, in an order of their own."""
    by_key: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=_precedence):
        by_key.setdefault(candidate.url_key, candidate)
    return sorted(by_key.values(), key=lambda candidate: (candidate.published, candidate.url_key))


def wire_copies(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """
    Group *candidates* that print one agency's report: the same title, or word Jaccard of at least 0.8, within 72 hours.

    Each group holds at most one Candidate of a Source, since columns repeat their titles, and each is like the first
    of its group, so that likeness does not wander. Groups and their members keep the order given.
    """
    bags = [frozenset(headline_words(candidate)) for candidate in candidates]
    frequency = Counter(word for bag in bags for word in bag)
    groups: list[list[Candidate]] = []
    first_bags: list[frozenset[str]] = []
    by_word: dict[str, list[int]] = defaultdict(list)
    for candidate, bag in zip(candidates, bags, strict=True):
        prefix = _prefix(bag, frequency)
        near = sorted({at for word in prefix for at in by_word[word]})
        home = next((at for at in near if _like(bag, first_bags[at]) and _has_room(groups[at], candidate)), None)
        if home is not None:
            groups[home].append(candidate)
            continue
        for word in prefix:
            by_word[word].append(len(groups))
        groups.append([candidate])
        first_bags.append(bag)
    return groups


def _precedence(candidate: Candidate) -> tuple[float, float, str, int]:
    return -candidate.source_weight, candidate.first_seen.timestamp(), candidate.source_key, candidate.article_id


def _prefix(bag: frozenset[str], frequency: Counter[str]) -> list[str]:
    """Return the rarest words of *bag*, one of which every bag of sufficient Jaccard shares (prefix filtering)."""
    if len(bag) < _FEWEST_WORDS:
        return []
    rarest_first = sorted(bag, key=lambda word: (frequency[word], word))
    return rarest_first[: len(bag) - math.ceil(len(bag) * _WIRE_LIKENESS) + 1]


def _like(bag: frozenset[str], other: frozenset[str]) -> bool:
    return _jaccard(bag, other) >= _WIRE_LIKENESS


def _jaccard(bag: frozenset[str], other: frozenset[str]) -> float:
    shared = len(bag & other)
    return shared / (len(bag) + len(other) - shared) if shared else 0.0


def _has_room(group: Sequence[Candidate], candidate: Candidate) -> bool:
    return abs(candidate.published - group[0].published) <= _WIRE_WINDOW and all(
        member.source_key != candidate.source_key for member in group
    )
