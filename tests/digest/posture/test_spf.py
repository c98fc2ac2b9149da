"""SPF: who may send for a domain, as RFC 7208 counts and matches, and what our operator is told of it."""

import ipaddress
from typing import Any

import pytest

from digest.model.relay import Relay
from digest.posture.allowed import observe_spf
from digest.posture.line import Handshake
from digest.posture.observation import Verdict
from digest.posture.spf import BrokenSpf, Result, Walk
from tests.fakes import FakeDns

IP, OTHER, IP6 = "203.0.113.7", "198.51.100.9", "2001:db8::7"
OURS: dict[str, Any] = {"A mail.example.org": IP}


def result(record: str | tuple[str, ...], zone: dict[str, Any] | None = None, ip: str = IP) -> Result:
    dns = FakeDns({"TXT example.org": record, **(zone or {})})
    return Walk(dns, ipaddress.ip_address(ip)).check("example.org")


def near(greeting: str = "mail.example.org", address: str = "127.0.0.1") -> Handshake:
    return Handshake(relay=Relay(host="localhost", port=25), greeting=greeting, address=address)


def far(greeting: str = "smtp.relay.example", address: str = OTHER) -> Handshake:
    return Handshake(relay=Relay(host="smtp.relay.example", port=587), greeting=greeting, address=address)


# -- as the RFC says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1", Result.NEUTRAL),
        ("v=spf1 -all", Result.FAIL),
        ("v=spf1 ~all", Result.SOFTFAIL),
        ("v=spf1 ?all", Result.NEUTRAL),
        ("v=spf1 all", Result.PASS),
        ("V=SPF1 IP4:203.0.113.7 -ALL", Result.PASS),
        ("v=spf1 ip4:203.0.113.0/24 -all", Result.PASS),
        ("v=spf1 ip4:203.0.113.8 -all", Result.FAIL),
        ("v=spf1 ip6:2001:db8::/32 -all", Result.FAIL),
        ("v=spf1 -ip4:203.0.113.7 +all", Result.FAIL),
        ("v=spf1 exp=why.example.org unknown=x ip4:203.0.113.7 -all", Result.PASS),
        ("v=spf1 ptr -all", Result.FAIL),
        ("v=spf1 exists:%{i}.list.example -all", Result.FAIL),
        ("v=spf10 +all", Result.NONE),
        ("some other text", Result.NONE),
    ],
)
def test_an_address_is_matched_as_the_rfc_says(record: str, expected: Result) -> None:
    assert result(record) is expected


def test_an_address_of_ipv6_is_matched_too() -> None:
    assert result("v=spf1 ip4:203.0.113.7 ip6:2001:db8::/32 -all", ip=IP6) is Result.PASS
    assert result("v=spf1 a -all", {"AAAA example.org": IP6}, ip=IP6) is Result.PASS


@pytest.mark.parametrize(
    ("record", "zone"),
    [
        ("v=spf1 a -all", {"A example.org": ("192.0.2.1", IP)}),
        ("v=spf1 a:mail.example.org -all", OURS),
        ("v=spf1 a:mail.example.org/24 -all", {"A mail.example.org": "203.0.113.99"}),
        ("v=spf1 a/24//64 -all", {"A example.org": "203.0.113.99"}),
        ("v=spf1 mx -all", {"MX example.org": ("5 none.example", "10 mail.example.org"), **OURS}),
        ("v=spf1 mx:other.example/24 -all", {"MX other.example": "10 mx.other.example", "A mx.other.example": IP}),
        ("v=spf1 include:relay.example -all", {"TXT relay.example": "v=spf1 ip4:203.0.113.7 ~all"}),
        ("v=spf1 redirect=relay.example", {"TXT relay.example": "v=spf1 ip4:203.0.113.7 -all"}),
    ],
)
def test_names_in_a_record_are_followed(record: str, zone: dict[str, Any]) -> None:
    assert result(record, zone) is Result.PASS
    assert (
        result(record, {name: found for name, found in zone.items() if name.startswith("TXT")}, OTHER)
        is not Result.PASS
    )


