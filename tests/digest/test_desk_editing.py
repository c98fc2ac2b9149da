"""The edits of a Draft at the desk: nobody's work is lost, and everything can be taken back. On both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from digest import jobs, letters, pipeline, proof
from digest.compose.edit.acts import Act, Add, Drop, Lead, Merge, Move, Pin, Place, Rewrite, Shift, Show, Split, Word
from digest.desk import editing
from digest.desk.editing import Changed, Collided
from digest.errors import UnknownEdition, WrongState
from digest.model.article import Article
from digest.model.audit import AuditEntry
from digest.model.candidate import Ruling, RulingKind
from digest.model.draft import Draft, Picture, PictureCopy
from digest.model.edition import EditionState
from digest.model.ids import ArticleId, EditionId
from digest.model.look import Place as PicturePlace
from digest.model.look import Theme
from digest.model.newsletter import SourceKind
from digest.model.source import Source
from digest.services import Services
from digest.store import audit, editions, revisions, rulings
from tests.conftest import MakeServices
from tests.digest.compose.drafts import called, keys, paper
from tests.fakes import FixedClock

ANNA, BEN = "anna@example.org", "ben@example.org"
SECTIONS = "".join(f'[[newsletter.section]]\ntitle = "{title}"\n' for title in ("City", "Business", "Sport", "World"))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def services(make_services: MakeServices, database_url: str) -> Services:
    return make_services(database_url, more=SECTIONS)


@pytest.fixture
def edition_id(services: Services) -> EditionId:
    return stored(services, replace(paper(), newsletter="morning"))


def stored(services: Services, draft: Draft) -> EditionId:
    """Store *draft* as an Edition, and twenty articles, the URL keys of which are their addresses'."""
    now = services.clock.now()
    with services.session() as session:
        source = Source(
            key="https://wire.example/rss",
            kind=SourceKind.FEED,
            address="https://wire.example/rss",
            next_check_at=now,
            added_at=now,
        )
        session.add(source)
        session.flush()
        session.add_all(
            Article(
                id=number,
                source_id=source.id,
                guid=str(number),
                url=f"https://paper{number}.example/{number}",
                url_key=f"paper{number}.example/{number}",
                title=f"Headline {number}",
                published_at=now,
                first_seen_at=now,
                updated_at=now,
            )
            for number in range(1, 21)
        )
    return drafted(services, draft)


def drafted(services: Services, draft: Draft) -> EditionId:
    """Store *draft* as an Edition."""
    now, due_at = services.clock.now(), datetime(2031, 5, 6, 6, tzinfo=UTC)
    with services.session() as session:
        edition = editions.open_for(session, "morning", draft.cadence, draft.date, due_at=due_at)
        edition.save(draft, period=(now - timedelta(days=1), now), coverage=(1, 1))
        return edition.id


def draft_of(services: Services, edition_id: EditionId) -> Draft:
    with services.reading() as session:
        return editions.get(session, edition_id).draft


def version_of(services: Services, edition_id: EditionId) -> int:
    with services.reading() as session:
        return editions.get(session, edition_id).draft_version


def did(services: Services, edition_id: EditionId, *acts: Act, by: str = ANNA, clock: FixedClock | None = None) -> int:
    """Do *acts* one after the other, a while apart if there is a *clock*, and return the version then."""
    for act in acts:
        answer = editing.change(services, edition_id, act, by=by, version=version_of(services, edition_id))
        assert isinstance(answer, Changed)
        if clock is not None:
            clock.advance(2 * MINUTE)
    return version_of(services, edition_id)


def undone(services: Services, edition_id: EditionId, by: str = ANNA) -> Changed | Collided:
    return editing.undo(services, edition_id, by=by, version=version_of(services, edition_id))


def redone(services: Services, edition_id: EditionId, by: str = ANNA) -> Changed | Collided:
    return editing.redo(services, edition_id, by=by, version=version_of(services, edition_id))


def ruled(services: Services) -> tuple[Ruling, ...]:
    with services.reading() as session:
        return rulings.in_force(session, "morning", services.clock.now() - rulings.LIFETIME)


def audited(services: Services) -> list[tuple[str, str, str, str]]:
    with services.reading() as session:
        found: list[AuditEntry] = list(audit.recent(session))
    return [(one.by, one.act, one.about, one.detail) for one in reversed(found)]


