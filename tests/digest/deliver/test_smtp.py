"""The line to the relay: secured and signed in as its settings say, and used up politely."""

import base64
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from digest.deliver import smtp
from digest.deliver.smtp import RelayBusy
from digest.deliver.transaction import Parcel
from digest.errors import RelayHalted
from digest.model.message import Accepted, Deferred, NotTried, Rejected
from digest.model.relay import Relay, Security
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.exchange import exchange
from tests.digest.deliver.scripted_server import RESET, ScriptedServer

Serve = Callable[..., ScriptedServer]
SIGN_IN: dict[str, Any] = {"username": "morning", "password": "pässword"}


def parcel() -> Parcel:
    return Parcel(
        sender="morning@news.example.org", recipient="ana@mail.example", message=b"Subject: x\r\n\r\nbody\r\n"
    )


def large() -> Parcel:
    return Parcel(sender="", recipient="ana@mail.example", message=b"x: y\r\n\r\n" + b"a line of text\r\n" * 1_000_000)


def send(relay: Relay) -> Any:
    (outcome,) = exchange(relay, parcel())
    return outcome


def decoded(command: str) -> str:
    return base64.b64decode(command.rsplit(" ", maxsplit=1)[-1]).decode()


def test_the_message_arrives_as_it_was_handed_over(serve: Serve) -> None:
    server = serve()
    message = b"a: b\r\n\r\nends\r\n=2E\r\n"

    (outcome,) = exchange(relay_to(server), Parcel(sender="", recipient="ana@mail.example", message=message))

    assert outcome == Accepted(code=250, reply="2.0.0 queued")
    assert server.messages == [message]
    assert f"MAIL FROM:<> SIZE={len(message)}" in server.commands


def test_the_conversation_takes_leave(serve: Serve) -> None:
    server = serve()

    send(relay_to(server))

    verbs = [command.split(" ")[0] for command in server.commands]
    assert verbs[1:] == ["MAIL", "RCPT", "DATA", "QUIT"]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_an_encrypted_relay_gets_the_password_only_after_encryption(
    serve: Serve, server_tls: ssl.SSLContext, security: Security
) -> None:
    server = serve(
        {"EHLO": "250-relay.example\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN", "AUTH": "235 2.7.0 welcome"},
        tls=server_tls,
        tls_at_once=security is Security.TLS,
    )

    outcome = send(relay_to(server, security=security, verify=False, **SIGN_IN))

    assert isinstance(outcome, Accepted)
    verbs = [command.split(" ")[0].upper() for command in server.commands]
    expected = ["EHLO", "STARTTLS", "EHLO", "AUTH"] if security is Security.STARTTLS else ["EHLO", "AUTH"]
    assert verbs[: len(expected)] == expected
    assert decoded(server.commands[len(expected) - 1]) == "\0morning\0pässword"


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_that_nobody_has_signed_is_refused_before_the_password(
    serve: Serve, server_tls: ssl.SSLContext, security: Security
) -> None:
    server = serve(
        {"EHLO": "250-relay.example\r\n250-STARTTLS\r\n250 AUTH PLAIN"},
        tls=server_tls,
        tls_at_once=security is Security.TLS,
    )

    with pytest.raises(RelayHalted, match="certificate that we do not trust") as halt:
        send(relay_to(server, security=security, **SIGN_IN))

    assert not isinstance(halt.value, RelayBusy)
    assert not any(command.startswith("AUTH") for command in server.commands)


def test_a_relay_that_does_not_encrypt_where_it_should_is_told_apart_from_one_that_is_away(serve: Serve) -> None:
    server = serve()

    with pytest.raises(RelayHalted, match="cannot be encrypted") as halt:
        send(relay_to(server, security=Security.TLS))

    assert not isinstance(halt.value, RelayBusy)


