"""Deliver: whatever the relay does, each mail ends in the state that is true of it, and the account adds up."""

import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.database import Database
from digest.deliver import deliver
from digest.deliver.courier import Courier, DeliverReport
from digest.deliver.envelope import parcel
from digest.deliver.outbox import EditionOutbox, NoticeOutbox
from digest.deliver.recovery import replay
from digest.deliver.transaction import Parcel
from digest.errors import TemplateError
from digest.model.delivery import Account, Attempt, Claimed, Delivery, DeliveryKey, Lease, Settlement
from digest.model.ids import EditionId
from digest.model.message import Addressing, Email, Mailbox, Recipient
from digest.model.notice import Notice, NoticeToSend, NoticeWish
from digest.model.relay import Relay, Security
from digest.store import deliveries, notices
from subscribers.model import EndReason, Subscription
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.planned import NOW, planned
from tests.digest.deliver.scripted_server import SILENT, ScriptedServer
from tests.fakes import FixedClock

Serve = Callable[..., ScriptedServer]
CourierTo = Callable[..., Courier]


def email(address: str, name: str = "Ana", subject: str = "The news") -> Email:
    return Email(
        sender=Mailbox(name="The Morning", address="morning@news.example.org"),
        addressing=Addressing(
            to=Mailbox(name=name, address=address),
            message_id="<1.2.abcdefgh@news.example.org>",
            return_path="morning@news.example.org",
        ),
        subject=subject,
        text="Good morning.\n",
        html="<p>Good morning.</p>\n",
        date=NOW,
        language="en",
    )


def letter(recipient: Recipient, _relay: Relay) -> Parcel | None:
    return parcel(email(recipient.address))


def new_edition(database: Database, readers: int) -> EditionId:
    with database.session() as session:
        return planned(session, readers)


def account(database: Database, edition_id: EditionId) -> Account:
    with database.reading() as session:
        counted = deliveries.account(session, edition_id)
    assert counted.adds_up
    return counted


def rows(session: Session) -> list[Delivery]:
    return list(session.scalars(select(Delivery).order_by(Delivery.subscriber_id)))


def test_every_due_mail_is_handed_over_once_and_on_one_connection(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 7), serve()
    courier = courier_to(relay_to(server), batch=3)
    told: list[int] = []
    outbox = EditionOutbox(database=database, edition_id=edition_id)

    report = deliver(courier, outbox, letter, progress=lambda so_far: told.append(so_far.counts["sent"]))

    assert account(database, edition_id) == Account(intended=7, sent=7)
    assert report == DeliverReport(counts=report.counts, halted=None)
    assert dict(report.counts) == {"sent": 7}
    assert told == [3, 6, 7]
    assert server.connections == 1
    recipients = [command for command in server.commands if command.startswith("RCPT")]
    assert sorted(recipients) == [f"RCPT TO:<reader{number}@mail.example>" for number in range(7)]


