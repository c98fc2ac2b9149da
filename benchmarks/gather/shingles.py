"""How well an extracted text agrees with the true one: the measure of the article extraction benchmark."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

WORD = re.compile(r"\w+")
LENGTH = 4
SAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Overlap:
    """Shingles of four words that one page's truth and prediction share, and those that only one of them has."""

    both: int
    predicted_only: int
    true_only: int

    @classmethod
    def of(cls, truth: str, predicted: str) -> "Overlap":
        """Compare the texts by the multisets of their shingles."""
        wanted, got = _shingles(truth), _shingles(predicted)
        both = (wanted & got).total()
        return cls(both, got.total() - both, wanted.total() - both)


@dataclass(frozen=True, slots=True)
class Agreement:
    """F1 of averaged precision and recall, these two, and the standard deviation of F1 over 1,000 bootstrap samples."""

    f1: float
    spread: float
    precision: float
    recall: float

    @classmethod
    def of(cls, pages: Sequence[Overlap]) -> "Agreement":
        """Sum up *pages*, each of the same weight."""
        chance = random.Random(1)
        samples = [_mean(chance.choices(pages, k=len(pages)))[0] for _ in range(SAMPLES)]
        f1, precision, recall = _mean(pages)
        return cls(f1, pstdev(samples), precision, recall)


def _mean(pages: Sequence[Overlap]) -> tuple[float, float, float]:
    precisions = [page.both / (page.both + page.predicted_only) for page in pages if page.both + page.predicted_only]
    recalls = [page.both / (page.both + page.true_only) for page in pages if page.both + page.true_only]
    precision, recall = fmean(precisions or [0]), fmean(recalls or [0])
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0, precision, recall


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = WORD.findall(text)
    return Counter(tuple(words[at : at + LENGTH]) for at in range(max(len(words) - LENGTH + 1, bool(words))))
