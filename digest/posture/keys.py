"""What DNS says of the keys that sign our mail: RFC 6376 §3.6.1."""

from collections.abc import Iterator
from functools import partial

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from digest.deliver.dkim_keys import GOOD_BITS, UnusableKey, load, read_public, record
from digest.model.dkim import DkimKey, record_name
from digest.posture.observation import Observation, Verdict, shown, txt, where_dns_answers
from digest.posture.resolver import RecordType, Resolver
from digest.posture.tags import tags


def observe_keys(sender: str, key: DkimKey | None, resolver: Resolver) -> Iterator[Observation]:
    """Give what is to be said of the signature on mail from *sender*, one Observation for each key that makes one."""
    if key is None:
        yield Observation(
            what=f"DKIM of {sender}",
            verdict=Verdict.WARN,
            said="no [[dkim]] covers it, so the relay has to sign: send a test mail (--to) and look for dkim=pass "
            f"with header.d={sender} in its source; or make a key of your own with `digest dkim new {sender}`",
        )
        return
    for file in key.files:
        name = record_name(file.selector, key.domain)
        what, asked = f"DKIM key {file.selector} of {key.domain}", f"TXT {name}"
        try:
            published = record(load(file))
        except UnusableKey as fault:
            yield Observation(what=what, verdict=Verdict.FAULT, said=str(fault))
            continue
        yield where_dns_answers(what, asked, partial(_key, what, name, published, resolver))


def _key(what: str, name: str, published: str, resolver: Resolver) -> Observation:
    texts = resolver.ask(name, RecordType.TXT)
    verdict, said = _verdict(texts, published)
    return Observation(
        what=what,
        verdict=verdict,
        asked=f"TXT {name}",
        found=shown(texts),
        said=said,
        publish=txt(name, published) if verdict is Verdict.FAULT else "",
    )


def _verdict(texts: tuple[str, ...], published: str) -> tuple[Verdict, str]:
    if not texts:
        return Verdict.FAULT, "its record is not published, so no signature of it can be checked; publish it"
    if len(texts) > 1:
        return Verdict.FAULT, f"there are {len(texts)} records, and receivers take any of them; keep the right one"
    found, ours = tags(texts[0]), tags(published)
    if found.get("v", "DKIM1") != "DKIM1" or "p" not in found:
        return Verdict.FAULT, "what stands there is no DKIM record; publish the right one"
    if not found["p"].strip():
        return Verdict.FAULT, "the key is revoked (its p= is empty); make another with `digest dkim new`"
    if found.get("k", "rsa") != ours["k"] or _plain(found["p"]) != _plain(ours["p"]):
        return Verdict.FAULT, "another key is published than the one that signs; publish ours, or put theirs in place"
    return _manners(found)


def _manners(found: dict[str, str]) -> tuple[Verdict, str]:
    if "h" in found and "sha256" not in found["h"].replace(" ", "").split(":"):
        return Verdict.FAULT, "its h= forbids sha256, which we sign with; take h= out"
    if "s" in found and not {"*", "email"} & set(found["s"].replace(" ", "").split(":")):
        return Verdict.FAULT, "its s= is not for mail; take s= out"
    if "y" in found.get("t", "").replace(" ", "").split(":"):
        return Verdict.WARN, "t=y says that you are still testing, so a signature counts for nothing; take it out"
    key = read_public(found.get("k", "rsa"), found["p"])
    if isinstance(key, RSAPublicKey) and key.key_size < GOOD_BITS:
        return Verdict.WARN, f"the key has {key.key_size} bits; receivers ask for {GOOD_BITS} (RFC 8301)"
    return Verdict.OK, "published, and ours"


def _plain(text: str) -> str:
    return "".join(text.split())
