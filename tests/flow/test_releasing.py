"""The decisions of editors, from the word to the mail: at its hour, later, now, not at all, and put right then."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from digest import archive, jobs, letters, pipeline
from digest.compose.edit.acts import Drop, Rewrite, Word
from digest.demo.inbox import Inbox
from digest.desk import correcting, editing, outlook, progress, releasing
from digest.desk.correcting import CorrectionWish, Words
from digest.desk.editing import Changed, Collided
from digest.errors import WrongState
from digest.model.audit import AuditEntry
from digest.model.delivery import Delivery, DeliveryState
from digest.model.draft import Story
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.notice import Notice
from digest.readers import reading
from digest.services import Services
from digest.store import deliveries, editions, published
from subscribers import tokens, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from tests.conftest import MakeServices
from tests.digest.deliver.scripted_server import ScriptedServer
from tests.fakes import FixedClock
from tests.flow.walk import drop_news, mails, prepare, recipients, subscribe

EVE = "eve@desk.example"
TODAY = date(2026, 11, 23)
#: 07:00 in Berlin, an hour after the clock's first instant; New York follows six hours later.
DUE = datetime(2026, 11, 23, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
MORE = 'editors = ["eve@desk.example"]'

Made = Callable[[], EditionId]


@pytest.fixture
def services(
    make_services: MakeServices, database_url: str, inbox: Inbox, clock: FixedClock, tmp_path: Path
) -> Services:
    services = make_services(database_url, smtp_port=inbox.port, more=MORE)
    drop_news(tmp_path / "news", "aldmere", "brackwater", "dunmoor", at=clock.now())
    subscribe(services, "ana", zone="Europe/Berlin")
    subscribe(services, "ben", zone="America/New_York")
    return services


@pytest.fixture
def edition_id(services: Services) -> EditionId:
    return prepare(services).edition_id


def the(services: Services, edition_id: EditionId) -> Edition:
    with services.reading() as session:
        return editions.get(session, edition_id)


def hours(services: Services, edition_id: EditionId) -> deliveries.Hours:
    with services.reading() as session:
        return deliveries.hours(session, edition_id)


def written_down(services: Services) -> list[tuple[str, str]]:
    """Return who did what, the earliest first."""
    with services.reading() as session:
        return [(row.by, row.act) for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def editions_mailed(inbox: Inbox) -> dict[str, int]:
    """Return how many Editions each reader has got; editors' single mails do not count."""
    return {name: count for name, count in recipients(inbox).items() if name != "eve"}


def words(story: Story, **changes: str) -> Words:
    given = {"headline": story.headline, "summary": story.summary, "note": story.note, "url": story.url}
    return Words(**given | changes)


# -- when it goes out --------------------------------------------------------------------------------------------------


def test_a_scheduled_edition_goes_to_nobody_before_its_time_and_to_later_readers_at_their_hour(
    services: Services, edition_id: EditionId, clock: FixedClock, inbox: Inbox
) -> None:
    releasing.schedule(services, edition_id, by=EVE, at=DUE + 2 * HOUR)

    clock.set(DUE + HOUR)
    jobs.run("send", services)
    before = editions_mailed(inbox)
    clock.set(DUE + 2 * HOUR)
    jobs.run("send", services)
    at_its_time = editions_mailed(inbox)
    clock.set(DUE + 6 * HOUR)
    jobs.run("send", services)

    assert before == {}
    assert at_its_time == {"ana": 1}
    assert editions_mailed(inbox) == {"ana": 1, "ben": 1}
    assert the(services, edition_id).state is EditionState.SENT
    assert written_down(services) == [(EVE, "approve")]


def test_send_now_takes_no_heed_of_hours_and_asked_twice_sends_once(
    services: Services, edition_id: EditionId, inbox: Inbox
) -> None:
    releasing.send_now(services, edition_id, by=EVE)
    jobs.run("send", services)
    releasing.send_now(services, edition_id, by=EVE)
    jobs.run("send", services)

    assert editions_mailed(inbox) == {"ana": 1, "ben": 1}
    assert written_down(services) == [(EVE, "send now")]


def test_an_early_approval_sends_nothing_at_once_to_whom_an_hour_is_over(
    services: Services, edition_id: EditionId
) -> None:
    subscribe(services, "cleo", zone="Asia/Tokyo")  # where it is long past seven

    foretold = outlook.outlook(services, edition_id).first
    releasing.approve(services, edition_id, by=EVE)

    assert foretold == DUE
    assert hours(services, edition_id) == (DUE, DUE + 6 * HOUR)
    assert the(services, edition_id).due_at == DUE


