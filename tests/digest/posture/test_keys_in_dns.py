"""DKIM in DNS: whether what is published is the key that signs, and what to publish where it is not."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from digest.deliver.dkim_keys import make_ed25519, make_rsa, record, write
from digest.model.dkim import DkimKey
from digest.posture.keys import observe_keys
from digest.posture.observation import Observation, Verdict
from tests.fakes import FakeDns

RSA, ED25519 = make_rsa(), make_ed25519()
OURS = record(RSA)
NAME = "d202611._domainkey.example.org"


@pytest.fixture
def key(tmp_path: Path) -> DkimKey:
    write(RSA, tmp_path / "rsa.pem")
    return DkimKey(domain="example.org", selector="d202611", key_file=tmp_path / "rsa.pem")


def seen(key: DkimKey | None, *records: str) -> Observation:
    (found,) = observe_keys("news.example.org", key, FakeDns({f"TXT {NAME}": records}))
    return found


def test_the_published_key_is_compared_with_ours(key: DkimKey) -> None:
    found = seen(key, OURS)

    assert (found.verdict, found.said, found.publish) == (Verdict.OK, "published, and ours", "")
    assert found.asked == f"TXT {NAME}"


@pytest.mark.parametrize(
    "text",
    [
        OURS.removeprefix("v=DKIM1; "),
        OURS.replace("k=rsa; ", ""),
        OURS.replace("; ", " ;\t"),
        OURS.replace("p=MIIB", "n=a note; p=MI IB") + ";",
    ],
)
def test_other_ways_to_write_it_are_understood(key: DkimKey, text: str) -> None:
    assert seen(key, text).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ((), "its record is not published"),
        (("v=DKIM1; k=rsa; p=",), "the key is revoked"),
        ((record(make_rsa()),), "another key is published"),
        ((record(ED25519),), "another key is published"),
        (("v=DKIM2; p=x",), "is no DKIM record"),
        (("hello",), "is no DKIM record"),
        ((OURS, OURS + ";"), "there are 2 records"),
        ((OURS + "; h=sha1",), "its h= forbids sha256"),
        ((OURS + "; s=tlsrpt",), "its s= is not for mail"),
    ],
)
def test_what_receivers_cannot_use_is_a_fault_with_the_record_to_publish(
    key: DkimKey, records: tuple[str, ...], words: str
) -> None:
    found = seen(key, *records)

    assert found.verdict is Verdict.FAULT
    assert words in found.said
    assert found.publish.startswith(f'{NAME}. IN TXT "v=DKIM1; k=rsa; p=')
    assert found.publish.replace('" "', "").endswith(f'"{OURS}"')


def test_a_key_under_test_and_a_short_one_are_warnings(key: DkimKey, tmp_path: Path) -> None:
    short = generate_private_key(public_exponent=65537, key_size=1024)
    write(short, tmp_path / "short.pem")

    testing = seen(key, OURS + "; t=y:s; h=sha1:sha256; s=email")
    shorter = seen(replace(key, key_file=tmp_path / "short.pem"), record(short))

    assert (testing.verdict, shorter.verdict) == (Verdict.WARN, Verdict.WARN)
    assert "t=y says" in testing.said
    assert "1024 bits" in shorter.said


def test_each_key_of_a_pair_is_looked_up(key: DkimKey, tmp_path: Path) -> None:
    write(ED25519, tmp_path / "ed.pem")
    pair = replace(key, ed25519_selector="ed", ed25519_key_file=tmp_path / "ed.pem")

    found = observe_keys(
        "example.org", pair, FakeDns({f"TXT {NAME}": OURS, "TXT ed._domainkey.example.org": record(ED25519)})
    )

    assert [one.verdict for one in found] == [Verdict.OK, Verdict.OK]


def test_without_a_key_the_relay_has_to_sign() -> None:
    found = seen(None)

    assert found.verdict is Verdict.WARN
    assert "`digest dkim new news.example.org`" in found.said


def test_a_key_that_cannot_be_read_is_told_and_nothing_is_asked(tmp_path: Path) -> None:
    found = seen(DkimKey(domain="example.org", selector="s", key_file=tmp_path / "none"))

    assert found.verdict is Verdict.FAULT
    assert "cannot be read" in found.said


def test_silence_of_dns_is_no_fault(key: DkimKey) -> None:
    (found,) = observe_keys("example.org", key, FakeDns(silent=frozenset({NAME})))

    assert found.verdict is Verdict.WARN
    assert "DNS did not answer" in found.said
