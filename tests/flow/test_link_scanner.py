"""Scanners open every link of every mail, and every address that its pages post to; nothing changes by that."""

from collections.abc import Iterable
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient
from lxml import etree
from lxml import html as lxml_html
from sqlalchemy import select

from digest import jobs, notices, resources, sending
from digest.demo.inbox import Inbox
from digest.desk import staffing
from digest.model.notice import Notice
from digest.readers import own, signing_up
from digest.readers.signing_up import SignUp
from digest.services import Services
from digest.web.app import create_app
from subscribers.consent import Evidence
from subscribers.model import RequestKind, Subscriber, Subscription, SubscriptionState
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.scanner import addresses, open_all, snapshot
from tests.flow.walk import approved, drop_news, mails, prepare

MORE = """
editors = ["Anna <anna@desk.example>"]
cadences = ["daily", "weekly"]
approval = "required"
reminder_minutes = 120

[[newsletter.source]]
folder = "local"
section = "Local"
"""
#: Ana has got every kind of mail, the first of them at her old address; Cleo has yet to confirm.
OLD, ANA, NEW, CLEO = "ana@old.example", "ana@reader.example", "ben@new.example", "cleo@reader.example"
BEN = "ben@reader.example"


@pytest.fixture
def services(make_services: MakeServices, database_url: str, inbox: Inbox, tmp_path: Path) -> Services:
    (tmp_path / "local").mkdir()
    return make_services(database_url, smtp_port=inbox.port, more=MORE)


@pytest.fixture
def client(services: Services) -> TestClient:
    """Give a browser that follows no redirect, so that each answer is seen."""
    return TestClient(create_app(services), base_url=services.links.base_url, follow_redirects=False)


@pytest.fixture
def written(services: Services, inbox: Inbox, client: TestClient, clock: FixedClock) -> list[EmailMessage]:
    """Give a mail of every kind that we write, whose links have yet to do their work."""
    for address in (OLD, BEN, CLEO):
        wish = SignUp(newsletter="morning", address=address, language="en")
        signing_up.sign_up(services, wish, Evidence(wording="Send it to me", source="sign-up page"))
    jobs.run("notices", services)
    for address in (OLD, BEN):
        client.post(newest(mails(inbox), "confirm", address))
    drop_news(services.settings.state.parent / "news", "aldmere", "brackwater", at=clock.at)
    prepare(services)
    jobs.run("notices", services)
    edition_id = approved(services)
    sending.send_edition(services, edition_id, every_wave=True)
    notices.alert_editors(services, services.newsletter("morning"), edition_id, reason="The relay is gone.")
    staffing.invite(services, staffing.Invitation(email="otto@desk.example"), by="a command")
    staffing.ask_for_link(services, "otto@desk.example", network="192.0.2.7")
    notices.send_test(services, services.newsletter("morning"), "otto@desk.example")
    preferences = newest(mails(inbox), "p", OLD).rpartition("/")[2]
    own.ask_address(services, preferences, ANA)
    notices.send(services)
    client.post(newest(mails(inbox), "a", ANA))
    preferences = newest(mails(inbox), "p", BEN).rpartition("/")[2]
    own.ask_address(services, preferences, NEW)
    for kind in (RequestKind.EXPORT, RequestKind.ERASURE):
        own.ask(services, preferences, kind)
    notices.send(services)
    return mails(inbox)


def part_of(url: str) -> str:
    """Return the first part of the path of *url*."""
    return urlsplit(url).path.split("/")[1]


def newest(found: Iterable[EmailMessage], part: str, to: str) -> str:
    """Return the address that begins with *part* in the newest mail to *to* that has one, without what follows a ?."""
    theirs = [addresses([mail], "http://127.0.0.1") for mail in found if to in str(mail["To"])]
    urls = [url.partition("?")[0] for mail in theirs for url in mail if part_of(url) == part]
    return urls[-1]


