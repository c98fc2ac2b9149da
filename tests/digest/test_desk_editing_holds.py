"""What holds at the desk whatever two editors do, in whatever order, with whatever they have seen."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.compose.edit.acts import Act, Merge, Rewrite
from digest.desk import editing
from digest.desk.editing import Changed
from digest.errors import WrongState
from digest.model.draft import Draft
from digest.model.ids import EditionId
from digest.services import Services
from tests.conftest import MakeServices
from tests.digest.compose.drafts import paper
from tests.digest.compose.test_edit_holds import ACTS
from tests.digest.test_desk_editing import SECTIONS, draft_of, drafted, redone, stored, undone, version_of
from tests.fakes import FixedClock

EDITORS = st.sampled_from(["anna@example.org", "ben@example.org"])
# Two Stories, so that the editors meet.
FEW = st.sampled_from(["a1", "a2"])
NOTES: st.SearchStrategy[Act] = st.builds(Rewrite, FEW, note=st.just(""))
MERGES: st.SearchStrategy[Act] = st.builds(Merge, FEW, FEW)
DATES = (date(2032, 1, 1) + timedelta(days=day) for day in count())
#: Each example has an Edition of its own in the one database.
often = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str) -> Services:
    services = make_services(sqlite_url, more=SECTIONS)
    stored(services, replace(paper(), newsletter="morning"))
    return services


def fresh(services: Services) -> EditionId:
    return drafted(services, replace(paper(), newsletter="morning", date=next(DATES)))


@dataclass(frozen=True)
class Written:
    """A note that was accepted: for which Story, by whom, as which version."""

    note: str
    key: str
    by: str
    version: int


@often
@given(steps=st.lists(st.tuples(ACTS, EDITORS, st.integers(0, 90)), max_size=8))
def test_undoing_everything_gives_the_first_draft_back_and_redoing_it_the_last(
    services: Services, clock: FixedClock, steps: list[tuple[Act, str, int]]
) -> None:
    edition_id = fresh(services)
    first = draft_of(services, edition_id)
    for act, by, seconds in steps:
        clock.advance(timedelta(seconds=seconds))
        try:
            editing.change(services, edition_id, act, by=by, version=version_of(services, edition_id))
        except WrongState:
            continue
    last = draft_of(services, edition_id)

    back = 0
    while editing.ways(services, edition_id).undo is not None:
        undone(services, edition_id)
        back += 1
    earliest = draft_of(services, edition_id)
    for _ in range(back):
        redone(services, edition_id)

    assert earliest == first
    assert draft_of(services, edition_id) == last
    assert editing.ways(services, edition_id).redo is None


@often
@given(
    steps=st.lists(st.tuples(st.one_of(NOTES, NOTES, MERGES, ACTS), EDITORS, st.booleans()), min_size=2, max_size=10)
)
def test_no_note_is_lost_to_somebody_who_has_not_seen_it(
    services: Services, steps: list[tuple[Act, str, bool]]
) -> None:
    edition_id = fresh(services)
    seen = {"anna@example.org": 1, "ben@example.org": 1}
    written: list[Written] = []
    overwriting: list[tuple[int, str, int]] = []  # what can take a note away: its version, by whom, having seen what
    for number, (given_act, by, looks) in enumerate(steps):
        if looks:
            seen[by] = version_of(services, edition_id)
        act = replace(given_act, note=f"note {number}") if isinstance(given_act, Rewrite) else given_act
        try:
            answer = editing.change(services, edition_id, act, by=by, version=seen[by])
        except WrongState:
            continue
        if not isinstance(answer, Changed):
            assert answer.mine
            assert answer.by
            continue
        if isinstance(act, Rewrite | Merge):
            overwriting.append((answer.version, by, seen[by]))
        if isinstance(act, Rewrite) and answer.told:
            written.append(Written(f"note {number}", act.key, by, answer.version))

    notes = _notes(draft_of(services, edition_id))
    for one in written:
        later = [(by, knew) for version, by, knew in overwriting if version > one.version]
        assert one.note in notes or any(by == one.by or knew >= one.version for by, knew in later)


def _notes(draft: Draft) -> set[str]:
    seats = [seat.story for seat in draft.bench if seat.story is not None]
    return {story.note for story in (*draft.stories, *seats)}