def illustrated(services: Services, edition_id: EditionId, url: str) -> PictureCopy:
    """Have the program fetch the picture *url*, as ``pipeline.illustrate`` would."""
    copy = PictureCopy(place=PicturePlace.LEAD, sha256="5" * 64, width=600, height=300)
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        sections = tuple(
            replace(
                section,
                stories=tuple(
                    replace(one, picture=replace(one.picture, copies=(copy,)))
                    if one.picture and one.picture.url == url
                    else one
                    for one in section.stories
                ),
            )
            for section in edition.draft.sections
        )
        edition.illustrate(replace(edition.draft, sections=sections))
    return copy


# -- change ------------------------------------------------------------------------------------------------------------


def test_a_change_is_done_told_and_written_down(services: Services, edition_id: EditionId) -> None:
    answer = editing.change(services, edition_id, Pin("a3"), by=ANNA, version=1)

    assert answer == Changed(version=2, told="pinned “Headline 3”")
    assert keys(draft_of(services, edition_id))["city"] == ["a3", "a1", "a2"]
    assert audited(services) == [(ANNA, "edit", "edition morning daily 2031-05-06", "pinned “Headline 3”")]
    assert [(step.version, step.act, step.by, step.is_current) for step in editing.history(services, edition_id)] == [
        (2, "pinned “Headline 3”", ANNA, True),
        (1, "made the draft", "", False),
    ]


def test_what_was_done_already_changes_nothing(services: Services, edition_id: EditionId) -> None:
    did(services, edition_id, Drop("a2"))

    again = editing.change(services, edition_id, Drop("a2"), by=ANNA, version=1)
    same = editing.change(services, edition_id, Rewrite("a1", headline="Headline 1"), by=ANNA, version=2)

    assert again == same == Changed(version=2, told="")
    assert len(editing.history(services, edition_id)) == 2
    assert len(audited(services)) == 1


def test_a_refused_act_leaves_no_trace(services: Services, edition_id: EditionId) -> None:
    with pytest.raises(WrongState, match="the headline is empty"):
        editing.change(services, edition_id, Rewrite("a1", headline=""), by=ANNA, version=1)

    assert version_of(services, edition_id) == 1
    assert editing.history(services, edition_id) == ()


@pytest.mark.parametrize("state", [state for state in EditionState if state not in {"draft", "held"}])
def test_what_is_frozen_can_be_neither_edited_nor_taken_back(
    services: Services, edition_id: EditionId, state: EditionState
) -> None:
    did(services, edition_id, Pin("a3"))
    with services.session() as session:
        editions.get(session, edition_id).state = state

    for act in (editing.undo, editing.redo):
        with pytest.raises(WrongState, match=f"is {state}; only one that is draft or held can be edited"):
            act(services, edition_id, by=ANNA, version=2)
    with pytest.raises(WrongState, match=f"is {state}; only one that is draft or held can be edited"):
        editing.change(services, edition_id, Pin("a2"), by=ANNA, version=2)


def test_a_held_edition_stays_held(services: Services, edition_id: EditionId) -> None:
    with services.session() as session:
        editions.get(session, edition_id).hold("held by ben")

    did(services, edition_id, Pin("a3"))

    with services.reading() as session:
        assert editions.get(session, edition_id).state is EditionState.HELD


def test_an_unknown_edition_is_named(services: Services) -> None:
    with pytest.raises(UnknownEdition, match="no edition with the id 99"):
        editing.change(services, EditionId(99), Pin("a3"), by=ANNA, version=1)


def test_a_link_that_we_have_as_an_article_is_tied_to_it(services: Services, edition_id: EditionId) -> None:
    add = Add("sport", "Seen", url="http://www.paper20.example/20?utm_source=x", own_key="o1")

    did(services, edition_id, add)

    assert called(draft_of(services, edition_id), "a20").own_key == "o1"
    pipeline.approve(services, edition_id, by=ANNA)
    with services.reading() as session:
        sent = editions.already_sent(session, "morning", paper().cadence, services.clock.now())
    assert "paper20.example/20" in sent


