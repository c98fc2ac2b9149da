from collections.abc import Callable
from datetime import timedelta

from digest.model.candidate import Candidate
from digest.rank.identity import distinct, wire_copies

Article = Callable[..., Candidate]
HEADLINE = "Norvik recalls 40,000 delivery vans over battery fires"


def test_one_address_from_two_sources_is_one_candidate_of_the_weightier_source(article: Article) -> None:
    light = article(HEADLINE, url_key="herald.example/vans", source_key="all", source_weight=1.0)
    heavy = article(HEADLINE, url_key="herald.example/vans", source_key="front", source_weight=2.0)

    kept = distinct([light, heavy])

    assert kept == [heavy]


def test_the_same_title_at_two_publishers_is_one_report(article: Article) -> None:
    first = article(HEADLINE, "herald.example", ago=5)
    copy = article(HEADLINE.upper() + " - Ledger", "ledger.example", ago=3)

    groups = wire_copies([first, copy])

    assert groups == [[first, copy]]


def test_a_title_changed_by_one_word_in_ten_is_one_report(article: Article) -> None:
    first = article("Norvik recalls 40,000 delivery vans over battery fires in three depots", "herald.example")
    copy = article("Norvik recalls 40,000 delivery vans after battery fires in three depots", "ledger.example")

    assert len(wire_copies([first, copy])) == 1


def test_a_source_that_repeats_its_title_tells_two_things(article: Article) -> None:
    monday = article("Eastmouth morning briefing from our newsroom", ago=28)
    tuesday = article("Eastmouth morning briefing from our newsroom", ago=4)

    assert len(wire_copies([monday, tuesday])) == 2


def test_a_short_title_is_a_columns_name_and_no_report(article: Article) -> None:
    assert len(wire_copies([article("Live updates", "herald.example"), article("Live updates", "ledger.example")])) == 2


def test_titles_more_than_three_days_apart_are_two_reports(article: Article) -> None:
    late = article(HEADLINE, "herald.example", ago=1)
    early = article(HEADLINE, "ledger.example", ago=1 + timedelta(hours=73) / timedelta(hours=1))

    assert len(wire_copies([early, late])) == 2


def test_candidates_without_words_are_never_copies_of_each_other(article: Article) -> None:
    empty = [article("", "a.example"), article("", "b.example"), article("???", "c.example"), article("…", "d.example")]

    assert len(wire_copies(empty)) == 4


def test_likeness_does_not_wander_from_copy_to_copy(article: Article) -> None:
    titles = ["alpha bravo charlie delta echo", "bravo charlie delta echo", "charlie delta echo foxtrot"]
    chain = [article(title, f"{title[:5].strip()}.example", ago=5) for title in titles]

    groups = wire_copies(chain)

    assert [len(group) for group in groups] == [2, 1]
