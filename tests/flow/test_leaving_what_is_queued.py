"""Whoever leaves or wants less is heard by mails that are queued already: the sender looks when it claims."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from digest import sending
from digest.demo.inbox import Inbox
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import deliveries
from digest.web.app import create_app
from subscribers.tokens import Claim, Purpose, sign
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import STORIES, approved, drop_news, mails, recipients, subscribe

#: A second section beside the one that every test's newsletter has, with a folder of its own.
SPORT = """
[[newsletter.section]]
title = "World"

[[newsletter.section]]
title = "Sport"

[[newsletter.source]]
folder = "sport"
section = "Sport"
"""


@pytest.fixture
def services(
    make_services: MakeServices, database_url: str, inbox: Inbox, tmp_path: Path, clock: FixedClock
) -> Services:
    drop_news(tmp_path / "news", "aldmere", at=clock.now())
    drop_news(tmp_path / "sport", "brackwater", at=clock.now())
    return make_services(database_url, smtp_port=inbox.port, more=SPORT)


@pytest.fixture
def press(services: Services) -> Callable[..., int]:
    """Give the function that posts to an address below a reader's link for leaving."""
    client = TestClient(create_app(services), base_url=services.links.base_url)

    def post(public_id: str, act: str = "", **fields: str) -> int:
        token = sign(Purpose.UNSUBSCRIBE, Claim(public_id), services.keys.tokens)
        return client.post(f"/u/{token}{act}", data=fields).status_code

    return post


def send(services: Services, edition_id: EditionId) -> dict[str, int]:
    sending.send_edition(services, edition_id, every_wave=True)
    with services.reading() as session:
        account = deliveries.account(session, edition_id)
    return {"sent": account.sent, "skipped": account.skipped, "suppressed": account.suppressed}


@pytest.mark.parametrize(
    ("act", "fields", "outcome"),
    [
        ("", {"List-Unsubscribe": "One-Click"}, "skipped"),
        ("", {"from": "page"}, "skipped"),
        ("/all", {}, "skipped"),
        ("/less", {"pause": "week"}, "skipped"),
        ("/less", {"pause": "month"}, "skipped"),
    ],
)
def test_a_queued_mail_of_whoever_leaves_or_pauses_is_skipped(
    services: Services, inbox: Inbox, press: Callable[..., int], act: str, fields: dict[str, str], outcome: str
) -> None:
    ana, _ = subscribe(services, "ana"), subscribe(services, "ben")
    edition_id = approved(services)

    status = press(ana, act, **fields)
    account = send(services, edition_id)

    assert status == 200
    assert account == {"sent": 1, "skipped": 0, "suppressed": 0, outcome: 1}
    assert recipients(inbox) == {"ben": 1}


def test_whoever_takes_it_back_in_time_gets_the_queued_mail_after_all(
    services: Services, inbox: Inbox, press: Callable[..., int]
) -> None:
    ana = subscribe(services, "ana")
    edition_id = approved(services)

    statuses = [press(ana, act) for act in ("", "/all", "/undo")]
    account = send(services, edition_id)

    assert statuses == [200, 200, 200]
    assert account["sent"] == 1
    assert recipients(inbox) == {"ana": 1}


def test_a_section_left_out_is_missing_from_the_queued_mail(
    services: Services, inbox: Inbox, press: Callable[..., int]
) -> None:
    ana, _ = subscribe(services, "ana"), subscribe(services, "ben")
    edition_id = approved(services)

    status = press(ana, "/less", section="sport")
    send(services, edition_id)

    assert status == 200
    got = {str(mail["To"]).partition("@")[0].rpartition("<")[2]: mail.as_string() for mail in mails(inbox)}
    assert set(got) == {"ana", "ben"}
    world, sport = STORIES["aldmere"][0], STORIES["brackwater"][0]
    assert [world in got["ana"], sport in got["ana"]] == [True, False]
    assert [world in got["ben"], sport in got["ben"]] == [True, True]
