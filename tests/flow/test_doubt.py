"""Mails in doubt: an operator decides them, and those to be sent again do go out."""

from datetime import timedelta
from pathlib import Path

import pytest

from digest import pipeline, sending
from digest.demo.inbox import Inbox
from digest.model.delivery import Account, Lease
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import deliveries, editions
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import approved, drop_news, recipients, subscribe


@pytest.fixture
def doubtful(
    make_services: MakeServices, database_url: str, clock: FixedClock, inbox: Inbox, tmp_path: Path
) -> tuple[Services, EditionId]:
    """Give a sent Edition of which a vanished sender had held one of two mails."""
    services = make_services(database_url, smtp_port=inbox.port)
    drop_news(tmp_path / "news", "aldmere", "corvane", at=clock.now())
    subscribe(services, "ana")
    subscribe(services, "bo")
    edition_id = approved(services)
    with services.session() as session:
        lease = Lease(owner="vanished", until=clock.now() + timedelta(minutes=1))
        deliveries.claim(session, edition_id, clock.now(), lease=lease, limit=1, ignore_wave=True)
    clock.advance(timedelta(minutes=2))
    with services.session() as session:
        deliveries.expire_leases(session, clock.now())
    sent = sending.send_edition(services, edition_id, every_wave=True)
    assert sent.account == Account(intended=2, sent=1, in_doubt=1)
    assert sent.state is EditionState.SENT
    return services, edition_id


def test_mails_that_arrived_after_all_count_as_sent(doubtful: tuple[Services, EditionId], inbox: Inbox) -> None:
    services, edition_id = doubtful

    decided = sending.resolve_doubt(services, edition_id, arrived=True)

    again = sending.send_edition(services, edition_id, every_wave=True)
    assert decided == 1
    assert again.account == Account(intended=2, sent=2)
    assert len(inbox.files()) == 1


def test_mails_that_are_to_be_sent_again_go_out_and_no_other_does(
    doubtful: tuple[Services, EditionId], inbox: Inbox
) -> None:
    services, edition_id = doubtful

    decided = sending.resolve_doubt(services, edition_id, arrived=False)
    with services.reading() as session:
        reopened = editions.get(session, edition_id).state
    again = sending.send_edition(services, edition_id, every_wave=True)

    assert decided == 1
    assert reopened is EditionState.SENDING
    assert again.account == Account(intended=2, sent=2)
    assert again.state is EditionState.SENT
    assert recipients(inbox) == {"ana": 1, "bo": 1}


def test_an_edition_without_doubt_is_left_as_it_is(doubtful: tuple[Services, EditionId]) -> None:
    services, edition_id = doubtful
    sending.resolve_doubt(services, edition_id, arrived=True)

    decided = sending.resolve_doubt(services, edition_id, arrived=False)

    with services.reading() as session:
        assert editions.get(session, edition_id).state is EditionState.SENT
    assert decided == 0


def test_two_processes_that_approve_at_once_make_one_approval(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    services = make_services(sqlite_url)
    drop_news(tmp_path / "news", "aldmere", "corvane", at=clock.now())
    edition_id = approved(services)

    assert pipeline.approve_automatically(services, edition_id) is False
