import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.rank.grow import Pairs, grown

Edge = tuple[int, int, float]


def pairs(count: int, *edges: Edge) -> Pairs:
    one, other, likeness = zip(*edges, strict=True) if edges else ((), (), ())
    return Pairs(np.array(one, dtype=int), np.array(other, dtype=int), np.array(likeness, dtype=float), count)


def partition(pairs: Pairs, threshold: float) -> list[list[int]]:
    labels = grown(pairs, threshold).tolist()
    return [[at for at, label in enumerate(labels) if label == one] for one in dict.fromkeys(labels)]


def test_without_pairs_all_stay_alone() -> None:
    assert partition(pairs(3), 0.1) == [[0], [1], [2]]


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, [[0, 1], [2]]), (0.51, [[0], [1], [2]])])
def test_a_pair_joins_from_the_threshold_on(threshold: float, expected: list[list[int]]) -> None:
    assert partition(pairs(3, (0, 1, 0.5)), threshold) == expected


def test_a_member_goes_where_it_is_most_alike() -> None:
    found = partition(pairs(5, (0, 1, 0.9), (3, 4, 0.9), (1, 2, 0.3), (2, 3, 0.8)), 0.3)

    assert found == [[0, 1], [2, 3, 4]]


def test_a_chain_of_neighbours_is_no_group() -> None:
    chain = [(at, at + 1, 0.4) for at in range(19)]

    assert max(len(group) for group in partition(pairs(20, *chain), 0.35)) < 6


def test_a_large_group_takes_in_what_is_a_little_like_all_of_it() -> None:
    members = [(one, other, 0.2) for one in range(10) for other in range(one + 1, 10)]
    seeds = [(at, at + 1, 0.8) for at in range(0, 10, 2)]
    edges = {(one, other): likeness for one, other, likeness in [*members, *seeds]}

    found = partition(pairs(12, *((*ends, likeness) for ends, likeness in edges.items()), (10, 11, 0.2)), 0.22)

    assert found == [list(range(10)), [10], [11]]


def test_all_equal_members_become_one_group_in_few_rounds() -> None:
    edges = [(one, other, 0.8) for one in range(40) for other in range(one + 1, 40)]

    assert partition(pairs(40, *edges), 0.5) == [list(range(40))]


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda ends: ends[0] < ends[1]), st.floats(0.01, 1)
    ),
    st.floats(0.05, 0.95),
)
def test_growing_ends_in_a_partition_that_joins_no_strangers(edges: dict[tuple[int, int], float], at: float) -> None:
    given_pairs = pairs(12, *((*ends, likeness) for ends, likeness in edges.items()))
    neighbours = {end for ends in edges for end in ends}

    found = partition(given_pairs, at)

    assert sorted(member for group in found for member in group) == list(range(12))
    assert all(len(group) == 1 or set(group) <= neighbours for group in found)
