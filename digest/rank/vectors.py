"""Candidates as vectors of their words: TF-IDF over title, address and the start of the summary."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from digest.model.candidate import Candidate
from digest.rank.words import headline_words, opening_words, slug_words, telling

_Array = np.ndarray[Any, Any]

# The address repeats the title more often than it adds to it.
_SLUG_WEIGHT = 0.5
# "Dream", "Privacy policy" and "Live updates" name a page; what it tells stands in its summary, if anywhere.
_FEWEST_WORDS = 3
# An article tells more than the words we see: as much as so many words that no other article has. It keeps short
# titles from being taken for the same on the strength of a word.
_WORDS_UNSAID = 1.2


def term_vectors(candidates: Sequence[Candidate]) -> csr_array:
    """
    Return one row for each Candidate, shorter than one by what it leaves unsaid, of zeros where no word tells anything.

    A weight is ln(1 + count) · (ln((1 + n) / (1 + n with the word)) + 1): sublinear in the count, so that a summary
    that repeats a name does not drown the rest, and smooth in the rarity, so that a handful of Candidates compares.
    Columns are the words in alphabetical order.
    """
    found = [_counts(candidate) for candidate in candidates]
    counts = [count for row in found for count in row.values()]
    columns = {term: column for column, term in enumerate(sorted({term for row in found for term in row}))}
    places = [columns[term] for row in found for term in row]
    starts = np.cumsum([0, *map(len, found)])
    matrix = csr_array((np.log1p(counts), places, starts), shape=(len(candidates), max(len(columns), 1)))
    matrix.sort_indices()
    return _leaving_unsaid(matrix @ diags_array(_rarity(_rows_having(matrix), len(candidates))), len(candidates))


def by_rarity_among_events(vectors: csr_array, labels: _Array) -> csr_array:
    """
    Return the *vectors* of `term_vectors` with each word weighed by how few events have it, not by how few Candidates.

    The name that three hundred articles on one event share is then as telling as one that three articles share.
    *labels* gives the event of each row, from 0 on.
    """
    events = int(labels.max()) + 1
    rows = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
    membership = csr_array((np.ones(vectors.nnz), (labels[rows], vectors.indices)), shape=(events, vectors.shape[1]))
    membership.sum_duplicates()
    among_events = _rarity(_rows_having(membership), events)
    among_rows = _rarity(_rows_having(vectors), vectors.shape[0])
    unsaid = _unsaid(vectors.shape[0])
    # A row of length l was divided by √(Σ weights² + unsaid), so that 1 - l² is the share of the unsaid.
    lengths = np.sqrt(unsaid / (1 - _squares(vectors)))
    return _leaving_unsaid(diags_array(lengths) @ vectors @ diags_array(among_events / among_rows), events)


def unit_rows(matrix: csr_array) -> csr_array:
    """Return *matrix* with each row scaled to length one; rows of zeros stay."""
    squares = _squares(matrix)
    return csr_array(diags_array(1 / np.sqrt(np.where(squares > 0, squares, 1))) @ matrix)


def _counts(candidate: Candidate) -> dict[str, float]:
    counts: dict[str, float] = dict(Counter(telling(opening_words(candidate.summary))))
    for found, weight in ((headline_words(candidate), 1.0), (slug_words(candidate.url), _SLUG_WEIGHT)):
        if len(found) >= _FEWEST_WORDS:
            for term in telling(found):
                counts[term] = counts.get(term, 0.0) + weight
    return counts


def _leaving_unsaid(weights: csr_array, count: int) -> csr_array:
    return csr_array(diags_array(1 / np.sqrt(_squares(weights) + _unsaid(count))) @ weights)


def _unsaid(count: int) -> float:
    """Return the squared weight of what an article leaves unsaid, where words are counted among *count*."""
    return float(_WORDS_UNSAID * (np.log1p(1) * _rarity(np.ones(1), count)[0]) ** 2)


def _squares(matrix: csr_array) -> _Array:
    squares: _Array = np.asarray(matrix.power(2).sum(axis=1)).ravel()
    return squares


def _rows_having(matrix: csr_array) -> _Array:
    having: _Array = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return having


def _rarity(having: _Array, count: int) -> _Array:
    rarity: _Array = np.log((1 + count) / (1 + having)) + 1
    return rarity
