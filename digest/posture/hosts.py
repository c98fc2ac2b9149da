"""Hosts: whether the machine that delivers has a name that leads back to it, and whether replies have a way in."""

import ipaddress

from digest.posture.observation import Observation, Verdict, shown, where_dns_answers
from digest.posture.resolver import RecordType, Resolver

# Not ``is_private``, which holds the networks of documentation too.
_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)


def addresses_of(name: str, resolver: Resolver) -> tuple[str, ...]:
    """Return the addresses of *name*, those of IPv4 first."""
    return (*resolver.ask(name, RecordType.A), *resolver.ask(name, RecordType.AAAA))


def observe_reverse(greeting: str, resolver: Resolver) -> Observation:
    """Return whether the addresses of the host *greeting* have names that lead back to them (forward-confirmed PTR)."""
    what, asked = f"name of {greeting or 'our relay'}", f"A, AAAA {greeting}; PTR"
    return where_dns_answers(what, asked, lambda: _reverse(what, asked, greeting, resolver))


def _reverse(what: str, asked: str, greeting: str, resolver: Resolver) -> Observation:
    addresses = [] if "." not in greeting else [a for a in addresses_of(greeting, resolver) if not is_ours_alone(a)]
    if not addresses:
        said = (
            f'our relay calls itself "{greeting}", which has no public address; if it delivers itself, give it a name '
            "with an A record (Postfix: myhostname), and have the host of that address name it in turn (PTR)"
        )
        return Observation(what=what, verdict=Verdict.WARN, asked=asked, said=said)
    found = {
        address: resolver.ask(ipaddress.ip_address(address).reverse_pointer, RecordType.PTR) for address in addresses
    }
    told = shown(f"{address} → {', '.join(names) or 'no name'}" for address, names in found.items())
    lost = [a for a, names in found.items() if not any(a in addresses_of(name, resolver) for name in names)]
    if lost:
        pointer = ipaddress.ip_address(lost[0]).reverse_pointer
        return Observation(
            what=what,
            verdict=Verdict.FAULT,
            asked=asked,
            found=told,
            said=f"{lost[0]} has no name that leads back to it; whoever lets the address to you can set it. "
            "If that relay hands on to another, this is the other's matter",
            publish=f"{pointer}. IN PTR {greeting}.",
        )
    return Observation(what=what, verdict=Verdict.OK, asked=asked, found=told, said="leads back")


def observe_mx(domain: str, resolver: Resolver) -> Observation:
    """Return whether mail to *domain* has a way in: replies, and reports of what could not be delivered."""
    what, asked = f"replies to {domain}", f"MX {domain}"
    return where_dns_answers(what, asked, lambda: _mx(what, asked, domain, resolver))


def _mx(what: str, asked: str, domain: str, resolver: Resolver) -> Observation:
    records = resolver.ask(domain, RecordType.MX)
    publish = f"{domain}. IN MX 10 mail.{domain}."
    if any(record.split()[-1:] == ["."] for record in records):
        said = "its null MX says that it takes no mail at all (RFC 7505), and receivers refuse mail from such a domain"
        verdict = Verdict.FAULT
    elif records:
        return Observation(what=what, verdict=Verdict.OK, asked=asked, found=shown(records), said="are taken")
    elif addresses_of(domain, resolver):
        said = "it has no MX, only an address; name the host that takes its mail"
        verdict = Verdict.WARN
    else:
        said = "nobody takes its mail, so replies and bounces are lost; name the host that does"
        verdict = Verdict.FAULT
    return Observation(what=what, verdict=verdict, asked=asked, found=shown(records), said=said, publish=publish)


def is_ours_alone(address: str) -> bool:
    """Return whether *address* means another machine to everybody: loopback, link-local and private networks."""
    return any(ipaddress.ip_address(address) in network for network in _PRIVATE)
