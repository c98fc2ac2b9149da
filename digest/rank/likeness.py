"""How like any two Candidates are: their words, their meanings, a shared section, and nearness in time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from digest.model.candidate import Candidate
from digest.rank.grow import Pairs

_Array = np.ndarray[Any, Any]

_EVENT_WINDOW = timedelta(hours=72)
# Articles on one event come close together: at this distance the same words say half as much.
_HALF_AS_LIKE = timedelta(hours=48)
# A shared section is small evidence, never a wall: it makes a likeness that is there a little greater, the more so the
# fewer articles share the section. In a newsletter of one section it says nothing.
_SECTION_BONUS = 0.2
# Of one publisher, two articles of the same hours are rather two things on one topic than one event told twice; a
# later one may well follow up the first.
_SAME_PUBLISHER = 0.6
_SAME_HOURS = timedelta(hours=12)
# One shared word counts half, two three quarters, three five sixths: a single rare word is a coincidence more often
# than an event.
_CHANCE = 0.5
# Words and the square of the cosine of meanings count alike: squared, since even strangers have some cosine. Together
# they come out a little higher than words alone; so scaled, one threshold serves both.
_HALF = 0.46
# Less is noise, and most pairs are less.
_FLOOR = 0.03
_STRIP = 512
# What may be compared, with so much more for each Candidate, and kept; a usual day of 10,000 headlines needs half of
# either. In a flood of one title the most frequent words are not compared, and only the strongest pairs kept.
_PRODUCTS = 2_000_000
_PRODUCTS_EACH = 500
_PAIRS_EACH = 200


class Likeness:
    """
    What words cannot say of a pair, kept ready: *meanings*, sections, publishers and times of *candidates*.

    *meanings* is one float32 row for each candidate, of unit length or of zeros where its meaning is not known, or
    None: then words alone decide.
    """

    def __init__(self, candidates: Sequence[Candidate], meanings: _Array | None) -> None:
        sections = [candidate.section for candidate in candidates]
        _, self._sections, sizes = np.unique(sections, return_inverse=True, return_counts=True)
        self._bonus = _SECTION_BONUS * (1 - sizes / len(candidates))
        _, self._publishers = np.unique([candidate.publisher for candidate in candidates], return_inverse=True)
        self._times = np.array([candidate.published.timestamp() for candidate in candidates])
        self._meanings = meanings

    def pairs(self, vectors: csr_array, *, by_words_alone: bool = False) -> Pairs:
        """Return the pairs whose likeness, with words as *vectors* weigh them, is worth keeping."""
        weights = _affordable(vectors)
        weights.data = weights.data.astype(np.float32)
        words = csr_array((np.ones_like(weights.data), weights.indices, weights.indptr), shape=weights.shape)
        weights_by_word, words_by_word = weights.T.tocsr(), words.T.tocsr()
        strips = []
        for start in range(0, weights.shape[0], _STRIP):
            strip = slice(start, start + _STRIP)
            # A pair stands once, with the later one as the other.
            alike = (weights[strip] @ weights_by_word[:, start:]).tocoo()
            alike.data *= 1 - _CHANCE / (words[strip] @ words_by_word[:, start:]).tocoo().data
            found = *alike.coords, alike.data
            if not by_words_alone and self._meanings is not None:
                found = _blended(self._meanings[start:], *found)
            strips.append(self._kept(start, *found))
        one, other, likeness = (np.concatenate(parts) for parts in zip(*strips, strict=True))
        return Pairs(one, other, likeness, weights.shape[0])

    def _kept(self, start: int, one: _Array, other: _Array, alike: _Array) -> tuple[_Array, _Array, _Array]:
        kept = np.flatnonzero((one < other) & (alike >= _FLOOR))
        one, other, likeness = one[kept] + start, other[kept] + start, alike[kept].astype(np.float64)
        apart = np.abs(self._times[one] - self._times[other])
        likeness *= 0.5 ** (apart / _HALF_AS_LIKE.total_seconds()) * (apart <= _EVENT_WINDOW.total_seconds())
        likeness *= 1 + self._bonus[self._sections[one]] * (self._sections[one] == self._sections[other])
        same = (self._publishers[one] == self._publishers[other]) & (apart <= _SAME_HOURS.total_seconds())
        likeness[same] *= _SAME_PUBLISHER
        enough = np.flatnonzero(likeness >= _FLOOR)
        if len(enough) > _STRIP * _PAIRS_EACH:
            enough = enough[np.argpartition(likeness[enough], -_STRIP * _PAIRS_EACH)[-_STRIP * _PAIRS_EACH :]]
        return one[enough], other[enough], likeness[enough]


def _blended(meanings: _Array, one: _Array, other: _Array, alike: _Array) -> tuple[_Array, _Array, _Array]:
    """Return a strip of likeness that is one half words, one half meanings where both meanings are known."""
    meant = _HALF * np.maximum(0, meanings[:_STRIP] @ meanings.T) ** 2
    known: _Array = np.any(meanings, axis=1)
    meant[one, other] += alike * np.where(known[one] & known[other], _HALF, 1)
    one, other = np.nonzero(meant >= _FLOOR)
    return one, other, meant[one, other]


def _affordable(vectors: csr_array) -> csr_array:
    """Return *vectors* without their most frequent words, as far as comparing all pairs that share these costs much."""
    having = np.bincount(vectors.indices, minlength=vectors.shape[1])
    rarest_first = np.argsort(having, kind="stable")
    cost = np.cumsum(having[rarest_first].astype(np.float64) ** 2)
    affordable = rarest_first[cost <= _PRODUCTS + _PRODUCTS_EACH * vectors.shape[0]]
    return csr_array(vectors if len(affordable) == len(having) else vectors[:, np.sort(affordable)])