def test_sending_again_sends_nothing_again(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    edition_id, server = new_edition(database, 2), serve()
    courier, outbox = courier_to(relay_to(server)), EditionOutbox(database=database, edition_id=edition_id)
    deliver(courier, outbox, letter)

    report = deliver(courier, outbox, letter)

    assert dict(report.counts) == {}
    assert len(server.messages) == 2


def test_a_relay_that_is_not_there_blames_no_mail(database: Database, courier_to: CourierTo) -> None:
    edition_id = new_edition(database, 1)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    courier = courier_to(Relay(host="127.0.0.1", port=port, security=Security.NONE))

    report = deliver(courier, EditionOutbox(database=database, edition_id=edition_id), letter)

    assert report.halted is not None
    assert "Connection refused" in report.halted
    assert not report.needs_operator
    assert account(database, edition_id) == Account(intended=1, waiting=1)


def test_silence_after_the_dot_leaves_the_mail_in_doubt(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 1), serve({"DOT": SILENT})
    brief = timedelta(seconds=0.5)
    courier = courier_to(relay_to(server, timeout=brief, dot_timeout=brief))

    deliver(courier, EditionOutbox(database=database, edition_id=edition_id), letter)

    assert account(database, edition_id) == Account(intended=1, in_doubt=1)


def test_a_deferred_mail_is_tried_again_when_its_wait_is_over_and_not_before(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 1), serve({"RCPT": ["450 later", "250 ok"]})
    clock = FixedClock(NOW)
    courier = courier_to(relay_to(server), clock=clock)
    outbox = EditionOutbox(database=database, edition_id=edition_id)

    counts = []
    for minutes in (0, 3, 3):
        clock.advance(timedelta(minutes=minutes))
        counts.append(dict(deliver(courier, outbox, letter).counts))

    assert counts == [{"deferred": 1}, {}, {"sent": 1}]
    with database.reading() as session:
        (attempt,) = session.scalars(select(Attempt))
        assert (attempt.code, attempt.outcome) == (450, "deferred")


def test_a_deferred_mail_is_given_up_when_its_news_would_be_stale(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 1), serve({"RCPT": "450 later"})
    outbox = EditionOutbox(database=database, edition_id=edition_id, catch_up=timedelta(minutes=2))

    deliver(courier_to(relay_to(server)), outbox, letter)

    with database.reading() as session:
        (row,) = rows(session)
        assert (row.state, row.reason, row.last_code) == ("failed", "expired", 450)


def test_a_letter_that_cannot_be_written_fails_that_reader_alone(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 3), serve()

    def letter_with_a_fault(recipient: Recipient, _relay: Relay) -> Parcel | None:
        if recipient.address.startswith("reader1@"):
            raise ValueError(f"no words for {recipient.address}")
        return parcel(email(recipient.address))

    deliver(courier_to(relay_to(server)), EditionOutbox(database=database, edition_id=edition_id), letter_with_a_fault)

    assert account(database, edition_id) == Account(intended=3, sent=2, failed=1)
    with database.reading() as session:
        row = rows(session)[1]
        assert (row.reason, row.last_reply) == ("no letter", "ValueError: no words for …@…")


def test_a_letter_whose_template_is_at_fault_waits_until_it_is_mended(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 3), serve()

    def letter_with_a_bad_template(recipient: Recipient, _relay: Relay) -> Parcel | None:
        if recipient.address.startswith("reader1@"):
            raise TemplateError("body.mjml line 3: unknown tag; mend it")
        return parcel(email(recipient.address))

    outbox = EditionOutbox(database=database, edition_id=edition_id)
    report = deliver(courier_to(relay_to(server)), outbox, letter_with_a_bad_template)

    assert account(database, edition_id) == Account(intended=3, sent=2, waiting=1)
    assert report.counts == {"sent": 2, "put_back": 1}
    with database.reading() as session:
        row = rows(session)[1]
        assert row.next_at == NOW + timedelta(minutes=15)
        assert row.attempts == 0


@pytest.mark.parametrize("address", ["jörg@mail.example", "a b@mail.example", "a@b>\r\nRCPT TO:<c@d", "nobody", ""])
def test_an_address_that_smtp_cannot_carry_fails_its_mail_and_never_reaches_the_wire(
    database: Database, serve: Serve, courier_to: CourierTo, address: str
) -> None:
    edition_id, server = new_edition(database, 1), serve()

    deliver(
        courier_to(relay_to(server)),
        EditionOutbox(database=database, edition_id=edition_id),
        lambda _recipient, _relay: parcel(email(address)),
    )

    assert account(database, edition_id) == Account(intended=1, failed=1)
    assert not any(command.startswith(("MAIL", "RCPT", "DATA")) for command in server.commands)


def test_a_reader_for_whom_there_is_nothing_is_skipped(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    edition_id, server = new_edition(database, 2), serve()

    deliver(
        courier_to(relay_to(server)),
        EditionOutbox(database=database, edition_id=edition_id),
        lambda recipient, _relay: None if recipient.address.startswith("reader0@") else letter(recipient, _relay),
    )

    assert account(database, edition_id) == Account(intended=2, sent=1, skipped=1)
    with database.reading() as session:
        assert rows(session)[0].reason == "empty"


def test_who_leaves_after_planning_gets_nothing(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    edition_id, server = new_edition(database, 2), serve()
    with database.session() as session:
        session.scalars(select(Subscription)).first().end(EndReason.ONE_CLICK, NOW)  # type: ignore[union-attr]  # there are two

    deliver(courier_to(relay_to(server)), EditionOutbox(database=database, edition_id=edition_id), letter)

    assert account(database, edition_id) == Account(intended=2, sent=1, skipped=1)
    assert len(server.messages) == 1


def test_what_the_relay_says_is_kept_without_the_address(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id = new_edition(database, 1)
    server = serve({"RCPT": "550-5.1.1 <reader0@mail.example>: unknown\r\n550 5.1.1 see https://relay.example/help"})

    deliver(courier_to(relay_to(server)), EditionOutbox(database=database, edition_id=edition_id), letter)

    with database.reading() as session:
        (row,) = rows(session)
        assert row.last_reply == "5.1.1 <…@…>: unknown 5.1.1 see https://relay.example/help"


def test_a_stop_ends_the_work_between_two_mails_and_puts_the_rest_back(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server, stop = new_edition(database, 5), serve(), threading.Event()

    def letter_then_stop(recipient: Recipient, _relay: Relay) -> Parcel | None:
        if recipient.address.startswith("reader1@"):
            stop.set()
        return parcel(email(recipient.address))

    report = deliver(
        courier_to(relay_to(server), stop=stop),
        EditionOutbox(database=database, edition_id=edition_id),
        letter_then_stop,
    )

    assert dict(report.counts) == {"sent": 1, "put_back": 4}
    assert account(database, edition_id) == Account(intended=5, sent=1, waiting=4)
    with database.reading() as session:
        assert {row.lease_owner for row in rows(session)} == {None}


class Killed(BaseException):
    """The process ends here."""


class NeverSettled(EditionOutbox):
    """An outbox of a process that is killed when it comes to settle."""

    def settle(self, settlements: Any, *, owner: str, now: Any) -> list[Settlement[DeliveryKey]]:
        raise Killed


def killed_sender(database: Database, edition_id: EditionId, courier: Courier) -> None:
    with pytest.raises(Killed):
        deliver(courier, NeverSettled(database=database, edition_id=edition_id), letter)


def test_what_a_killed_sender_did_is_told_by_its_journal_and_nothing_is_sent_twice(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 5), serve({"RCPT": ["550 5.1.1 nobody", "250 ok"]})
    courier = courier_to(relay_to(server), batch=3)
    killed_sender(database, edition_id, courier)
    outbox = EditionOutbox(database=database, edition_id=edition_id)

    counts = replay(courier.journals, [outbox], NOW, resends=False)
    deliver(courier_to(relay_to(serve()), name="two"), outbox, letter)

    assert counts["sent"] + counts["failed"] + counts["put_back"] >= 3
    assert account(database, edition_id) == Account(intended=5, sent=4, failed=1)
    assert not list(courier.journals.iterdir())
    with database.reading() as session:
        assert [attempt.code for attempt in session.scalars(select(Attempt))] == [550]


def test_what_a_killed_sender_held_is_in_doubt_when_its_journal_is_out_of_reach(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, clock = new_edition(database, 5), FixedClock(NOW)
    courier = courier_to(relay_to(serve()), batch=2)
    killed_sender(database, edition_id, courier)
    held = sum(row.state == "claimed" for row in _rows(database))
    clock.advance(timedelta(hours=1))
    with database.session() as session:
        deliveries.expire_leases(session, clock.now())

    deliver(
        courier_to(relay_to(serve()), name="two", clock=clock),
        EditionOutbox(database=database, edition_id=edition_id),
        letter,
    )

    assert account(database, edition_id) == Account(intended=5, sent=5 - held, in_doubt=held)


def _rows(database: Database) -> list[Delivery]:
    with database.reading() as session:
        return rows(session)


def test_an_interrupted_sender_settles_what_it_knows_and_puts_the_rest_back(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 4), serve()

    def letter_interrupted(recipient: Recipient, _relay: Relay) -> Parcel | None:
        if recipient.address.startswith("reader2@"):
            raise KeyboardInterrupt
        return parcel(email(recipient.address))

    with pytest.raises(KeyboardInterrupt):
        deliver(
            courier_to(relay_to(server)), EditionOutbox(database=database, edition_id=edition_id), letter_interrupted
        )

    with database.reading() as session:
        assert [row.state for row in rows(session)] == ["sent", "sent", "planned", "planned"]


def test_a_slow_batch_renews_its_lease_and_leaves_what_another_sender_took(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server, clock = new_edition(database, 4), serve(), FixedClock(NOW)

    def slow_letter(recipient: Recipient, _relay: Relay) -> Parcel | None:
        clock.advance(timedelta(minutes=20))
        if recipient.address.startswith("reader1@"):
            with database.session() as session:
                session.get_one(Delivery, (edition_id, recipient.subscriber_id + 1)).lease_no += 1
        return parcel(email(recipient.address))

    report = deliver(
        courier_to(relay_to(server), clock=clock), EditionOutbox(database=database, edition_id=edition_id), slow_letter
    )

    assert dict(report.counts) == {"sent": 3, "lost": 1}
    with database.reading() as session:
        assert [row.state for row in rows(session)] == ["sent", "sent", "claimed", "sent"]
    assert len(server.messages) == 3


def test_a_lease_lost_while_the_mail_went_out_is_reported_and_the_row_left_alone(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 1), serve()

    def letter_while_taken_over(recipient: Recipient, _relay: Relay) -> Parcel | None:
        with database.session() as session:
            session.get_one(Delivery, (edition_id, recipient.subscriber_id)).lease_owner = "two"
        return parcel(email(recipient.address))

    report = deliver(
        courier_to(relay_to(server)), EditionOutbox(database=database, edition_id=edition_id), letter_while_taken_over
    )

    assert dict(report.counts) == {"lost": 1}
    with database.reading() as session:
        assert rows(session)[0].state == "claimed"


def test_the_connection_is_renewed_after_its_share_of_messages(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    edition_id, server = new_edition(database, 5), serve()

    deliver(
        courier_to(relay_to(server, per_connection=2)), EditionOutbox(database=database, edition_id=edition_id), letter
    )

    assert account(database, edition_id).sent == 5
    assert server.connections == 3
    assert server.commands.count("QUIT") == 3


def test_notices_go_out_by_the_same_sender(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    server = serve({"RCPT": ["450 later", "250 ok"]})
    with database.session() as session:
        for number in range(3):
            wish = NoticeWish(
                kind="confirm", newsletter="morning", address=f"new{number}@mail.example", values={"n": number}
            )
            notices.enqueue(session, wish, NOW)

    def notice_letter(notice: NoticeToSend, _relay: Relay) -> Parcel | None:
        return parcel(email(notice.wish.address, subject=f"Please confirm {notice.wish.values['n']}"))

    report = deliver(
        courier_to(relay_to(server)), NoticeOutbox(database=database, fingerprint_key=bytes(16)), notice_letter
    )

    assert dict(report.counts) == {"deferred": 1, "sent": 2}
    with database.reading() as session:
        assert sorted(session.scalars(select(Notice.state))) == ["deferred", "sent", "sent"]
        assert session.scalars(select(Attempt.notice_id)).one() is not None


def test_two_senders_at_once_send_nothing_twice(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    edition_id = new_edition(database, 30)
    servers = [serve(), serve()]
    senders = [
        threading.Thread(
            target=deliver,
            args=(
                courier_to(relay_to(server), name=f"sender-{number}", batch=4),
                EditionOutbox(database=database, edition_id=edition_id),
                letter,
            ),
        )
        for number, server in enumerate(servers)
    ]

    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert account(database, edition_id) == Account(intended=30, sent=30)
    recipients = [command for server in servers for command in server.commands if command.startswith("RCPT")]
    assert len(recipients) == len(set(recipients)) == 30


def test_an_outbox_claims_the_mail_of_every_edition_when_none_is_named(database: Database) -> None:
    edition_id = new_edition(database, 1)
    outbox = EditionOutbox(database=database, edition_id=None, catch_up=timedelta(hours=6))

    claims: list[Claimed[DeliveryKey, Recipient]] = outbox.claim(
        NOW, Lease(owner="one", until=NOW + timedelta(minutes=30)), 10
    )

    assert [claimed.item.edition_id for claimed in claims] == [edition_id]
    assert claims[0].expires_at == NOW + timedelta(hours=6)
