"""The line to the relay: what it shows of itself once it is open."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digest.model.relay import Relay, Security
from digest.posture import line
from digest.posture.line import Handshake, observe_line, shake_hands
from digest.posture.observation import Observation, Verdict
from tests.digest.deliver.conftest import relay_to, server_tls
from tests.digest.deliver.scripted_server import RESET, ScriptedServer

__all__ = ["server_tls"]

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
ALL = (
    "250-mail.example.org hello\r\n250-PIPELINING\r\n250-SIZE {size}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"
    "250-ENHANCEDSTATUSCODES\r\n250-STARTTLS\r\n250 CHUNKING"
)
FAR = Handshake(
    relay=Relay(host="smtp.relay.example", port=587),
    greeting="smtp.relay.example",
    address="198.51.100.9",
    protocol="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    certificate_until=NOW + timedelta(days=60),
    extensions=(("PIPELINING", ""),),
)
Serve = Callable[..., ScriptedServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda script=None, **traits: stack.enter_context(ScriptedServer(script or {}, **traits))


def seen(handshake: Handshake) -> list[Observation]:
    return list(observe_line(handshake, NOW))


def test_an_open_line_shows_greeting_address_and_abilities(serve: Serve) -> None:
    server = serve({"EHLO": ALL.format(size=200_000)})

    handshake = shake_hands(relay_to(server))

    assert (handshake.greeting, handshake.address) == ("mail.example.org", "127.0.0.1")
    assert handshake.is_direct
    assert server.commands[-1].upper() == "QUIT"
    connection, encryption, abilities = seen(handshake)
    assert connection.found == "mail.example.org [127.0.0.1]"
    assert encryption.said == "none, and none is needed on this machine"
    assert abilities.verdict is Verdict.OK
    assert abilities.found == "PIPELINING, SIZE 200000, 8BITMIME, SMTPUTF8, DSN, ENHANCEDSTATUSCODES, CHUNKING"


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_an_encrypted_line_shows_how_and_until_when(
    serve: Serve,
    server_tls: ssl.SSLContext,
    security: Security,
) -> None:
    server = serve({"EHLO": ALL.format(size=0)}, tls=server_tls, tls_at_once=security is Security.TLS)

    handshake = shake_hands(relay_to(server, security=security, verify=False))

    assert handshake.protocol == "TLSv1.3"
    assert handshake.cipher
    assert handshake.certificate_until is not None


def test_a_relay_that_takes_no_leave_has_still_been_seen(serve: Serve) -> None:
    server = serve({"QUIT": RESET})

    assert shake_hands(relay_to(server)).fault == ""


def test_a_relay_that_is_out_of_reach_is_the_only_thing_to_say_of_it() -> None:
    handshake = shake_hands(Relay(host="127.0.0.1", port=1, security=Security.NONE, timeout=timedelta(seconds=1)))

    (told,) = seen(handshake)

    assert told.verdict is Verdict.FAULT
    assert "cannot be reached" in told.said
    assert not handshake.is_direct


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, Verdict.OK, "in order"),
        ({"protocol": ""}, Verdict.WARN, "goes to it in clear"),
        ({"protocol": "TLSv1"}, Verdict.WARN, "out of date"),
        ({"certificate_until": NOW + timedelta(days=3, hours=1)}, Verdict.WARN, "ends in 3 days"),
        ({"certificate_until": NOW - timedelta(days=1)}, Verdict.WARN, "has ended"),
        ({"certificate_until": None}, Verdict.OK, "in order"),
        ({"relay": replace(FAR.relay, verify=False)}, Verdict.WARN, "is not checked"),
    ],
)
def test_encryption_is_judged(change: dict[str, Any], verdict: Verdict, words: str) -> None:
    _, encryption, _ = seen(replace(FAR, **change))

    assert encryption.verdict is verdict
    assert words in encryption.said


@pytest.mark.parametrize(
    ("extensions", "verdict", "words"),
    [
        ((("PIPELINING", ""), ("SIZE", "153600")), Verdict.OK, "without 8BITMIME"),
        ((("PIPELINING", ""), ("SIZE", "153599")), Verdict.FAULT, "at most 153599 bytes"),
        ((("PIPELINING", ""), ("SIZE", "0")), Verdict.OK, "which is no harm"),
        ((("PIPELINING", ""), ("SIZE", "plenty")), Verdict.OK, "which is no harm"),
        ((), Verdict.WARN, "sending is slower"),
    ],
)
def test_abilities_are_judged(extensions: tuple[tuple[str, str], ...], verdict: Verdict, words: str) -> None:
    _, _, abilities = seen(replace(FAR, extensions=extensions))

    assert abilities.verdict is verdict
    assert words in abilities.said


def test_what_a_relay_says_of_itself_is_shown_clean() -> None:
    connection, _, abilities = seen(replace(FAR, extensions=(("SIZE", "\x1b[2J" + "9" * 999),)))

    assert abilities.found.isprintable()
    assert len(abilities.found) <= 200
    assert connection.found.isprintable()


def test_a_certificate_that_is_written_oddly_has_no_end_for_us() -> None:
    assert line._end_of(b"not a certificate") is None
    assert line._end_of(None) is None
