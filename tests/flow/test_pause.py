"""Pausing and calling off while the mail goes out: a sender at work stops, and every mail is accounted for."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from digest import sending
from digest.deliver import round  # noqa: A004 (the module is called so)
from digest.model.delivery import Account, Delivery, DeliveryState, Reason
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import editions
from tests.conftest import MakeServices
from tests.digest.deliver.scripted_server import ScriptedServer
from tests.fakes import FixedClock
from tests.flow.walk import approved, drop_news, subscribe

READERS = 12
CONDUCTS = ["pipelined", "eager", "lock-step"]


@dataclass
class Going:
    """An approved Edition, and a relay that does something when it has taken a number of messages."""

    services: Services
    edition_id: EditionId
    server: ScriptedServer

    def send(self, stop: threading.Event | None = None) -> sending.Sent:
        return sending.send_edition(self.services, self.edition_id, every_wave=True, stop=stop)

    def at_message(self, number: int, act: Callable[[], object]) -> None:
        """Do *act* before the reply to the message of that *number*, and let the others take their time until heard."""
        done, count = threading.Event(), iter(range(1, 1000))

        def answers(command: str) -> None:
            if command != "DOT":
                return
            if next(count) == number:
                act()
                done.set()
            elif done.is_set():
                threading.Event().wait(0.2)  # so that there is something left when the sender asks

        self.server.answers = answers

    def recipients(self) -> list[str]:
        return [command for command in self.server.commands if command.startswith("RCPT")]

    @property
    def state(self) -> EditionState:
        with self.services.reading() as session:
            return editions.get(session, self.edition_id).state

    @property
    def deliveries(self) -> list[Delivery]:
        with self.services.reading() as session:
            return list(session.query(Delivery))


@pytest.fixture(params=CONDUCTS)
def going(
    request: pytest.FixtureRequest,
    make_services: MakeServices,
    sqlite_url: str,
    clock: FixedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Going]:
    monkeypatch.setattr(round, "ASK_EVERY", 0.05)
    monkeypatch.setattr(round, "WRITE_DOWN_EVERY", 0.05)
    ehlo = "250-relay.example\r\n250-PIPELINING\r\n250 SIZE 1000000"
    with ScriptedServer({"EHLO": ehlo}) as server:
        smtp: dict[str, Any] = {
            "smtp_port": server.port,
            "more_top": f'connections = 1\npipelining = "{request.param}"',
        }
        services = make_services(sqlite_url, **smtp)
        drop_news(tmp_path / "news", "aldmere", "corvane", at=clock.now())
        for number in range(READERS):
            subscribe(services, f"reader{number}")
        yield Going(services, approved(services), server)


def test_an_edition_paused_while_it_goes_out_stops_and_goes_on_when_it_is_resumed(going: Going) -> None:
    going.at_message(3, lambda: sending.pause(going.services, going.edition_id, reason="a wrong date"))

    paused = going.send()
    going.server.answers = None
    sending.resume(going.services, going.edition_id)
    ended = going.send()

    assert paused.state is EditionState.PAUSED
    assert 3 <= paused.account.sent < READERS
    assert paused.account == Account(intended=READERS, sent=paused.account.sent, waiting=READERS - paused.account.sent)
    assert paused.counts == {"sent": paused.account.sent, "put_back": READERS - paused.account.sent}
    assert ended.state is EditionState.SENT
    assert ended.account == Account(intended=READERS, sent=READERS)
    assert len(going.server.messages) == READERS


def test_an_edition_called_off_while_it_goes_out_skips_the_rest_with_its_reason(going: Going) -> None:
    going.at_message(3, lambda: sending.cancel(going.services, going.edition_id, reason="a hoax"))

    ended = going.send()

    assert ended.state is EditionState.CANCELLED
    assert 3 <= ended.account.sent < READERS
    assert ended.account == Account(intended=READERS, sent=ended.account.sent, skipped=READERS - ended.account.sent)
    assert ended.account.adds_up
    reasons = {row.reason for row in going.deliveries if row.state == DeliveryState.SKIPPED}
    assert reasons == {Reason.CANCELLED}
    assert len(going.server.messages) == ended.account.sent


def test_a_stop_lets_the_message_under_way_get_its_reply_and_the_next_run_sends_the_rest(going: Going) -> None:
    stop = threading.Event()
    going.at_message(2, stop.set)

    stopped = going.send(stop)
    ended = going.send()

    assert stopped.state is EditionState.SENDING
    assert stopped.counts == {"sent": 2, "put_back": READERS - 2}
    assert ended.state is EditionState.SENT
    assert len(going.server.messages) == READERS


def test_too_many_refusals_for_policy_pause_the_edition_with_what_was_said(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    with ScriptedServer({"RCPT": "550 5.7.1 looks like spam"}) as server:
        services = make_services(sqlite_url, smtp_port=server.port, more_top="connections = 1")
        drop_news(tmp_path / "news", "aldmere", "corvane", at=clock.now())
        for number in range(25):
            subscribe(services, f"reader{number}")
        edition_id = approved(services)

        sent = sending.send_edition(services, edition_id, every_wave=True)

        with services.reading() as session:
            edition = editions.get(session, edition_id)
            assert (edition.state, edition.reason) == (EditionState.PAUSED, sent.halted)
        assert "20 of 20 mails were refused for policy" in sent.halted
        assert sent.account == Account(intended=25, failed=20, waiting=5)
