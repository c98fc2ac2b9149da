"""The sender signs what it has keys for, and an attempt after another sends the very same bytes."""

from collections.abc import Callable
from datetime import timedelta

import dkim as oracle

from digest.database import Database
from digest.deliver import deliver
from digest.deliver.dkim import Signers
from digest.deliver.dkim_keys import make_rsa, record
from digest.deliver.outbox import EditionOutbox
from digest.deliver.stage import Courier
from digest.model.message import Email, Mailbox, Recipient
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.planned import NOW, planned
from tests.digest.deliver.scripted_server import ScriptedServer
from tests.fakes import FixedClock

Serve = Callable[..., ScriptedServer]
CourierTo = Callable[..., Courier]
RSA = make_rsa()
SIGNERS = Signers.of("news.example.org", [("d202611", RSA)])


def letter(recipient: Recipient) -> Email:
    return Email(
        sender=Mailbox(name="The Morning", address="morning@news.example.org"),
        to=Mailbox(name="Ana", address=recipient.address),
        subject="The news",
        text="Good morning.\n",
        html="<p>.a line that begins with a dot</p>\n",
        message_id="<1.2.abcdefgh@news.example.org>",
        date=NOW,
        return_path="morning@news.example.org",
        language="en",
    )


def signers_of_news(domain: str) -> Signers | None:
    return SIGNERS if domain == "news.example.org" else None


def verifies(message: bytes) -> bool:
    def published(name: bytes, timeout: int = 5) -> bytes:
        return record(RSA).encode()

    return bool(oracle.verify(message, dnsfunc=published))


def test_mail_of_a_domain_with_a_key_is_signed_and_with_the_same_bytes_on_every_attempt(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    with database.session() as session:
        outbox = EditionOutbox(database=database, edition_id=planned(session, 1))
    clock, seen = FixedClock(NOW), []

    def kept(domain: str) -> Signers | None:
        seen.append(domain)
        return signers_of_news(domain)

    server = serve({"DOT": ["451 4.3.0 not now", "250 ok"]}, keeps_all=True)
    courier = courier_to(relay_to(server), clock=clock, signer_for=kept)
    deliver(courier, outbox, letter)
    clock.advance(timedelta(hours=1))
    deliver(courier, outbox, letter)

    first, again = server.messages
    assert first == again
    assert verifies(first)
    assert seen == ["news.example.org", "news.example.org"]


def test_mail_of_other_domains_is_left_to_the_relay(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    with database.session() as session:
        outbox = EditionOutbox(database=database, edition_id=planned(session, 1))
    server = serve()

    deliver(courier_to(relay_to(server), signer_for=lambda _domain: None), outbox, letter)

    (message,) = server.messages
    assert b"DKIM-Signature" not in message
