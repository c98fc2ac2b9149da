"""What holds whatever editors do, in whatever order."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.compose.edit.acts import (
    Act,
    Add,
    Drop,
    Lead,
    MarkUpdate,
    Merge,
    Move,
    Pin,
    Place,
    Rewrite,
    Shift,
    Show,
    Split,
    Unpin,
    Word,
)
from digest.compose.edit.difference import differences
from digest.compose.edit.following import done
from digest.errors import WrongState
from digest.model.draft import Draft
from digest.model.ids import ArticleId
from tests.digest.compose.drafts import NEWSLETTER, drawn, story

ORDER = [plan.slug for plan in NEWSLETTER.sections]

# Few keys, so that acts meet; those of articles that do not lead, and of none, among them.
KEYS = st.sampled_from([*(f"a{n}" for n in (1, 2, 3, 4, 6, 7, 11, 12, 16)), "o1", "a99"])
ARTICLES = st.sampled_from([1, 2, 4, 6, 11, 12, 16]).map(ArticleId)
SLUGS = st.sampled_from(ORDER)
TEXTS = st.text(max_size=12) | st.sampled_from(["\u202egnp", "<script>", "x" * 400])
ACTS: st.SearchStrategy[Act] = st.one_of(
    st.builds(Pin, KEYS),
    st.builds(Unpin, KEYS),
    st.builds(Drop, KEYS),
    st.builds(Place, KEYS, SLUGS | st.just("")),
    st.builds(Move, KEYS, SLUGS, KEYS | st.just("")),
    st.builds(Shift, KEYS, up=st.booleans()),
    st.builds(Merge, KEYS, KEYS),
    st.builds(Split, KEYS, ARTICLES),
    st.builds(Lead, KEYS, ARTICLES),
    st.builds(Show, KEYS, st.sampled_from(["", "https://x.example/a.jpg", "https://paper11.example/11.jpg"])),
    st.builds(Rewrite, KEYS, st.none() | TEXTS, st.none() | TEXTS, st.none() | TEXTS),
    st.builds(MarkUpdate, KEYS, is_update=st.booleans()),
    st.builds(
        Add,
        SLUGS,
        TEXTS,
        url=st.sampled_from(["", "https://x.example/"]),
        own_key=st.sampled_from(["o1", "o2"]),
        article_id=st.none() | ARTICLES,
    ),
    st.builds(Word, st.none() | TEXTS, st.none() | TEXTS, st.none() | TEXTS),
)
# On two Stories, so that two of them meet.
FEW = st.sampled_from(["a1", "a2"])
WRITINGS: st.SearchStrategy[Act] = st.one_of(
    st.builds(Rewrite, FEW, st.sampled_from(["A", "B"]), st.sampled_from(["C", "D"]), st.sampled_from(["E", "F"])),
    st.builds(Merge, FEW, FEW),
    st.builds(Word, st.sampled_from(["G", "H"]), st.sampled_from(["I", "J"]), st.sampled_from(["K", "L"])),
)


def start() -> Draft:
    """Return a Draft the bench of which holds some articles that its Stories hold too."""
    return drawn(
        ("city", [story(1, 11, 12), story(2)]), ("sport", [story(3), story(4)]), bench=(story(6, 16), story(7, 2, 11))
    )


def after(draft: Draft, acts: Sequence[Act]) -> Draft:
    """Return *draft* after those of *acts* that make sense."""
    for act in acts:
        with suppress(WrongState):
            draft = done(act, draft, NEWSLETTER)
    return draft


@settings(max_examples=400, deadline=None)
@given(acts=st.lists(ACTS, max_size=12))
def test_a_draft_stays_whole(acts: list[Act]) -> None:
    draft = after(start(), acts)

    used = [article for one in draft.stories for article in one.article_ids]
    keys = [one.key for one in draft.stories]
    slugs = [section.slug for section in draft.sections]
    assert len(set(used)) == len(used)
    assert len(set(keys)) == len(keys)
    assert all(keys)
    assert slugs == [slug for slug in ORDER if slug in slugs]
    assert all(section.stories for section in draft.sections)
    assert draft.stories
    assert len(draft.bench) <= 40
    assert draft.subject
    assert all(one.headline for one in draft.stories)
    assert Draft.from_json(draft.to_json()) == draft


@settings(max_examples=300, deadline=None)
@given(acts=st.lists(ACTS, max_size=8))
def test_what_an_act_changes_is_told_and_what_it_does_not_is_not(acts: list[Act]) -> None:
    states = [start()]
    for act in acts:
        assert act.told(states[-1])
        states.append(after(states[-1], [act]))

    for before, now in pairwise(states):
        assert differences(before, before) == ()
        assert bool(differences(before, now)) == (_seen(before) != _seen(now))


@settings(max_examples=300, deadline=None)
@given(before=st.lists(ACTS, max_size=6), act=ACTS)
def test_doing_the_same_twice_at_once_does_no_more_than_once(before: list[Act], act: Act) -> None:
    base = after(start(), before)
    once = after(base, [act])

    twice = once if act.touches(base) != act.touches(once) else after(once, [act])

    assert twice == once


@settings(max_examples=400, deadline=None)
@given(before=st.lists(ACTS, max_size=2), theirs=WRITINGS | ACTS, mine=WRITINGS | ACTS)
def test_of_two_acts_at_once_both_are_in_the_draft_or_one_collides(before: list[Act], theirs: Act, mine: Act) -> None:
    base = after(start(), before)
    now = after(base, [theirs])

    if mine.touches(base) == mine.touches(now):
        draft = after(now, [mine])

        assert _texts(draft) >= _texts(now) - _texts(base) - _given_up(mine, now, draft)


def _texts(draft: Draft) -> set[tuple[str, str]]:
    """Return every text that somebody may have written, with what it is."""
    around = {("subject", draft.subject), ("preheader", draft.preheader), ("intro", draft.intro)}
    seats = [seat.story for seat in draft.bench if seat.story is not None]
    return around | {
        (name, getattr(one, name))
        for one in (*draft.stories, *seats)
        for name in ("headline", "summary", "note")
        if one.is_edited or name == "note"
    }


def _given_up(mine: Act, now: Draft, draft: Draft) -> set[tuple[str, str]]:
    """Return the subject and preheader that nobody wrote, and that follow the Stories of *draft*."""
    if isinstance(mine, Word):
        return set()
    return {
        (name, getattr(now, name)) for name in ("subject", "preheader") if getattr(now, name) != getattr(draft, name)
    }


def _seen(draft: Draft) -> object:
    """Return what of *draft* an editor sees, the bench aside."""
    return (
        (draft.subject, draft.preheader, draft.intro),
        [
            (
                section.slug,
                [
                    (
                        (one.headline, one.summary, one.note, one.url, one.source),
                        (one.article_id, one.is_update, one.score.is_pinned, one.picture),
                        {link.url for link in one.also},
                    )
                    for one in section.stories
                ],
            )
            for section in draft.sections
        ],
    )