def test_what_an_include_refuses_is_not_refused_by_us() -> None:
    assert result("v=spf1 include:relay.example ?all", {"TXT relay.example": "v=spf1 -all"}) is Result.NEUTRAL


@pytest.mark.parametrize(
    ("record", "zone", "words"),
    [
        (("v=spf1 -all", "v=spf1 mx -all"), {}, "has 2 SPF records"),
        ("v=spf1 ipv4:203.0.113.7 -all", {}, '"ipv4:203.0.113.7", which SPF does not know'),
        ("v=spf1 ip4:203.0.113.700 -all", {}, '"203.0.113.700", which is no address'),
        ("v=spf1 ip4 -all", {}, '"ip4", which SPF does not know'),
        ("v=spf1 include: -all", {}, "which SPF does not know"),
        ("v=spf1 include:none.example -all", {}, "includes none.example, which has no SPF record"),
        ("v=spf1 redirect=none.example", {}, "redirects to none.example, which has no SPF record"),
        ("v=spf1 a:a.example a:b.example a:c.example -all", {}, "more than 2 of its names lead nowhere"),
        (
            "v=spf1 " + " ".join(f"a:{n}.example" for n in range(11)),
            {f"A {n}.example": OTHER for n in range(11)},
            "more than 10 lookups",
        ),
        ("v=spf1 mx", {"MX example.org": tuple(f"{n} mx{n}.example" for n in range(11))}, "more than 10 MX"),
        ("v=spf1 include:example.org -all", {}, "has no end|more than 10 lookups"),
        ("v=spf1 redirect=example.org", {}, "has no end|more than 10 lookups"),
    ],
)
def test_a_record_that_counts_for_nothing_is_told_why(record: Any, zone: dict[str, Any], words: str) -> None:
    with pytest.raises(BrokenSpf, match=words):
        result(record, zone)


@pytest.mark.parametrize("record", ["v=spf1 include:example.org -all", "v=spf1 redirect=example.org"])
def test_reading_a_record_without_end_ends(record: str) -> None:
    with pytest.raises(BrokenSpf, match="has no end"):
        Walk(FakeDns({"TXT example.org": record})).check("example.org")


# -- what the operator is told -----------------------------------------------------------------------------------------


def test_a_good_record_is_in_order_and_says_who_may_send() -> None:
    dns = FakeDns({"TXT example.org": ("google-site=1", "v=spf1 mx ip4:203.0.113.7 -all"), **OURS})

    seen = observe_spf("example.org", [near()], dns)

    assert (seen.verdict, seen.publish) == (Verdict.OK, "")
    assert seen.found == "v=spf1 mx ip4:203.0.113.7 -all"
    assert seen.said == "in order; 1 of 10 lookups; 203.0.113.7 may send"


def test_without_a_record_the_one_to_publish_lets_our_own_address_in() -> None:
    seen = observe_spf("example.org", [near()], FakeDns({"AAAA mail.example.org": IP6, **OURS}))

    assert seen.verdict is Verdict.FAULT
    assert seen.publish == 'example.org. IN TXT "v=spf1 ip4:203.0.113.7 ip6:2001:db8::7 -all"'


def test_without_a_record_the_one_to_publish_has_a_blank_for_the_relays_own_word() -> None:
    seen = observe_spf("example.org", [far()], FakeDns())
    alone = observe_spf("example.org", [], FakeDns())

    assert seen.publish == 'example.org. IN TXT "v=spf1 include:WHAT-YOUR-RELAY-NAMES -all"'
    assert alone.publish == 'example.org. IN TXT "v=spf1 ip4:YOUR-ADDRESS -all"'


def test_an_address_of_ours_that_is_not_let_in_is_a_fault_with_the_record_that_lets_it_in() -> None:
    seen = observe_spf(
        "example.org",
        [near()],
        FakeDns({"TXT example.org": "v=spf1 include:a.example -all", "TXT a.example": "v=spf1 -all", **OURS}),
    )

    assert seen.verdict is Verdict.FAULT
    assert "203.0.113.7, which our relay sends from, gets fail; let it in" in seen.said
    assert seen.publish == 'example.org. IN TXT "v=spf1 ip4:203.0.113.7 include:a.example -all"'