def test_what_waits_is_moved_later_earlier_and_at_last_sent_at_once(
    services: Services, edition_id: EditionId, inbox: Inbox
) -> None:
    releasing.approve(services, edition_id, by=EVE)
    plan = hours(services, edition_id)
    releasing.schedule(services, edition_id, by=EVE, at=DUE + 3 * HOUR)
    later = hours(services, edition_id)
    due_later = the(services, edition_id).due_at
    releasing.schedule(services, edition_id, by=EVE, at=DUE + HOUR / 2)
    earlier = hours(services, edition_id)
    releasing.send_now(services, edition_id, by=EVE)
    jobs.run("send", services)

    assert plan == (DUE, DUE + 6 * HOUR)
    assert later == (DUE + 3 * HOUR, DUE + 6 * HOUR)
    assert due_later == DUE + 3 * HOUR
    assert earlier == (DUE + HOUR / 2, DUE + 6 * HOUR)
    assert editions_mailed(inbox) == {"ana": 1, "ben": 1}
    assert [act for _, act in written_down(services)] == ["approve", "reschedule", "reschedule", "send now"]


def test_a_reader_who_has_left_is_skipped_and_not_moved_before_the_time(
    services: Services, edition_id: EditionId, clock: FixedClock, inbox: Inbox
) -> None:
    leaver = subscribe(services, "cleo")
    releasing.approve(services, edition_id, by=EVE)
    with services.session() as session:
        unsubscribe.one_click(session, leaver, Evidence(wording="one click", source="test"), now=clock.now())
    releasing.schedule(services, edition_id, by=EVE, at=DUE + HOUR)

    assert hours(services, edition_id).first == DUE + HOUR
    clock.set(DUE + HOUR)
    jobs.run("send", services)
    assert editions_mailed(inbox) == {"ana": 1}


@pytest.mark.parametrize(
    ("ahead", "fault"),
    [(timedelta(0), "has passed"), (-HOUR, "has passed"), (timedelta(days=7, minutes=1), "further away than 7 days")],
)
def test_a_time_that_is_past_or_too_far_away_is_refused(
    services: Services, edition_id: EditionId, clock: FixedClock, ahead: timedelta, fault: str
) -> None:
    with pytest.raises(WrongState, match=fault):
        releasing.schedule(services, edition_id, by=EVE, at=clock.now() + ahead)

    assert the(services, edition_id).state is EditionState.DRAFT


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23T07:30", "2026-11-23T06:30"),
        ("2026-03-29T02:30", "2026-03-29T01:30"),  # the hour that Berlin leaves out
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # the hour that comes twice
    ],
)
def test_a_local_time_is_read_in_the_newsletters_zone(services: Services, text: str, instant: str) -> None:
    plan = services.newsletter("morning").schedule

    assert releasing.local_instant(text, plan) == datetime.fromisoformat(f"{instant}+00:00")


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-11-31T07:00", "2026-11-23T07:00+00:00", "9999-12-31T12:00", "0001-01-01T00:00"]
)
def test_what_is_no_local_time_is_refused(services: Services, text: str) -> None:
    with pytest.raises(WrongState, match=r"date and time|no local time"):
        releasing.local_instant(text, services.newsletter("morning").schedule)


def test_a_skipped_edition_reaches_nobody_and_says_why(
    services: Services, edition_id: EditionId, clock: FixedClock, inbox: Inbox
) -> None:
    releasing.skip(services, edition_id, by=EVE, reason="a day of mourning")
    releasing.skip(services, edition_id, by=EVE, reason="a day of mourning")
    clock.set(DUE + 6 * HOUR)
    jobs.tick(services)

    edition = the(services, edition_id)
    assert (edition.state, edition.reason) == (EditionState.SKIPPED, f"a day of mourning ({EVE})")
    assert editions_mailed(inbox) == {}
    assert written_down(services) == [(EVE, "skip")]


def test_each_decision_said_twice_changes_nothing_more(services: Services, edition_id: EditionId) -> None:
    for _ in range(2):
        releasing.hold(services, edition_id, by=EVE, reason="a doubt")
    reason = the(services, edition_id).reason
    for act in (releasing.release, releasing.approve, releasing.pause, releasing.resume, releasing.cancel):
        for _ in range(2):
            act(services, edition_id, by=EVE)

    assert reason == f"held by {EVE}: a doubt"
    assert the(services, edition_id).state is EditionState.CANCELLED
    assert [act for _, act in written_down(services)] == ["hold", "release", "approve", "pause", "resume", "cancel"]


