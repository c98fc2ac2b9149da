"""Signing in by each mechanism, LMTP, and what encryption changes: trust begins with the second greeting."""

import base64
import hmac
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest.deliver.smtp import RelayBusy, open_line
from digest.deliver.transaction import Parcel
from digest.errors import RelayHalted
from digest.model.message import Accepted, Rejected
from digest.model.relay import Conduct, Mechanism, Protocol, Relay, Security
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.exchange import exchange
from tests.digest.deliver.scripted_server import ScriptedServer

Serve = Callable[..., ScriptedServer]
SIGN_IN: dict[str, Any] = {"username": "morning", "password": "pässword"}
ACCEPTED = Accepted(code=250, reply="2.0.0 queued")


def parcel(message: bytes = b"Subject: x\r\n\r\nbody\r\n") -> Parcel:
    return Parcel(sender="morning@news.example.org", recipient="ana@mail.example", message=message)


def encoded(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


def offering(*mechanisms: str) -> str:
    return f"250-relay.example\r\n250 AUTH {' '.join(mechanisms)}"


# -- mechanisms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", [Mechanism.CRAM_MD5, Mechanism.AUTO])
def test_cram_md5_proves_the_password_without_telling_it(serve: Serve, wish: Mechanism) -> None:
    challenge = "<1896.697170952@relay.example>"
    digest = hmac.new("pässword".encode(), challenge.encode(), "md5").hexdigest()
    answer = encoded(f"morning {digest}")
    server = serve(
        {"EHLO": offering("CRAM-MD5"), "AUTH": f"334 {encoded(challenge)}", answer.upper(): "235 2.7.0 welcome"}
    )

    (outcome,) = exchange(relay_to(server, mechanism=wish, **SIGN_IN), parcel())

    assert outcome == ACCEPTED
    assert server.commands[1:3] == ["AUTH CRAM-MD5", answer]


def test_cram_md5_answers_the_example_of_its_rfc(serve: Serve) -> None:
    challenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
    answer = "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"
    server = serve({"EHLO": offering("CRAM-MD5"), "AUTH": f"334 {challenge}", answer.upper(): "235 welcome"})

    (outcome,) = exchange(relay_to(server, username="tim", password="tanstaaftanstaaf"), parcel())

    assert outcome == ACCEPTED


def test_a_challenge_that_cannot_be_read_is_tried_again_later(serve: Serve) -> None:
    server = serve({"EHLO": offering("CRAM-MD5"), "AUTH": "334 no base64!"})

    with pytest.raises(RelayBusy, match="challenge that cannot be read"):
        open_line(relay_to(server, **SIGN_IN))


def test_xoauth2_sends_the_token_in_one_word(serve: Serve) -> None:
    server = serve({"EHLO": offering("PLAIN", "XOAUTH2"), "AUTH": "235 2.7.0 welcome"})

    (outcome,) = exchange(relay_to(server, mechanism=Mechanism.XOAUTH2, **SIGN_IN), parcel())

    verb, mechanism, token = server.commands[1].split(" ")
    assert outcome == ACCEPTED
    assert (verb, mechanism) == ("AUTH", "XOAUTH2")
    assert base64.b64decode(token).decode() == "user=morning\x01auth=Bearer pässword\x01\x01"


def test_a_token_that_has_run_out_is_told_in_a_challenge_and_refused_after_it(serve: Serve) -> None:
    challenge = encoded('{"status":"401","schemes":"bearer"}')
    server = serve({"EHLO": offering("XOAUTH2"), "AUTH": f"334 {challenge}", "": "535 5.7.8 token expired"})

    with pytest.raises(RelayHalted, match="token expired") as halt:
        open_line(relay_to(server, mechanism=Mechanism.XOAUTH2, **SIGN_IN))

    assert not isinstance(halt.value, RelayBusy)
    assert server.commands[2] == ""
    assert sum(command.startswith("AUTH") for command in server.commands) == 1


@pytest.mark.parametrize("wish", [Mechanism.CRAM_MD5, Mechanism.XOAUTH2, Mechanism.LOGIN])
def test_a_mechanism_that_is_asked_for_and_not_offered_is_not_replaced_by_another(
    serve: Serve, wish: Mechanism
) -> None:
    server = serve({"EHLO": offering("PLAIN"), "AUTH": "235 welcome"})

    with pytest.raises(RelayHalted, match=f"no sign-in that we know .{wish.upper()}."):
        open_line(relay_to(server, mechanism=wish, **SIGN_IN))

    assert not any(command.startswith("AUTH") for command in server.commands)


def test_xoauth2_is_used_only_where_it_is_asked_for(serve: Serve) -> None:
    server = serve({"EHLO": offering("XOAUTH2")})

    with pytest.raises(RelayHalted, match="PLAIN, LOGIN, CRAM-MD5"):
        open_line(relay_to(server, **SIGN_IN))


def test_a_password_file_is_read_at_each_sign_in(serve: Serve, tmp_path: Path) -> None:
    server, file = serve({"EHLO": offering("PLAIN"), "AUTH": "235 welcome"}), tmp_path / "password"
    relay = relay_to(server, username="morning", password_file=file)

    for password in ("old\n", "new\n"):
        file.write_text(password, encoding="utf-8")
        exchange(relay, parcel())

    told = [command.split(" ")[2] for command in server.commands if command.startswith("AUTH")]
    assert [base64.b64decode(words).decode() for words in told] == ["\0morning\0old", "\0morning\0new"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["missing", "no text"])
def test_a_password_file_that_cannot_be_read_halts_and_is_named(
    serve: Serve, tmp_path: Path, content: bytes | None
) -> None:
    server, file = serve({"EHLO": offering("PLAIN")}), tmp_path / "password"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(RelayHalted, match="cannot be read") as halt:
        open_line(relay_to(server, username="morning", password_file=file))

    assert str(file) in str(halt.value)
    assert not any(command.startswith("AUTH") for command in server.commands)


# -- LMTP ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("conduct", list(Conduct))
@pytest.mark.parametrize("way", ["tcp", "unix"])
def test_lmtp_carries_many_messages_on_one_connection(serve: Serve, tmp_path: Path, way: str, conduct: Conduct) -> None:
    path = tmp_path / "lmtp" if way == "unix" else None
    script: dict[str, str | list[str]] = {
        "EHLO": "250-relay.example\r\n250 PIPELINING",
        "RCPT": ["250 ok", "550 5.1.1 nobody", "250 ok"],
    }
    server = serve(script, lmtp=True, path=path)
    traits: dict[str, Any] = {"protocol": Protocol.LMTP, "conduct": conduct, "security": Security.NONE}
    relay = Relay(host=str(path), port=0, **traits) if path is not None else relay_to(server, **traits)

    outcomes = exchange(relay, parcel(), parcel(), parcel())

    assert outcomes == [ACCEPTED, Rejected(code=550, reply="5.1.1 nobody"), ACCEPTED]
    assert server.connections == 1
    assert server.commands[0].upper().startswith("LHLO ")
    assert len(server.messages) == 2


def test_a_socket_that_is_not_there_is_tried_again_later(tmp_path: Path) -> None:
    relay = Relay(host=str(tmp_path / "none"), port=0, protocol=Protocol.LMTP, security=Security.NONE)

    with pytest.raises(RelayBusy, match="cannot be reached"):
        open_line(relay)


@pytest.mark.parametrize(("banner", "is_busy"), [("421 busy", True), ("554 go away", False)])
def test_an_lmtp_server_that_takes_no_mail_says_so_in_its_banner(serve: Serve, banner: str, *, is_busy: bool) -> None:
    server = serve({"BANNER": banner}, lmtp=True)

    with pytest.raises(RelayHalted, match="takes no mail") as halt:
        open_line(relay_to(server, protocol=Protocol.LMTP))

    assert isinstance(halt.value, RelayBusy) == is_busy


# -- encryption ----------------------------------------------------------------------------------------------------

BEFORE = "250-relay.example\r\n250-PIPELINING\r\n250-SIZE 10\r\n250-AUTH PLAIN\r\n250 STARTTLS"
AFTER = "250-relay.example\r\n250 SIZE 1000"


@pytest.mark.parametrize(
    ("greetings", "is_pipelining", "limit"),
    [([BEFORE, AFTER], False, 1000), ([AFTER + "\r\n250 STARTTLS", BEFORE], False, 1000), ([BEFORE], True, 10)],
    ids=["only before", "not before", "both"],
)
def test_what_the_relay_offers_counts_only_from_the_greeting_after_encryption(
    serve: Serve, server_tls: ssl.SSLContext, greetings: list[str], limit: int, *, is_pipelining: bool
) -> None:
    if greetings[0].startswith(AFTER):
        greetings = ["250-relay.example\r\n250 STARTTLS", AFTER]
    server = serve({"EHLO": greetings}, tls=server_tls)

    opened = open_line(relay_to(server, security=Security.STARTTLS, verify=False))

    opened.sock.close()
    assert opened.offers.pipelining == is_pipelining
    assert opened.offers.size_limit == limit


def test_a_sign_in_offered_only_before_encryption_is_no_offer(serve: Serve, server_tls: ssl.SSLContext) -> None:
    server = serve({"EHLO": [BEFORE, AFTER]}, tls=server_tls)

    with pytest.raises(RelayHalted, match="no sign-in that we know"):
        open_line(relay_to(server, security=Security.STARTTLS, verify=False, **SIGN_IN))


def test_in_lock_step_goes_what_was_offered_pipelining_only_before_encryption(
    serve: Serve, server_tls: ssl.SSLContext
) -> None:
    ahead: list[bool] = []
    server = serve({"EHLO": [BEFORE, AFTER]}, tls=server_tls)
    server.answers = lambda command: ahead.append(server.peek()) if command.startswith("MAIL") else None

    (outcome,) = exchange(relay_to(server, security=Security.STARTTLS, verify=False), parcel())

    assert outcome == ACCEPTED
    assert ahead == [False]


@pytest.mark.parametrize("injected", ["250 2.1.0 injected", "250-relay.example\r\n250 PIPELINING", "235 welcome"])
def test_what_was_injected_behind_the_reply_to_starttls_is_never_heard(
    serve: Serve, server_tls: ssl.SSLContext, injected: str
) -> None:
    script: dict[str, str | list[str]] = {"EHLO": [BEFORE, AFTER], "STARTTLS": f"220 go ahead\r\n{injected}"}
    server = serve(script, tls=server_tls)

    outcomes = exchange(relay_to(server, security=Security.STARTTLS, verify=False), parcel(), parcel())

    assert outcomes == [ACCEPTED, ACCEPTED]
    assert sum(command.upper().startswith("EHLO") for command in server.commands) == 2


@pytest.mark.parametrize("conduct", list(Conduct))
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_an_encrypted_connection_carries_many_messages_small_and_large(
    serve: Serve, server_tls: ssl.SSLContext, conduct: Conduct, security: Security
) -> None:
    ehlo = "250-relay.example\r\n250-PIPELINING\r\n250 STARTTLS"
    server = serve({"EHLO": ehlo}, tls=server_tls, tls_at_once=security is Security.TLS)
    large = b"Subject: x\r\n\r\n" + b"a line of text that is somewhat longer\r\n" * 20_000
    messages = [b"a: b\r\n\r\n1\r\n", large, b"a: b\r\n\r\n2\r\n", large[:300_000] + b"\r\n", b"a: b\r\n\r\n3\r\n"]

    outcomes = exchange(relay_to(server, security=security, verify=False, conduct=conduct), *map(parcel, messages))

    assert outcomes == [ACCEPTED] * 5
    assert server.messages == messages
    assert server.connections == 1


def test_a_relay_that_closes_while_it_is_being_encrypted_is_tried_again_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def close_after_hello() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(10_000)

        server = threading.Thread(target=close_after_hello)
        server.start()
        relay = Relay(host="127.0.0.1", port=listener.getsockname()[1], security=Security.TLS, verify=False)

        with pytest.raises(RelayBusy, match="closed the connection while it was being encrypted"):
            open_line(relay)

        server.join()
