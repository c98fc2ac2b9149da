"""The decision box, the account and the corrections of an Edition, as a browser without scripts sees them."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from digest.desk import opening, releasing
from digest.desk.progress import Watch
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.services import Services
from digest.staff import accounts
from digest.store import staff as store
from digest.web.editor import progress
from digest.web.editor.progress import Gallery, Watcher, event
from tests.digest.web.newsroom import OWN, csrf, edition, gone_out, paper, parsed, sign_in
from tests.fakes import FixedClock

EVE = "eve@desk.example"


@pytest.fixture
def page(client: TestClient, editor: str, edition_id: EditionId, reader: str) -> str:
    """Give the address of today's Edition, for one reader, in a browser that has signed in."""
    assert reader
    sign_in(client, editor)
    return f"/desk/edition/{edition_id}"


def box(client: TestClient, page: str) -> str:
    """Return the words of the decision box."""
    return " ".join(str(parsed(client.get(page).text).xpath("string(//div[@id='decide'])")).split())


def decide(client: TestClient, page: str, name: str, **fields: str) -> tuple[int, str]:
    """Return the status, and the fault that is told in the box."""
    answer = client.post(f"{page}/{name}", data={"csrf": csrf(client), **fields}, headers=OWN)
    if answer.status_code == 303:
        return 303, ""
    return answer.status_code, str(parsed(answer.text).xpath("string(//*[@role='alert'])"))


def test_the_box_says_when_it_goes_out_by_itself_and_to_how_many(client: TestClient, page: str) -> None:
    said = box(client, page)

    assert said.startswith("Goes out in 1 h, automatically, unless somebody holds it. 1 reader: the first at 07:00")
    assert 'data-until="2026-11-23T06:00:00+00:00"' in client.get(page).text


def test_an_edition_whose_hour_has_passed_goes_out_now_and_not_ago(
    client: TestClient, page: str, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=3))

    assert box(client, page).startswith("Goes out now, automatically, unless somebody holds it.")


def test_an_edition_is_scheduled_for_a_local_time(
    client: TestClient, services: Services, page: str, edition_id: EditionId
) -> None:
    status, _ = decide(client, page, "schedule", at="2026-11-23T09:15")

    row = edition(services, edition_id)
    assert (status, row.state, row.due_at.isoformat()) == (303, EditionState.APPROVED, "2026-11-23T08:15:00+00:00")
    assert box(client, page).startswith("Approved; goes out in 3 h 15 min.")


@pytest.mark.parametrize(
    ("at", "fault"),
    [("2026-11-23T05:59", "has passed"), ("2026-12-01T07:00", "7 days"), ("soon", "is no date and time")],
)
def test_a_time_that_cannot_be_is_told_where_it_was_typed(
    client: TestClient, services: Services, page: str, edition_id: EditionId, at: str, fault: str
) -> None:
    answer = client.post(f"{page}/schedule", data={"csrf": csrf(client), "at": at}, headers=OWN)

    (opened,) = parsed(answer.text).xpath("//details[@name='decision'][@open]")
    assert answer.status_code == 409
    assert fault in opened.xpath("string(.//*[@role='alert'])")
    assert opened.xpath(".//input[@name='at']/@value") == [at]
    assert edition(services, edition_id).state == EditionState.DRAFT


@pytest.mark.parametrize("name", ["send-now", "skip"])
def test_what_cannot_be_taken_back_is_asked_for_twice(
    client: TestClient, services: Services, page: str, edition_id: EditionId, name: str
) -> None:
    asked = decide(client, page, name, reason="a reason")
    before = edition(services, edition_id).state
    sure = decide(client, page, name, reason="a reason", sure="yes")

    assert asked == (409, "Not done yet: it cannot be taken back. Press the button in the opened part to do it.")
    assert before == EditionState.DRAFT
    assert sure[0] == 303
    assert edition(services, edition_id).state != EditionState.DRAFT


def test_send_now_and_skip_name_how_many_they_concern(client: TestClient, page: str) -> None:
    said = box(client, page)

    assert "1 reader gets it now, whatever their hour. It cannot be taken back." in said
    assert "Send it to 1 reader now" in said
    assert "1 reader gets nothing of this date." in said