def test_what_is_paused_before_its_hour_waits_for_that_when_resumed_and_is_not_public_before(
    services: Services, edition_id: EditionId, clock: FixedClock, inbox: Inbox
) -> None:
    releasing.approve(services, edition_id, by=EVE)
    releasing.pause(services, edition_id, by=EVE)
    for _ in range(2):
        releasing.resume(services, edition_id, by=EVE)
    jobs.run("send", services)
    state = the(services, edition_id).state
    with services.reading() as session:
        public = published.newest(session, "morning", 5)
    clock.set(DUE)
    jobs.run("send", services)

    assert (state, public) == (EditionState.APPROVED, [])
    assert editions_mailed(inbox) == {"ana": 1}
    releasing.pause(services, edition_id, by=EVE)
    releasing.resume(services, edition_id, by=EVE)
    assert the(services, edition_id).state is EditionState.SENDING


@pytest.mark.parametrize(
    "act",
    [
        lambda services, number: releasing.send_now(services, number, by=EVE),
        lambda services, number: releasing.schedule(services, number, by=EVE, at=DUE + HOUR),
    ],
)
def test_what_is_paused_is_not_said_to_go_out(
    services: Services, edition_id: EditionId, act: Callable[[Services, EditionId], None]
) -> None:
    releasing.approve(services, edition_id, by=EVE)
    releasing.pause(services, edition_id, by=EVE)

    with pytest.raises(WrongState, match="is paused, and nothing of it goes out; resume it first"):
        act(services, edition_id)


def test_what_is_paused_is_not_approved_anew(services: Services, edition_id: EditionId) -> None:
    releasing.approve(services, edition_id, by=EVE)
    releasing.pause(services, edition_id, by=EVE)

    with pytest.raises(WrongState, match="is paused; only one that is draft or held can become approved"):
        pipeline.approve(services, edition_id, by=EVE)


@pytest.mark.parametrize("second", ["approve", "schedule", "send now"])
def test_a_decision_pressed_twice_while_pictures_are_fetched_is_carried_out_once(
    services: Services, edition_id: EditionId, monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    def press() -> None:
        if second == "schedule":
            releasing.schedule(services, edition_id, by=EVE, at=DUE + HOUR)
        elif second == "approve":
            releasing.approve(services, edition_id, by=EVE)
        else:
            releasing.send_now(services, edition_id, by=EVE)

    def fetching(services: Services, edition_id: EditionId) -> None:
        monkeypatch.setattr(pipeline, "illustrate", lambda *_: None)
        pipeline.approve(services, edition_id, by="ben@desk.example")

    monkeypatch.setattr(pipeline, "illustrate", fetching)
    press()

    assert the(services, edition_id).approved_by == "ben@desk.example"
    due = {"approve": DUE, "schedule": DUE + HOUR, "send now": services.clock.now()}
    assert hours(services, edition_id).first == due[second]


def test_a_paused_edition_waits_and_one_called_off_says_how_many_never_get_it(
    services: Services, edition_id: EditionId, clock: FixedClock, inbox: Inbox
) -> None:
    releasing.approve(services, edition_id, by=EVE)
    clock.set(DUE)
    jobs.run("send", services)
    ahead = outlook.outlook(services, edition_id)
    releasing.pause(services, edition_id, by=EVE)
    clock.set(DUE + 6 * HOUR)
    jobs.run("send", services)
    releasing.cancel(services, edition_id, by=EVE)
    jobs.run("send", services)

    assert (ahead.have_it, ahead.waiting, ahead.first) == (1, 1, DUE + 6 * HOUR)
    assert editions_mailed(inbox) == {"ana": 1}
    account = progress.look(services, edition_id).account
    assert (account.sent, account.skipped, account.adds_up) == (1, 1, True)


def test_the_outlook_of_a_draft_counts_its_readers_and_names_their_hours(
    services: Services, edition_id: EditionId
) -> None:
    ahead = outlook.outlook(services, edition_id)

    assert (ahead.readers, ahead.first, ahead.last, ahead.goes_at) == (2, DUE, DUE + 6 * HOUR, DUE)
    assert ahead.decisions == outlook.Decisions(approve=True, hold=True, skip=True)


# -- what editors are told ---------------------------------------------------------------------------------------------


def notices_to_editors(services: Services, kind: str) -> list[str]:
    with services.reading() as session:
        found = session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id))
        return [f"{notice.address}: {notice.values['fate']}" for notice in found]


