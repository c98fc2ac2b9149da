import datetime as dt
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from digest.services import Services
from subscribers import consent, suppression, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.model import (
    ConsentEvent,
    EndReason,
    LeavingCause,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from subscribers.tokens import Purpose
from tests.digest.web.newsroom import subscription, token
from tests.fakes import FixedClock

URLENCODED = ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click")
MULTIPART = (
    "multipart/form-data; boundary=cut",
    b'--cut\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--cut--\r\n',
)
RUBBISH = ("multipart/form-data; boundary=cut", b"--cut\r\nno header at all")
NO_BOUNDARY = ("multipart/form-data", b"List-Unsubscribe=One-Click")
ENDLESS = ("application/x-www-form-urlencoded", b"x=" + b"y" * 1_000_000)
EMPTY = ("", b"")


def everything_kept(services: Services) -> list[tuple[object, ...]]:
    """Return all that the database holds of readers."""
    with services.reading() as session:
        return [
            tuple(row)
            for table in (Subscriber, Subscription, ConsentEvent, Suppression)
            for row in session.execute(select(table.__table__))
        ]


@pytest.fixture
def link(services: Services, reader: str) -> str:
    return f"/u/{token(services, Purpose.UNSUBSCRIBE, reader)}"


@pytest.mark.parametrize(
    ("kind", "body"),
    [URLENCODED, MULTIPART, RUBBISH, NO_BOUNDARY, ENDLESS, EMPTY],
    ids=["urlencoded", "multipart", "broken multipart", "no boundary", "endless", "empty"],
)
def test_a_post_ends_the_subscription_whatever_its_body_is(
    client: TestClient, services: Services, reader: str, link: str, kind: str, body: bytes
) -> None:
    answer = client.post(link, content=body, headers={"Content-Type": kind})

    assert answer.status_code == 200
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    ended = subscription(services, reader)
    assert (ended.state, ended.end_reason) == (SubscriptionState.ENDED, EndReason.ONE_CLICK)


def test_a_mail_program_needs_no_cookie_and_no_origin_of_ours(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site", "Cookie": "x=y"}

    answer = client.post(link, data={"List-Unsubscribe": "One-Click"}, headers=headers)

    assert answer.status_code == 200
    assert subscription(services, reader).state == SubscriptionState.ENDED


@pytest.mark.parametrize("has_left", [False, True])
@pytest.mark.parametrize("act", ["", "/all", "/less", "/undo", "/why"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_any_address_ten_times_changes_nothing(
    client: TestClient, services: Services, reader: str, link: str, method: str, act: str, has_left: bool
) -> None:
    if has_left:
        client.post(link)
    before = everything_kept(services)

    for _ in range(10):
        answer = client.request(method, f"{link}{act}", params={"pause": "week", "cause": "other", "from": "page"})
        assert answer.status_code == 200

    assert everything_kept(services) == before


def test_the_page_shows_a_button_and_no_whole_address(client: TestClient, link: str) -> None:
    page = client.get(link).text

    assert f'action="{link}"' in page
    assert "Unsubscribe</button>" in page
    assert "ana@reader.example" not in page


def test_a_repeated_post_answers_200_and_is_written_down_once(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    answers = [client.post(link).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    with services.reading() as session:
        mark = subscription(services, reader).subscriber.fingerprint
        assert [event.kind for event in consent.history(session, mark)] == ["added", "withdrawn"]


@pytest.mark.parametrize("rubbish", ["x", "0" * 57, "a" * 3000, "%00", "%F0%9F%93%B0", "a.b.c.d"])
def test_an_unknown_token_gets_200_too(client: TestClient, rubbish: str) -> None:
    assert client.post(f"/u/{rubbish}").status_code == 200
    assert client.get(f"/u/{rubbish}").status_code == 200
    for act, fields in (("all", {}), ("undo", {}), ("why", {"cause": "other"}), ("less", {"pause": "week"})):
        answer = client.post(f"/u/{rubbish}/{act}", data=fields)
        assert (answer.status_code, "Nothing to unsubscribe" in answer.text) == (200, True)


def test_a_token_for_another_purpose_ends_nothing(client: TestClient, services: Services, reader: str) -> None:
    client.post(f"/u/{token(services, Purpose.PREFERENCES, reader)}")

    assert subscription(services, reader).state == SubscriptionState.ACTIVE


def test_the_button_says_that_it_was_the_page_and_offers_to_take_it_back(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    left = client.post(link, data={"from": "page"})
    reason = subscription(services, reader).end_reason

    back = client.post(f"{link}/undo")

    assert "You have left The Wattage" in left.text
    assert f'action="{link}/undo"' in left.text
    assert reason == EndReason.PAGE
    assert (back.status_code, "keeps coming" in back.text) == (200, True)
    assert subscription(services, reader).state == SubscriptionState.ACTIVE


def test_what_an_operator_has_ended_is_not_taken_back(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    with services.session() as session:
        row = session.merge(subscription(services, reader))
        row.end(EndReason.OPERATOR, services.clock.now())

    answer = client.post(f"{link}/undo")

    assert answer.status_code == 409
    assert subscription(services, reader).state == SubscriptionState.ENDED


def test_pages_with_a_token_are_kept_by_nobody(client: TestClient, link: str) -> None:
    headers = client.get(link).headers

    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    assert "script-src 'none'" in headers["content-security-policy"]


# -- every act in every state, once and again --------------------------------------------------------------------------


def signed_up_anew(subscription: Subscription, now: dt.datetime) -> None:
    subscription.end(EndReason.PAGE, now)
    subscription.reopen()


STATES: dict[str, Callable[[Subscription, dt.datetime], None]] = {
    "active": lambda _one, _now: None,
    "paused": lambda one, _now: one.pause(),
    "ended": lambda one, now: one.end(EndReason.PAGE, now),
    "pending": signed_up_anew,
}
#: Act, fields, state before: status, state after, new lines in the ledger.
TABLE = [
    ("", {"List-Unsubscribe": "One-Click"}, "active", 200, "ended", ["withdrawn"]),
    ("", {"List-Unsubscribe": "One-Click"}, "paused", 200, "ended", ["withdrawn"]),
    ("", {"List-Unsubscribe": "One-Click"}, "pending", 200, "ended", ["withdrawn"]),
    ("", {"List-Unsubscribe": "One-Click"}, "ended", 200, "ended", []),
    ("", {"from": "page"}, "active", 200, "ended", ["withdrawn"]),
    ("/all", {}, "active", 200, "ended", ["withdrawn"]),
    ("/all", {}, "paused", 200, "ended", ["withdrawn"]),
    ("/all", {}, "pending", 200, "ended", ["withdrawn"]),
    ("/all", {}, "ended", 200, "ended", ["withdrawn"]),
    ("/less", {"section": "research"}, "active", 200, "active", ["changed"]),
    ("/less", {"section": "research"}, "paused", 200, "paused", ["changed"]),
    ("/less", {"section": "research"}, "ended", 409, "ended", []),
    ("/less", {"section": "research"}, "pending", 409, "pending", []),
    ("/less", {"cadence": "weekly"}, "active", 200, "active", ["changed"]),
    ("/less", {"cadence": "weekly"}, "ended", 409, "ended", []),
    ("/less", {"pause": "week"}, "active", 200, "paused", ["paused"]),
    ("/less", {"pause": "month"}, "paused", 200, "paused", ["paused"]),
    ("/less", {"pause": "week"}, "ended", 409, "ended", []),
    ("/less", {"pause": "week"}, "pending", 409, "pending", []),
    ("/less", {"section": "sports"}, "active", 422, "active", []),
    ("/less", {"cadence": "weekdays"}, "active", 422, "active", []),
    ("/less", {"pause": "year"}, "active", 422, "active", []),
    ("/less", {"pause": "week", "section": "research"}, "active", 422, "active", []),
    ("/less", {}, "active", 422, "active", []),
    ("/undo", {}, "active", 200, "active", []),
    ("/undo", {}, "paused", 200, "paused", []),
    ("/undo", {}, "ended", 200, "active", ["restored"]),
    ("/undo", {}, "pending", 200, "active", ["restored"]),
    ("/why", {"cause": "too long"}, "ended", 200, "ended", []),
    ("/why", {"cause": "too long"}, "active", 409, "active", []),
    ("/why", {"cause": "because"}, "ended", 422, "ended", []),
]


@pytest.mark.parametrize(("act", "fields", "before", "status", "after", "told"), TABLE)
def test_each_act_in_each_state_does_its_work_once(
    client: TestClient,
    services: Services,
    reader: str,
    link: str,
    act: str,
    fields: dict[str, str],
    before: str,
    status: int,
    after: str,
    told: list[str],
) -> None:
    with services.session() as session:
        STATES[before](Subscription.by_public_id(session, reader), services.clock.now())

    first = client.post(f"{link}{act}", data=fields)
    kept = everything_kept(services)
    again = client.post(f"{link}{act}", data=fields)

    assert (first.status_code, again.status_code) == (status, status)
    assert not {"location", "set-cookie"} & set(first.headers)
    found = subscription(services, reader)
    assert found.state == after
    with services.reading() as session:
        assert [event.kind for event in consent.history(session, found.subscriber.fingerprint)][1:] == told
    assert everything_kept(services) == kept


def test_a_mail_program_gets_a_short_answer_and_a_person_the_page(client: TestClient, link: str) -> None:
    machine = client.post(link, data={"List-Unsubscribe": "One-Click"})
    person = client.post(link, data={"List-Unsubscribe": "One-Click", "from": "page"})

    assert (machine.headers["content-type"], machine.text) == ("text/plain; charset=utf-8", "You are unsubscribed.\n")
    assert "You have left" in person.text


def test_what_the_page_offers_fits_what_the_reader_gets(client: TestClient, services: Services, link: str) -> None:
    full = client.get(link).text

    client.post(f"{link}/less", data={"section": "electric"})
    client.post(f"{link}/less", data={"cadence": "weekly"})
    saved = client.post(f"{link}/less", data={"section": "industry"}).text
    client.post(f"{link}/less", data={"pause": "week"})
    least = client.get(link).text

    assert all(f'value="{offer}"' in full for offer in ("electric", "industry", "research", "weekly", "week", "month"))
    assert "“Industry” is left out" in saved
    assert "Or keep some of it" not in least
    assert "It is paused until Mon 30 Nov 2026" in least
    assert "Unsubscribe</button>" in least


def test_the_last_section_cannot_be_left_out(client: TestClient, services: Services, reader: str, link: str) -> None:
    for section in ("electric", "industry"):
        client.post(f"{link}/less", data={"section": section})

    answer = client.post(f"{link}/less", data={"section": "research"})

    assert answer.status_code == 422
    assert subscription(services, reader).sections == ("research",)


def test_once_a_week_keeps_everything_else(client: TestClient, services: Services, reader: str, link: str) -> None:
    client.post(f"{link}/less", data={"section": "research"})

    client.post(f"{link}/less", data={"cadence": "weekly"})

    found = subscription(services, reader)
    assert (found.cadence, found.sections) == (Cadence.WEEKLY, ("electric", "industry"))


def test_leaving_everything_keeps_an_import_from_bringing_one_back(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    page = client.post(f"{link}/all")

    with services.session() as session:
        mark = subscription(services, reader).subscriber.fingerprint
        assert suppression.reason_for(session, mark) is SuppressionReason.UNSUBSCRIBED
    assert "You have left everything" in page.text
    assert f'action="{link}/all"' not in page.text


@pytest.mark.parametrize(
    "acts",
    [("",), ("/all",), ("", "/all"), ("/all", ""), ("", "/undo", "/all"), ("/all", "/undo", ""), ("/all", "/why")],
    ids=" ".join,
)
def test_whatever_went_before_the_end_can_be_taken_back(
    client: TestClient, services: Services, reader: str, link: str, acts: tuple[str, ...]
) -> None:
    for act in acts:
        assert client.post(f"{link}{act}", data={"cause": "other"}).status_code == 200

    back = client.post(f"{link}/undo")

    found = subscription(services, reader)
    assert (back.status_code, found.state, found.leaving_cause) == (200, SubscriptionState.ACTIVE, None)
    with services.reading() as session:
        assert not suppression.is_suppressed(session, found.subscriber.fingerprint)


def test_an_end_of_long_ago_offers_to_sign_up_anew(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    with services.session() as session:
        evidence = Evidence(wording="Unsubscribe", source="a test")
        long_ago = services.clock.now() - dt.timedelta(days=8)
        unsubscribe.one_click(session, reader, evidence, now=long_ago)

    page = client.get(link).text
    refused = client.post(f"{link}/undo")

    assert "Sign up again" in page
    assert f'action="{link}/undo"' not in page
    assert (refused.status_code, "cannot be taken back" in refused.text) == (409, True)


def test_the_reason_is_kept_once_given_and_thanked_for(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    asked = client.post(link, data={"from": "page"}).text

    thanked = client.post(f"{link}/why", data={"cause": "never asked", "words": "<b>Who\nare you?</b>"}).text

    found = subscription(services, reader)
    assert (found.leaving_cause, found.leaving_words) == (LeavingCause.NEVER_ASKED, "<b>Who are you?</b>")
    assert all(f'value="{cause}"' in asked for cause in LeavingCause)
    assert "Thank you" in thanked
    assert f'action="{link}/why"' not in thanked


def test_every_answer_bears_the_private_headers(client: TestClient, link: str) -> None:
    answers = [client.post(f"{link}{act}") for act in ("/all", "/undo", "", "/why", "/less")]

    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_other_newsletters_of_the_reader_end_only_with_everything(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    with services.session() as session:
        own = Subscription.by_public_id(session, reader).subscriber
        other = Subscription(
            subscriber=own,
            newsletter="another",
            state=SubscriptionState.ACTIVE,
            cadence=Cadence.DAILY,
            created_at=services.clock.now(),
            confirmed_at=services.clock.now(),
        )
        session.add(other)
        session.flush()
        second = other.public_id
    states = []

    for act in ("", "/all", "/undo"):
        client.post(f"{link}{act}")
        states.append(subscription(services, second).state)

    assert states == ["active", "ended", "ended"]
    assert subscription(services, reader).state == SubscriptionState.ACTIVE


def test_a_pause_that_is_over_is_told_as_none_before_the_upkeep_has_seen_it(
    client: TestClient, services: Services, reader: str, link: str, clock: FixedClock
) -> None:
    with services.session() as session:
        Subscription.by_public_id(session, reader).pause(clock.now().date() + dt.timedelta(days=1))
    during = client.get(link).text
    clock.advance(dt.timedelta(days=1))

    after = client.get(link).text

    assert ["It is paused until" in page for page in (during, after)] == [True, False]
    assert ["Take a break" in page for page in (during, after)] == [False, True]
    assert subscription(services, reader).state is SubscriptionState.PAUSED
