"""Which Candidates tell of the same event: average linkage over the likeness of their words."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from digest.model.candidate import Candidate

_EVENT_WINDOW = timedelta(hours=72)
# A shared section is small evidence, never a wall: it makes a likeness that is there a little greater, the more so the
# fewer articles share the section. In a newsletter of one section it says nothing.
_SECTION_BONUS = 0.2
# Linkage takes memory with the square of its candidates: 3,000 need about 100 MB.
_MOST_AT_ONCE = 3000
_STEP_UP = 1.25
_CHUNK = 512

_Array = np.ndarray[Any, Any]


def same_events(candidates: Sequence[Candidate], vectors: csr_array, threshold: float) -> list[list[int]]:
    """
    Partition the positions of *candidates* into events, each in ascending order, ordered by their first position.

    Two groups are one event when the average likeness of their members reaches *threshold* (0 to 1). Pieces published
    more than 72 hours apart have no likeness. Beyond 3,000 candidates the whole is first cut where nothing is alike.
    """
    likeness = _Likeness(candidates, vectors)
    events: list[list[int]] = []
    for block in likeness.blocks(np.arange(len(candidates)), threshold):
        by_label: dict[int, list[int]] = defaultdict(list)
        for position, label in zip(block, likeness.linked(block, threshold), strict=True):
            by_label[int(label)].append(int(position))
        events.extend(by_label.values())
    return sorted(events)


class _Likeness:
    """How like any two candidates are: the cosine of their words, a shared section, and nearness in time."""

    def __init__(self, candidates: Sequence[Candidate], vectors: csr_array) -> None:
        self._vectors = vectors
        _, self._sections, sizes = np.unique(
            [candidate.section for candidate in candidates], return_inverse=True, return_counts=True
        )
        self._bonus = _SECTION_BONUS * (1 - sizes / len(candidates))
        self._times = np.array([candidate.published.timestamp() for candidate in candidates])

    def blocks(self, members: _Array, level: float) -> Iterator[_Array]:
        """
        Cut *members* into parts small enough for linkage.

        Average linkage never joins what no pair of at least *level* connects, so this cut changes nothing. A part that
        is still too large is cut again at a higher level: there some pieces of one event may stay apart, but memory is
        bounded and no news is hidden.
        """
        if len(members) <= _MOST_AT_ONCE:
            yield members
            return
        count, labels = connected_components(self._graph(members, level), directed=False)
        by_label = np.split(members[np.argsort(labels, kind="stable")], np.cumsum(np.bincount(labels))[:-1])
        for part in by_label[:count]:
            yield from self.blocks(part, level * _STEP_UP)

    def linked(self, members: _Array, threshold: float) -> _Array:
        """Return a label for each of *members*; those of one event share theirs."""
        if len(members) == 1:
            return np.ones(1)
        vectors = self._vectors[members]
        alike = (vectors @ vectors.T).toarray()
        alike *= self._factor(members[:, None], members[None, :])
        distance = 1 - np.minimum(alike[np.triu_indices(len(members), 1)], 1)
        labels: _Array = fcluster(linkage(distance, "average"), 1 - threshold, "distance")
        return labels

    def _graph(self, members: _Array, level: float) -> csr_array:
        """Return who among *members* is alike to at least *level*, computed in strips to save memory."""
        vectors = self._vectors[members]
        transposed = vectors.T.tocsr()
        rows: list[_Array] = []
        columns: list[_Array] = []
        for start in range(0, len(members), _CHUNK):
            strip = (vectors[start : start + _CHUNK] @ transposed).tocoo()
            row, column = strip.coords[0] + start, strip.coords[1]
            enough = strip.data * self._factor(members[row], members[column]) >= level
            rows.append(row[enough])
            columns.append(column[enough])
        ends = np.concatenate(rows), np.concatenate(columns)
        return csr_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(len(members), len(members)))

    def _factor(self, one: _Array, other: _Array) -> _Array:
        same_section = self._sections[one] == self._sections[other]
        near = np.abs(self._times[one] - self._times[other]) <= _EVENT_WINDOW.total_seconds()
        factor: _Array = (1 + self._bonus[self._sections[one]] * same_section) * near
        return factor