def test_editors_are_reminded_once_before_the_hour_of_what_is_held(
    services: Services, edition_id: EditionId, clock: FixedClock, inbox: Inbox
) -> None:
    releasing.hold(services, edition_id, by=EVE, reason="a doubt")
    told = []
    for minutes in (-16, -15, -1, 0):
        clock.set(DUE + timedelta(minutes=minutes))
        jobs.run("notices", services)
        told.append(len(notices_to_editors(services, "reminder")))

    assert told == [0, 1, 1, 1]
    assert notices_to_editors(services, "reminder") == ["eve@desk.example: held"]
    subjects = [str(mail["Subject"]) for mail in mails(inbox)]
    assert any(subject.startswith("The Morning No. 1 still waits: ") for subject in subjects)


@pytest.mark.parametrize(
    ("more", "reminded"),
    [
        ("", []),
        ('approval = "required"', ["eve@desk.example: waits"]),
        ('approval = "required"\nreminder_minutes = 0', []),
    ],
)
def test_of_a_draft_editors_are_reminded_only_where_it_needs_them(
    make_services: MakeServices,
    sqlite_url: str,
    clock: FixedClock,
    inbox: Inbox,
    tmp_path: Path,
    more: str,
    reminded: list[str],
) -> None:
    services = make_services(sqlite_url, smtp_port=inbox.port, more=f"{MORE}\n{more}")
    drop_news(tmp_path / "news", "aldmere", at=clock.now())
    prepare(services)
    clock.set(DUE - timedelta(minutes=10))

    jobs.run("notices", services)

    assert notices_to_editors(services, "reminder") == reminded


