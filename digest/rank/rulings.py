"""What editors have decided: which events to unite and to part, which stand first, which weigh more or less."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from digest.model.candidate import Candidate, Ruling, RulingKind

_Array = np.ndarray[Any, Any]


def ruled(
    reports: Sequence[Sequence[Candidate]],
    events: Sequence[Sequence[int]],
    vectors: csr_array,
    rulings: Sequence[Ruling],
) -> list[list[Candidate]]:
    """
    Return the Candidates of each of *events*, positions in *reports*, as the merges and splits of *rulings* have them.

    A merge unites the events of both articles. A split parts them: whoever else is in their event goes with the one
    that is more like it, by the rows of *vectors*, one for each report; the copies of a report stay with its first.
    Of *rulings*, the earliest first, a later one wins over those that contradict it, and one about an article that is
    not here does nothing.
    """
    pieces = [[piece for at in event for piece in reports[at]] for event in events]
    here = {piece.url_key for report in reports for piece in report}
    about = [ruling for ruling in rulings if ruling.other_key in here and ruling.url_key in here]
    if not about:
        return pieces
    bonds = _bonds(about, reports)
    rows = {piece.url_key: row for row, report in enumerate(reports) for piece in report}
    places = {piece.url_key: piece for event in pieces for piece in event}
    return [
        [places[key] for key in part]
        for cluster in _united([[piece.url_key for piece in event] for event in pieces], bonds)
        for part in _parted(cluster, bonds, rows, vectors)
    ]


def place(candidates: Iterable[Candidate], rulings: Sequence[Ruling]) -> int | None:
    """Return the place among the pinned of an event with *candidates*, the first pinned being 0; None if it is not."""
    keys = {candidate.url_key for candidate in candidates}
    pins = [ruling.url_key for ruling in rulings if ruling.kind is RulingKind.PIN]
    return next((at for at, key in enumerate(pins) if key in keys), None)


def boost(candidates: Iterable[Candidate], rulings: Sequence[Ruling]) -> float:
    """Return the factor of the last boost of any of *candidates*, or 1."""
    keys = {candidate.url_key for candidate in candidates}
    factors = [ruling.factor for ruling in rulings if ruling.kind is RulingKind.BOOST and ruling.url_key in keys]
    return factors[-1] if factors else 1.0


class _Bonds:
    """Which articles belong together and which apart. What was said first stands: a bond against it is not made."""

    def __init__(self) -> None:
        self._up: dict[str, str] = {}
        self._apart: list[tuple[str, str]] = []

    def head(self, key: str) -> str:
        """Return the article that stands for all that *key* is bound to."""
        while (up := self._up.get(key, key)) != key:
            self._up[key] = self._up.get(up, up)
            key = up
        return key

    def are_apart(self, one: str, other: str) -> bool:
        """Return whether anything bound to *one* is to stay apart from anything bound to *other*."""
        ends = {self.head(one), self.head(other)}
        return any({self.head(left), self.head(right)} == ends for left, right in self._apart)

    def unite(self, one: str, other: str) -> None:
        """Bind *one* and *other*, unless they are to stay apart."""
        if not self.are_apart(one, other):
            low, high = sorted((self.head(one), self.head(other)))
            self._up[high] = low

    def part(self, one: str, other: str) -> None:
        """Keep *one* and *other* apart, unless they are bound."""
        if self.head(one) != self.head(other):
            self._apart.append((one, other))


def _bonds(rulings: Sequence[Ruling], reports: Sequence[Sequence[Candidate]]) -> _Bonds:
    """Return what *rulings* bind and part, the last word first, and then the copies of each report."""
    bonds = _Bonds()
    for ruling in reversed(rulings):
        if ruling.kind is RulingKind.MERGE:
            bonds.unite(ruling.url_key, ruling.other_key)
        elif ruling.kind is RulingKind.SPLIT:
            bonds.part(ruling.url_key, ruling.other_key)
    for first, *copies in reports:
        for copy in copies:
            bonds.unite(first.url_key, copy.url_key)
    return bonds


def _united(clusters: Sequence[Sequence[str]], bonds: _Bonds) -> list[list[str]]:
    """Return *clusters* with those in one that hold articles bound to each other."""
    together = _Bonds()
    for cluster in clusters:
        for key in cluster:
            together.unite(cluster[0], key)
            together.unite(bonds.head(key), key)
    by_head: dict[str, list[str]] = defaultdict(list)
    for cluster in clusters:
        for key in cluster:
            by_head[together.head(key)].append(key)
    return list(by_head.values())


def _parted(cluster: Sequence[str], bonds: _Bonds, rows: Mapping[str, int], vectors: csr_array) -> list[list[str]]:
    """Return *cluster* in as many parts as its members that are to stay apart need."""
    blocks: dict[str, list[str]] = defaultdict(list)
    for key in cluster:
        blocks[bonds.head(key)].append(key)
    seeds = [head for head in blocks if any(bonds.are_apart(head, other) for other in blocks if other != head)]
    if not seeds:
        return [list(cluster)]

    def direction(heads: Sequence[str]) -> _Array:
        total: _Array = np.asarray(vectors[[rows[key] for head in heads for key in blocks[head]]].sum(axis=0)).ravel()
        return total / (np.linalg.norm(total) or 1.0)

    parts: list[list[str]] = []
    for seed in seeds:
        free = [part for part in parts if not any(bonds.are_apart(seed, head) for head in part)]
        if free:
            free[_nearest(direction([seed]), [direction(part) for part in free])].append(seed)
        else:
            parts.append([seed])
    ends = [direction(part) for part in parts]
    for head in [head for head in blocks if head not in seeds]:
        parts[_nearest(direction([head]), ends)].append(head)
    home = {key: at for at, part in enumerate(parts) for head in part for key in blocks[head]}
    return [[key for key in cluster if home[key] == at] for at in range(len(parts))]


def _nearest(direction: _Array, ends: Sequence[_Array]) -> int:
    """Return the place of the one of *ends* that points most nearly to *direction*; the first of equals."""
    return int(np.argmax([direction @ end for end in ends]))