def test_a_relay_that_knows_only_login_is_told_name_and_password_in_turn(serve: Serve) -> None:
    user, password = (base64.b64encode(text.encode()).decode() for text in SIGN_IN.values())
    server = serve(
        {
            "EHLO": "250-relay.example\r\n250 AUTH LOGIN",
            "AUTH": "334 VXNlcm5hbWU6",
            user.upper(): "334 UGFzc3dvcmQ6",
            password.upper(): "235 2.7.0 welcome",
        }
    )

    outcome = send(relay_to(server, **SIGN_IN))

    assert isinstance(outcome, Accepted)
    assert server.commands[1:4] == ["AUTH LOGIN", user, password]


def test_a_wrong_password_is_tried_once_only(serve: Serve) -> None:
    server = serve({"EHLO": "250-relay.example\r\n250 AUTH PLAIN LOGIN CRAM-MD5", "AUTH": "535 5.7.8 wrong"})

    with pytest.raises(RelayHalted, match="refuses our sign-in"):
        send(relay_to(server, **SIGN_IN))

    assert sum(command.startswith("AUTH") for command in server.commands) == 1


def test_no_password_goes_in_clear_to_another_machine() -> None:
    elsewhere = SimpleNamespace(sock=SimpleNamespace(family=socket.AF_INET, getpeername=lambda: ("192.0.2.7", 25)))
    relay = Relay(host="relay.example", port=25, security=Security.NONE, **SIGN_IN)

    with pytest.raises(RelayHalted, match="password in clear"):
        smtp._sign_in(elsewhere, relay)  # type: ignore[arg-type]  # stands for a connection to another machine


def test_a_password_is_not_in_the_words_for_a_relay() -> None:
    relay = Relay(host="relay.example", port=25, **SIGN_IN)

    words = f"{relay} {relay!r}"

    assert "pässword" not in words


def test_a_relay_that_has_enough_in_the_middle_of_the_message_is_heard(serve: Serve) -> None:
    server = serve({"EHLO": "250 relay.example", "BODY": "552 5.3.4 message too big"})

    (outcome,) = exchange(relay_to(server), large())

    assert outcome == Rejected(code=552, reply="5.3.4 message too big", at_dot=True)


def test_a_connection_lost_in_the_middle_of_the_message_means_that_nothing_happened(serve: Serve) -> None:
    server = serve({"EHLO": "250 relay.example", "BODY": RESET})

    (outcome,) = exchange(relay_to(server), large())

    assert isinstance(outcome, NotTried)


def test_a_refusal_leaves_the_connection_fit_for_the_next_mail(serve: Serve) -> None:
    server = serve({"RCPT": ["450 4.2.0 later", "550 5.1.1 unknown", "250 ok"]})

    outcomes = exchange(relay_to(server), parcel(), parcel(), parcel())

    assert [type(outcome) for outcome in outcomes] == [Deferred, Rejected, Accepted]
    assert server.connections == 1
    assert server.commands.count("RSET") == 2


def test_a_reply_that_never_ends_is_no_reply(serve: Serve) -> None:
    server = serve({"RCPT": "250-" + "x" * 20_000})

    outcome = send(relay_to(server))

    assert isinstance(outcome, NotTried)


def test_control_characters_in_a_reply_are_not_repeated(serve: Serve) -> None:
    server = serve({"RCPT": "550 5.1.1 \x00\x1b[31mno\x07 such\tuser"})

    outcome = send(relay_to(server))

    assert outcome == Rejected(code=550, reply="5.1.1 [31mno such user")


def test_an_old_server_that_knows_only_helo_will_do(serve: Serve) -> None:
    server = serve({"EHLO": "502 what", "HELO": "250 relay.example"})

    outcome = send(relay_to(server))

    assert isinstance(outcome, Accepted)


@pytest.mark.parametrize("host", ["no such host.invalid", "a" * 300, "xn--\N{SNOWMAN}.example"])
def test_a_host_name_that_leads_nowhere_is_said_so(host: str) -> None:
    relay = Relay(host=host, port=1, security=Security.NONE, timeout=timedelta(seconds=1))

    with pytest.raises(RelayBusy, match="cannot be reached"):
        send(relay)
