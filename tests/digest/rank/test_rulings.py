"""What editors rule holds: a merge unites, a split parts, a pin stands first, a boost weighs."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model.candidate import Candidate, RankContext, Ruling, RulingKind
from digest.model.ids import EditionId
from digest.model.newsletter import RankingWeights
from digest.rank import group, rank

Article = Callable[..., Candidate]
WEIGHTS = RankingWeights()
DAY = timedelta(days=1)


def merge(one: Candidate, other: Candidate) -> Ruling:
    return Ruling(kind=RulingKind.MERGE, url_key=one.url_key, other_key=other.url_key)


def split(one: Candidate, other: Candidate) -> Ruling:
    return Ruling(kind=RulingKind.SPLIT, url_key=one.url_key, other_key=other.url_key)


def pin(one: Candidate) -> Ruling:
    return Ruling(kind=RulingKind.PIN, url_key=one.url_key)


def boosted(one: Candidate, factor: float) -> Ruling:
    return Ruling(kind=RulingKind.BOOST, url_key=one.url_key, factor=factor)


def groups(candidates: Sequence[Candidate], *rulings: Ruling) -> set[frozenset[str]]:
    """Return the titles of each event."""
    events = group(candidates, threshold=WEIGHTS.same_story, rulings=rulings)
    return {frozenset(one.title for one in event) for event in events}


def test_a_merge_unites_the_events_of_both_articles(article: Article) -> None:
    vans = [article(f"Norvik recalls delivery vans {where}", f"{where}.example") for where in ("east", "west")]
    okapi = article("Zoo names its newborn okapi Pemba", "zoo.example")

    assert len(groups([*vans, okapi])) == 2
    assert len(groups([*vans, okapi], merge(okapi, vans[1]))) == 1


def test_a_split_parts_an_event_and_the_others_go_with_the_one_more_like_them(article: Article) -> None:
    fire = article("Norvik recalls delivery vans over battery fires", "a.example")
    fire_too = article("Battery fires: Norvik recalls its vans", "b.example")
    strike = article("Norvik recalls delivery drivers, strike ends", "c.example")
    strike_too = article("Norvik drivers end strike over recalls", "d.example")
    as_one = [merge(fire, fire_too), merge(strike, strike_too), merge(fire, strike)]

    parted = groups([fire, fire_too, strike, strike_too], *as_one[2:], split(fire, strike))
    whole = groups([fire, fire_too, strike, strike_too], *as_one)

    assert len(whole) == 1
    assert parted == {frozenset({fire.title, fire_too.title}), frozenset({strike.title, strike_too.title})}


def test_the_copies_of_a_report_follow_it(article: Article) -> None:
    report = [article("Norvik recalls 40,000 delivery vans", f"{name}.example") for name in "abc"]
    other = article("Vans of Norvik burn in three depots of the delivery service", "d.example")

    events = group([*report, other], threshold=0.01, rulings=[split(report[2], other)])

    assert sorted(sorted(one.publisher for one in event) for event in events) == [
        ["a.example", "b.example", "c.example"],
        ["d.example"],
    ]


def test_even_the_copies_of_one_report_can_be_parted(article: Article) -> None:
    report = [article("Norvik recalls 40,000 delivery vans", f"{name}.example") for name in "abc"]

    events = group(report, threshold=WEIGHTS.same_story, rulings=[split(report[0], report[1])])

    assert sorted(len(event) for event in events) == [1, 2]


def test_the_later_word_wins(article: Article) -> None:
    one, other = article("Zoo names okapi Pemba", "a.example"), article("Composer wins Lumen prize", "b.example")

    assert len(groups([one, other], split(one, other), merge(other, one))) == 1
    assert len(groups([one, other], merge(one, other), split(other, one))) == 2


def test_a_ruling_about_an_article_that_is_not_here_does_nothing(article: Article) -> None:
    one, other = article("Zoo names okapi Pemba", "a.example"), article("Composer wins Lumen prize", "b.example")
    gone = article("Long gone", "c.example")

    assert groups([one, other], merge(one, gone), merge(gone, other), split(one, gone)) == groups([one, other])
    assert group([one], threshold=0.2, rulings=[merge(one, one), split(one, one)]) == [[one]]


RULINGS = st.lists(st.tuples(st.booleans(), st.integers(0, 11), st.integers(0, 11)), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=RULINGS, seed=st.integers(0, 9))
def test_any_rulings_leave_a_partition_that_respects_each_not_contradicted_later(
    a_day: Mapping[Candidate, str], said: list[tuple[bool, int, int]], seed: int
) -> None:
    pieces = list(a_day)[:12]
    rulings = [(merge if unite else split)(pieces[one], pieces[other]) for unite, one, other in said if one != other]
    shuffled = random.Random(seed).sample(pieces, len(pieces))

    events = group(pieces, threshold=WEIGHTS.same_story, rulings=rulings)

    home = {one.url_key: at for at, event in enumerate(events) for one in event}
    assert sorted(one.url_key for event in events for one in event) == sorted(one.url_key for one in pieces)
    assert group(shuffled, threshold=WEIGHTS.same_story, rulings=rulings) == events
    for ruling in not_contradicted(rulings):
        together = home[ruling.url_key] == home[ruling.other_key]
        assert together is (ruling.kind is RulingKind.MERGE)


def not_contradicted(rulings: Sequence[Ruling]) -> list[Ruling]:
    """Return the rulings that hold beside all later ones that hold, by trying every way to tell keys apart."""
    kept: list[Ruling] = []
    for ruling in reversed(rulings):
        if is_possible([*kept, ruling]):
            kept.append(ruling)
    return kept


def is_possible(rulings: Sequence[Ruling]) -> bool:
    bound: dict[str, set[str]] = {}
    for ruling in rulings:
        for key in (ruling.url_key, ruling.other_key):
            bound.setdefault(key, {key})
    for ruling in rulings:
        if ruling.kind is RulingKind.MERGE:
            together = bound[ruling.url_key] | bound[ruling.other_key]
            for key in together:
                bound[key] = together
    return not any(r.kind is RulingKind.SPLIT and r.other_key in bound[r.url_key] for r in rulings)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(picks=st.lists(st.integers(0, 59), min_size=1, max_size=4, unique=True))
def test_pinned_events_stand_first_in_the_order_of_their_pins(
    a_day: Mapping[Candidate, str], context: RankContext, now: datetime, picks: list[int]
) -> None:
    pieces = list(a_day)
    pins = tuple(pin(pieces[at]) for at in picks)
    expected = list(dict.fromkeys(a_day[pieces[at]] for at in picks))

    ranked = rank(pieces, replace(context, rulings=pins), WEIGHTS, now)

    assert [a_day[cluster.lead] for cluster in ranked[: len(expected)]] == expected
    assert [cluster.score.is_pinned for cluster in ranked] == [True] * len(expected) + [False] * (
        len(ranked) - len(expected)
    )
    assert all(cluster.score.why.startswith("pinned by an editor") for cluster in ranked[: len(expected)])


def test_a_boost_multiplies_the_score_and_the_last_one_counts(
    article: Article, context: RankContext, now: datetime
) -> None:
    vans = article("Norvik recalls 40,000 delivery vans", "a.example")
    okapi = article("Zoo names its newborn okapi Pemba", "b.example", ago=6)
    rulings = (boosted(okapi, 10.0), boosted(okapi, 2.0))

    plain = {cluster.lead: cluster.score for cluster in rank([vans, okapi], context, WEIGHTS, now)}
    ranked = rank([vans, okapi], replace(context, rulings=rulings), WEIGHTS, now)

    assert ranked[0].lead == okapi
    assert ranked[0].score.total == pytest.approx(2 * plain[okapi].total)
    assert ranked[0].score.why.endswith("boosted \u00d72 by an editor")
    assert ranked[1].score == plain[vans]


def test_a_pin_brings_in_what_was_seen_before_the_period_but_never_what_was_sent(
    article: Article, context: RankContext, now: datetime
) -> None:
    old = article("Zoo names its newborn okapi Pemba", "b.example", ago=40)
    blank = article("  ", "c.example")
    pinned = replace(context, rulings=(pin(old), pin(blank)))

    (first, second) = rank([old, blank], pinned, WEIGHTS, now)
    (sent,) = rank([old], replace(pinned, already_sent={old.url_key: EditionId(1)}), WEIGHTS, now)

    assert (first.lead, first.left_out, first.score.is_pinned) == (old, "", True)
    assert (second.left_out, second.score.is_pinned) == ("no headline", False)
    assert (sent.left_out, sent.score.is_pinned) == ("already sent in an earlier Edition", False)


def test_a_group_is_one_of_each_address_from_the_earliest_on(article: Article) -> None:
    late = article("Norvik recalls 40,000 delivery vans", "a.example", ago=1)
    early = article("Norvik recalls 40,000 delivery vans", "b.example", ago=3)
    twice = replace(late, source_key="all", source_weight=0.5)

    assert group([late, twice, early], threshold=0.2) == [[early, late]]
    assert group([], threshold=0.2) == []
