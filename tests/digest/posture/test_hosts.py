"""Hosts: the name of the machine that delivers leads back to it, and replies have a way in."""

from typing import Any

import pytest

from digest.posture.hosts import observe_mx, observe_reverse
from digest.posture.observation import Verdict
from tests.fakes import FakeDns

BACK = {
    "A mail.example.org": "203.0.113.7",
    "PTR 7.113.0.203.in-addr.arpa": ("other.example", "mail.example.org"),
}


@pytest.mark.parametrize(
    ("zone", "verdict", "publish"),
    [
        (BACK, Verdict.OK, ""),
        (
            {**BACK, "PTR 7.113.0.203.in-addr.arpa": ()},
            Verdict.FAULT,
            "7.113.0.203.in-addr.arpa. IN PTR mail.example.org.",
        ),
        (
            {**BACK, "PTR 7.113.0.203.in-addr.arpa": "liar.example", "A liar.example": "192.0.2.1"},
            Verdict.FAULT,
            "7.113.0.203.in-addr.arpa. IN PTR mail.example.org.",
        ),
        ({**BACK, "AAAA mail.example.org": "2001:db8::7"}, Verdict.FAULT, "ip6.arpa. IN PTR mail.example.org."),
        ({"A mail.example.org": "192.168.0.7"}, Verdict.WARN, ""),
        ({}, Verdict.WARN, ""),
    ],
)
def test_an_address_must_have_a_name_that_leads_back(zone: dict[str, Any], verdict: Verdict, publish: str) -> None:
    seen = observe_reverse("mail.example.org", FakeDns(zone))

    assert seen.verdict is verdict
    assert seen.publish.endswith(publish)
    assert bool(seen.publish) is bool(publish)


@pytest.mark.parametrize("greeting", ["", "localhost", "[127.0.0.1]"])
def test_a_relay_without_a_name_of_its_own_should_get_one(greeting: str) -> None:
    seen = observe_reverse(greeting, FakeDns())

    assert seen.verdict is Verdict.WARN
    assert "give it a name" in seen.said


@pytest.mark.parametrize(
    ("zone", "verdict", "words"),
    [
        ({"MX example.org": "10 mail.example.org"}, Verdict.OK, "are taken"),
        ({"MX example.org": "0 ."}, Verdict.FAULT, "null MX"),
        ({"A example.org": "203.0.113.7"}, Verdict.WARN, "no MX, only an address"),
        ({}, Verdict.FAULT, "nobody takes its mail"),
    ],
)
def test_replies_need_somebody_who_takes_them(zone: dict[str, Any], verdict: Verdict, words: str) -> None:
    seen = observe_mx("example.org", FakeDns(zone))

    assert seen.verdict is verdict
    assert words in seen.said
    assert bool(seen.publish) is (verdict is not Verdict.OK)


def test_silence_of_dns_is_no_fault() -> None:
    silent = FakeDns(silent=frozenset({"*"}))

    for seen in (observe_mx("example.org", silent), observe_reverse("mail.example.org", silent)):
        assert seen.verdict is Verdict.WARN
        assert "DNS did not answer" in seen.said