def test_a_link_of_which_there_was_no_article_is_known_as_sent_when_one_comes_in(
    services: Services, edition_id: EditionId
) -> None:
    alone = Add("sport", "Unheard of", url="https://www.late.example/alone/?utm_source=x", own_key="o1")
    beside = Add("sport", "As well", url="https://late.example/beside", own_key="o2")
    dropped = Add("sport", "After all not", url="https://late.example/dropped", own_key="o3")

    did(services, edition_id, alone, beside, Merge("o2", "a1"), dropped, Drop("o3"))
    pipeline.approve(services, edition_id, by=ANNA)

    with services.reading() as session:
        sent = editions.already_sent(session, "morning", paper().cadence, services.clock.now())
    late = {key: edition for key, edition in sent.items() if key.startswith("late.example")}
    assert late == {"late.example/alone": edition_id, "late.example/beside": edition_id}


def test_an_item_that_names_an_article_that_is_not_there_can_be_approved(
    services: Services, edition_id: EditionId
) -> None:
    did(services, edition_id, Add(section="city", headline="Our own", own_key="o1", article_id=ArticleId(999)))

    pipeline.approve(services, edition_id, by=ANNA)

    assert called(draft_of(services, edition_id), "o1").article_id is None


def test_a_link_that_is_in_the_draft_is_not_added_once_more(services: Services, edition_id: EditionId) -> None:
    add = Add("sport", "Seen", url="https://paper12.example/12/", own_key="o1")

    with pytest.raises(WrongState, match="is in the draft already, with “Headline 1”; split it off there"):
        editing.change(services, edition_id, add, by=ANNA, version=1)


@pytest.mark.parametrize("theme", Theme)
def test_an_item_of_ones_own_without_a_link_is_shown_without_one_and_approved(
    make_services: MakeServices, sqlite_url: str, theme: Theme
) -> None:
    services = make_services(sqlite_url, more=f'{SECTIONS}[newsletter.look]\ntheme = "{theme}"')
    edition_id = stored(services, replace(paper(), newsletter="morning"))
    did(services, edition_id, Add("sport", "We are moving", "On Monday.", own_key="o1"), Pin("o1"))
    did(services, edition_id, Add("city", "And we stay", own_key="o2"), Merge("a1", "o2"))

    pipeline.approve(services, edition_id, by=ANNA)

    values = letters.inert_values(services, edition_id)
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        mail = edition.rendered.fill(None, values)
        found = proof.read(services, services.newsletter("morning"), edition, edition.rendered, None)
    assert found == ()
    assert mail.subject == "A subject of one's own"
    assert "We are moving" in mail.html
    assert 'href=""' not in mail.html
    assert "We are moving\nOn Monday.\nThe Morning\n" in mail.text
    assert "The Morning — also in Paper 1, Paper 11, Paper 12" in mail.text


# -- two editors -------------------------------------------------------------------------------------------------------


def test_two_editors_on_different_things_both_have_their_way(services: Services, edition_id: EditionId) -> None:
    did(services, edition_id, Rewrite("a1", headline="By Ben"), by=BEN)

    answer = editing.change(services, edition_id, Rewrite("a1", summary="By Anna."), by=ANNA, version=1)

    assert isinstance(answer, Changed)
    assert answer.meanwhile == (f"{BEN} retitled “Headline 1” to “By Ben”",)
    story = called(draft_of(services, edition_id), "a1")
    assert (story.headline, story.summary) == ("By Ben", "By Anna.")


def test_two_editors_on_the_same_thing_collide_and_nothing_is_written(
    services: Services, edition_id: EditionId
) -> None:
    did(services, edition_id, Rewrite("a1", headline="By Ben"), by=BEN)

    answer = editing.change(services, edition_id, Rewrite("a1", headline="By Anna"), by=ANNA, version=1)

    assert answer == Collided(
        version=2,
        by=BEN,
        differences=("“Headline 1” was retitled to “By Ben”",),
        mine="retitled “Headline 1” to “By Anna”",
    )
    assert called(draft_of(services, edition_id), "a1").headline == "By Ben"


def test_who_has_seen_the_other_change_may_overwrite_it(services: Services, edition_id: EditionId) -> None:
    did(services, edition_id, Rewrite("a1", headline="By Ben"), by=BEN)

    answer = editing.change(services, edition_id, Rewrite("a1", headline="By Anna"), by=ANNA, version=2)

    assert isinstance(answer, Changed)


