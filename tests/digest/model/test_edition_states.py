"""An Edition moves only as its table of states allows, and says so in words that help."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.errors import WrongState
from digest.model.draft import Draft
from digest.model.edition import MOVES, Edition, EditionState
from digest.model.pieces import Shell
from digest.model.rendered import Phrases, RenderedDigest
from subscribers.cadence import Cadence
from subscribers.segments import EVERYBODY, Segment

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
DAY = date(2026, 11, 23)
DRAFT = Draft(
    newsletter="morning", cadence=Cadence.DAILY, date=DAY, number=7, subject="News", preheader="", sections=()
)
GERMAN = Segment(languages=("de",))
SHELL = Shell(opening=(), today=(), today_end=(), closing=())
RENDERED = RenderedDigest(
    subject="News",
    language="en",
    preheader="",
    phrases=Phrases(anyone="you", reading=("1 min read",), follows_all="", follows="{}"),
    topics=(),
    sections=(),
    html=SHELL,
    text=SHELL,
    longest={},
)

#: Each act, and the state that it leads to.
ACTS: dict[str, tuple[Callable[[Edition], None], EditionState]] = {
    "save": (lambda e: e.save(DRAFT, period=(NOW - timedelta(days=1), NOW), coverage=(3, 4)), EditionState.DRAFT),
    "hold": (lambda e: e.hold("held by anna"), EditionState.HELD),
    "skip": (lambda e: e.skip("too little news"), EditionState.SKIPPED),
    "approve": (lambda e: e.approve(RENDERED, by="anna", at=NOW), EditionState.APPROVED),
    "begin": (lambda e: e.begin(), EditionState.SENDING),
    "finish": (lambda e: e.finish(NOW), EditionState.SENT),
}


def edition(state: EditionState) -> Edition:
    return Edition(newsletter="morning", cadence=Cadence.DAILY, date=DAY, due_at=NOW, state=state, draft_version=0)


@pytest.mark.parametrize("state", EditionState)
@pytest.mark.parametrize("act", ACTS)
def test_an_act_moves_an_edition_as_the_table_says_or_is_refused(act: str, state: EditionState) -> None:
    given, (do, leads_to) = edition(state), ACTS[act]
    may = leads_to in MOVES[state] or (act == "begin" and state is EditionState.SENDING)
    if (act, state) == ("approve", EditionState.PAUSED):
        may = False  # back to approved it comes when it is resumed, with what was frozen

    try:
        do(given)
    except WrongState as refusal:
        told = str(refusal)
    else:
        told = ""

    assert given.state is (leads_to if may else state)
    assert (not told) == may
    if not may:
        assert told.startswith(f"edition morning daily 2026-11-23 is {state}; only one that is ")
        assert told.endswith(f" can become {leads_to}")


@pytest.mark.parametrize(("is_begun", "state"), [(True, EditionState.SENDING), (False, EditionState.APPROVED)])
def test_a_resumed_edition_goes_on_where_it_was_paused(*, is_begun: bool, state: EditionState) -> None:
    given = edition(EditionState.PAUSED)

    given.resume(is_begun=is_begun)

    assert given.state is state


OPEN = [EditionState.DRAFT, EditionState.HELD]


@pytest.mark.parametrize("state", OPEN)
def test_pictures_make_a_new_version_of_the_draft(state: EditionState) -> None:
    given, more = edition(state), replace(DRAFT, subject="News, illustrated")

    given.illustrate(more)

    assert (given.draft, given.draft_version, given.state) == (more, 1, state)


@pytest.mark.parametrize("state", [state for state in EditionState if state not in OPEN])
def test_what_no_editor_can_change_any_more_gets_no_pictures(state: EditionState) -> None:
    given = edition(state)

    with pytest.raises(WrongState, match=f"is {state}; only one that is draft or held can get pictures"):
        given.illustrate(DRAFT)

    assert (given.draft_json, given.draft_version) == (None, 0)


@pytest.mark.parametrize("state", OPEN)
def test_an_edit_makes_a_new_version_of_the_draft_and_leaves_the_state(state: EditionState) -> None:
    given, other = edition(state), replace(DRAFT, subject="News, edited")

    given.edit(other)

    assert (given.draft, given.draft_version, given.state) == (other, 1, state)


@pytest.mark.parametrize("state", [state for state in EditionState if state not in OPEN])
def test_what_is_frozen_cannot_be_edited(state: EditionState) -> None:
    given = edition(state)

    with pytest.raises(WrongState, match=f"is {state}; only one that is draft or held can be edited"):
        given.edit(DRAFT)

    assert (given.draft_json, given.draft_version) == (None, 0)


@pytest.mark.parametrize("state", [state for state in EditionState if state is not EditionState.HELD])
def test_only_a_held_edition_can_be_released(state: EditionState) -> None:
    given = edition(state)

    with pytest.raises(WrongState, match=f"is {state}; only a held edition can be released"):
        given.release()

    assert given.state is state


def test_a_released_edition_is_a_draft_again_and_forgets_why_it_was_held() -> None:
    given = edition(EditionState.DRAFT)
    given.hold("held by anna")

    given.release()

    assert given.state is EditionState.DRAFT
    assert given.reason == ""


@pytest.mark.parametrize("state", [EditionState.SKIPPED, EditionState.CANCELLED])
def test_an_edition_that_has_come_to_its_end_stays_there(state: EditionState) -> None:
    assert MOVES[state] == frozenset()


def test_the_table_knows_every_state() -> None:
    assert set(MOVES) == set(EditionState)


def test_an_approved_edition_keeps_its_pages_its_hash_and_who_approved_it() -> None:
    given = edition(EditionState.HELD)
    given.reason = "only 1 of 4 sources answered"

    given.approve(RENDERED, by="anna@example.org", at=NOW)

    assert given.rendered == RENDERED
    assert given.rendered_hash == RENDERED.sha256
    assert (given.approved_by, given.approved_at, given.reason) == ("anna@example.org", NOW, "")


def test_a_saved_draft_comes_back_as_it_was_with_its_number_and_coverage() -> None:
    given = edition(EditionState.PLANNED)

    given.save(DRAFT, period=(NOW - timedelta(days=1), NOW), coverage=(3, 4))

    assert given.draft == DRAFT
    assert given.number == 7
    assert given.coverage == "3 of 4 sources answered"


def test_an_edition_without_a_draft_says_how_to_make_one() -> None:
    given = edition(EditionState.PLANNED)

    with pytest.raises(WrongState, match="has no draft yet; run `digest edition prepare morning`"):
        _ = given.draft


def test_a_skipped_edition_says_why_it_has_no_draft() -> None:
    given = edition(EditionState.PLANNED)
    given.skip("too little news: 1 of at least 3 stories")

    with pytest.raises(WrongState, match="is skipped, for too little news: 1 of at least 3 stories"):
        _ = given.draft


def test_pages_before_approval_are_refused() -> None:
    given = edition(EditionState.DRAFT)

    with pytest.raises(WrongState, match="is draft; only an approved edition has its pages frozen"):
        _ = given.rendered


@pytest.mark.parametrize("act", ["hold", "skip"])
def test_a_reason_of_any_length_fits_its_column(act: str) -> None:
    given = edition(EditionState.DRAFT)

    getattr(given, act)("why " * 1000)

    assert len(given.reason) == 500


def special(state: EditionState) -> Edition:
    given = edition(state)
    given.cadence = Cadence.SPECIAL
    return given


@pytest.mark.parametrize("state", EditionState)
def test_a_special_edition_is_aimed_at_readers_only_while_an_editor_can_change_it(state: EditionState) -> None:
    given = special(state)

    if state in {EditionState.DRAFT, EditionState.HELD}:
        given.aim(GERMAN)
        assert given.audience == GERMAN
    else:
        with pytest.raises(WrongState, match=f"is {state}, for every reader; give another date"):
            given.aim(GERMAN)
        assert given.audience == EVERYBODY


def test_an_edition_of_the_rhythm_is_for_all_who_get_it() -> None:
    with pytest.raises(WrongState, match="is for all who get it daily; only a special one is for some readers"):
        edition(EditionState.DRAFT).aim(GERMAN)


def test_an_approval_makes_a_special_edition_due_and_leaves_the_hour_of_others() -> None:
    daily, other = edition(EditionState.DRAFT), special(EditionState.DRAFT)

    for given in (daily, other):
        given.approve(RENDERED, by="anna", at=NOW + timedelta(hours=2))

    assert (daily.due_at, other.due_at) == (NOW, NOW + timedelta(hours=2))
