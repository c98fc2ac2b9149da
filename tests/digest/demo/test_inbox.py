"""The local inbox: takes mail by real SMTP, keeps it as it came, and shows it."""

import resource
import smtplib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.deliver.envelope import build
from digest.deliver.transaction import Parcel
from digest.demo.inbox import Inbox, StoredMail
from digest.model.message import Accepted, Addressing, Email, Mailbox
from digest.model.relay import Relay, Security
from tests.digest.deliver.exchange import exchange

EMAIL = Email(
    sender=Mailbox(name="The Morning", address="morning@news.example.org"),
    addressing=Addressing(
        to=Mailbox(name="Ana Pérez", address="ana@mail.example"),
        message_id="<42.7.abcdefgh@news.example.org>",
        return_path="morning@news.example.org",
    ),
    subject="Häfen",
    text="Good morning.\n.\nA line with a dot.\n",
    html="<p>Good morning 🙂</p>\n",
    date=datetime(2026, 11, 23, 6, 30, tzinfo=UTC),
    language="en",
)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path / "inbox", keep=3) as inbox:
        yield inbox


def send(inbox: Inbox, message: bytes, recipient: str = "ana@mail.example") -> object:
    relay = Relay(host=inbox.host, port=inbox.port, security=Security.NONE)
    (outcome,) = exchange(relay, Parcel(sender="", recipient=recipient, message=message))
    return outcome


def test_a_mail_is_kept_byte_for_byte_under_a_readable_name(inbox: Inbox) -> None:
    outcome = send(inbox, build(EMAIL))

    assert isinstance(outcome, Accepted)
    (path,) = inbox.files()
    assert path.name == "000001-ana@mail.example.eml"
    assert path.read_bytes() == build(EMAIL) == inbox.read(path.name)
    assert [path.name] == [file.name for file in inbox.directory.iterdir()]


def test_the_list_shows_what_a_mail_program_would(inbox: Inbox) -> None:
    send(inbox, build(EMAIL))

    (mail,) = inbox.messages()

    assert mail == StoredMail(
        name="000001-ana@mail.example.eml",
        sender="The Morning <morning@news.example.org>",
        recipient="Ana Pérez <ana@mail.example>",
        subject="Häfen",
        date=EMAIL.date,
        size=len(build(EMAIL)),
    )


def test_an_opened_mail_gives_its_headers_and_both_its_parts(inbox: Inbox) -> None:
    send(inbox, build(EMAIL))

    opened = inbox.open(inbox.files()[0].name)

    assert opened.text == "Good morning.\r\n.\r\nA line with a dot."
    assert opened.html == "<p>Good morning 🙂</p>"
    assert ("Message-ID", EMAIL.addressing.message_id) in opened.headers
    assert opened.headers[0][0] == "From"


def test_mails_are_numbered_on_after_a_restart_and_the_newest_come_first(tmp_path: Path) -> None:
    for _ in range(2):
        with Inbox(tmp_path) as inbox:
            send(inbox, build(EMAIL))

    names = [mail.name[:6] for mail in inbox.messages()]

    assert names == ["000002", "000001"]


def test_only_the_newest_mails_are_kept(inbox: Inbox) -> None:
    for _ in range(5):
        send(inbox, build(EMAIL))

    numbers = [file.name[:6] for file in inbox.files()]

    assert numbers == ["000003", "000004", "000005"]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"no headers at all\r\n",
        b"Subject: =?utf-8?b?!!!?=\r\nDate: yesterday\r\nFrom: \xff\xfe\r\n\r\nx\r\n",
        b"Subject: =?nonsense?q?x?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x--\r\n",
        b"\0\0\0\r\n\r\n\0\r\n",
        b"Date: Mon, 99 Nov 99999 99:99:99 +9999\r\n\r\n",
    ],
)
def test_a_mail_that_is_rubbish_is_kept_and_shown_all_the_same(inbox: Inbox, rubbish: bytes) -> None:
    send(inbox, rubbish)

    (mail,) = inbox.messages()

    assert inbox.open(mail.name).mail == mail


@pytest.mark.parametrize("recipient", ["../../etc/x@mail.example", "a/b@mail.example", "x" * 60 + "@mail.example"])
def test_a_recipient_cannot_choose_the_place_of_the_file(inbox: Inbox, recipient: str) -> None:
    send(inbox, build(EMAIL), recipient)

    (path,) = inbox.files()

    assert path.parent == inbox.directory
    assert path.name.startswith("000001-")


@pytest.mark.parametrize("name", ["../secret.eml", "000001-..%2f.eml", "/etc/passwd", "", "000009-nobody.eml", "x.eml"])
def test_only_mails_of_the_inbox_can_be_read(inbox: Inbox, name: str) -> None:
    (inbox.directory.parent / "secret.eml").write_text("secret")

    with pytest.raises(FileNotFoundError):
        inbox.read(name)


def test_a_mail_that_cannot_be_kept_is_not_accepted(inbox: Inbox) -> None:
    inbox.directory.rmdir()

    with smtplib.SMTP(inbox.host, inbox.port) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.sendmail("", ["ana@mail.example"], b"Subject: x\r\n\r\nx\r\n")

    assert refused.value.smtp_code == 452


def test_a_full_disk_leaves_no_piece_of_a_mail_behind(inbox: Inbox) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, usual[1]))  # what goes beyond it fails as on a full disk
    try:
        with smtplib.SMTP(inbox.host, inbox.port) as client, pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("", ["ana@mail.example"], b"Subject: x\r\n\r\n" + b"x" * 500 + b"\r\n" + b"x" * 900)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    assert refused.value.smtp_code == 452
    assert list(inbox.directory.iterdir()) == []


def test_it_stops_while_somebody_is_still_connected(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    inbox.start()
    with socket.create_connection((inbox.host, inbox.port)) as visitor:
        visitor.recv(100)

        inbox.stop()

        assert visitor.recv(100) == b""


def test_starting_and_stopping_twice_is_harmless(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)

    inbox.start()
    inbox.start()
    inbox.stop()
    inbox.stop()

    assert inbox.messages() == []


def test_a_taken_port_is_said_at_the_start(inbox: Inbox, tmp_path: Path) -> None:
    second = Inbox(tmp_path / "second", port=inbox.port)

    with pytest.raises(OSError, match="address already in use"):
        second.start()

    second.stop()


def test_it_is_for_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Inbox(tmp_path, host="0.0.0.0")
