"""The sender signs what it has keys for, and an attempt after another sends the very same bytes."""

from collections.abc import Callable
from datetime import timedelta

import dkim as oracle

from digest.database import Database
from digest.deliver import deliver
from digest.deliver.courier import Courier
from digest.deliver.dkim import Signers
from digest.deliver.dkim_keys import make_rsa, record
from digest.deliver.envelope import Seal, parcel
from digest.deliver.outbox import EditionOutbox
from digest.deliver.transaction import Parcel
from digest.model.message import Addressing, Email, Mailbox, Recipient
from digest.model.relay import Relay
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.planned import NOW, planned
from tests.digest.deliver.scripted_server import ScriptedServer
from tests.fakes import FixedClock

Serve = Callable[..., ScriptedServer]
CourierTo = Callable[..., Courier]
RSA = make_rsa()
SIGNERS = Signers.of("news.example.org", [("d202611", RSA)])


def email(recipient: Recipient) -> Email:
    return Email(
        sender=Mailbox(name="The Morning", address="morning@news.example.org"),
        addressing=Addressing(
            to=Mailbox(name="Ana", address=recipient.address),
            message_id="<1.2.abcdefgh@news.example.org>",
            return_path="morning@news.example.org",
        ),
        subject="The news",
        text="Good morning.\n",
        html="<p>.a line that begins with a dot</p>\n",
        date=NOW,
        language="en",
    )


def signed_letter(recipient: Recipient, _relay: Relay) -> Parcel:
    return parcel(email(recipient), Seal(signers=SIGNERS))


def verifies(message: bytes) -> bool:
    def published(name: bytes, timeout: int = 5) -> bytes:
        return record(RSA).encode()

    return bool(oracle.verify(message, dnsfunc=published))


def test_signed_mail_has_the_same_bytes_on_every_attempt(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    with database.session() as session:
        outbox = EditionOutbox(database=database, edition_id=planned(session, 1))
    clock = FixedClock(NOW)
    server = serve({"DOT": ["451 4.3.0 not now", "250 ok"]}, keeps_all=True)
    courier = courier_to(relay_to(server), clock=clock)
    deliver(courier, outbox, signed_letter)
    clock.advance(timedelta(hours=1))
    deliver(courier, outbox, signed_letter)

    first, again = server.messages
    assert first == again
    assert verifies(first)


def test_mail_without_a_seal_is_left_to_the_relay(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    with database.session() as session:
        outbox = EditionOutbox(database=database, edition_id=planned(session, 1))
    server = serve()

    deliver(courier_to(relay_to(server)), outbox, lambda recipient, _: parcel(email(recipient)))

    (message,) = server.messages
    assert b"DKIM-Signature" not in message
