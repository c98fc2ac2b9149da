import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from digest.rank.spread import spread


def test_unlike_events_keep_the_order_of_their_scores() -> None:
    assert spread([3.0, 2.0, 1.0], csr_array(np.eye(3))) == [0, 1, 2]


@pytest.mark.parametrize(("shared", "order"), [(0.0, [0, 1, 2]), (0.2, [0, 2, 1]), (0.9, [0, 2, 1])])
def test_the_second_half_of_an_event_gives_way_to_another(shared: float, order: list[int]) -> None:
    half = [shared, np.sqrt(1 - shared**2), 0.0]
    centres = csr_array(np.array([[1.0, 0.0, 0.0], half, [0.0, 0.0, 1.0]]))

    assert spread([3.0, 2.8, 2.5], centres) == order


def test_what_matters_far_more_stands_before_what_is_only_different() -> None:
    centres = csr_array(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))

    assert spread([3.0, 2.9, 0.5], centres) == [0, 1, 2]


def test_scores_of_nothing_keep_their_order() -> None:
    assert spread([], csr_array((0, 1))) == []
    assert spread([0.0, 0.0], csr_array(np.eye(2))) == [0, 1]


@given(st.lists(st.floats(0, 20), max_size=230), st.integers(0, 5))
def test_any_scores_come_back_each_once_the_best_first(totals: list[float], words: int) -> None:
    descending = sorted(totals, reverse=True)
    shape = (len(totals), words + 1)

    order = spread(descending, csr_array(np.ones(shape) / np.sqrt(words + 1)))

    assert sorted(order) == list(range(len(totals)))
    assert order[:1] == [0][: len(totals)]
