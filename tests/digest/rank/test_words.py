from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model.candidate import Candidate
from digest.rank.words import headline_words, opening_words, slug_words, stem, telling, words

Article = Callable[..., Candidate]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Élection", "election"),
        ("GRÜßE", "grusse"),
        ("Norvik\u2019s", "Norvik's"),
        ("\uff21\uff22\uff23", "abc"),
        ("हिन्दी", "हिनदी"),
    ],
)
def test_spellings_of_one_word_agree(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_a_script_without_spaces_comes_in_pairs_of_characters() -> None:
    assert words("電池工場 2033") == ["電池", "池工", "工場", "2033"]


def test_a_word_with_vowel_signs_stays_whole() -> None:
    assert len(words("हिन्दी समाचार")) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("recalls", "recalled"),
        ("battery", "batteries"),
        ("Werften", "Werft"),
        ("strikes", "strike"),
        ("grève", "grèves"),
    ],
)
def test_forms_of_one_word_share_a_stem(one: str, other: str) -> None:
    assert telling(words(one)) == telling(words(other))


def test_short_words_keep_their_endings() -> None:
    assert [stem(word) for word in ("eu", "kia", "gas", "bus")] == ["eu", "kia", "gas", "bus"]


def test_function_words_of_several_languages_tell_nothing() -> None:
    assert telling(words("The of und mit avec pour también der los")) == telling(words("también"))


def test_the_frames_of_headlines_tell_nothing() -> None:
    frames = [
        "Everything you need to know about",
        "Ce qu'il faut savoir",
        "Was Sie wissen müssen",
        "Lo que debes saber",
    ]

    assert [telling(words(frame)) for frame in frames] == [[], [], [], []]


def test_the_publishers_name_at_the_end_of_a_title_is_no_part_of_the_headline(article: Article) -> None:
    plain = article("Norvik recalls vans")
    signed = article("Norvik recalls vans - The Herald", source_name="The Herald")
    only_the_name = article("The Herald", source_name="The Herald")

    assert headline_words(signed) == headline_words(plain)
    assert headline_words(only_the_name) == ["the", "herald"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://herald.example/2031/05/06/norvik-recalls-vans-4711.html", ["norvik", "recalls", "vans"]),
        ("https://herald.example/a/12345", []),
        ("https://herald.example/gr%C3%A8ve-%C3%A0-valmont", ["greve", "a", "valmont"]),
        ("https://herald.example/norvik%2Dvans?ref=top-of-page#read-on", ["norvik", "vans"]),
        ("https://herald.example", []),
        ("https://[herald/norvik-vans", ["norvik", "vans"]),
        ("", []),
    ],
)
def test_the_slug_is_the_longest_hyphenated_part_without_its_numbers(url: str, expected: list[str]) -> None:
    assert slug_words(url) == expected


def test_only_the_first_forty_words_of_a_summary_count() -> None:
    assert len(opening_words("word " * 500)) == 40


@given(st.text(max_size=200))
def test_any_text_has_words_that_are_never_empty(text: str) -> None:
    assert all(words(text)) or words(text) == []
    assert all(telling(words(text))) or telling(words(text)) == []
