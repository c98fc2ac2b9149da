"""`digest check --send`: how our mail stands with receivers, and a test mail that shows it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dkim as oracle
import pytest

from digest.cli import check, sending, wired
from digest.deliver.dkim_keys import make_rsa, record, write
from digest.demo.inbox import Inbox
from digest.posture.line import shake_hands
from tests.factories import config_text
from tests.fakes import FakeDns, FixedClock
from tests.flow.console import Ran, run

RSA = make_rsa()
DOMAIN = "news.example.org"
DKIM = '[[dkim]]\ndomain = "news.example.org"\nselector = "d202611"\nkey_file = "rsa.pem"\n'
GOOD: dict[str, Any] = {
    f"TXT {DOMAIN}": "v=spf1 ip4:203.0.113.7 -all",
    f"TXT d202611._domainkey.{DOMAIN}": record(RSA),
    f"TXT _dmarc.{DOMAIN}": f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}",
    f"MX {DOMAIN}": "10 mail.example.org",
    "PTR 7.113.0.203.in-addr.arpa": "mail.example.org",
    "A mail.example.org": "203.0.113.7",
}
Command = Callable[..., Ran]


@pytest.fixture
def zone() -> dict[str, Any]:
    return dict(GOOD)


@pytest.fixture
def digest(
    monkeypatch: pytest.MonkeyPatch,
    clock: FixedClock,
    sqlite_url: str,
    tmp_path: Path,
    inbox: Inbox,
    zone: dict[str, Any],
) -> Command:
    """Give the function that runs a command, with an inbox for a relay and a DNS of our own."""
    (tmp_path / "news").mkdir()
    write(RSA, tmp_path / "rsa.pem")
    (tmp_path / "config.toml").write_text(
        config_text(database_url=sqlite_url, smtp_port=inbox.port, more_top=DKIM), encoding="utf-8"
    )
    monkeypatch.setenv("DIGEST_CONFIG", str(tmp_path / "config.toml"))
    for module in (check, sending, wired):
        monkeypatch.setattr(module, "SystemClock", lambda: clock)
    monkeypatch.setattr(sending, "Dns", lambda: FakeDns(zone))
    # The inbox calls itself localhost, which has no place in DNS.
    monkeypatch.setattr(sending, "shake_hands", lambda relay: replace(shake_hands(relay), greeting="mail.example.org"))
    return run


def test_all_that_receivers_look_at_is_looked_at(digest: Command) -> None:
    ran = digest("check", "--send", "--json")

    assert ran.code == 0, ran.out
    assert all(set(one) == {"what", "ok", "message", "verdict", "asked", "found", "publish"} for one in ran.json)
    told = {re.sub(r"127\.0\.0\.1:\d+", "R", one["what"]): one["verdict"] for one in ran.json}
    assert told == {
        "settings": "ok",
        f"DKIM keys of {DOMAIN}": "ok",
        "database": "ok",
        "templates of morning": "ok",
        "relay R": "ok",
        "encryption of relay R": "ok",
        "extensions of relay R": "warn",  # the inbox does not pipeline
        f"SPF of {DOMAIN}": "ok",
        f"DKIM key d202611 of {DOMAIN}": "ok",
        f"DMARC of {DOMAIN}": "ok",
        "name of mail.example.org": "ok",
        f"replies to {DOMAIN}": "ok",
    }


def test_what_is_missing_comes_with_what_to_publish(digest: Command, zone: dict[str, Any]) -> None:
    zone.clear()

    ran = digest("check", "--send")

    assert ran.code == 1
    assert f"FAULT  SPF of {DOMAIN}: there is none" in ran.out
    assert f'publish: {DOMAIN}. IN TXT "v=spf1' in ran.out
    assert f"FAULT  DKIM key d202611 of {DOMAIN}: its record is not published" in ran.out
    assert f'publish: d202611._domainkey.{DOMAIN}. IN TXT "v=DKIM1; k=rsa; p=' in ran.out
    assert f'publish: _dmarc.{DOMAIN}. IN TXT "v=DMARC1; p=none; rua=' in ran.out
    assert "WARN   name of mail.example.org" in ran.out


def test_a_test_mail_goes_the_way_of_all_mail_and_is_signed(digest: Command, inbox: Inbox) -> None:
    ran = digest("check", "--send", "--to", "ana@mail.example", "--json")

    assert ran.code == 0, ran.out
    last = ran.json[-1]
    assert last["what"] == f"test mail from {DOMAIN}"
    assert last["found"].startswith("250 ")
    (mail,) = inbox.messages()
    assert mail.subject == "A test mail from The Morning"
    raw = inbox.files()[0].read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert oracle.verify(raw, dnsfunc=lambda name, timeout=5: record(RSA).encode())


def test_no_test_mail_goes_to_an_address_that_gets_no_mail(digest: Command, inbox: Inbox) -> None:
    digest("subscriber", "suppress", "ana@mail.example")

    ran = digest("check", "--send", "--to", "Ana@Mail.example")
    mistyped = digest("check", "--send", "--to", "ana")

    assert (ran.code, mistyped.code) == (1, 1)
    assert "the address gets no mail from here (operator)" in ran.out
    assert "no @-sign" in mistyped.err
    assert inbox.messages() == []


def test_what_the_relay_answers_to_a_test_mail_is_told(
    digest: Command, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object) -> str:
        return "550 5.7.1 not from you"

    monkeypatch.setattr(inbox, "handle_DATA", refused)

    ran = digest("check", "--send", "--to", "ana@mail.example")

    assert ran.code == 1
    assert f"FAULT  test mail from {DOMAIN}: is failed; see what was answered, and mend that" in ran.out
    assert "found:   550 5.7.1 not from you" in ran.out


def test_nothing_is_sent_where_something_is_at_fault(digest: Command, inbox: Inbox, tmp_path: Path) -> None:
    (tmp_path / "rsa.pem").write_text("no key", encoding="utf-8")

    ran = digest("check", "--send", "--to", "ana@mail.example", "--json")

    faults = {one["what"] for one in ran.json if not one["ok"]}
    assert ran.code == 1
    assert faults == {f"DKIM keys of {DOMAIN}", f"DKIM key d202611 of {DOMAIN}", "test mail"}
    assert inbox.files() == []


def test_without_send_a_key_that_others_may_read_is_remarked(digest: Command, tmp_path: Path) -> None:
    (tmp_path / "rsa.pem").chmod(0o644)

    ran = digest("check", "--json")

    assert ran.code == 0
    (told,) = [one for one in ran.json if one["what"] == f"DKIM keys of {DOMAIN}"]
    assert told["ok"]
    assert "run `chmod 600" in told["message"]
    assert all(set(one) == {"what", "ok", "message"} for one in ran.json)


def test_a_test_mail_belongs_to_send(digest: Command) -> None:
    ran = digest("check", "--to", "ana@mail.example")

    assert ran.code == 2
    assert "--to mails a test, which belongs to --send" in ran.err
