from collections.abc import Callable

import numpy as np

from digest.model.candidate import Candidate
from digest.rank.vectors import by_rarity_among_events, term_vectors, unit_rows

Article = Callable[..., Candidate]


def four(article: Article) -> list[Candidate]:
    return [
        article("Norvik recalls vans over battery fires"),
        article("Battery fires force Norvik recall", summary="Three depots burned."),
        article("Zoo names newborn okapi Pemba"),
        article("?"),
    ]


def test_a_row_is_shorter_than_one_by_what_the_article_leaves_unsaid(article: Article) -> None:
    lengths = np.sqrt(term_vectors(four(article)).power(2).sum(axis=1))

    assert 0 < lengths[0] < lengths[1] < 1
    assert lengths[3] == 0


def test_rarity_among_events_of_one_article_each_is_rarity_among_articles(article: Article) -> None:
    vectors = term_vectors(four(article))

    again = by_rarity_among_events(vectors, np.arange(4))

    assert np.allclose(again.toarray(), vectors.toarray())


def test_a_word_of_one_event_tells_more_than_its_articles_alone_say(article: Article) -> None:
    vectors = term_vectors(four(article))

    among_events = by_rarity_among_events(vectors, np.array([0, 0, 1, 2]))

    assert among_events[[0]].multiply(among_events[[1]]).sum() > vectors[[0]].multiply(vectors[[1]]).sum()


def test_the_order_of_candidates_changes_no_row(article: Article) -> None:
    candidates = four(article)

    assert np.array_equal(term_vectors(candidates[::-1]).toarray(), term_vectors(candidates).toarray()[::-1])


def test_unit_rows_keep_rows_of_zeros(article: Article) -> None:
    lengths = np.sqrt(unit_rows(term_vectors(four(article))).power(2).sum(axis=1))

    assert np.allclose(lengths, [1, 1, 1, 0])
