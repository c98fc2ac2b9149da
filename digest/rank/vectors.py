"""Candidates as vectors of their words: TF-IDF over title, address and the start of the summary."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from digest.model.candidate import Candidate
from digest.rank.words import headline_words, opening_words, slug_words, telling

# The address repeats the title more often than it adds to it.
_SLUG_WEIGHT = 0.5


def term_vectors(candidates: Sequence[Candidate]) -> csr_array:
    """
    Return one row of unit length for each Candidate, or of zeros where it has no word that tells anything.

    A weight is ln(1 + count) · (ln((1 + n) / (1 + n with the word)) + 1): sublinear in the count, so that a summary
    that repeats a name does not drown the rest, and smooth in the rarity, so that a handful of Candidates compares.
    """
    columns: dict[str, int] = {}
    entries: list[tuple[int, int, float]] = []
    for row, candidate in enumerate(candidates):
        for term, count in _counts(candidate).items():
            entries.append((row, columns.setdefault(term, len(columns)), count))
    if not entries:
        return csr_array((len(candidates), 1), dtype=np.float32)
    rows, cols, counts = zip(*entries, strict=True)
    matrix = csr_array((np.log1p(counts), (rows, cols)), shape=(len(candidates), len(columns)))
    having = np.bincount(matrix.indices, minlength=len(columns))
    rarity = np.log((1 + len(candidates)) / (1 + having)) + 1
    return unit_rows(matrix @ diags_array(rarity))


def unit_rows(matrix: csr_array) -> csr_array:
    """Return *matrix* with each row scaled to length one; rows of zeros stay."""
    lengths: np.ndarray[Any, Any] = np.sqrt(np.asarray(matrix.power(2).sum(axis=1)).ravel())
    return csr_array(diags_array(1 / np.where(lengths > 0, lengths, 1)) @ matrix)


def _counts(candidate: Candidate) -> Counter[str]:
    counts: Counter[str] = Counter()
    for found, weight in (
        (headline_words(candidate), 1.0),
        (slug_words(candidate.url), _SLUG_WEIGHT),
        (opening_words(candidate.summary), 1.0),
    ):
        for term in telling(found):
            counts[term] += weight  # type: ignore[assignment]  # a Counter sums any number
    return counts