def test_editors_are_told_once_that_the_sending_has_stopped(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    with ScriptedServer({"MAIL": "550 5.7.1 not from here"}) as server:
        services = make_services(sqlite_url, smtp_port=server.port, more=MORE)
        drop_news(tmp_path / "news", "aldmere", at=clock.now())
        subscribe(services, "ana")
        releasing.send_now(services, prepare(services).edition_id, by=EVE)

        for _ in range(3):
            jobs.run("send", services)
            clock.advance(timedelta(minutes=1))

    assert len(notices_to_editors(services, "alert")) == 1
    assert notices_to_editors(services, "alert")[0] in {"eve@desk.example: halted", "eve@desk.example: paused"}


# -- how far it has come -----------------------------------------------------------------------------------------------


def test_progress_counts_every_mail_and_groups_what_went_wrong(
    make_services: MakeServices, database_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    with ScriptedServer() as server:
        refusals = iter(["550 5.1.1 <a> unknown", "550 5.1.1 <b> unknown", "452 4.2.2 full"])
        server.answers = lambda command: next(refusals, None) if command.startswith("RCPT") else None
        services = make_services(database_url, smtp_port=server.port, more_top="connections = 1")
        drop_news(tmp_path / "news", "aldmere", at=clock.now())
        for name in ("ana", "ben", "cleo", "dan"):
            subscribe(services, name)
        edition_id = prepare(services).edition_id
        releasing.send_now(services, edition_id, by=EVE)
        jobs.run("send", services)

    found = progress.look(services, edition_id)

    assert found.account.adds_up
    assert (found.account.sent, found.account.failed, found.account.deferred) == (1, 2, 1)
    causes = [(cause.state, cause.status, cause.mails) for cause in found.failures]
    assert causes == [(DeliveryState.FAILED, "5.1.1", 2), (DeliveryState.DEFERRED, "4.2.2", 1)]
    assert (found.per_minute, found.open, found.time_left) == (1, 1, timedelta(minutes=1))


def test_all_who_watch_share_one_count_a_second(services: Services, edition_id: EditionId) -> None:
    releasing.approve(services, edition_id, by=EVE)
    elapsed = iter([10.0, 10.0, 10.5, 11.5, 11.5])
    watch = progress.Watch(services, elapsed=lambda: next(elapsed))

    first, second = watch.look(edition_id), watch.look(edition_id)
    releasing.pause(services, edition_id, by=EVE)
    third = watch.look(edition_id)

    assert second is first
    assert (first.state, third.state) == (EditionState.APPROVED, EditionState.PAUSED)


# -- corrections -------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(services: Services, edition_id: EditionId, inbox: Inbox) -> EditionId:
    """Give an Edition that both readers have got."""
    releasing.send_now(services, edition_id, by=EVE)
    jobs.run("send", services)
    assert editions_mailed(inbox) == {"ana": 1, "ben": 1}
    return edition_id


def corrected(services: Services, edition_id: EditionId, headline: str, *, mails: bool = False) -> EditionId | None:
    first = the_draft_story(services, edition_id)
    wish = CorrectionWish(
        said="The dispute was settled in March, not in May.",
        stories={first.key: words(first, headline=headline)},
        mails=mails,
    )
    return correcting.correct(services, edition_id, wish, by=EVE)


def the_draft_story(services: Services, edition_id: EditionId, place: int = 0) -> Story:
    with services.reading() as session:
        return editions.get(session, edition_id).draft.stories[place]


def test_a_correction_shows_on_the_web_and_leaves_what_was_sent_untouched(
    services: Services, sent: EditionId, clock: FixedClock
) -> None:
    with services.reading() as session:
        before = editions.get(session, sent)
        was = (before.rendered_bytes, before.rendered_hash, before.draft.subject)
        public_id = session.execute(select(Delivery.public_id)).scalars().first()
    clock.advance(timedelta(days=1))

    corrected(services, sent, "Quarry council ends stone dispute in March")

    with services.reading() as session:
        after = editions.get(session, sent)
        assert (after.rendered_bytes, after.rendered_hash, after.draft.subject) == was
        assert after.corrected_at == clock.now()
        (past,) = published.newest(session, "morning", 5)
    assert past.correction == "The dispute was settled in March, not in May."
    assert past.changed_at == clock.now()
    page = archive.page(services, "morning", Cadence.DAILY, TODAY)
    assert public_id is not None
    token = tokens.sign(tokens.Purpose.VIEW, tokens.Claim(public_id), services.keys.tokens)
    own = reading.view(services, sent, token)
    assert page is not None
    assert own is not None
    for html in (page.html, own.html):
        assert "Corrected on Nov 24, 2026: The dispute was settled in March, not in May." in html
        assert "ends stone dispute in March" in html
    assert (
        "Corrected"
        not in correcting.pages(services, sent, as_sent=True).fill(None, letters.inert_values(services, sent)).html
    )
    assert written_down(services)[-1] == (EVE, "correct")


def test_a_correction_by_mail_waits_for_an_editor_and_goes_to_those_who_got_the_first(
    services: Services, sent: EditionId, clock: FixedClock, inbox: Inbox
) -> None:
    late = subscribe(services, "late")
    assert late
    mail = corrected(services, sent, "Quarry council ends stone dispute in March", mails=True)
    assert mail is not None

    clock.advance(HOUR)
    jobs.tick(services)
    waiting = the(services, mail).state
    ahead = outlook.outlook(services, mail)
    releasing.approve(services, mail, by=EVE)
    jobs.run("send", services)

    edition = the(services, mail)
    assert (waiting, ahead.readers) == (EditionState.DRAFT, 2)
    assert (edition.state, edition.cadence, edition.date, edition.number) == (
        EditionState.SENT,
        Cadence.CORRECTION,
        TODAY,
        1,
    )
    assert editions_mailed(inbox) == {"ana": 2, "ben": 2}
    last = mails(inbox)[-1]
    text = last.get_body(("plain",))
    assert text is not None
    content = text.get_content()
    assert str(last["Subject"]).startswith("Correction: ")
    assert "Correction to No. 1" in content
    assert "The dispute was settled in March" in content
    assert "Ferries resume" not in content
    with services.reading() as session:
        assert editions.next_number(session, "morning", Cadence.DAILY) == 2
        assert [past.id for past in published.newest(session, "morning", 5)] == [sent]


def test_a_second_correction_joins_the_mail_that_waits_and_is_refused_once_it_went(
    services: Services, sent: EditionId
) -> None:
    first = corrected(services, sent, "Quarry council ends stone dispute in March", mails=True)
    assert first is not None
    other = the_draft_story(services, sent, 1)
    wish = CorrectionWish(
        said="Two things were wrong.",
        stories={other.key: words(other, summary="Sailors got eight percent.")},
        mails=True,
    )
    second = correcting.correct(services, sent, wish, by=EVE)
    with services.reading() as session:
        draft = editions.get(session, first).draft
    releasing.approve(services, first, by=EVE)

    with pytest.raises(WrongState, match="there is one only; leave the mail out"):
        corrected(services, sent, "Once more", mails=True)

    assert second == first
    assert (len(draft.stories), draft.intro) == (2, "Two things were wrong.")
    assert the(services, sent).correction == "Two things were wrong."
    assert the_draft_story(services, sent).headline == "Quarry council ends stone dispute in March"


@pytest.mark.parametrize(
    ("said", "change", "fault"),
    [
        ("", {}, "nothing is said"),
        ("x" * 501, {}, "501 characters"),
        ("Wrong.", {"headline": " "}, "would lose its headline"),
        ("Wrong.", {"url": "javascript:alert(1)"}, "no web address"),
        ("Wrong.", {}, "a mail would be empty"),
    ],
)
def test_a_correction_that_says_or_leads_nowhere_is_refused(
    services: Services, sent: EditionId, said: str, change: dict[str, str], fault: str
) -> None:
    story = the_draft_story(services, sent)
    wish = CorrectionWish(said=said, stories={story.key: words(story, **change)}, mails=True)

    with pytest.raises(WrongState, match=fault):
        correcting.correct(services, sent, wish, by=EVE)

    assert the(services, sent).corrected_at is None


def test_only_what_readers_get_can_be_corrected(services: Services, edition_id: EditionId) -> None:
    with pytest.raises(WrongState, match="is draft; only one that is approved or paused or sending or sent"):
        corrected(services, edition_id, "Another")


def put_right(services: Services, edition_id: EditionId, place: int, said: str, *, mails: bool) -> EditionId | None:
    """Give the Story at that *place* another headline."""
    story = the_draft_story(services, edition_id, place)
    wish = CorrectionWish(said=said, stories={story.key: words(story, headline=f"Right {place}")}, mails=mails)
    return correcting.correct(services, edition_id, wish, by=EVE)


def test_what_was_corrected_on_the_web_first_can_be_mailed_later(services: Services, sent: EditionId) -> None:
    put_right(services, sent, 0, "One was wrong.", mails=False)
    put_right(services, sent, 1, "Two were wrong.", mails=False)

    mail = correcting.correct(services, sent, CorrectionWish(said="Two were wrong.", stories={}, mails=True), by=EVE)

    assert mail is not None
    with services.reading() as session:
        draft = editions.get(session, mail).draft
    assert [story.headline for story in draft.stories] == ["Right 0", "Right 1"]


def test_a_further_correction_keeps_what_editors_have_written_in_the_mail_and_can_be_taken_back(
    services: Services, sent: EditionId
) -> None:
    mail = put_right(services, sent, 0, "One was wrong.", mails=True)
    assert mail is not None
    key = the_draft_story(services, mail).key
    for act in (Word(subject="We were wrong", intro="We are sorry."), Rewrite(key, note="Ask us.")):
        done = editing.change(services, mail, act, by=EVE, version=the(services, mail).draft_version)
        assert isinstance(done, Changed)
    seen = the(services, mail).draft_version

    put_right(services, sent, 1, "Two were wrong.", mails=True)

    with services.reading() as session:
        draft = editions.get(session, mail).draft
    assert (draft.subject, draft.intro) == ("We were wrong", "We are sorry.\nTwo were wrong.")
    assert [(story.headline, story.note) for story in draft.stories] == [("Right 0", "Ask us."), ("Right 1", "")]
    behind = editing.change(services, mail, Word(intro="Sorry again."), by="ben@desk.example", version=seen)
    assert isinstance(behind, Collided)
    editing.undo(services, mail, by=EVE, version=the(services, mail).draft_version)
    assert len(listed(services, mail)) == 1


def test_a_story_that_an_editor_has_taken_out_of_the_correction_stays_out(services: Services, sent: EditionId) -> None:
    put_right(services, sent, 0, "One was wrong.", mails=True)
    mail = put_right(services, sent, 1, "Two were wrong.", mails=True)
    assert mail is not None
    key = the_draft_story(services, mail).key
    editing.change(services, mail, Drop(key), by=EVE, version=the(services, mail).draft_version)

    put_right(services, sent, 2, "Three were wrong.", mails=True)

    assert listed(services, mail) == ["Right 1", "Right 2"]


def listed(services: Services, edition_id: EditionId) -> list[str]:
    with services.reading() as session:
        return [story.headline for story in editions.get(session, edition_id).draft.stories]
