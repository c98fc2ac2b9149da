"""Where a summary is cut."""

import pytest

from digest.render.sentence import briefly


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("Short enough.", 40, "Short enough."),
        ("The dam held all night. Then the wind turned to the east.", 40, "The dam held all night."),
        ("The dam held. The wind turned. The sun rose over it.", 31, "The dam held. The wind turned."),
        ("“The dam held all night.” Then the wind turned to the east.", 40, "“The dam held all night.”"),
        ("Dr. Amara Quill and J. Brandt met. No. 7 of the yards was shut.", 40, "Dr. Amara Quill and J. Brandt met."),
        (
            "The bridge was opened on the 3. May by the U.S. envoy and a goat.",
            50,
            "The bridge was opened on the 3. May by the U.S…",
        ),
        (
            "A vote of 2.75 per cent was enough for all of them this year.",
            40,
            "A vote of 2.75 per cent was enough for…",
        ),
        (
            "The capsule came down in a field, carrying dust that is older than us.",
            50,
            "The capsule came down in a field…",
        ),
        (
            "Yes. But the long story of the capsule has not yet been told.",
            40,
            "Yes. But the long story of the capsule…",
        ),
        ("列車は朝に着いた。乗客は誰もいなかったという話である。", 14, "列車は朝に着いた。"),
    ],
)
def test_a_summary_ends_with_a_sentence_else_a_clause_else_a_word(text: str, limit: int, cut: str) -> None:
    assert briefly(text, limit) == cut
    assert len(cut) <= limit


def test_one_endless_word_is_cut_all_the_same() -> None:
    assert briefly("x" * 50, 10) == "x" * 9 + "…"
