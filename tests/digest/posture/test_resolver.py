"""Questions to DNS: real ones, to a server on this machine; silence and refusals are no answers."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from digest.posture import resolver
from digest.posture.resolver import SILENCES, Dns, DnsSilent, RecordType

ZONE = {
    ("text.example.", "TXT"): ['"v=spf1 " "-all"', '"\\195\\188 \\255"'],
    ("mail.example.", "MX"): ["10 mx.mail.example.", "5 mx2.mail.example."],
    ("null.example.", "MX"): ["0 ."],
    ("7.113.0.203.in-addr.arpa.", "PTR"): ["mail.example."],
    ("mail.example.", "A"): ["203.0.113.7"],
}


class Server:
    """Answers over UDP; nothing at all about names that begin with "silent"."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.asked: list[str] = []
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        while True:
            wire, where = self.socket.recvfrom(4096)
            if wire == b"stop":
                return
            query = dns.message.from_wire(wire)
            name, kind = query.question[0].name.to_text(), query.question[0].rdtype.name
            self.asked.append(name)
            if name.startswith("silent"):
                continue
            answer = dns.message.make_response(query)
            if name.startswith("broken"):
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif (name, kind) in ZONE:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *ZONE[name, kind]))
            elif name not in {known for known, _ in ZONE}:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(answer.to_wire(), where)

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"stop", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def ours(server: Server, monkeypatch: pytest.MonkeyPatch) -> Dns:
    monkeypatch.setattr(resolver, "PATIENCE", timedelta(seconds=0.2))
    asking = Dns()
    asking._resolver = dns.resolver.Resolver(configure=False)
    asking._resolver.nameservers = ["127.0.0.1"]
    asking._resolver.port = server.socket.getsockname()[1]
    return asking


def test_records_come_as_plain_text(ours: Dns) -> None:
    assert ours.ask("text.example", RecordType.TXT) == ("v=spf1 -all", "ü \N{REPLACEMENT CHARACTER}")
    assert ours.ask("mail.example", RecordType.MX) == ("10 mx.mail.example", "5 mx2.mail.example")
    assert ours.ask("null.example", RecordType.MX) == ("0 .",)
    assert ours.ask("7.113.0.203.in-addr.arpa", RecordType.PTR) == ("mail.example",)
    assert ours.ask("mail.example", RecordType.A) == ("203.0.113.7",)


@pytest.mark.parametrize("name", ["none.example", "mail.example", "a" * 64 + ".example", "a." * 130 + "example"])
def test_what_does_not_exist_is_nothing(ours: Dns, name: str) -> None:
    assert ours.ask(name, RecordType.AAAA) == ()


@pytest.mark.parametrize("name", ["silent.example", "broken.example", "a..example"])
def test_silence_is_told_apart_from_nothing(ours: Dns, name: str) -> None:
    with pytest.raises(DnsSilent):
        ours.ask(name, RecordType.TXT)


def test_a_question_is_asked_once(ours: Dns, server: Server) -> None:
    ours.ask("mail.example", RecordType.A)
    ours.ask("Mail.Example.", RecordType.A)

    assert server.asked == ["mail.example."]


def test_after_some_silence_nothing_more_is_asked(ours: Dns, server: Server) -> None:
    for number in range(SILENCES):
        with pytest.raises(DnsSilent):
            ours.ask(f"silent{number}.example", RecordType.A)

    with pytest.raises(DnsSilent, match="left 3 questions open before"):
        ours.ask("mail.example", RecordType.A)
    assert "mail.example." not in server.asked


def test_a_machine_without_a_resolver_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", none)

    with pytest.raises(DnsSilent, match="has no resolver"):
        Dns().ask("mail.example", RecordType.A)
