"""DMARC: the record that holds, found by walking up the tree, and whether our mail is aligned with its From."""

from pathlib import Path
from typing import Any

import pytest

from digest.model.dkim import DkimKey
from digest.posture.alignment import observe_dmarc
from digest.posture.dmarc import walk
from digest.posture.observation import Observation, Verdict
from tests.fakes import FakeDns

GOOD = "v=DMARC1; p=none; rua=mailto:dmarc@example.org"


def seen(zone: dict[str, Any], sender: str = "news.example.org", *, back: str = "", signs: str = "") -> Observation:
    key = DkimKey(domain=signs, selector="s", key_file=Path("key.pem")) if signs else None
    return observe_dmarc(sender, back or sender, key, FakeDns(zone))


# -- the tree walk: RFC 9989 §4.10 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "policy", "organisation"),
    [
        ({}, None, "a.news.example.org"),
        ({"example.org": GOOD}, "example.org", "example.org"),
        ({"a.news.example.org": GOOD, "example.org": GOOD}, "a.news.example.org", "example.org"),
        ({"news.example.org": GOOD}, "news.example.org", "news.example.org"),
        ({"news.example.org": GOOD + "; psd=n", "example.org": GOOD}, "news.example.org", "news.example.org"),
        ({"org": GOOD + "; psd=y"}, "org", "example.org"),
        ({"org": GOOD + "; psd=y", "example.org": GOOD}, "example.org", "example.org"),
        ({"example.org": "v=DMARC2; p=none"}, None, "a.news.example.org"),
    ],
)
def test_the_policy_is_that_of_the_domain_else_of_its_organisation(
    zone: dict[str, str], policy: str | None, organisation: str
) -> None:
    found = walk("a.news.example.org", FakeDns({f"TXT _dmarc.{name}": text for name, text in zone.items()}))

    assert (found.policy.domain if found.policy else None) == policy
    assert found.organisation == organisation


def test_a_long_name_is_asked_about_eight_times_at_most() -> None:
    dns = FakeDns()

    walk(".".join("abcdefghijk") + ".example.org", dns)

    assert dns.asked[0] == "TXT _dmarc.a.b.c.d.e.f.g.h.i.j.k.example.org"
    assert dns.asked[1] == "TXT _dmarc.g.h.i.j.k.example.org"
    assert len(dns.asked) == 8


# -- what the operator is told -----------------------------------------------------------------------------------------


def test_without_a_record_one_is_given_to_publish() -> None:
    found = seen({})

    assert found.verdict is Verdict.FAULT
    assert found.publish == '_dmarc.news.example.org. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@news.example.org"'


@pytest.mark.parametrize(
    ("record", "verdict", "words", "publish"),
    [
        (GOOD, Verdict.OK, "later ask for quarantine", ""),
        (GOOD.replace("none", "reject"), Verdict.OK, "receivers reject what fails", ""),
        (GOOD + "; sp=quarantine", Verdict.OK, "receivers quarantine what fails", ""),
        ("v=DMARC1; p=none", Verdict.WARN, "no rua", "p=none; rua=mailto:dmarc@example.org"),
        (
            "v=DMARC1; rua=mailto:a@example.org",
            Verdict.WARN,
            'policy "" is none of',
            "p=none; rua=mailto:a@example.org",
        ),
        (
            GOOD + "; p=reject; pct=50",
            Verdict.WARN,
            "pct is no longer known",
            'v=DMARC1; p=none; rua=mailto:dmarc@example.org"',
        ),
        (GOOD + "; t=y", Verdict.WARN, "t=y asks", 'rua=mailto:dmarc@example.org"'),
        ((GOOD, GOOD + ";"), Verdict.FAULT, "several records", "v=DMARC1"),
    ],
)
def test_what_is_wrong_with_a_policy_is_told(record: Any, verdict: Verdict, words: str, publish: str) -> None:
    found = seen({"TXT _dmarc.example.org": record})

    assert found.verdict is verdict
    assert words in found.said
    assert publish in found.publish
    assert bool(found.publish) is (verdict is not Verdict.OK)


def test_whoever_gets_the_reports_must_have_agreed() -> None:
    zone = {"TXT _dmarc.news.example.org": "v=DMARC1; p=none; rua=mailto:x@reports.example!10m"}

    refused = seen(zone)
    agreed = seen({**zone, "TXT news.example.org._report._dmarc.reports.example": "v=DMARC1"})

    assert (refused.verdict, agreed.verdict) == (Verdict.WARN, Verdict.OK)
    assert "reports.example has not agreed" in refused.said


@pytest.mark.parametrize(
    ("tags", "back", "signs", "verdict", "words"),
    [
        ("", "", "", Verdict.OK, "aligned with From"),
        ("", "bounce.example.org", "example.org", Verdict.OK, "aligned with From"),
        ("; aspf=s", "bounce.example.org", "news.example.org", Verdict.WARN, "bounce.example.org does not align"),
        ("; aspf=s; adkim=s", "bounce.example.org", "example.org", Verdict.FAULT, "and example.org do not align"),
        ("", "relay.example", "", Verdict.FAULT, "relay.example does not align with From at news.example.org"),
        ("", "relay.example", "example.org", Verdict.WARN, "it all hangs on the other one"),
        ("; adkim=s", "", "example.org", Verdict.WARN, "example.org does not align"),
    ],
)
def test_return_path_and_signature_are_compared_with_from(
    tags: str, back: str, signs: str, verdict: Verdict, words: str
) -> None:
    found = seen({"TXT _dmarc.example.org": GOOD + tags}, back=back, signs=signs)

    assert found.verdict is verdict
    assert words in found.said


def test_silence_of_dns_is_no_fault() -> None:
    found = observe_dmarc("example.org", "example.org", None, FakeDns(silent=frozenset({"*"})))

    assert found.verdict is Verdict.WARN
    assert "DNS did not answer" in found.said


def test_what_strangers_publish_is_shown_clean_and_cut() -> None:
    found = seen({"TXT _dmarc.example.org": 'v=DMARC1; p=\x1b[2J\n; x="\u2028' + "y" * 9999})

    for text in (found.found, found.said, found.publish):
        assert text.isprintable()
    assert len(found.found) <= 200
