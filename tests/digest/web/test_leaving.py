import pytest
from fastapi.testclient import TestClient

from digest.services import Services
from subscribers import consent
from subscribers.model import EndReason, SubscriptionState
from subscribers.tokens import Purpose
from tests.digest.web.newsroom import subscription, token

URLENCODED = ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click")
MULTIPART = (
    "multipart/form-data; boundary=cut",
    b'--cut\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--cut--\r\n',
)
RUBBISH = ("multipart/form-data; boundary=cut", b"--cut\r\nno header at all")
NO_BOUNDARY = ("multipart/form-data", b"List-Unsubscribe=One-Click")
ENDLESS = ("application/x-www-form-urlencoded", b"x=" + b"y" * 100_000)
EMPTY = ("", b"")


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


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_the_link_ten_times_changes_nothing(
    client: TestClient, services: Services, reader: str, link: str, method: str
) -> None:
    for _ in range(10):
        answer = client.request(method, link)
        assert answer.status_code == 200

    assert subscription(services, reader).state == SubscriptionState.ACTIVE


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
    assert client.post(f"/u/{rubbish}/undo").status_code == 200


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
