"""Which Candidates tell of the same event: groups that grow from the likeness of pairs."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from digest.model.candidate import Candidate
from digest.rank.grow import grown
from digest.rank.likeness import Likeness
from digest.rank.vectors import by_rarity_among_events

_Array = np.ndarray[Any, Any]

# Groups of a first look, only to count words by event: it may take too much together, but then what shares a topic.
_FIRST_LOOK = 0.1


def same_events(
    candidates: Sequence[Candidate], vectors: csr_array, threshold: float, *, meanings: _Array | None = None
) -> list[list[int]]:
    """
    Partition the positions of *candidates* into events, each in ascending order, ordered by their first position.

    *vectors* are those of `term_vectors`; *meanings*, where given, is one float32 row for each candidate, of unit
    length or of zeros where its meaning is not known; known meanings count for half of the likeness. Two groups become
    one when their likeness, for two articles that of the pair and for large groups that of their centres, reaches
    *threshold* (0 to 1). Pieces published more than 72 hours apart have no likeness. The order of *candidates* does
    not matter.
    """
    if not candidates:
        return []
    order = sorted(range(len(candidates)), key=lambda at: (candidates[at].published, candidates[at].url_key))
    likeness = Likeness([candidates[at] for at in order], None if meanings is None else meanings[order])
    ordered = vectors[order]
    first_look = grown(likeness.pairs(ordered, by_words_alone=True), _FIRST_LOOK)
    labels = grown(likeness.pairs(by_rarity_among_events(ordered, first_look)), threshold)
    events: dict[int, list[int]] = defaultdict(list)
    for at, label in sorted(zip(order, labels.tolist(), strict=True)):
        events[label].append(at)
    return list(events.values())
