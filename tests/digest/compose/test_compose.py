from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.compose import compose
from digest.model.candidate import Candidate, Cluster
from digest.model.draft import Draft, EditionFacts, Picture
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter

Article = Callable[..., Candidate]
Clusters = Callable[..., Cluster]


def reasons(draft: Draft) -> dict[str, str]:
    return {benched.headline: benched.reason for benched in draft.bench}


def test_a_day_without_news_gives_an_empty_draft(newsletter: Newsletter, edition: EditionFacts) -> None:
    draft = compose(newsletter, [], edition)

    assert draft.sections == ()
    assert (draft.subject, draft.preheader) == ("", "")
    assert not draft.has_enough_news(1)
    assert draft.has_enough_news(0)


def test_sections_stand_in_the_newsletters_order_and_empty_ones_are_left_out(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    clusters = [cluster(article(), section="sport", total=9), cluster(article(), section="city", total=1)]

    draft = compose(newsletter, clusters, edition)

    assert [section.slug for section in draft.sections] == ["city", "sport"]
    assert (draft.newsletter, draft.cadence, draft.date, draft.number) == (
        edition.newsletter,
        edition.cadence,
        edition.date,
        edition.number,
    )


def test_a_full_section_sends_the_rest_to_the_bench(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    clusters = [cluster(article(f"Headline number {rank}"), total=9 - rank) for rank in range(4)]

    draft = compose(newsletter, clusters, edition)

    assert [story.headline for story in draft.stories] == [
        "Headline number 0",
        "Headline number 1",
        "Headline number 2",
    ]
    assert reasons(draft) == {"Headline number 3": "section full"}


def test_the_third_story_of_one_publisher_waits_on_the_bench_when_others_take_its_place(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    clusters = [cluster(article(f"Headline number {rank}", "herald.example"), total=9 - rank) for rank in range(3)]
    other = cluster(article("The harbour freezes", "ledger.example"), total=1)
    elsewhere = cluster(article("Rovers win again", "herald.example"), section="sport")

    draft = compose(newsletter, [*clusters, other, elsewhere], edition)

    assert reasons(draft) == {"Headline number 2": "Herald already leads 2 stories here"}
    assert "Rovers win again" in [story.headline for story in draft.stories]


def test_a_section_of_one_publisher_is_filled_all_the_same(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    clusters = [cluster(article(f"Headline number {rank}", "herald.example"), total=9 - rank) for rank in range(4)]

    draft = compose(newsletter, clusters, edition)

    assert [story.headline for story in draft.stories] == [f"Headline number {rank}" for rank in range(3)]
    assert reasons(draft) == {"Headline number 3": "Herald already leads 2 stories here"}


def test_a_story_told_by_others_too_is_led_by_one_of_them_when_its_source_has_led_enough(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    filled = [cluster(article(publisher="herald.example")) for _ in range(2)]
    told_twice = cluster(article("Herald's view", "herald.example"), article("Ledger's view", "ledger.example"))

    draft = compose(newsletter, [*filled, told_twice], edition)

    assert draft.stories[-1].headline == "Ledger's view"
    assert [link.name for link in draft.stories[-1].also] == ["Herald"]
    assert draft.bench == ()


def test_what_is_pinned_stands_first_and_keeps_its_place_whatever_the_limits(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    great = [cluster(article(f"Headline number {rank}"), total=9 - rank) for rank in range(2)]
    pinned = [cluster(article(f"Pinned {at}", "herald.example"), total=0.1, is_pinned=True) for at in range(4)]

    draft = compose(newsletter, [*great, *pinned], edition)

    assert [story.headline for story in draft.stories] == [f"Pinned {at}" for at in range(4)]
    assert [story.score.is_pinned for story in Draft.from_json(draft.to_json()).stories] == [True] * 4
    assert reasons(draft) == {"Headline number 0": "section full", "Headline number 1": "section full"}
    assert draft.subject == "Pinned 0"


def test_what_is_pinned_counts_towards_what_its_publisher_leads(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    pinned = [cluster(article(f"Pinned {at}", "herald.example"), is_pinned=True) for at in range(2)]
    rest = [cluster(article("Third of the Herald", "herald.example")), cluster(article("Ledger's", "ledger.example"))]

    draft = compose(newsletter, [*pinned, *rest], edition)

    assert [story.headline for story in draft.stories] == ["Pinned 0", "Pinned 1", "Ledger's"]


def test_what_rank_left_out_is_benched_with_its_reason(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    sent = cluster(article("Bridge closes"), left_out="already sent in an earlier Edition")

    draft = compose(newsletter, [sent], edition)

    assert draft.stories == ()
    assert reasons(draft) == {"Bridge closes": "already sent in an earlier Edition"}


def test_a_section_that_the_newsletter_no_longer_has_is_named_on_the_bench(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    draft = compose(newsletter, [cluster(article("Opera opens"), section="culture")], edition)

    assert reasons(draft) == {"Opera opens": "the newsletter has no section culture"}


def test_the_bench_holds_the_twenty_best_of_those_that_missed(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    clusters = [cluster(article(f"Headline number {rank}"), total=rank, left_out="no headline") for rank in range(30)]

    bench = compose(newsletter, clusters, edition).bench

    assert [benched.score for benched in bench] == list(range(29, 9, -1))


def test_no_article_stands_twice_even_when_clusters_overlap(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    shared, own = article("Bridge closes"), article("Ferries return")

    draft = compose(newsletter, [cluster(shared), cluster(shared), cluster(shared, own)], edition)

    assert [story.headline for story in draft.stories] == ["Bridge closes", "Ferries return"]
    assert draft.stories[1].also == ()
    assert reasons(draft) == {"Bridge closes": "already in this Edition"}


def test_other_publishers_are_named_once_each_without_the_leads(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    told = cluster(
        article("Bridge closes", "herald.example"),
        article("Bridge shut", "herald.example"),
        article("Ferries  return\n", "ledger.example"),
        article("More ferries", "ledger.example"),
        article("No more bridge", "radio.example"),
        article("", "untitled.example"),
    )

    (story,) = compose(newsletter, [told], edition).stories

    assert [(link.name, link.title) for link in story.also] == [
        ("Ledger", "Ferries return"),
        ("Radio", "No more bridge"),
    ]


def test_publishers_of_one_aggregator_are_told_apart_by_their_hosts(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    told = cluster(*(article("Bridge closes", f"{name}.example", source_name="All News") for name in "abc"))

    (story,) = compose(newsletter, [told], edition).stories

    assert [story.source, *(link.name for link in story.also)] == ["All News", "b.example", "c.example"]


def test_the_picture_is_the_leads_or_else_anothers_and_always_of_the_web(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    plain = article("Bridge closes", image="data:image/png;base64,AAAA")
    with_picture = article("Bridge shut", image="https://ledger.example/2.jpg")

    stories = compose(newsletter, [cluster(plain, with_picture), cluster(article("Zoo news"))], edition).stories

    assert [story.picture for story in stories] == [Picture(url="https://ledger.example/2.jpg", alt=""), None]


def test_a_story_that_moved_on_is_marked_as_an_update(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    draft = compose(newsletter, [cluster(article(), update_of=EditionId(41)), cluster(article())], edition)

    assert [story.is_update for story in draft.stories] == [True, False]


def test_the_subject_is_the_headline_of_greatest_score_and_the_preheader_the_next(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    clusters = [
        cluster(article("Okapi named"), total=1),
        cluster(article("Rovers reach the final"), total=9, section="sport"),
        cluster(article("Rates stay at 2.5 percent"), total=5, section="business"),
    ]

    draft = compose(newsletter, clusters, edition)

    assert draft.subject == "Rovers reach the final"
    assert draft.preheader == "Rates stay at 2.5 percent · Okapi named"


def test_the_only_story_explains_itself_in_the_preheader(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    draft = compose(newsletter, [cluster(article("Bridge closes", summary="Two pylons have cracks."))], edition)

    assert draft.preheader == "Two pylons have cracks."


def test_a_draft_comes_back_from_json_as_it_was(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    told = cluster(article(image="https://a.example/1.jpg"), article("Grève à Valmont"), update_of=EditionId(41))
    draft = compose(newsletter, [told, cluster(article(), left_out="no headline")], edition)

    assert Draft.from_json(draft.to_json()) == draft


Offer = tuple[str, str, int, str]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    offers=st.lists(
        st.tuples(
            st.sampled_from(["city", "business", "sport", "gone"]),
            st.sampled_from(["a.example", "b.example", "c.example"]),
            st.integers(0, 12),
            st.sampled_from(["", "", "", "no headline"]),
        ),
        max_size=40,
    ),
    per_source=st.integers(0, 3),
)
def test_quota_cap_and_uniqueness_hold_for_any_clusters(
    newsletter: Newsletter,
    edition: EditionFacts,
    article: Article,
    cluster: Clusters,
    offers: list[Offer],
    per_source: int,
) -> None:
    limited = replace(newsletter, weights=replace(newsletter.weights, per_source=per_source))
    clusters = [
        cluster(article(publisher=host, url_key=f"{host}/{key}"), article(), section=section, left_out=left_out)
        for section, host, key, left_out in offers
    ]

    draft = compose(limited, clusters, edition)

    used = [number for story in draft.stories for number in story.article_ids]
    assert len(used) == len(set(used))
    for section in draft.sections:
        assert 1 <= len(section.stories) <= limited.section(section.slug).stories
        capped = [one for one in draft.bench if one.section == section.slug and "already leads" in one.reason]
        assert not capped or len(section.stories) == limited.section(section.slug).stories
    assert len(draft.stories) + len(draft.bench) == min(len(clusters), len(draft.stories) + 20)


def test_a_supposed_time_is_not_shown_as_the_time_of_a_story(
    newsletter: Newsletter, edition: EditionFacts, article: Article, cluster: Clusters
) -> None:
    draft = compose(newsletter, [cluster(article(is_dated=False)), cluster(article())], edition)

    assert draft.stories[0].published is None
    assert draft.stories[1].published is not None
    assert Draft.from_json(draft.to_json()) == draft