def on_pages(client: TestClient, urls: Iterable[str], *attributes: str) -> set[str]:
    """Return the addresses of ours that stand in *attributes* of the pages at *urls*: what forms post to, links."""
    found = set()
    for url in urls:
        answer = client.get(url)
        if answer.headers.get("content-type", "").startswith("text/html") and answer.text:
            for element in lxml_html.fromstring(answer.text).iter(etree.Element):
                found |= {urldefrag(urljoin(url, element.get(name)))[0] for name in attributes if element.get(name)}
    return {url for url in found if url.startswith(str(client.base_url).rstrip("/"))}


def readers(services: Services) -> dict[str, SubscriptionState]:
    """Return how each Subscription stands now, by the reader's address."""
    with services.reading() as session:
        found = session.execute(select(Subscriber.address, Subscription.state).join(Subscription))
        return {row.address: row.state for row in found}


def test_who_opens_every_link_and_every_address_of_a_form_changes_nothing(
    services: Services, client: TestClient, written: list[EmailMessage]
) -> None:
    urls = addresses(written, services.links.base_url)
    before = snapshot(services)

    said = open_all(client, urls)
    forms = on_pages(client, urls, "action")
    said_of_forms = open_all(client, forms)
    said_further = open_all(client, on_pages(client, urls | forms, "href", "src") - urls - forms)

    assert snapshot(services) == before
    with services.reading() as session:
        kinds = set(session.scalars(select(Notice.kind)))
    assert kinds == {folder.name for folder in (resources.templates() / "email" / "notices").iterdir()}
    assert {part_of(url) for url in urls} == {"confirm", "u", "p", "v", "a", "d", "f", "archive", "help", "desk"}
    # The desk asks who you are; the link by which Ana has moved is done.
    assert sorted(answer for url, answer in said.items() if answer != (200, 200)) == [(303, 303), (410, 410)]
    acts = {"", "address", "export", "erase", "pause", "all", "less"}
    readers_forms = {urlsplit(url).path.strip("/") for url in forms if part_of(url) != "desk"}
    assert {path.partition("/")[2].partition("/")[2] for path in readers_forms} == acts
    assert {answer for pair in said_of_forms.values() for answer in pair} <= {200, 303, 405, 410}
    assert {part_of(url) for url in said_further} >= {"subscribe", "archive", "brand"}
    assert {answer for pair in said_further.values() for answer in pair} <= {200, 303}


@pytest.mark.parametrize("is_erased", [True, False], ids=["erased at last", "moved at last"])
def test_each_link_still_does_its_work_once_it_has_been_opened(
    services: Services, client: TestClient, written: list[EmailMessage], is_erased: bool
) -> None:
    urls = addresses(written, services.links.base_url)
    open_all(client, urls)
    open_all(client, on_pages(client, urls, "action"))
    preferences, leave = newest(written, "p", OLD), newest(written, "u", OLD)
    seen = []

    for url, form in (
        (preferences, {"section": "local"}),
        (f"{preferences}/pause", {"for": "week"}),
        (f"{preferences}/resume", {}),
        (leave, {"List-Unsubscribe": "One-Click"}),
        (f"{leave}/undo", {}),
    ):
        assert client.post(url, data=form).status_code == 200
        seen.append(readers(services)[ANA])
    data = client.post(newest(written, "d", BEN), data={"format": "json"}).json()
    erasure = newest(written, "f", BEN)
    client.post(erasure if is_erased else newest(written, "a", NEW))
    # Whoever reads the old mailbox has no say in what a reader does who has moved.
    closed = client.post(erasure)
    confirmed = client.post(newest(written, "confirm", CLEO))
    client.post(newest(written, "a", OLD))  # and for a week, the old mailbox takes a move back

    active = SubscriptionState.ACTIVE
    assert seen == [active, SubscriptionState.PAUSED, active, SubscriptionState.ENDED, active]
    assert data["reader"]["address"] == BEN
    assert (closed.status_code, confirmed.status_code) == (410, 200)
    assert readers(services) == ({} if is_erased else {NEW: active}) | {OLD: active, CLEO: active}
