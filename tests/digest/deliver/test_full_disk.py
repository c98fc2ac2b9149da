"""A sender whose journal cannot be written, and one that is to send again what is in doubt."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from digest.database import Database
from digest.deliver import deliver
from digest.deliver import journal as journals
from digest.deliver.courier import Courier
from digest.deliver.envelope import parcel
from digest.deliver.journal import Journal
from digest.deliver.outbox import EditionOutbox, NoticeOutbox
from digest.deliver.recovery import replay
from digest.deliver.transaction import Parcel
from digest.errors import RelayHalted
from digest.model.delivery import Account, Delivery, Lease
from digest.model.notice import Notice, NoticeToSend, NoticeWish
from digest.model.relay import Relay
from digest.store import notices
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.planned import NOW
from tests.digest.deliver.scripted_server import RESET, ScriptedServer
from tests.digest.deliver.test_signed_mail import signed_letter
from tests.digest.deliver.test_stage import account, email, letter, new_edition, rows
from tests.fakes import FixedClock

Serve = Callable[..., ScriptedServer]
CourierTo = Callable[..., Courier]


@pytest.mark.parametrize("room", [0, 4, 7])
def test_a_mail_that_cannot_be_written_down_is_not_sent_and_goes_out_when_there_is_room(
    database: Database, serve: Serve, courier_to: CourierTo, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    edition_id, server, write, written = new_edition(database, 5), serve(), journals._write, list[bytes]()

    def write_while_there_is_room(file: int, data: bytes) -> None:
        written.append(data)
        if len(written) > 1 + 4:  # the head, then S and R of two mails
            os.write(file, data[:room])
            raise OSError(28, "No space left on device")
        write(file, data)

    outbox = EditionOutbox(database=database, edition_id=edition_id)
    with monkeypatch.context() as patch:
        patch.setattr(journals, "_write", write_while_there_is_room)
        report = deliver(courier_to(relay_to(server)), outbox, letter)

    assert report.halted is not None
    assert "No space left on device" in report.halted
    assert report.needs_operator
    assert account(database, edition_id) == Account(intended=5, sent=2, waiting=3)
    assert len(server.messages) == 2
    assert {row.attempts for row in _waiting(database)} == {0}

    deliver(courier_to(relay_to(server), name="two"), outbox, letter)

    assert account(database, edition_id) == Account(intended=5, sent=5)
    assert len(server.messages) == 5


def _waiting(database: Database) -> list[Delivery]:
    with database.reading() as session:
        return [row for row in rows(session) if row.state == "planned"]


def test_a_reply_that_cannot_be_written_down_is_settled_all_the_same(
    database: Database, serve: Serve, courier_to: CourierTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition_id, server, write = new_edition(database, 3), serve(), journals._write

    def write_no_reply(file: int, data: bytes) -> None:
        if data.startswith((b"R", b"\0")):
            raise OSError(28, "No space left on device")
        write(file, data)

    monkeypatch.setattr(journals, "_write", write_no_reply)
    courier = courier_to(relay_to(server))
    report = deliver(courier, EditionOutbox(database=database, edition_id=edition_id), letter)

    assert account(database, edition_id) == Account(intended=3, sent=1, waiting=2)
    assert report.halted is not None
    assert list(courier.journals.iterdir()) == []


def test_a_sender_without_a_journal_claims_nothing(
    database: Database, serve: Serve, courier_to: CourierTo, tmp_path: Path
) -> None:
    edition_id = new_edition(database, 3)
    (tmp_path / "journals").write_text("no folder")

    with pytest.raises(RelayHalted, match="cannot be made"):
        deliver(courier_to(relay_to(serve())), EditionOutbox(database=database, edition_id=edition_id), letter)

    assert account(database, edition_id) == Account(intended=3, waiting=3)
    assert {row.attempts for row in _waiting(database)} == {0}


def test_a_mail_in_doubt_that_is_sent_again_is_the_same_to_the_byte(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, clock = new_edition(database, 1), FixedClock(NOW)
    server = serve({"DOT": [RESET, "250 ok"]}, keeps_all=True)
    outbox = EditionOutbox(database=database, edition_id=edition_id)
    courier = courier_to(relay_to(server), clock=clock, resends=True)

    deliver(courier, outbox, signed_letter)
    assert account(database, edition_id) == Account(intended=1, deferred=1)
    clock.advance(timedelta(minutes=2))
    deliver(courier, outbox, signed_letter)

    assert account(database, edition_id) == Account(intended=1, sent=1)
    first, again = server.messages
    assert first == again


def test_a_notice_in_doubt_after_a_kill_is_sent_again_the_same_to_the_byte(
    database: Database, serve: Serve, courier_to: CourierTo, tmp_path: Path
) -> None:
    with database.session() as session:
        wish = NoticeWish(kind="confirm", newsletter="morning", address="new@mail.example", values={})
        notices.enqueue(session, wish, NOW)
    clock, server = FixedClock(NOW), serve()
    outbox = NoticeOutbox(database=database, fingerprint_key=bytes(16))
    lease = Lease(owner="gone", until=NOW + timedelta(minutes=30))
    (claimed,) = outbox.claim(NOW, lease, 1)
    journal = Journal(tmp_path / "journals", "gone", outbox.kind)
    journal.began(outbox.written(claimed.key), claimed.lease_no)
    journal.close(is_settled=False)

    def notice_letter(notice: NoticeToSend, _relay: Relay) -> Parcel:
        return parcel(email(notice.wish.address))

    counts = replay(tmp_path / "journals", [outbox], NOW, resends=True)
    clock.advance(timedelta(minutes=2))
    deliver(courier_to(relay_to(server), clock=clock), outbox, notice_letter)

    assert counts == {"deferred": 1}
    with database.reading() as session:
        assert list(session.scalars(select(Notice.state))) == ["sent"]
    assert server.messages == [notice_letter(claimed.item, relay_to(server)).message]
