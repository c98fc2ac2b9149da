"""Small newsletters, where a rarity count knows little: strangers stay strangers, in any language."""

import csv
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from digest.model.candidate import Candidate
from digest.rank.cluster import same_events
from digest.rank.vectors import term_vectors

Article = Callable[..., Candidate]
THRESHOLD = 0.24


@pytest.fixture
def a_week(article: Article) -> Mapping[Candidate, str]:
    """Fifty-seven headlines without summaries, in five languages, each with the event that it tells."""
    with Path(__file__).with_name("a_small_week_of_headlines.tsv").open(encoding="utf-8") as lines:
        return {
            article(row["title"], row["publisher"], ago=float(row["ago"]), section=row["section"]): row["event"]
            for row in csv.DictReader(lines, delimiter="\t")
        }


def events_of(candidates: list[Candidate]) -> list[list[Candidate]]:
    found = same_events(candidates, term_vectors(candidates), THRESHOLD)
    return [[candidates[at] for at in event] for event in found]


def test_a_small_week_in_five_languages_glues_no_strangers(a_week: Mapping[Candidate, str]) -> None:
    for event in events_of(list(a_week)):
        assert len({a_week[candidate] for candidate in event}) == 1, [candidate.title for candidate in event]


def test_a_small_week_finds_nearly_all_its_events(a_week: Mapping[Candidate, str]) -> None:
    told: dict[str, set[str]] = defaultdict(set)
    for candidate, event in a_week.items():
        told[event].add(candidate.url_key)
    found = [{candidate.url_key for candidate in event} for event in events_of(list(a_week))]

    whole = [event for event, keys in told.items() if len(keys) > 1 and keys in found]

    assert set(whole) >= {"virus", "tram", "vino", "phare", "kran"}


@pytest.mark.parametrize("seed", range(8))
def test_any_twenty_of_them_glue_no_strangers(a_week: Mapping[Candidate, str], seed: int) -> None:
    twenty = random.Random(seed).sample(list(a_week), 20)

    for event in events_of(twenty):
        assert len({a_week[candidate] for candidate in event}) == 1, [candidate.title for candidate in event]


@pytest.mark.parametrize("title", ["Dream", "Privacy Policy", "Live updates", "Das Wetter", "天気", "?!"])
def test_a_title_of_one_or_two_words_is_no_event(article: Article, title: str) -> None:
    pages = [
        article(title, f"{name}.example", url=f"https://{name}.example/{title.lower().replace(' ', '-')}")
        for name in ("one", "two", "three")
    ]
    others = [article(f"Village number {at} elects its mayor", f"village{at}.example") for at in range(3)]

    found = events_of([*pages, *others])

    assert all([page] in found for page in pages)


def test_a_short_title_with_a_telling_summary_joins_its_event(article: Article) -> None:
    live = article("Live updates", "radio.example", summary="Storm Henrike cuts power to 90,000 homes on the coast.")
    told = article("Storm Henrike cuts power to 90,000 homes", "herald.example")
    strangers = [article("Zoo names newborn okapi"), article("Composer wins the Lumen prize")]

    assert [live, told] in events_of([live, told, *strangers])


def test_an_event_of_fifty_publishers_takes_in_each_of_them_and_no_stranger(
    a_week: Mapping[Candidate, str], article: Article
) -> None:
    angles = ["rocket explodes on launch pad", "explosion injures four", "shares fall after rocket explosion",
              "engineers search for cause of explosion", "launch pad explosion seen forty miles away"]  # fmt: skip
    flood = [article(f"Orbiton {angles[at % 5]}", f"paper{at}.example", ago=2 + at % 7) for at in range(50)]

    found = events_of([*flood, *a_week])

    assert {candidate.url_key for candidate in flood} in [{one.url_key for one in event} for event in found]


def test_one_rare_word_in_common_is_a_coincidence(a_week: Mapping[Candidate, str], article: Article) -> None:
    one = article("Scorched earth: how Jos Renner fought the takeover", "a.example")
    other = article("Gardeners mourn a scorched July", "b.example")

    found = events_of([*a_week, one, other])

    assert [one] in found
    assert [other] in found
