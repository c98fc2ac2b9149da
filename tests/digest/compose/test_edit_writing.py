"""The acts that write: cleaned, limited, and never lost on the inbox."""

from typing import Any

import pytest

from digest.compose.edit.acts import Act, Add, Drop, MarkUpdate, Pin, Rewrite, Show, Word
from digest.errors import WrongState
from digest.model.draft import Picture
from digest.model.ids import ArticleId
from tests.digest.compose.drafts import after, called, keys, paper


def test_texts_are_cleaned_and_mark_the_story_as_edited() -> None:
    draft = after(
        paper(),
        Rewrite("a1", headline="  Cats\u202e and\x00 \n dogs ", summary="One.\r\n\r\n\r\nTwo\u2066.", note=" So "),
    )

    written = called(draft, "a1")
    assert (written.headline, written.summary, written.note) == ("Cats and dogs", "One.\n\nTwo .", "So")
    assert written.is_edited


def test_a_note_alone_does_not_mark_the_story_as_edited() -> None:
    assert not called(after(paper(), Rewrite("a1", note="So")), "a1").is_edited


def test_what_is_not_given_stays_and_what_is_the_same_changes_nothing() -> None:
    assert after(paper(), Rewrite("a1"), Rewrite("a1", headline="Headline 1", summary="Summary 1.")) == paper()


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (Rewrite("a1", headline="x" * 301), "the headline has 301 characters; at most 300 are possible"),
        (Rewrite("a1", summary="x" * 2001), "the summary has 2001 characters; at most 2000"),
        (Rewrite("a1", note="x" * 501), "the note has 501 characters; at most 500"),
        (Rewrite("a1", headline=" \u200b "), "the headline is empty; write at least a word"),
        (Word(subject="x" * 201), "the subject has 201 characters; at most 200"),
        (Word(preheader="x" * 301), "the preheader has 301 characters; at most 300"),
        (Word(intro="x" * 2001), "the intro has 2001 characters; at most 2000"),
        (Word(subject=""), "the subject is empty"),
        (Show("a1", "javascript:alert(1)"), "the picture's address “javascript:alert\\(1\\)” is no web address"),
        (Show("a1", "http://plain.example/a.jpg"), "give one that begins with https://$"),
        (Add("city", "H", url="ftp://x.example/", own_key="o1"), "the address “ftp://x.example/” is no web address"),
        (Add("city", "H", url="https://x.example/a b", own_key="o1"), "is no web address"),
        (Add("city", "H", url="https://[x/", own_key="o1"), "is no web address"),
        (Add("city", "H", image="data:,x", own_key="o1"), "the picture's address “data:,x” is no web address"),
        (Add("city", " ", own_key="o1"), "the headline is empty"),
        (Add("city", "H", own_key=""), "needs a key of its own"),
        (Add("city", "H", own_key="a1"), "needs a key of its own"),
        (Add("city", "H", own_key="o1/../.."), "needs a key of its own"),
        (Add("opera", "H", own_key="o1"), "no section “opera”"),
        (Add("city", "H"), "needs a key of its own"),
    ],
)
def test_what_cannot_be_printed_is_refused_with_its_remedy(act: Act, words: str) -> None:
    with pytest.raises(WrongState, match=words):
        after(paper(), act)


@pytest.mark.parametrize("field", ["headline", "summary", "note"])
def test_what_has_just_room_is_kept_whole(field: str) -> None:
    text = "x" * {"headline": 300, "summary": 2000, "note": 500}[field]
    given: dict[str, Any] = {field: text}

    assert getattr(called(after(paper(), Rewrite("a1", **given)), "a1"), field) == text


def test_a_picture_is_chosen_changed_and_taken_off() -> None:
    own = "https://pictures.example/cat.jpg"

    draft = after(paper(), Show("a1", "https://paper11.example/11.jpg"))

    assert called(draft, "a1").picture == Picture(url="https://paper11.example/11.jpg")
    assert called(after(draft, Show("a1", own)), "a1").picture == Picture(url=own)
    assert called(after(draft, Show("a1", "")), "a1").picture is None


