"""How well one partition of items agrees with another."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    B-cubed precision, recall and F1 (Bagga and Baldwin, 1998), the F1 of pairs, and the adjusted Rand index.

    ARI is that of Hubert and Arabie, 1985.
    """

    precision: float
    recall: float
    f1: float
    pairs: float
    ari: float


def agreement(truth: Sequence[Hashable], found: Sequence[Hashable]) -> Agreement:
    """Compare the labels *found* with those of *truth*; both give one to each item, in the same order."""
    count = len(truth)
    cells, wanted, got = Counter(zip(truth, found, strict=True)), Counter(truth), Counter(found)
    precision = sum(n * n / got[label] for (_, label), n in cells.items()) / count
    recall = sum(n * n / wanted[label] for (label, _), n in cells.items()) / count
    both, true_pairs, found_pairs = _pairs(cells), _pairs(wanted), _pairs(got)
    by_chance = true_pairs * found_pairs / (count * (count - 1) / 2)
    most = (true_pairs + found_pairs) / 2
    return Agreement(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall),
        pairs=2 * both / (true_pairs + found_pairs) if true_pairs + found_pairs else 1.0,
        ari=(both - by_chance) / (most - by_chance) if most != by_chance else 1.0,
    )


def _pairs(sizes: Counter[Hashable] | Counter[tuple[Hashable, Hashable]]) -> float:
    return sum(n * (n - 1) / 2 for n in sizes.values())
