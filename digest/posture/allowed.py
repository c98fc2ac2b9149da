"""What a domain's SPF says of the machines that send its mail."""

import ipaddress
from collections.abc import Sequence

from digest.posture.hosts import addresses_of, is_ours_alone
from digest.posture.line import Handshake
from digest.posture.observation import Observation, Verdict, clean, shown, txt, where_dns_answers, worst
from digest.posture.resolver import RecordType, Resolver
from digest.posture.spf import MOST_LOOKUPS, BrokenSpf, Result, Walk, record_of

_ENDINGS = {
    "+": (Verdict.FAULT, "+all lets the whole world send for you; end it with -all"),
    "?": (Verdict.WARN, "?all says nothing of everybody else; end it with -all"),
    "": (Verdict.WARN, "it does not end with all, so it says nothing of everybody else; end it with -all"),
}


def observe_spf(domain: str, handshakes: Sequence[Handshake], resolver: Resolver) -> Observation:
    """Return what the SPF record of the return path's *domain* says, and whether our relays would pass."""
    what, asked = f"SPF of {domain}", f"TXT {domain}"
    return where_dns_answers(what, asked, lambda: _spf(what, asked, domain, handshakes, resolver))


def _spf(what: str, asked: str, domain: str, handshakes: Sequence[Handshake], resolver: Resolver) -> Observation:
    texts = [text for text in resolver.ask(domain, RecordType.TXT) if text.lower().startswith("v=spf1")]
    walk = Walk(resolver)
    try:
        record = record_of(texts, domain)
        if record is None:
            said = "there is none, so receivers cannot tell our mail from forged mail; publish one"
            publish = txt(domain, f"v=spf1 {_ours(handshakes, resolver)} -all")
            return Observation(what=what, verdict=Verdict.FAULT, asked=asked, said=said, publish=publish)
        walk.check(domain)
    except BrokenSpf as broken:
        publish = txt(domain, f"v=spf1 {_ours(handshakes, resolver)} -all")
        said = f"it is broken: {broken}; publish one that is not"
        return Observation(
            what=what, verdict=Verdict.FAULT, asked=asked, found=shown(texts), said=clean(said), publish=publish
        )
    if walk.lookups > MOST_LOOKUPS:
        cost = (
            Verdict.FAULT,
            f"it takes {walk.lookups} lookups, and above {MOST_LOOKUPS} none of it counts; include less",
        )
    else:
        cost = Verdict.OK, f"{walk.lookups} of {MOST_LOOKUPS} lookups"
    passing, missing = _passing(domain, handshakes, resolver, is_partial=walk.is_partial)
    verdict, said = worst(_ENDINGS.get(walk.ends_with, (Verdict.OK, "in order")), cost, *passing)
    publish = txt(domain, _with(record, missing)) if missing else ""
    return Observation(what=what, verdict=verdict, asked=asked, found=shown(texts), said=clean(said), publish=publish)


def _passing(
    domain: str, handshakes: Sequence[Handshake], resolver: Resolver, *, is_partial: bool
) -> tuple[list[tuple[Verdict, str]], list[str]]:
    """Return what is to be said of each relay, and the addresses that should be let in."""
    said: list[tuple[Verdict, str]] = []
    missing: list[str] = []
    for handshake in handshakes:
        addresses = _sending(handshake, resolver)
        results = {address: _result(domain, address, resolver) for address in addresses}
        refused = [address for address, result in results.items() if result[0] is not Result.PASS]
        if not results:
            said.append((Verdict.WARN, f"where {handshake.relay} sends from is not known; look at a test mail (--to)"))
        elif not refused:
            said.append((Verdict.OK, f"{', '.join(results)} may send"))
        elif handshake.is_direct and not is_partial:
            said.append(
                (Verdict.FAULT, f"{refused[0]}, which our relay sends from, gets {results[refused[0]][1]}; let it in")
            )
            missing += refused
        elif len(refused) == len(results):
            told = f"{refused[0]} gets {results[refused[0]][1]}, though {handshake.relay} may send from others"
            said.append((Verdict.WARN, f"{told}: its operator names what to include; look at a test mail (--to)"))
    return said, missing


def _sending(handshake: Handshake, resolver: Resolver) -> list[str]:
    """Return the addresses that a relay may be thought to send from: those of the host that it says it is."""
    names = [handshake.greeting] if "." in handshake.greeting else []
    found = [address for name in names for address in addresses_of(name, resolver)]
    if not handshake.is_direct and handshake.address:
        found.append(handshake.address)
    return [a for a in dict.fromkeys(found) if not is_ours_alone(a)]


def _result(domain: str, address: str, resolver: Resolver) -> tuple[Result, str]:
    """Return what SPF says of *address*, and that in words."""
    try:
        result = Walk(resolver, ipaddress.ip_address(address)).check(domain)
    except BrokenSpf as broken:
        return Result.PERMERROR, f"{Result.PERMERROR} ({broken})"
    return result, str(result)


def _ours(handshakes: Sequence[Handshake], resolver: Resolver) -> str:
    """Return the mechanisms that let our relays in, with a blank to fill in for those of others."""
    direct = [mechanism(a) for handshake in handshakes if handshake.is_direct for a in _sending(handshake, resolver)]
    others = ["include:WHAT-YOUR-RELAY-NAMES"] if any(not h.is_direct for h in handshakes) else []
    return " ".join([*direct, *others]) or "ip4:YOUR-ADDRESS"


def _with(record: str, addresses: Sequence[str]) -> str:
    first, *rest = record.split()
    return " ".join([first, *map(mechanism, addresses), *rest])


def mechanism(address: str) -> str:
    """Return what lets *address* in: ``ip4:192.0.2.7``."""
    return f"ip{ipaddress.ip_address(address).version}:{address}"
