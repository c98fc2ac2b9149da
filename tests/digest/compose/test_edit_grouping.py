"""The acts that say which articles tell one event, and what ranking learns from them."""

from dataclasses import replace

import pytest

from digest.compose.edit.acts import Add, Drop, Lead, Merge, Place, Rewrite, Split
from digest.compose.edit.said import Said, said
from digest.errors import WrongState
from digest.model.candidate import RulingKind
from digest.model.draft import Picture
from digest.model.ids import ArticleId
from tests.digest.compose.drafts import after, called, drawn, keys, paper, story

A11, A12 = ArticleId(11), ArticleId(12)


def test_a_merged_story_becomes_a_source_with_all_its_sources() -> None:
    draft = after(paper(), Merge("a1", "a4"))

    assert called(draft, "a4").article_ids == (4, 1, 11, 12)
    assert called(draft, "a4").also[0].title == "Headline 1"
    assert keys(draft) == {"city": ["a2", "a3"], "sport": ["a4", "a5"]}


def test_merging_twice_does_no_more_than_once() -> None:
    once = after(paper(), Merge("a1", "a4"))

    assert after(once, Merge("a1", "a4")) == once


def test_a_story_is_not_merged_with_itself() -> None:
    with pytest.raises(WrongState, match="cannot be merged with itself"):
        after(paper(), Merge("a1", "a1"))


def test_an_item_without_a_link_is_no_source_of_another() -> None:
    draft = after(paper(), Add("city", "We are moving", own_key="o1"))

    with pytest.raises(WrongState, match="has no link, so it cannot be a source of another; drop it instead"):
        after(draft, Merge("o1", "a1"))


def test_a_source_that_is_split_off_stands_right_after_its_story() -> None:
    draft = after(paper(), Split("a1", A11))

    assert keys(draft)["city"] == ["a1", "a11", "a2", "a3"]
    assert called(draft, "a1").article_ids == (1, 12)
    fresh = called(draft, "a11")
    assert (fresh.headline, fresh.url, fresh.summary) == ("Headline 11", "https://paper11.example/11", "Summary 11.")
    assert fresh.picture == Picture(url="https://paper11.example/11.jpg")


def test_a_picture_goes_with_the_source_that_it_came_from() -> None:
    shown = replace(story(1, 11, 12), picture=Picture(url="https://paper11.example/11.jpg"))

    draft = after(drawn(("city", [shown])), Split("a1", A11))

    assert called(draft, "a1").picture == Picture(url="https://paper12.example/12.jpg")


def test_splitting_twice_does_no_more_than_once() -> None:
    once = after(paper(), Split("a1", A11))

    assert after(once, Split("a1", A11)) == once


def test_the_lead_is_not_split_off() -> None:
    with pytest.raises(WrongState, match="is led by that article; let another lead before you split it off"):
        after(paper(), Split("a1", ArticleId(1)))


def test_an_article_that_is_no_source_is_named() -> None:
    with pytest.raises(WrongState, match="article 99 is not among the sources of “Headline 1” any more"):
        after(paper(), Split("a1", ArticleId(99)))


def test_another_article_leads_with_its_texts() -> None:
    draft = after(paper(), Lead("a1", A12))

    led = called(draft, "a12")
    assert (led.headline, led.source, led.summary, led.url) == (
        "Headline 12",
        "Paper 12",
        "Summary 12.",
        "https://paper12.example/12",
    )
    assert led.article_ids == (12, 11, 1)
    assert after(draft, Lead("a12", ArticleId(1)), Lead("a1", A12)) == draft


def test_an_editors_texts_stay_whoever_leads() -> None:
    draft = after(paper(), Rewrite("a1", headline="Told by us"), Lead("a1", A12))

    assert (called(draft, "a12").headline, called(draft, "a12").source) == ("Told by us", "Paper 12")


def test_what_was_meant_for_a_story_finds_it_under_another_lead() -> None:
    draft = after(paper(), Lead("a1", A12), Rewrite("a1", note="Told by us"))

    assert called(draft, "a12").note == "Told by us"


def test_an_own_item_with_sources_may_be_led_by_one_of_them_and_is_still_found() -> None:
    own = Add("city", "We were there", url="https://ours.example/", own_key="o1")

    draft = after(paper(), own, Merge("a2", "o1"), Lead("o1", ArticleId(2)), Rewrite("o1", note="Ours"))

    led = called(draft, "a2")
    assert (led.headline, led.url, led.note) == ("We were there", "https://paper2.example/2", "Ours")
    assert led.also[0].url == "https://ours.example/"


def test_ranking_learns_what_was_merged_and_split_and_nothing_else() -> None:
    base = paper()
    merged, split = after(base, Merge("a1", "a4")), after(base, Split("a1", A11))

    assert said(base, merged) == (Said(RulingKind.MERGE, ArticleId(4), ArticleId(1)),)
    assert said(base, split) == (Said(RulingKind.SPLIT, ArticleId(1), A11),)
    assert said(base, after(base, Lead("a1", A12))) == ()
    assert said(base, after(base, Drop("a1"))) == ()
    assert said(base, after(base, Place("a6"))) == ()
    assert said(after(base, Drop("a1")), base) == ()


def test_acts_say_what_they_do() -> None:
    draft = paper()

    assert Merge("a1", "a4").told(draft) == "merged “Headline 1” into “Headline 4”"
    assert Split("a1", A11).told(draft) == "split Paper 11 off “Headline 1”"
    assert Lead("a1", A11).told(draft) == "let Paper 11 lead “Headline 1”"