def test_a_story_is_marked_as_an_update() -> None:
    draft = after(paper(), MarkUpdate("a1", is_update=True))

    assert called(draft, "a1").is_update
    assert after(draft, MarkUpdate("a1", is_update=False)) == paper()


def test_an_item_of_ones_own_stands_at_the_end_under_its_key() -> None:
    act = Add("sport", "We are moving", "On Monday.", "https://www.ours.example/x", own_key="o1f")

    draft = after(paper(), act)

    own = called(draft, "o1f")
    assert keys(draft)["sport"] == ["a4", "a5", "o1f"]
    assert (own.source, own.article_id, own.score.total, own.score.why) == ("ours.example", None, 0, "")
    assert called(after(paper(), Add("city", "We stay", own_key="o2")), "o2").source == "Eastmouth Daily"
    assert after(draft, act) == draft
    assert after(after(draft, Drop("o1f")), act) == after(draft, Drop("o1f"))


def test_an_item_tied_to_an_article_uses_it_up() -> None:
    act = Add("sport", "Seen there", url="https://x.example/", own_key="o1", article_id=ArticleId(50))

    draft = after(paper(), act)

    assert called(draft, "a50").article_ids == (50,)
    with pytest.raises(WrongState, match=r"“https://y\.example/” is in the draft already, with “Seen there”"):
        after(draft, Add("city", "H", url="https://y.example/", own_key="o2", article_id=ArticleId(50)))


def test_subject_preheader_and_intro_are_written() -> None:
    draft = after(paper(), Word(subject=" New\n subject "), Word(preheader="", intro="Good morning.\nIt rains."))

    assert (draft.subject, draft.preheader, draft.intro) == ("New subject", "", "Good morning.\nIt rains.")


def test_a_subject_that_nobody_wrote_follows_the_stories() -> None:
    draft = after(paper(), Word(subject="Headline 1", preheader="Headline 2 · Headline 3 · Headline 4"))

    dropped, pinned = after(draft, Drop("a1")), after(draft, Pin("a5"))
    retitled = after(draft, Rewrite("a1", headline="Another"))

    assert (dropped.subject, dropped.preheader) == ("Headline 2", "Headline 3 · Headline 4 · Headline 5")
    assert (pinned.subject, pinned.preheader) == ("Headline 5", "Headline 1 · Headline 2 · Headline 3")
    assert retitled.subject == "Another"


def test_a_subject_that_somebody_wrote_stays() -> None:
    draft = after(paper(), Drop("a1"))

    assert (draft.subject, draft.preheader) == ("A subject of one's own", "And a preheader")


def test_acts_say_what_they_do() -> None:
    draft = paper()

    assert [
        act.told(draft)
        for act in (
            Rewrite("a1", headline="B"),
            Rewrite("a1", headline="B", summary="C"),
            Rewrite("a1", summary="C", note="D"),
            MarkUpdate("a1", is_update=True),
            MarkUpdate("a1", is_update=False),
            Show("a1", "https://x.example/"),
            Show("a1", ""),
            Add("city", "Own", own_key="o1"),
            Word(subject="S"),
            Word(subject="S", intro="I"),
            Word(preheader="P", intro="I"),
        )
    ] == [
        "retitled “Headline 1” to “B”",
        "retitled “Headline 1” to “B” and rewrote its summary",
        "rewrote the summary and note of “Headline 1”",
        "marked “Headline 1” as an update",
        "took the update mark off “Headline 1”",
        "chose another picture for “Headline 1”",
        "took the picture off “Headline 1”",
        "added “Own” to City",
        "changed the subject “A subject of one's own” to “S”",
        "changed the subject “A subject of one's own” to “S” and rewrote the intro",
        "rewrote the preheader and intro",
    ]
