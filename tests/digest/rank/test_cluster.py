import random
from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from digest.model.candidate import Candidate
from digest.rank import likeness
from digest.rank.cluster import same_events
from digest.rank.vectors import term_vectors

Article = Callable[..., Candidate]
THRESHOLD = 0.24


def grouped(candidates: list[Candidate], threshold: float = THRESHOLD) -> list[set[str]]:
    events = same_events(candidates, term_vectors(candidates), threshold)
    return [{candidates[at].url_key for at in event} for event in events]


def told(day: Mapping[Candidate, str]) -> list[list[str]]:
    events: dict[str, list[str]] = defaultdict(list)
    for candidate, event in day.items():
        events[event].append(candidate.url_key)
    return sorted(map(sorted, events.values()))


def test_a_day_of_sixty_headlines_falls_into_its_events(a_day: Mapping[Candidate, str]) -> None:
    assert sorted(map(sorted, grouped(list(a_day)))) == told(a_day)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_candidates_does_not_matter(a_day: Mapping[Candidate, str], seed: int) -> None:
    shuffled = random.Random(seed).sample(list(a_day), len(a_day))

    for threshold in (0.1, THRESHOLD, 0.5):
        assert sorted(map(sorted, grouped(shuffled, threshold))) == sorted(map(sorted, grouped(list(a_day), threshold)))


def test_each_candidate_is_in_one_event_and_events_stand_by_their_first(a_day: Mapping[Candidate, str]) -> None:
    candidates = random.Random(1).sample(list(a_day), len(a_day))

    events = same_events(candidates, term_vectors(candidates), THRESHOLD)

    assert sorted(at for event in events for at in event) == list(range(len(candidates)))
    assert events == sorted(events)
    assert all(event == sorted(event) for event in events)


def test_a_higher_threshold_keeps_more_apart(a_day: Mapping[Candidate, str]) -> None:
    counts = [len(grouped(list(a_day), threshold)) for threshold in (0.05, THRESHOLD, 0.6, 0.99)]

    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


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
    silent = [article("", "a.example"), article("The and of", "b.example"), article("!!!", "c.example")]

    assert len(grouped(silent)) == 3


def test_a_single_candidate_is_an_event(article: Article) -> None:
    assert len(grouped([article("Zoo names newborn okapi")])) == 1


def test_no_candidates_are_no_events() -> None:
    assert same_events([], term_vectors([]), THRESHOLD) == []


def test_one_publishers_two_pieces_on_a_topic_are_two_events_where_two_publishers_would_tell_one(
    a_day: Mapping[Candidate, str], article: Article
) -> None:
    day = list(a_day)
    first = article("Kaduro minister visits tulip market in Grenau", "flora.example")
    same = article("Tulip market in Grenau opens a second hall", "flora.example")
    other = article("Tulip market in Grenau opens a second hall", "garden.example")

    assert {first.url_key, same.url_key} not in grouped([*day, first, same])
    assert {first.url_key, other.url_key} in grouped([*day, first, other])


@pytest.mark.parametrize(("products", "pairs"), [(0, 200), (2_000_000, 20)])
def test_a_flood_beyond_every_bound_still_gives_each_candidate_its_place(
    article: Article, monkeypatch: pytest.MonkeyPatch, products: int, pairs: int
) -> None:
    monkeypatch.setattr(likeness, "_PRODUCTS", products)
    monkeypatch.setattr(likeness, "_PRODUCTS_EACH", 0)
    monkeypatch.setattr(likeness, "_PAIRS_EACH", pairs)
    monkeypatch.setattr(likeness, "_STRIP", 7)
    flood = [article("Buy the cheapest vans of Eastmouth today", f"{at}.example") for at in range(50)]

    events = grouped(flood)

    assert sum(len(event) for event in events) == 50
    assert (len(events) == 50) is (products == 0)  # without a word to compare all stay alone


def test_cutting_the_day_into_strips_changes_nothing(
    a_day: Mapping[Candidate, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = grouped(list(a_day))
    monkeypatch.setattr(likeness, "_STRIP", 7)

    assert grouped(list(a_day)) == whole


def test_meanings_join_what_tells_one_event_in_other_words(a_day: Mapping[Candidate, str], article: Article) -> None:
    day = [
        *a_day,
        article("Wolf seen near Trondvik playground", "a.example"),
        article("Raubtier streift um Spielplatz", "b.example"),
    ]
    directions = np.eye(len(day), dtype=np.float32)
    directions[-1] = directions[-2]

    by_words = same_events(day, term_vectors(day), THRESHOLD)
    by_meaning = same_events(day, term_vectors(day), THRESHOLD, meanings=directions)

    assert [len(day) - 2, len(day) - 1] not in by_words
    assert [len(day) - 2, len(day) - 1] in by_meaning


def test_meanings_follow_their_candidates_in_any_order(a_day: Mapping[Candidate, str]) -> None:
    candidates = list(a_day)
    events = sorted(set(a_day.values()))
    meanings = np.eye(len(events), dtype=np.float32)[[events.index(a_day[candidate]) for candidate in candidates]]
    order = random.Random(3).sample(range(len(candidates)), len(candidates))
    shuffled = [candidates[at] for at in order]

    found = same_events(shuffled, term_vectors(shuffled), THRESHOLD, meanings=meanings[order])

    assert sorted(sorted(shuffled[at].url_key for at in event) for event in found) == told(a_day)


def test_where_a_meaning_is_not_known_words_alone_decide(a_day: Mapping[Candidate, str]) -> None:
    candidates = list(a_day)
    vectors = term_vectors(candidates)

    found = same_events(candidates, vectors, THRESHOLD, meanings=np.zeros((len(candidates), 8), dtype=np.float32))

    assert found == same_events(candidates, vectors, THRESHOLD)
