import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model.candidate import Candidate, RankContext
from digest.model.ids import EditionId
from digest.model.newsletter import RankingWeights
from digest.rank import rank

Article = Callable[..., Candidate]
WEIGHTS = RankingWeights()
YESTERDAY = EditionId(41)


def test_no_candidates_give_no_clusters(context: RankContext, now: datetime) -> None:
    assert rank([], context, WEIGHTS, now) == ()


def test_the_order_of_the_input_does_not_matter(
    a_day: Mapping[Candidate, str], context: RankContext, now: datetime
) -> None:
    candidates = list(a_day)
    expected = rank(candidates, context, WEIGHTS, now)

    for seed in range(3):
        random.Random(seed).shuffle(candidates)
        assert rank(candidates, context, WEIGHTS, now) == expected


def test_each_candidate_stands_in_exactly_one_cluster(
    a_day: Mapping[Candidate, str], context: RankContext, now: datetime
) -> None:
    placed = [one.url_key for cluster in rank(list(a_day), context, WEIGHTS, now) for one in cluster.candidates]

    assert sorted(placed) == sorted(candidate.url_key for candidate in a_day)


def test_what_most_publishers_tell_leads_the_day(
    a_day: Mapping[Candidate, str], context: RankContext, now: datetime
) -> None:
    ranked = rank(list(a_day), context, WEIGHTS, now)

    assert {a_day[cluster.lead] for cluster in ranked[:2]} == {"vans", "storm"}
    assert a_day[ranked[2].lead] == "bridge"


def test_by_default_what_many_told_last_evening_leads_before_a_fresh_single_piece(
    article: Article, context: RankContext, now: datetime
) -> None:
    many = [article("Norvik recalls 40,000 delivery vans", f"{name}.example", ago=14) for name in "abcdef"]
    summary = "Keepers chose the name from nine hundred letters that children had sent to the zoo in spring."
    fresh = article(
        "Zoo names its newborn okapi Pemba", "g.example", ago=0, summary=summary, image="https://g.example/"
    )

    first, second = rank([fresh, *many], context, RankingWeights(), now)

    assert set(first.candidates) == set(many)
    assert second.candidates == (fresh,)


def test_by_default_news_of_the_hour_leads_before_what_two_told_a_day_ago(
    article: Article, context: RankContext, now: datetime
) -> None:
    old = [article("Norvik recalls 40,000 delivery vans", f"{name}.example", ago=23) for name in "ab"]
    fresh = article("Zoo names its newborn okapi Pemba", "g.example", ago=0)

    first, _ = rank([*old, fresh], context, RankingWeights(), now)

    assert first.lead == fresh


def test_a_wire_report_counts_each_of_its_publishers(article: Article, context: RankContext, now: datetime) -> None:
    copies = [article("Norvik recalls 40,000 delivery vans", f"{name}.example") for name in "abcdefg"]

    (cluster,) = rank(copies, context, WEIGHTS, now)

    assert "7 sources" in cluster.score.why
    assert len(cluster.candidates) == 7


def test_equal_scores_are_ordered_by_address(article: Article, context: RankContext, now: datetime) -> None:
    titles = ["Zoo names newborn okapi", "Toll rises on the motorway", "Lost film found in attic"]
    candidates = [article(title, url_key=key) for title, key in zip(titles, "cab", strict=True)]

    ranked = rank(candidates, context, WEIGHTS, now)

    assert [cluster.lead.url_key for cluster in ranked] == ["a", "b", "c"]


def test_one_theme_does_not_follow_itself(article: Article, context: RankContext, now: datetime) -> None:
    weights = replace(WEIGHTS, same_story=0.9)
    flood = article("Harbour flood warning for Eastmouth quays tonight", "a.example", ago=5.0)
    flood_again = article("Harbour flood warning for Eastmouth station tonight", "b.example", ago=5.1)
    okapi = article("Zoo names its newborn okapi Pemba after vote", "c.example", ago=5.2)

    ranked = rank([flood, flood_again, okapi], context, weights, now)

    assert [cluster.lead for cluster in ranked] == [flood, okapi, flood_again]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"source_weight": 2.0}, {"source_weight": 1.0, "image": "https://b.example/1.jpg"}),
        ({"image": "https://a.example/1.jpg"}, {"summary": "The maker calls back every van built since March."}),
        ({"summary": "The maker calls back every van built since March."}, {"summary": "Cut off in the middle of…"}),
        ({"ago": 6.0}, {"ago": 5.0}),
        ({}, {"title": "", "source_weight": 5.0}),
    ],
)
def test_the_lead_is_the_weightiest_then_illustrated_then_well_told_then_earliest(
    article: Article, context: RankContext, now: datetime, better: dict[str, float], worse: dict[str, float]
) -> None:
    title = "Norvik recalls delivery vans"
    slug = "https://x.example/norvik-recalls-delivery-vans"
    one = article(**{"title": title, "publisher": "z.example", "url": slug, **better})
    other = article(**{"title": title, "publisher": "a.example", "url": slug, **worse})

    (cluster,) = rank([other, one], context, WEIGHTS, now)

    assert cluster.lead == one