def test_a_record_that_breaks_only_on_the_way_to_our_address_is_told_why() -> None:
    zone = {"TXT example.org": "v=spf1 a:a.example a:b.example a:c.example ip4:203.0.113.7 -all", **OURS}

    seen = observe_spf("example.org", [near()], FakeDns(zone))

    assert seen.verdict is Verdict.FAULT
    assert "gets permerror (more than 2 of its names lead nowhere, c.example among them)" in seen.said


def test_nobody_is_refused_for_what_depends_on_the_mail() -> None:
    for record in ("v=spf1 exists:%{i}.list.example -all", "v=spf1 redirect=%{d}.list.example"):
        seen = observe_spf("example.org", [near()], FakeDns({"TXT example.org": record, **OURS}))

        assert seen.verdict is Verdict.WARN


def test_a_far_relay_that_is_not_let_in_is_a_warning_for_it_may_send_from_elsewhere() -> None:
    refused = observe_spf("example.org", [far()], FakeDns({"TXT example.org": "v=spf1 -all"}))
    allowed = observe_spf("example.org", [far()], FakeDns({"TXT example.org": "v=spf1 ip4:198.51.100.9 -all"}))

    assert (refused.verdict, allowed.verdict) == (Verdict.WARN, Verdict.OK)
    assert "198.51.100.9 gets fail, though the relay smtp.relay.example:587 may send from others" in refused.said


@pytest.mark.parametrize("greeting", ["localhost", "unknown.example.org", "lan.example.org"])
def test_a_relay_whose_address_is_not_known_is_said_so(greeting: str) -> None:
    dns = FakeDns({"TXT example.org": "v=spf1 -all", "A lan.example.org": "10.0.0.7"})

    seen = observe_spf("example.org", [near(greeting)], dns)

    assert seen.verdict is Verdict.WARN
    assert "sends from is not known" in seen.said


@pytest.mark.parametrize(
    ("record", "verdict", "words"),
    [
        ("v=spf1 +all", Verdict.FAULT, "lets the whole world send"),
        ("v=spf1 ip4:203.0.113.7 ?all", Verdict.WARN, "end it with -all"),
        ("v=spf1 ip4:203.0.113.7", Verdict.WARN, "does not end with all"),
        ("v=spf1 ip4:203.0.113.7 ~all", Verdict.OK, "in order"),
        ("v=spf1 redirect=ok.example", Verdict.OK, "in order; 1 of 10"),
        ("v=spf1 include:none.example -all", Verdict.FAULT, "it is broken: it includes none.example"),
        ("v=spf1 ip4:203.0.113.7 " + "a:x.example " * 11 + "-all", Verdict.FAULT, "takes 11 lookups"),
        (("v=spf1 -all", "v=spf1 mx"), Verdict.FAULT, "2 SPF records"),
    ],
)
def test_what_is_wrong_with_a_record_is_told(record: Any, verdict: Verdict, words: str) -> None:
    zone = {"TXT example.org": record, "TXT ok.example": "v=spf1 ip4:203.0.113.7 -all", **OURS}

    seen = observe_spf("example.org", [near()], FakeDns(zone))

    assert seen.verdict is verdict
    assert words in seen.said


def test_silence_of_dns_is_no_fault() -> None:
    seen = observe_spf("example.org", [near()], FakeDns(silent=frozenset({"example.org"})))

    assert seen.verdict is Verdict.WARN
    assert seen.said.startswith("DNS did not answer")


def test_what_strangers_publish_is_shown_clean_and_cut() -> None:
    hostile = "v=spf1 include:\x1b[31mevil\r\n\u202e " + "x" * 9999

    seen = observe_spf("example.org", [near()], FakeDns({"TXT example.org": hostile, **OURS}))

    for text in (seen.found, seen.said, seen.publish):
        assert text.isprintable()
    assert len(seen.found) <= 200
    assert len(seen.said) <= 400
