"""Everything at once: each domain is looked up once, whatever the number of newsletters."""

from pathlib import Path

from digest.model.dkim import DkimKey
from digest.model.relay import Relay
from digest.posture import Domains, look
from digest.posture.line import Handshake
from digest.posture.stage import signing_key
from tests.fakes import FakeDns

NEAR = Handshake(relay=Relay(host="localhost", port=25), greeting="mail.example.org", address="127.0.0.1")
FAR = Handshake(relay=Relay(host="smtp.relay.example", port=587), greeting="smtp.relay.example", address="198.51.100.9")


def test_each_domain_is_looked_at_once() -> None:
    one = Domains(sender="a.example", return_path="a.example", reply_to="a.example")
    other = Domains(sender="b.example", return_path="b.example", reply_to="a.example")

    seen = [found.what for found in look([one, other, one], [], [NEAR, FAR], FakeDns())]

    assert seen == [
        "SPF of a.example",
        "SPF of b.example",
        "DKIM of a.example",
        "DKIM of b.example",
        "DMARC of a.example",
        "DMARC of b.example",
        "name of mail.example.org",
        "replies to a.example",
        "replies to b.example",
    ]


def test_the_name_of_a_far_relay_is_its_operators_matter() -> None:
    domains = Domains(sender="a.example", return_path="a.example", reply_to="a.example")

    assert not any(found.what.startswith("name of") for found in look([domains], [], [FAR], FakeDns()))


def test_the_nearest_key_signs() -> None:
    keys = [DkimKey(domain=domain, selector="s", key_file=Path("x")) for domain in ("example.org", "news.example.org")]

    assert signing_key("a.news.example.org", keys) is keys[1]
    assert signing_key("example.org", keys) is keys[0]
    assert signing_key("example.net", keys) is None
