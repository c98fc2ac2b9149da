"""The doors of mail providers: nothing unproven has an effect, and what is told twice has it once."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response as Answer

from digest import webhooks
from digest.deliver import verp
from digest.errors import FetchFailed
from digest.http import GuardedClient, Response
from digest.model.ids import EditionId, SubscriberId
from digest.services import Services
from digest.web.app import create_app
from digest.webhooks import LONGEST_BODY
from subscribers import bounces, suppression
from subscribers.model import BounceKind, Subscription, SubscriptionState, SuppressionReason
from tests.conftest import MakeServices
from tests.digest.deliver.planned import NOW as PLANNED
from tests.digest.deliver.planned import new_edition, new_readers, plan
from tests.digest.web.signed import CERTIFICATE, CONFIRM, PASSWORD, TOPIC, USER, Amazon, SendGrid, basic, mailgun
from tests.fakes import FixedClock

SETTINGS = f"""
[bounces]
ses_topic = "{TOPIC}"
sendgrid_public_key = "{{key}}"
mailgun_signing_key = "mailgun-key"
postmark_username = "{USER}"
postmark_password = "{PASSWORD}"
"""


@pytest.fixture(scope="module")
def amazon() -> Amazon:
    return Amazon()


@pytest.fixture(scope="module")
def sendgrid() -> SendGrid:
    return SendGrid()


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str, sendgrid: SendGrid, clock: FixedClock) -> Services:
    clock.set(PLANNED + dt.timedelta(hours=1))
    return make_services(sqlite_url, more_site=SETTINGS.format(key=sendgrid.public_key))


@pytest.fixture
def client(services: Services) -> TestClient:
    return TestClient(create_app(services), base_url="http://127.0.0.1:8025")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, amazon: Amazon) -> list[str]:
    """Let Amazon answer instead of the web, and give the addresses that it was asked at."""
    addresses: list[str] = []

    async def get(_client: GuardedClient, url: str, **_more: object) -> Response:
        addresses.append(url)
        return Response(status=200, url=url, body=amazon.certificate() if url == CERTIFICATE else b"")

    monkeypatch.setattr(GuardedClient, "get", get)
    return addresses


@dataclass(frozen=True)
class Sent:
    token: str
    fingerprint: str
    public_id: str


@pytest.fixture
def sent(services: Services) -> Sent:
    with services.session() as session:
        (subscription,) = new_readers(session, 1)
        edition_id = new_edition(session)
        plan(session, edition_id)
        key = (EditionId(edition_id), SubscriberId(subscription.subscriber_id))
        mark, public_id = subscription.subscriber.fingerprint, subscription.public_id
    return Sent(verp.token(key, secret=services.keys.message), mark, public_id)


def reason(services: Services, sent: Sent) -> SuppressionReason | None:
    with services.reading() as session:
        return suppression.reason_for(session, sent.fingerprint)


def kept(services: Services) -> dict[BounceKind, int]:
    with services.reading() as session:
        return dict(bounces.counts(session, services.clock.now() - dt.timedelta(days=9)))


# -- what the providers tell -------------------------------------------------------------------------------------------


def ses(token: str, kind: str = "Bounce", **traits: Any) -> dict[str, Any]:
    bounce = {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user"}],
        "timestamp": "2026-11-23T07:30:00.000Z",
        **traits,
    }
    mail = {"source": "x@bounce.example.org", "headers": [{"name": "X-Digest-ID", "value": token}]}
    return {"notificationType": kind, kind.lower(): bounce if kind == "Bounce" else traits, "mail": mail}


def event(token: str, kind: str = "bounce", **traits: Any) -> dict[str, Any]:
    values = {"status": "5.1.1", "reason": "550 5.1.1 no such user", "type": "bounce", **traits}
    return {"event": kind, "digest_id": token, "timestamp": PLANNED.timestamp() + 60, **values}


def failed(token: str, kind: str = "failed", **traits: Any) -> dict[str, Any]:
    status = {"code": 550, "message": "5.1.1 no such user", "enhanced-code": "5.1.1"}
    values = {"severity": "permanent", "reason": "bounce", "delivery-status": status, **traits}
    return {"event": kind, "user-variables": {"digest_id": token}, "timestamp": PLANNED.timestamp() + 60, **values}


def record(token: str, kind: str = "Bounce", **traits: Any) -> dict[str, Any]:
    values = {"Type": "HardBounce", "Details": "smtp;550 5.1.1 no such user", **traits}
    return {"RecordType": kind, "Metadata": {"digest-id": token}, "BouncedAt": "2026-11-23T07:30:00Z", **values}


Call = Callable[[TestClient, str], Answer]


@dataclass(frozen=True)
class Callers:
    """Each provider, calling with a report about the mail of a token."""

    amazon: Amazon
    sendgrid: SendGrid

    def post(self, client: TestClient, provider: str, told: dict[str, Any], *, use: str = "t" * 50) -> Answer:
        body, headers = b"", {}
        match provider:
            case "ses":
                body = json.dumps(self.amazon.message(told)).encode()
            case "sendgrid":
                body = json.dumps([told]).encode()
                headers = self.sendgrid.headers(body)
            case "mailgun":
                body = mailgun(told, token=use, at=PLANNED)
            case "postmark":
                body, headers = json.dumps(told).encode(), basic()
        return client.post(f"/hooks/{provider}", content=body, headers=headers)


@pytest.fixture
def callers(amazon: Amazon, sendgrid: SendGrid, asked: list[str]) -> Callers:
    return Callers(amazon, sendgrid)


BOUNCES = {"ses": ses, "sendgrid": event, "mailgun": failed, "postmark": record}


@pytest.mark.parametrize("provider", BOUNCES)
def test_a_bounce_of_a_provider_suppresses_the_reader_once(
    client: TestClient, services: Services, sent: Sent, callers: Callers, provider: str
) -> None:
    told = BOUNCES[provider](sent.token)

    answers = [callers.post(client, provider, told), callers.post(client, provider, told)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert reason(services, sent) is SuppressionReason.HARD_BOUNCE
    assert kept(services) == {BounceKind.HARD: 1}


@pytest.mark.parametrize("provider", BOUNCES)
def test_a_bounce_with_a_token_that_is_not_ours_changes_nothing(
    client: TestClient, services: Services, sent: Sent, callers: Callers, provider: str
) -> None:
    answer = callers.post(client, provider, BOUNCES[provider](sent.token[:-1] + "0"))

    assert answer.status_code == 200
    assert (reason(services, sent), kept(services)) == (None, {})


KINDS: list[tuple[str, Callable[[str], dict[str, Any]], BounceKind | None]] = [
    ("ses", lambda t: ses(t, bounceType="Transient", bounceSubType="MailboxFull"), BounceKind.SOFT),
    ("ses", lambda t: ses(t, bounceSubType="Suppressed", bouncedRecipients=[]), BounceKind.HARD),
    ("ses", lambda t: ses(t, bouncedRecipients=[{"status": "5.7.1", "diagnosticCode": "no"}]), BounceKind.POLICY),
    ("ses", lambda t: ses(t, bouncedRecipients="x"), BounceKind.SOFT),
    ("ses", lambda t: ses(t, "Complaint", complaintFeedbackType="abuse"), BounceKind.COMPLAINT),
    ("ses", lambda t: ses(t, "Complaint", complaintFeedbackType="not-spam"), None),
    ("ses", lambda t: ses(t, "Delivery"), None),
    ("sendgrid", lambda t: event(t, status="5.2.2", reason="552 mailbox full"), BounceKind.SOFT),
    ("sendgrid", lambda t: event(t, type="blocked"), BounceKind.SOFT),
    ("sendgrid", lambda t: event(t, type="blocked", status="5.7.1", reason="spam"), BounceKind.POLICY),
    ("sendgrid", lambda t: event(t, status="", bounce_classification="Invalid Address"), BounceKind.HARD),
    ("sendgrid", lambda t: event(t, "dropped", reason="Bounced Address"), BounceKind.HARD),
    ("sendgrid", lambda t: event(t, "spamreport"), BounceKind.COMPLAINT),
    ("sendgrid", lambda t: event(t, "unsubscribe"), BounceKind.UNSUBSCRIBE),
    ("sendgrid", lambda t: event(t, "delivered"), None),
    ("mailgun", lambda t: failed(t, severity="temporary"), None),
    ("mailgun", lambda t: failed(t, reason="suppress-complaint"), BounceKind.COMPLAINT),
    ("mailgun", lambda t: failed(t) | {"delivery-status": {"code": 552, "message": "full"}}, BounceKind.SOFT),
    ("mailgun", lambda t: failed(t, "complained"), BounceKind.COMPLAINT),
    ("mailgun", lambda t: failed(t, "unsubscribed"), BounceKind.UNSUBSCRIBE),
    ("mailgun", lambda t: failed(t, "opened"), None),
    ("postmark", lambda t: record(t, Details="550 5.1.1 mailbox is full"), BounceKind.SOFT),
    ("postmark", lambda t: record(t, Type="SoftBounce"), BounceKind.SOFT),
    ("postmark", lambda t: record(t, Type="SpamNotification"), BounceKind.POLICY),
    ("postmark", lambda t: record(t, Type="AutoResponder"), None),
    ("postmark", lambda t: record(t, "SpamComplaint"), BounceKind.COMPLAINT),
    (
        "postmark",
        lambda t: record(t, "SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression"),
        BounceKind.UNSUBSCRIBE,
    ),
    ("postmark", lambda t: record(t, "Open"), None),
]


@pytest.mark.parametrize(("provider", "told", "kind"), KINDS)
def test_what_a_provider_tells_is_taken_for_what_it_is(
    client: TestClient,
    services: Services,
    sent: Sent,
    callers: Callers,
    provider: str,
    told: Callable[[str], dict[str, Any]],
    kind: BounceKind | None,
) -> None:
    assert callers.post(client, provider, told(sent.token)).status_code == 200
    assert kept(services) == ({} if kind is None else {kind: 1})


# -- who may call ------------------------------------------------------------------------------------------------------


def forged_topic(amazon: Amazon, told: Any) -> dict[str, str]:
    return amazon.message(told, TopicArn=TOPIC + "2")


def forged_host(amazon: Amazon, told: Any) -> dict[str, str]:
    return amazon.message(told, SigningCertURL="https://sns.eu-central-1.amazonaws.com.evil.example/a.pem")


def forged_scheme(amazon: Amazon, told: Any) -> dict[str, str]:
    return amazon.message(told, SigningCertURL=CERTIFICATE.replace("https", "http"))


def forged_user(amazon: Amazon, told: Any) -> dict[str, str]:
    return amazon.message(told, SigningCertURL="https://sns.eu-central-1.amazonaws.com@evil.example/a.pem")


def forged_key(_amazon: Amazon, told: Any) -> dict[str, str]:
    return Amazon().message(told)


def forged_version(amazon: Amazon, told: Any) -> dict[str, str]:
    return amazon.message(told, version="3")


def forged_text(amazon: Amazon, told: Any) -> dict[str, str]:
    return amazon.message({}) | {"Message": json.dumps(told)}


def forged_signature(amazon: Amazon, told: Any) -> dict[str, str]:
    return amazon.message(told) | {"Signature": "???"}


FORGERIES = [
    forged_topic,
    forged_host,
    forged_scheme,
    forged_user,
    forged_key,
    forged_version,
    forged_text,
    forged_signature,
]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_message_that_amazon_has_not_signed_has_no_effect(
    client: TestClient,
    services: Services,
    sent: Sent,
    callers: Callers,
    forge: Callable[[Amazon, Any], dict[str, str]],
) -> None:
    answer = client.post("/hooks/ses", json=forge(callers.amazon, ses(sent.token)))

    assert answer.status_code == 403
    assert kept(services) == {}


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_signatures_are_read_and_the_certificate_is_fetched_once(
    client: TestClient, sent: Sent, callers: Callers, asked: list[str], version: str
) -> None:
    for subject in ({}, {"Subject": "Amazon SES Email Event Notification"}):
        message = callers.amazon.message(ses(sent.token), version=version, **subject)
        assert client.post("/hooks/ses", json=message).status_code == 200

    assert asked == [CERTIFICATE]


def test_a_greeting_in_plain_words_is_taken_and_means_nothing(
    client: TestClient, services: Services, callers: Callers
) -> None:
    greeting = callers.amazon.message({}, Message="This topic works.")

    assert client.post("/hooks/ses", json=greeting).status_code == 200
    assert kept(services) == {}


def test_an_outlived_certificate_proves_nothing(client: TestClient, clock: FixedClock, callers: Callers) -> None:
    clock.advance(dt.timedelta(days=9))

    assert client.post("/hooks/ses", json=callers.amazon.message({})).status_code == 403


def test_a_topic_of_ours_is_confirmed_and_no_other(client: TestClient, callers: Callers, asked: list[str]) -> None:
    ours = callers.amazon.message("", kind="SubscriptionConfirmation")
    other = callers.amazon.message("", kind="SubscriptionConfirmation", TopicArn="arn:aws:sns:eu-central-1:1:other")
    astray = callers.amazon.message("", kind="SubscriptionConfirmation", SubscribeURL="https://evil.example/")

    codes = [client.post("/hooks/ses", json=message).status_code for message in (other, astray, ours)]

    assert codes == [403, 403, 200]
    assert asked == [CERTIFICATE, CONFIRM]


def test_a_certificate_that_cannot_be_had_is_asked_for_again_later(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, amazon: Amazon
) -> None:
    async def get(_client: GuardedClient, _url: str) -> Response:
        raise FetchFailed("Amazon is at lunch.")

    monkeypatch.setattr(GuardedClient, "get", get)

    assert client.post("/hooks/ses", json=amazon.message({})).status_code == 503


def test_a_certificate_from_elsewhere_is_not_taken(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, amazon: Amazon
) -> None:
    async def get(_client: GuardedClient, _url: str) -> Response:
        return Response(status=200, url="https://evil.example/a.pem", body=amazon.certificate())

    monkeypatch.setattr(GuardedClient, "get", get)

    assert client.post("/hooks/ses", json=amazon.message({})).status_code == 403


def test_events_that_sendgrid_has_not_signed_have_no_effect(
    client: TestClient, services: Services, sent: Sent, sendgrid: SendGrid
) -> None:
    body = json.dumps([event(sent.token)]).encode()
    right = sendgrid.headers(body)
    wrong = [SendGrid().headers(body), sendgrid.headers(body + b" "), {}, right | {next(iter(right)): "???"}]

    codes = {client.post("/hooks/sendgrid", content=body, headers=headers).status_code for headers in wrong}

    assert codes == {403}
    assert kept(services) == {}


def test_a_call_that_mailgun_has_not_signed_or_long_ago_has_no_effect(
    client: TestClient, services: Services, sent: Sent
) -> None:
    wrong = [
        mailgun(failed(sent.token), key="another", at=PLANNED),
        mailgun(failed(sent.token), at=PLANNED - dt.timedelta(days=2)),
        mailgun(failed(sent.token), at=PLANNED + dt.timedelta(days=2)),
    ]

    assert {client.post("/hooks/mailgun", content=body).status_code for body in wrong} == {403}
    assert kept(services) == {}


def test_a_signature_of_mailguns_is_good_for_one_call(client: TestClient, services: Services, sent: Sent) -> None:
    first = client.post("/hooks/mailgun", content=mailgun(failed(sent.token, "opened"), at=PLANNED))
    replayed = client.post("/hooks/mailgun", content=mailgun(failed(sent.token), at=PLANNED))

    assert (first.status_code, replayed.status_code) == (200, 200)
    assert kept(services) == {}


@pytest.mark.parametrize("headers", [{}, basic("postmark", "x"), basic("x", PASSWORD), {"Authorization": "Basic ???"}])
def test_postmark_without_its_password_has_no_effect(
    client: TestClient, services: Services, sent: Sent, headers: dict[str, str]
) -> None:
    answer = client.post("/hooks/postmark", json=record(sent.token), headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert kept(services) == {}


@pytest.mark.parametrize("provider", [*BOUNCES, "other"])
def test_a_door_without_a_key_is_not_there(make_services: MakeServices, sqlite_url: str, provider: str) -> None:
    client = TestClient(create_app(make_services(sqlite_url)), base_url="http://127.0.0.1:8025")

    assert client.post(f"/hooks/{provider}", content=b"[]").status_code == 404


@pytest.mark.parametrize("provider", BOUNCES)
def test_a_body_that_is_too_long_is_refused(client: TestClient, provider: str) -> None:
    answer = client.post(f"/hooks/{provider}", content=b"x" * (LONGEST_BODY + 1), headers=basic())

    assert answer.status_code == 413


@pytest.mark.parametrize("body", [b"", b"[", b"7", b'"x"', b"[" * 100_000, b"\xff"])
def test_what_cannot_be_read_is_refused(client: TestClient, sendgrid: SendGrid, body: bytes) -> None:
    headers = sendgrid.headers(body) | basic()

    codes = {client.post(f"/hooks/{name}", content=body, headers=headers).status_code for name in BOUNCES}

    assert codes == {400}


def test_an_old_wish_to_leave_does_not_end_what_was_confirmed_since(
    client: TestClient, services: Services, sent: Sent, sendgrid: SendGrid
) -> None:
    body = json.dumps([event(sent.token, "unsubscribe")]).encode()
    client.post("/hooks/sendgrid", content=body, headers=sendgrid.headers(body))
    with services.session() as session:
        subscription = Subscription.by_public_id(session, sent.public_id)
        assert subscription.state is SubscriptionState.ENDED
        subscription.reopen()
        subscription.confirm(services.clock.now())

    client.post("/hooks/sendgrid", content=body, headers=sendgrid.headers(body))

    with services.reading() as session:
        assert Subscription.by_public_id(session, sent.public_id).state is SubscriptionState.ACTIVE


def test_every_provider_has_a_door(services: Services) -> None:
    assert all(webhooks.is_open(services, provider) for provider in BOUNCES)
