import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model.candidate import Candidate, Score
from digest.model.newsletter import RankingWeights
from digest.rank.quality import is_worth_printing, title_quality
from digest.rank.score import score

Article = Callable[..., Candidate]
DAY = timedelta(days=1)
SUMMARY = "The maker calls back every van built since March."


def part(found: Score, name: str) -> tuple[float, str]:
    return next((part.value, part.fact) for part in found.parts if part.name == name)


def test_the_score_is_the_formula_of_its_weights(article: Article, now: datetime) -> None:
    weights = RankingWeights(coverage=1, source=2, velocity=4, title=8, summary=16, half_life=timedelta(hours=12))
    told = [
        article("Norvik recalls 40,000 delivery vans", "a.example", ago=12, source_weight=2.0, summary=SUMMARY),
        article("Norvik vans burn in three depots", "b.example", ago=20, source_weight=1.0),
    ]

    found = score(told, weights, DAY, now)

    assert found.decay == pytest.approx(0.5)
    assert found.total == pytest.approx((1 * 2.0 + 2 * 2.0 + 4 * 0.0 + 8 * 1.0 + 16 * 0.75) * 0.5)


WEIGHT = st.floats(0, 10)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.tuples(st.text(max_size=60), st.text(max_size=80), st.floats(-5, 200), st.floats(0.1, 10)),
        min_size=1,
        max_size=8,
    ),
    given_weights=st.tuples(WEIGHT, WEIGHT, WEIGHT, WEIGHT, WEIGHT),
    boost=st.floats(0.1, 10),
)
def test_the_parts_come_to_the_total_exactly_even_after_a_rest_as_json(
    article: Article,
    now: datetime,
    told: list[tuple[str, str, float, float]],
    given_weights: tuple[float, ...],
    boost: float,
) -> None:
    names = ("coverage", "source", "velocity", "title", "summary")
    coverage, source, velocity, title, summary = given_weights
    weights = RankingWeights(coverage=coverage, source=source, velocity=velocity, title=title, summary=summary)
    event = [article(title, summary=summary, ago=ago, source_weight=w) for title, summary, ago, w in told]

    found = replace(score(event, weights, DAY, now), boost=boost)

    kept = json.loads(json.dumps(asdict(found)))
    assert [part["name"] for part in kept["parts"]] == list(names)
    assert [part["weight"] for part in kept["parts"]] == list(given_weights)
    amounts = sum(part["weight"] * part["value"] for part in kept["parts"])
    assert found.total == amounts * kept["decay"] * kept["boost"]
    assert "\n" not in found.why


def test_each_part_keeps_its_fact_in_words(article: Article, now: datetime) -> None:
    told = [article("Norvik recalls 40,000 vans", f"{name}.example", ago=hours) for name, hours in
            (("a", 2), ("b", 2.5), ("c", 4), ("d", 30))]  # fmt: skip

    found = score(told, RankingWeights(), DAY, now)

    assert found.why == "4 sources, 2 in the last 3 hours, newest 2 h ago"


def test_a_part_with_nothing_to_say_says_nothing(article: Article, now: datetime) -> None:
    found = score([article("Zoo names its newborn okapi Pemba", ago=5)], RankingWeights(), DAY, now)

    assert found.why == "newest 5 h ago"


def test_a_supposed_time_ranks_but_is_never_told_as_a_fact(article: Article, now: datetime) -> None:
    undated = [
        article("Zoo names its newborn okapi", is_dated=False, ago=1),
        article("Another view of the same thing", is_dated=False),
    ]

    judged = score(undated, RankingWeights(), timedelta(days=1), now)

    assert judged.total > 0
    assert "newest" not in judged.why
    assert "hours" not in judged.why


def test_two_articles_of_one_publisher_are_one_source(article: Article, now: datetime) -> None:
    alone = score([article("Zoo names okapi Pemba")], RankingWeights(), DAY, now)
    twice = score([article("Zoo names okapi Pemba"), article("Okapi has a name")], RankingWeights(), DAY, now)

    assert part(twice, "coverage") == part(alone, "coverage")