def test_calling_off_names_how_many_have_it_and_how_many_will_not(
    client: TestClient, services: Services, page: str, edition_id: EditionId
) -> None:
    releasing.approve(services, edition_id, by=EVE)

    assert "0 readers have it already and keep it; 1 reader will not get it." in box(client, page)
    assert decide(client, page, "cancel", sure="yes", reason="a hoax")[0] == 303
    row = edition(services, edition_id)
    assert (row.state, row.reason) == (EditionState.CANCELLED, "a hoax")


def test_a_decision_that_comes_too_late_tells_how_the_edition_stands(
    client: TestClient, services: Services, page: str, edition_id: EditionId
) -> None:
    releasing.approve(services, edition_id, by=EVE)

    status, fault = decide(client, page, "hold")

    assert (status, "is approved; only one that is draft can become held" in fault) == (409, True)


def test_pressed_twice_a_button_does_no_more(client: TestClient, page: str) -> None:
    assert [decide(client, page, "approve")[0] for _ in range(2)] == [303, 303]


@pytest.mark.parametrize("name", ["approve", "schedule", "send-now", "hold", "skip", "pause", "cancel", "correct"])
def test_no_other_site_decides(
    client: TestClient, services: Services, page: str, edition_id: EditionId, name: str
) -> None:
    token = csrf(client)
    foreign = client.post(
        f"{page}/{name}", data={"csrf": token, "sure": "yes"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    stale = client.post(f"{page}/{name}", data={"csrf": "x", "sure": "yes"}, headers=OWN)

    assert (foreign.status_code, stale.status_code) == (403, 403)
    assert edition(services, edition_id).state == EditionState.DRAFT


def test_the_account_stands_on_the_page_and_can_be_renewed(
    client: TestClient, services: Services, page: str, edition_id: EditionId
) -> None:
    releasing.approve(services, edition_id, by=EVE)

    shown = parsed(client.get(page).text)

    figures = " ".join(str(shown.xpath("string(//section[@id='progress'])")).split())
    assert "1 waiting of 1" in figures
    assert shown.xpath("//section[@id='progress']//a/@href") == [page]
    assert shown.xpath("//section[@id='progress']/@data-stream") == [f"{page}/progress?shown=approved"]


# -- the stream --------------------------------------------------------------------------------------------------------


def test_the_stream_of_a_settled_edition_tells_how_it_ended_and_ends(
    client: TestClient, services: Services, page: str, edition_id: EditionId
) -> None:
    releasing.approve(services, edition_id, by=EVE)
    releasing.cancel(services, edition_id, by=EVE)

    answer = client.get(f"{page}/progress")

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert (answer.headers["X-Accel-Buffering"], answer.headers["Cache-Control"]) == ("no", "no-store")
    assert re.findall(r"^event: (\w+)$", answer.text, re.MULTILINE) == ["figures", "state"]
    assert answer.text.endswith("event: state\ndata: cancelled\n\n")


def test_the_stream_is_for_staff_alone(client: TestClient, edition_id: EditionId) -> None:
    assert client.get(f"/desk/edition/{edition_id}/progress").status_code == 303


def test_more_watchers_than_there_is_room_for_are_sent_away(client: TestClient, page: str) -> None:
    gallery = client.app.state.gallery  # type: ignore[attr-defined]  # an ASGI app to the client
    gallery.watchers = [f"{n}@desk.example" for n in range(progress.MOST_WATCHERS)]

    answer = client.get(f"{page}/progress")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_one_account_does_not_take_the_room_of_all(client: TestClient, page: str) -> None:
    gallery = client.app.state.gallery  # type: ignore[attr-defined]  # as above
    gallery.watchers = [EVE] * progress.MOST_OF_ONE

    assert client.get(f"{page}/progress").status_code == 503
    assert gallery.has_room("otto@desk.example")


def heard(gallery: Gallery, edition_id: EditionId, watcher: Watcher) -> list[str]:
    """Return all that is told of an Edition to *watcher*, with what is still to go out as its figures."""

    async def listen() -> list[str]:
        first = gallery.watch.look(edition_id)
        stream: AsyncIterator[str] = progress.told(gallery, watcher, first, lambda found: str(found.open), first.state)
        return [part async for part in stream]

    return asyncio.run(listen())


def test_of_many_who_come_at_once_no_more_watch_than_there_is_room_for(
    services: Services, edition_id: EditionId
) -> None:
    gallery = Gallery(Watch(services), watchers=[EVE] * progress.MOST_OF_ONE)

    assert heard(gallery, edition_id, Watcher(email=EVE, is_in=lambda: True)) == []
    assert gallery.watchers == [EVE] * progress.MOST_OF_ONE


def test_a_stream_ends_with_the_sign_in_that_it_was_asked_with(
    services: Services, edition_id: EditionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0)
    monkeypatch.setattr(progress, "ASKED", 0)
    answers = iter([True, True, False])
    gallery = Gallery(Watch(services))

    told = heard(gallery, edition_id, Watcher(email=EVE, is_in=lambda: next(answers)))

    assert told == [event("figures", "0"), event("state", "draft")]
    assert gallery.watchers == []


def test_a_removed_account_watches_nothing_any_more(
    client: TestClient, services: Services, page: str, operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0)
    monkeypatch.setattr(progress, "ASKED", 0)
    look = services.clock.now

    def removed() -> datetime:  # between the door, which has let this browser in, and the first question after it
        with services.session() as session:
            if store.account(session, EVE) is not None and gallery.watchers:
                accounts.remove(session, EVE, by=operator, now=look())
        return look()

    gallery = client.app.state.gallery  # type: ignore[attr-defined]  # as above
    monkeypatch.setattr(type(services.clock), "now", lambda _clock: removed())

    answer = client.get(f"{page}/progress")

    assert answer.text.endswith("event: state\ndata: draft\n\n")


def test_who_does_not_take_what_is_sent_does_not_keep_a_place_for_ever(
    services: Services, edition_id: EditionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LONGEST", 0)
    monkeypatch.setattr(progress, "SILENCE", 0)

    async def parts() -> AsyncIterator[str]:
        yield "x"

    async def never(*_: object) -> Any:
        await asyncio.Event().wait()

    asyncio.run(progress._Stream(parts())({"type": "http", "asgi": {"spec_version": "2.0"}}, never, never))


def test_a_stream_speaks_into_silence_tells_changes_and_stops_with_the_service(
    services: Services, edition_id: EditionId, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reader
    releasing.approve(services, edition_id, by=EVE)
    monkeypatch.setattr(progress, "EVERY", 0)
    monkeypatch.setattr(progress, "SILENCE", 0)
    ends = iter([False, False, False, True])
    gallery = Gallery(Watch(services), is_ending=lambda: next(ends))

    told = heard(gallery, edition_id, Watcher(email=EVE, is_in=lambda: True))

    assert told == [event("figures", "1"), ": still here\n\n", ": still here\n\n", ": still here\n\n"]
    assert gallery.watchers == []


def test_no_line_of_an_event_is_taken_for_another_field() -> None:
    assert event("figures", "a\r\nid: 7\n\nevent: state") == (
        "event: figures\ndata: a\ndata: id: 7\ndata: \ndata: event: state\n\n"
    )


# -- corrections -------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(client: TestClient, services: Services, editor: str, clock: FixedClock) -> str:
    """Give the address of an Edition that went out, in a browser that has signed in."""
    gone_out(services, paper(clock))
    sign_in(client, editor)
    return "/desk/edition/1"


def correction(client: TestClient, sent: str, **changes: str) -> dict[str, str]:
    """Return the fields of the form as they stand, with *changes*."""
    (form,) = parsed(client.get(f"{sent}/correct").text).xpath("//form[@class='correct']")
    return {**{name: value or "" for name, value in form.form_values()}, **changes}


def test_a_correction_is_saved_and_both_versions_can_be_seen(
    client: TestClient, services: Services, sent: str, clock: FixedClock
) -> None:
    clock.advance(timedelta(hours=3))
    fields = correction(client, sent, said="It was its second winter.", **{"headline-a1": "The second winter test"})

    answer = client.post(f"{sent}/correct", data=fields, headers=OWN)

    assert answer.headers["location"] == f"{sent}?done=correct"
    shown, was = client.get(f"{sent}/pages/shown"), client.get(f"{sent}/pages/sent")
    assert "The second winter test" in shown.text
    assert "The second winter test" not in was.text
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    public = client.get("/archive/wattage/daily/2026-11-23").text
    assert "Corrected on Nov 23, 2026: It was its second winter." in public
    feed = client.get("/archive/wattage/feed.xml").text
    assert "Corrected on Mon 23 Nov 2026: It was its second winter." in feed
    assert feed.count("<updated>2026-11-23T08:00:00+00:00</updated>") == 2
    assert edition(services, EditionId(1)).correction == "It was its second winter."


def test_a_hostile_correction_stays_words(client: TestClient, sent: str) -> None:
    evil = '<script>alert(1)</script>"\u202e'
    fields = correction(client, sent, said=evil, **{"headline-a1": evil, "summary-a1": evil, "note-a1": evil})

    client.post(f"{sent}/correct", data=fields, headers=OWN)

    for path in (
        f"{sent}/correct",
        f"{sent}/pages/shown",
        "/archive/wattage/daily/2026-11-23",
        "/archive/wattage/feed.xml",
    ):
        assert "<script>alert" not in client.get(path).text, path


def test_a_refused_correction_keeps_what_was_typed(client: TestClient, sent: str) -> None:
    fields = correction(client, sent, said="Wrong.", **{"headline-a1": "New words", "url-a1": "javascript:alert(1)"})

    answer = client.post(f"{sent}/correct", data=fields, headers=OWN)

    shown = parsed(answer.text)
    assert answer.status_code == 409
    assert "is no web address" in shown.xpath("string(//*[@role='alert'])")
    assert shown.xpath("//input[@name='headline-a1']/@value") == ["New words"]


def test_a_draft_is_not_corrected_but_edited(client: TestClient, page: str) -> None:
    assert client.get(f"{page}/correct").status_code == 409


def test_a_correction_by_mail_leads_to_its_own_page(client: TestClient, services: Services, sent: str) -> None:
    fields = correction(client, sent, said="Wrong.", mails="yes", **{"headline-a1": "The second winter test"})

    answer = client.post(f"{sent}/correct", data=fields, headers=OWN)

    assert answer.headers["location"] == "/desk/edition/2?done=correct"
    assert "Correction, for those who got the first one" in box(client, "/desk/edition/2")
    assert edition(services, EditionId(2)).corrects_id == 1


def as_posted(client: TestClient, sent: str, **changes: str) -> dict[str, str]:
    """Return the fields of the form as a browser posts them: with its own line breaks, and none in a line."""
    (form,) = parsed(client.get(f"{sent}/correct").text).xpath("//form[@class='correct']")
    fields = {}
    for field in form.xpath(".//input[@type='hidden' or @type='text'] | .//textarea"):
        value = str(field.value or "")
        is_line = field.tag == "input"
        fields[field.get("name")] = value.replace("\n", "") if is_line else value.replace("\n", "\r\n")
    return fields | changes


def test_a_correction_changes_no_story_in_which_nothing_was_typed(
    client: TestClient, services: Services, editor: str, clock: FixedClock
) -> None:
    draft = paper(clock)
    first, *rest = draft.sections
    odd = replace(first.stories[0], headline="Two\u2028lines\u202e", summary="One.\n\nTwo. ", note="We saw it.\nTwice.")
    stories = (odd, *first.stories[1:])
    gone_out(services, replace(draft, sections=(replace(first, stories=stories), *rest)))
    sign_in(client, editor)
    page = "/desk/edition/1"

    empty = client.post(f"{page}/correct", data=as_posted(client, page, said="Wrong.", mails="yes"), headers=OWN)
    client.post(f"{page}/correct", data=as_posted(client, page, said="Wrong."), headers=OWN)

    assert "no story is changed" in parsed(empty.text).xpath("string(//*[@role='alert'])")
    assert edition(services, EditionId(1)).correction == "Wrong."
    assert opening.open_edition(services, EditionId(1)).draft.stories[0] == stories[0]


def test_an_edition_of_many_long_stories_can_be_corrected(
    client: TestClient, services: Services, editor: str, clock: FixedClock
) -> None:
    draft = paper(clock)
    first, *rest = draft.sections
    many = tuple(
        replace(first.stories[0], article_id=None, also=(), own_key=f"o{n}", summary="Зима " * 80) for n in range(60)
    )
    gone_out(services, replace(draft, sections=(replace(first, stories=(*first.stories, *many)), *rest)))
    sign_in(client, editor)
    fields = as_posted(client, "/desk/edition/1", said="Wrong.", **{"headline-o59": "The last one"})

    answer = client.post("/desk/edition/1/correct", data=fields, headers=OWN)

    assert answer.status_code == 303
    assert "The last one" in [one.headline for one in opening.open_edition(services, EditionId(1)).draft.stories]