def test_a_cluster_stands_where_most_publishers_put_it(article: Article, context: RankContext, now: datetime) -> None:
    title = "Quillon unveils low-power chip for watches"
    lead = article(title, "a.example", section="business", source_weight=3.0)
    others = [article(title, f"{name}.example", section="technology") for name in "bc"]

    (cluster,) = rank([lead, *others], context, WEIGHTS, now)

    assert cluster.lead == lead
    assert cluster.section == "technology"


def test_among_equal_sections_the_leads_wins(article: Article, context: RankContext, now: datetime) -> None:
    title = "Quillon unveils low-power chip for watches"
    lead = article(title, "a.example", section="technology", source_weight=3.0)
    other = article(title, "b.example", section="business")

    (cluster,) = rank([other, lead], context, WEIGHTS, now)

    assert cluster.section == "technology"


def test_what_was_sent_is_left_out_with_its_reason(article: Article, now: datetime) -> None:
    sent = article("Harbour bridge in Eastmouth closes for six months", "a.example", ago=30)
    late_copy = article("Harbour bridge in Eastmouth closes for six months", "b.example", ago=20)
    okapi = article("Zoo names its newborn okapi Pemba", "c.example", ago=23)
    context = RankContext(period_start=now - timedelta(hours=24), already_sent={sent.url_key: YESTERDAY})

    ranked = rank([sent, late_copy, okapi], context, WEIGHTS, now)

    assert [cluster.left_out for cluster in ranked] == ["", "already sent in an earlier Edition"]
    assert ranked[0].lead == okapi


def test_a_story_that_moved_on_comes_again_as_an_update_led_by_what_is_new(article: Article, now: datetime) -> None:
    sent = article("Harbour bridge in Eastmouth closes for six months", "a.example", ago=30, source_weight=9.0)
    later = article("Eastmouth harbour bridge: mayor resigns over cracks", "a.example", ago=4)
    context = RankContext(period_start=now - timedelta(hours=24), already_sent={sent.url_key: YESTERDAY})

    cluster = rank([sent, later], context, WEIGHTS, now)[0]

    assert cluster.left_out == ""
    assert cluster.update_of == YESTERDAY
    assert cluster.candidates == (later,)


def test_two_new_publishers_with_their_own_words_move_a_story_on(article: Article, now: datetime) -> None:
    sent = article("Harbour bridge in Eastmouth closes for six months", "a.example", ago=25)
    anew = [
        article("Cracks found: harbour bridge of Eastmouth shut", "b.example", ago=23),
        article("Ferries return as Eastmouth harbour bridge shuts", "c.example", ago=23),
    ]
    context = RankContext(period_start=now - timedelta(hours=24), already_sent={sent.url_key: YESTERDAY})

    with_one = rank([sent, anew[0]], context, WEIGHTS, now)
    with_both = rank([sent, *anew], context, WEIGHTS, now)

    assert [cluster.update_of for cluster in with_one if not cluster.left_out] == []
    assert [cluster.update_of for cluster in with_both if not cluster.left_out] == [YESTERDAY]


def test_an_event_with_nothing_new_since_the_last_edition_is_left_out(
    article: Article, context: RankContext, now: datetime
) -> None:
    (cluster,) = rank([article("Zoo names its newborn okapi Pemba", ago=40)], context, WEIGHTS, now)

    assert cluster.left_out == "nothing new since the last Edition"


def test_an_old_piece_found_only_now_is_news(article: Article, context: RankContext, now: datetime) -> None:
    found_late = article("Zoo names okapi Pemba", ago=40, first_seen=now - timedelta(hours=1))

    (cluster,) = rank([found_late], context, WEIGHTS, now)

    assert cluster.left_out == ""


def test_an_article_without_a_headline_is_left_out(article: Article, context: RankContext, now: datetime) -> None:
    (cluster,) = rank([article("  ")], context, WEIGHTS, now)

    assert cluster.left_out == "no headline"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=60), st.integers(-5, 200)), max_size=12))
def test_rubbish_is_ranked_without_loss(
    article: Article, context: RankContext, now: datetime, rubbish: list[tuple[str, str, int]]
) -> None:
    candidates = [article(title, summary=summary, ago=ago) for title, summary, ago in rubbish]

    ranked = rank(candidates, context, WEIGHTS, now)

    assert sorted(one.url_key for cluster in ranked for one in cluster.candidates) == sorted(
        one.url_key for one in candidates
    )
