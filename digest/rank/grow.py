"""Growing groups from pairs: each other's best matches merge, round by round, while they are alike enough."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_Array = np.ndarray[Any, Any]

# Likeness between groups is Σ pairs / (|a|·|b|), over the geometric mean of their inner likeness to this power: 0 is
# average linkage, which asks a large group for ever more, 1 the cosine of their centres; beyond 1, what two articles
# alone must reach is more than what joins a large group.
_INNER_POWER = 1.35
# One also joins its best match when that one, itself half of a mutual pair, has a better one, but nearly: this saves
# nine rounds in ten and changes hardly any group.
_NEARLY_BEST = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Likeness of the pairs that have any; each pair stands once, *one* below *other*, both below *count*."""

    one: _Array
    other: _Array
    likeness: _Array
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Groups as they grow: how many members each has, and the sum of likeness among them, each with itself included."""

    size: _Array
    inner: _Array
    pairs: Pairs


def grown(pairs: Pairs, threshold: float) -> _Array:
    """
    Return a label for each of the *pairs.count* members, from 0 on; those of one group share theirs.

    A pair that is not given counts as a likeness of 0, a member with itself as 1.
    """
    groups = _Groups(np.ones(pairs.count), np.ones(pairs.count), pairs)
    labels = np.arange(pairs.count)
    while len((ends := _best_matches(groups, threshold))[0]):
        joins = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(len(groups.size), len(groups.size)))
        _, into = connected_components(joins, directed=False)
        labels = into[labels]
        groups = _merged(groups, into)
    return labels


def _best_matches(groups: _Groups, threshold: float) -> tuple[_Array, _Array]:
    """Return the groups that now join, and whom; of matches equally good the one that comes first."""
    pairs, count = groups.pairs, groups.pairs.count
    scale = groups.size ** (_INNER_POWER - 1) * groups.inner ** (-_INNER_POWER / 2)
    likeness = pairs.likeness * scale[pairs.one] * scale[pairs.other]
    enough = likeness >= threshold
    one, other = pairs.one[enough], pairs.other[enough]
    ends, others, alike = np.append(one, other), np.append(other, one), np.tile(likeness[enough], 2)
    best = np.zeros(count)
    np.maximum.at(best, ends, alike)
    is_best = alike == best[ends]
    match = np.full(count, count)
    np.minimum.at(match, ends[is_best], others[is_best])
    matched = np.flatnonzero(match < count)
    is_mutual = np.zeros(count, dtype=bool)
    is_mutual[matched] = match[match[matched]] == matched
    its_match = match[matched]
    joins = is_mutual[its_match] & (best[matched] >= _NEARLY_BEST * best[its_match])
    return matched[joins], its_match[joins]


def _merged(groups: _Groups, into: _Array) -> _Groups:
    """Return the groups that arise when each goes *into* the one of that number."""
    count = int(into.max()) + 1
    one, other = into[groups.pairs.one], into[groups.pairs.other]
    within = one == other
    inner = np.bincount(into, groups.inner, count)
    inner += 2 * np.bincount(one[within], groups.pairs.likeness[within], count)
    apart = ~within
    low, high = np.minimum(one[apart], other[apart]), np.maximum(one[apart], other[apart])
    summed = coo_array((groups.pairs.likeness[apart], (low, high)), shape=(count, count)).tocsr().tocoo()
    pairs = Pairs(summed.coords[0], summed.coords[1], summed.data, count)
    return _Groups(np.bincount(into, groups.size, count), inner, pairs)