def test_a_text_for_a_story_that_was_dropped_meanwhile_collides(services: Services, edition_id: EditionId) -> None:
    did(services, edition_id, Drop("a1"), by=BEN)

    answer = editing.change(services, edition_id, Rewrite("a1", note="By Anna"), by=ANNA, version=1)

    assert isinstance(answer, Collided)
    assert answer.differences == ("“Headline 1” was dropped onto the bench",)
    assert answer.mine == "rewrote the note of “Headline 1”"


def test_a_story_that_was_rewritten_meanwhile_is_not_dropped_unseen(services: Services, edition_id: EditionId) -> None:
    did(services, edition_id, Rewrite("a1", note="By Ben"), by=BEN)

    assert isinstance(editing.change(services, edition_id, Drop("a1"), by=ANNA, version=1), Collided)


def test_who_goes_on_typing_never_collides_with_their_own_words(services: Services, edition_id: EditionId) -> None:
    for text in ("Go", "Goo", "Good"):
        answer = editing.change(services, edition_id, Rewrite("a1", headline=text), by=ANNA, version=1)
        assert isinstance(answer, Changed)

    did(services, edition_id, Rewrite("a1", headline="By Ben"), by=BEN)

    assert isinstance(
        editing.change(services, edition_id, Rewrite("a1", headline="Goods"), by=ANNA, version=1), Collided
    )


def test_a_second_click_does_not_shift_twice(services: Services, edition_id: EditionId) -> None:
    did(services, edition_id, Shift("a3", up=True))

    answer = editing.change(services, edition_id, Shift("a3", up=True), by=ANNA, version=1)

    assert isinstance(answer, Collided)
    assert answer.by == ANNA
    assert keys(draft_of(services, edition_id))["city"] == ["a1", "a3", "a2"]


def test_pictures_that_the_program_fetches_never_collide(services: Services, edition_id: EditionId) -> None:
    url = "https://paper11.example/11.jpg"
    did(services, edition_id, Show("a1", url))
    copy = illustrated(services, edition_id, url)

    answer = editing.change(services, edition_id, Drop("a1"), by=ANNA, version=2)

    assert isinstance(answer, Changed)
    assert draft_of(services, edition_id).bench[0].story == replace(
        called(paper(), "a1"), picture=Picture(url=url, copies=(copy,))
    )


def test_a_page_from_before_the_pictures_is_no_collision(services: Services, edition_id: EditionId) -> None:
    illustrated(services, edition_id, "https://nothing.example/")
    did(services, edition_id, Pin("a2"), by=BEN)

    answer = editing.change(services, edition_id, Pin("a3"), by=ANNA, version=1)

    assert isinstance(answer, Changed)
    assert answer.meanwhile == (f"{BEN} pinned “Headline 2”",)