def test_a_preferred_source_is_named_as_a_reason(article: Article, now: datetime) -> None:
    found = score([article("Zoo names okapi Pemba", source_weight=1.5)], RankingWeights(), DAY, now)

    assert part(found, "source") == (1.5, "a preferred source")


@pytest.mark.parametrize(
    ("ago", "words"),
    [(0, "just now"), (-1, "just now"), (0.6, "36 min ago"), (1.9, "1 h ago"), (47, "47 h ago"), (72, "3 days ago")],
)
def test_the_age_is_told_as_people_do(article: Article, now: datetime, ago: float, words: str) -> None:
    found = score([article("Zoo names okapi Pemba", ago=ago)], RankingWeights(), DAY, now)

    assert found.age == f"newest {words}"
    assert 0 < found.decay <= 1


def test_a_week_of_news_fades_seven_times_as_slowly(article: Article, now: datetime) -> None:
    told = [article("Zoo names okapi Pemba", ago=7 * RankingWeights().half_life / timedelta(hours=1))]

    assert score(told, RankingWeights(), 7 * DAY, now).decay == pytest.approx(0.5)
    assert score(told, RankingWeights(), timedelta(hours=2), now).decay == score(told, RankingWeights(), DAY, now).decay


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("Norvik recalls 40,000 delivery vans", "NORVIK RECALLS 40,000 DELIVERY VANS"),
        ("Norvik recalls 40,000 delivery vans", "Will Norvik recall its delivery vans?"),
        ("Norvik recalls 40,000 delivery vans", "You must see these delivery vans!"),
        ("Norvik recalls 40,000 delivery vans", "Norvik recalls 40,000 delivery..."),
        ("Norvik recalls 40,000 delivery vans", "Vans"),
        ("東方電機、新型電池工場を北港市に建設へ", "工場"),
        ("Norvik recalls 40,000 delivery vans", ""),
    ],
)
def test_a_plain_headline_beats_a_shouting_or_cut_one(better: str, worse: str) -> None:
    assert 0 <= title_quality(worse) < title_quality(better) <= 1


@pytest.mark.parametrize(
    ("summary", "is_good"),
    [
        (SUMMARY, True),
        ("新工場は二〇三三年に稼働し、年間十万台分の電池を生産する計画だ。", True),
        ("", False),
        ("Vans are recalled.", False),
        ("Norvik recalls 40,000 delivery vans - Herald Business Desk", False),
        (SUMMARY.rstrip(".") + "\u2026", False),
        (SUMMARY * 9, False),
    ],
)
def test_a_summary_is_worth_printing_when_it_is_whole_and_says_more_than_the_title(
    article: Article, summary: str, is_good: bool
) -> None:
    assert is_worth_printing(article("Norvik recalls 40,000 delivery vans", summary=summary)) is is_good


def test_a_good_summary_and_a_picture_each_raise_the_score(article: Article, now: datetime) -> None:
    bare = article("Norvik recalls 40,000 delivery vans")
    told = [bare, replace(bare, image="https://a.example/1.jpg"), replace(bare, summary=SUMMARY)]
    both = replace(told[1], summary=SUMMARY)

    values = [part(score([one], RankingWeights(), DAY, now), "summary")[0] for one in (*told, both)]

    assert values == [0.0, 0.25, 0.75, 1.0]


def test_more_publishers_never_lower_the_score(article: Article, now: datetime) -> None:
    one = article("Norvik recalls 40,000 delivery vans", "a.example")
    more = [one, *(replace(one, publisher=f"{name}.example") for name in "bcd")]

    totals = [score(more[:count], RankingWeights(), DAY, now).total for count in (1, 2, 3, 4)]

    assert totals == sorted(set(totals))
