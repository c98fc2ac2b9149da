"""The order of the best: what matters most first, without one theme after itself."""

import numpy as np
from scipy.sparse import csr_array

_RELEVANCE = 0.6
# Centres of events share so much by common words alone; and at so much they are one theme: more makes them no worse
# together. Events are told apart with care that no news is hidden, so one is sometimes in two halves; here these are
# kept from standing together.
_STRANGERS, _ONE_THEME = 0.1, 0.25
# Beyond these no Edition reads; they follow as their scores have it.
_SPREAD = 200


def spread(totals: list[float], vectors: csr_array) -> list[int]:
    """
    Return the positions of *totals*, which descend, in an order that weighs score against likeness to what came before.

    Maximal marginal relevance with λ = 0.6 (Carbonell and Goldstein, SIGIR 1998) over the first 200; the score is taken
    relative to the greatest, the likeness is the cosine of the rows of *vectors*, which have unit length: 0 up to 0.1,
    1 from 0.25 on.
    """
    count = min(len(totals), _SPREAD)
    if count == 0 or totals[0] <= 0:
        return list(range(len(totals)))
    cosines = (vectors[:count] @ vectors[:count].T).toarray()
    alike = np.clip((cosines - _STRANGERS) / (_ONE_THEME - _STRANGERS), 0, 1)
    value = _RELEVANCE * np.array(totals[:count]) / totals[0]
    nearest = np.zeros(count)
    order: list[int] = []
    waiting = np.ones(count, dtype=bool)
    while len(order) < count:
        best = int(np.argmax(np.where(waiting, value - (1 - _RELEVANCE) * nearest, -np.inf)))
        order.append(best)
        waiting[best] = False
        nearest = np.maximum(nearest, alike[best])
    return [*order, *range(count, len(totals))]