def test_a_page_older_than_what_is_kept_collides(
    services: Services, edition_id: EditionId, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    monkeypatch.setattr(revisions, "KEPT", 3)
    did(services, edition_id, *(Word(intro=f"Day {n}.") for n in range(6)), by=BEN, clock=clock)

    answer = editing.change(services, edition_id, Pin("a3"), by=ANNA, version=1)

    assert answer == Collided(version=7, by=BEN, differences=(), mine="pinned “Headline 3”")
    assert len(editing.history(services, edition_id)) == 3
    assert isinstance(undone(services, edition_id), Changed)
    assert editing.ways(services, edition_id) == editing.Ways(undo=None, redo="rewrote the intro")
    assert isinstance(editing.change(services, edition_id, Pin("a3"), by=ANNA, version=8), Changed)


def test_two_threads_that_change_at_once_lose_nothing(services: Services, edition_id: EditionId) -> None:
    def write(number: int) -> Changed | Collided:
        act: Act = (
            Rewrite("a1", headline=f"Title {number}")
            if number % 2
            else Rewrite(f"a{1 + number // 2}", note=f"{number}")
        )
        return editing.change(services, edition_id, act, by=f"{number}@example.org", version=1)

    with ThreadPoolExecutor(4) as editors:
        answers = list(editors.map(write, range(8)))

    draft = draft_of(services, edition_id)
    titled = [number for number in (1, 3, 5, 7) if isinstance(answers[number], Changed)]
    assert [called(draft, "a1").headline] == [f"Title {number}" for number in titled]
    assert [called(draft, f"a{1 + number // 2}").note for number in (0, 2, 4, 6)] == ["0", "2", "4", "6"]
    assert version_of(services, edition_id) == 6
    assert len(audited(services)) == 5


# -- undo and redo -----------------------------------------------------------------------------------------------------


def test_undo_and_redo_walk_the_whole_way_back_and_forth(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    acts: tuple[Act, ...] = (
        Pin("a3"),
        Drop("a2"),
        Word(subject="New"),
        Place("a6"),
        Rewrite("a1", headline="A"),
        Shift("a1", up=False),
    )
    states = [draft_of(services, edition_id)]
    for act in acts:
        did(services, edition_id, act, clock=clock)
        states.append(draft_of(services, edition_id))
    told = [act.told(state) for act, state in zip(acts, states, strict=False)]

    for place in (5, 4, 3, 4, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 5):
        before = draft_of(services, edition_id)
        forth = states.index(before) < place
        ways = editing.ways(services, edition_id)
        answer = (redone if forth else undone)(services, edition_id)

        assert isinstance(answer, Changed)
        assert draft_of(services, edition_id) == states[place]
        assert (ways.redo if forth else ways.undo) == told[place - 1 if forth else place]

    assert editing.ways(services, edition_id) == editing.Ways(undo=told[4], redo=told[5])


def test_there_is_nothing_to_take_back_or_do_again_at_the_ends(services: Services, edition_id: EditionId) -> None:
    assert editing.ways(services, edition_id) == editing.Ways(undo=None, redo=None)
    with pytest.raises(WrongState, match="there is nothing to take back in edition morning daily 2031-05-06"):
        undone(services, edition_id)

    did(services, edition_id, Pin("a3"))

    with pytest.raises(WrongState, match="there is nothing to do again in edition morning"):
        redone(services, edition_id)
    undone(services, edition_id)
    with pytest.raises(WrongState, match="there is nothing to take back"):
        undone(services, edition_id)


def test_a_change_after_an_undo_leaves_nothing_to_do_again(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    did(services, edition_id, Pin("a3"), Pin("a2"), clock=clock)
    undone(services, edition_id)

    did(services, edition_id, Drop("a1"))

    assert editing.ways(services, edition_id) == editing.Ways(undo="dropped “Headline 1”", redo=None)
    undone(services, edition_id)
    assert keys(draft_of(services, edition_id))["city"] == ["a3", "a1", "a2"]


def test_undo_of_what_one_has_not_seen_collides(services: Services, edition_id: EditionId) -> None:
    did(services, edition_id, Pin("a3"))
    did(services, edition_id, Drop("a2"), by=BEN)

    answer = editing.undo(services, edition_id, by=ANNA, version=2)

    assert answer == Collided(
        version=3,
        by=BEN,
        differences=("“Headline 2” was dropped onto the bench",),
        mine="took back: dropped “Headline 2”",
    )


def test_a_second_click_on_undo_takes_back_no_more(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    version = did(services, edition_id, Pin("a3"), Pin("a2"), clock=clock)

    first, second = (editing.undo(services, edition_id, by=ANNA, version=version) for _ in range(2))

    assert isinstance(first, Changed)
    assert isinstance(second, Collided)
    assert keys(draft_of(services, edition_id))["city"] == ["a3", "a1", "a2"]


def test_acts_on_the_same_within_a_minute_are_undone_as_one(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    for text in ("G", "Go", "Good"):
        did(services, edition_id, Rewrite("a1", headline=text))
        clock.advance(MINUTE)

    assert editing.ways(services, edition_id).undo == "retitled “Headline 1” to “Good”"
    assert [step.act for step in editing.history(services, edition_id)] == [
        "retitled “Headline 1” to “Good”",
        "made the draft",
    ]
    undone(services, edition_id)
    assert draft_of(services, edition_id) == replace(paper(), newsletter="morning")
    assert editing.ways(services, edition_id) == editing.Ways(undo=None, redo="retitled “Headline 1” to “Good”")


def test_acts_apart_or_of_others_or_on_others_are_undone_one_by_one(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    did(services, edition_id, Rewrite("a1", headline="A"))
    clock.advance(MINUTE + timedelta(seconds=1))
    did(services, edition_id, Rewrite("a1", headline="B"))
    did(services, edition_id, Rewrite("a1", headline="C"), by=BEN)
    did(services, edition_id, Rewrite("a2", headline="D"), by=BEN)

    seen = []
    while editing.ways(services, edition_id).undo:
        undone(services, edition_id)
        seen.append([called(draft_of(services, edition_id), key).headline for key in ("a1", "a2")])

    assert seen == [["C", "Headline 2"], ["B", "Headline 2"], ["A", "Headline 2"], ["Headline 1", "Headline 2"]]


def test_undo_keeps_the_pictures_that_were_fetched_since(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    url = "https://paper11.example/11.jpg"
    did(services, edition_id, Show("a1", url), Pin("a3"), clock=clock)
    copy = illustrated(services, edition_id, url)

    answer = editing.undo(services, edition_id, by=ANNA, version=3)

    assert isinstance(answer, Changed)
    draft = draft_of(services, edition_id)
    assert keys(draft)["city"] == ["a1", "a2", "a3"]
    assert called(draft, "a1").picture == Picture(url=url, copies=(copy,))


def test_history_says_what_was_taken_back_and_done_again(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    did(services, edition_id, Pin("a3"), clock=clock)
    undone(services, edition_id, by=BEN)
    redone(services, edition_id)

    assert [(step.by, step.act) for step in editing.history(services, edition_id)] == [
        (ANNA, "did again: pinned “Headline 3”"),
        (BEN, "took back: pinned “Headline 3”"),
        (ANNA, "pinned “Headline 3”"),
        ("", "made the draft"),
    ]
    assert [entry[:2] for entry in audited(services)] == [(ANNA, "edit"), (BEN, "undo"), (ANNA, "redo")]
    assert len(editing.history(services, edition_id, limit=2)) == 2


# -- what ranking learns -----------------------------------------------------------------------------------------------


def test_merges_and_splits_become_rulings_that_undo_lifts_and_redo_makes_again(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    merge = Ruling(kind=RulingKind.MERGE, url_key="paper2.example/2", other_key="paper4.example/4")
    split = Ruling(kind=RulingKind.SPLIT, url_key="paper1.example/1", other_key="paper11.example/11")
    did(services, edition_id, Merge("a2", "a4"), Split("a1", ArticleId(11)), clock=clock)
    assert ruled(services) == (merge, split)

    undone(services, edition_id)
    assert ruled(services) == (merge,)
    undone(services, edition_id)
    assert ruled(services) == ()
    redone(services, edition_id)
    redone(services, edition_id)
    assert ruled(services) == (merge, split)


def test_other_acts_rule_nothing(services: Services, edition_id: EditionId) -> None:
    did(services, edition_id, Lead("a1", ArticleId(11)), Drop("a11"), Place("a11"), Move("a11", "sport"))

    assert ruled(services) == ()


# -- upkeep ------------------------------------------------------------------------------------------------------------


def test_revisions_are_forgotten_a_month_after_the_edition_has_come_to_its_end(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    did(services, edition_id, Pin("a3"))
    clock.set(datetime(2031, 7, 1, tzinfo=UTC))
    jobs.run("upkeep", services)
    assert len(editing.history(services, edition_id)) == 2

    with services.session() as session:
        editions.get(session, edition_id).state = EditionState.SENT
        editions.get(session, edition_id).sent_at = clock.now() - timedelta(days=30)
    jobs.run("upkeep", services)
    assert len(editing.history(services, edition_id)) == 2
    clock.advance(MINUTE)
    jobs.run("upkeep", services)

    assert editing.history(services, edition_id) == ()


def test_the_newest_two_hundred_revisions_are_kept(
    services: Services, edition_id: EditionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert revisions.KEPT == 200
    monkeypatch.setattr(revisions, "KEPT", 20)

    did(services, edition_id, *(Word(intro=f"Day {number}.") for number in range(25)))

    with services.reading() as session:
        rows = revisions.recent(session, edition_id, 1000)
        intros = [row.draft.intro for row in rows]
    assert [row.version for row in rows] == list(range(26, 6, -1))
    assert intros == [f"Day {number}." for number in range(24, 4, -1)]
