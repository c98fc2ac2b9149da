from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime

import pytest

from digest.model.candidate import Candidate
from digest.rank import cluster as clustering
from digest.rank.cluster import same_events
from digest.rank.vectors import term_vectors

Article = Callable[..., Candidate]
THRESHOLD = 0.18


def grouped(candidates: list[Candidate], threshold: float = THRESHOLD) -> list[set[str]]:
    events = same_events(candidates, term_vectors(candidates), threshold)
    return [{candidates[at].url_key for at in event} for event in events]


def test_a_day_of_sixty_headlines_falls_into_its_events(a_day: Mapping[Candidate, str]) -> None:
    expected: dict[str, set[str]] = defaultdict(set)
    for candidate, event in a_day.items():
        expected[event].add(candidate.url_key)

    events = grouped(list(a_day))

    assert sorted(map(sorted, events)) == sorted(map(sorted, expected.values()))


def test_a_shared_section_is_no_wall(article: Article) -> None:
    one = article("Quillon shares jump on low-power Q7 chip", "a.example", section="business")
    other = article("Quillon Q7 low-power chip for watches", "b.example", section="technology")

    assert len(grouped([one, other])) == 1


def test_a_shared_section_does_not_join_what_shares_no_word(article: Article) -> None:
    one = article("Zoo names newborn okapi", "a.example", section="city")
    other = article("Night buses run more often", "b.example", section="city")
    elsewhere = article("Composer wins the Lumen prize", "c.example", section="culture")

    assert len(grouped([one, other, elsewhere])) == 3


def test_pieces_more_than_three_days_apart_are_two_events(article: Article) -> None:
    one = article("Storm Henrike cuts power on the coast", "a.example", ago=2)
    other = article("Storm Henrike cuts power on the coast", "b.example", ago=75)

    assert len(grouped([one, other])) == 2


def test_candidates_without_a_telling_word_stay_alone(article: Article) -> None:
    assert (
        len(grouped([article("", "a.example"), article("The and of", "b.example"), article("!!!", "c.example")])) == 3
    )


def test_a_single_candidate_is_an_event(article: Article) -> None:
    assert len(grouped([article("Zoo names newborn okapi")])) == 1


@pytest.mark.parametrize("most", [10, 30])
def test_cutting_a_large_day_into_blocks_keeps_its_events(
    a_day: Mapping[Candidate, str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = grouped(list(a_day))
    monkeypatch.setattr(clustering, "_MOST_AT_ONCE", most)

    cut = grouped(list(a_day))

    assert cut == whole


def test_a_flood_of_one_title_ends(article: Article, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "_MOST_AT_ONCE", 10)
    flood = [article("Buy the cheapest vans of Eastmouth today", "spam.example") for _ in range(50)]

    assert sum(len(event) for event in grouped(flood)) == 50
