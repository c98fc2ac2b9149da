"""
Where a request came from, as far as that can be believed.

Of what proxies write, X-Forwarded-For and X-Forwarded-Proto count, and only from this machine and from the proxies that
the operator trusts. Forwarded (RFC 7239) is not read: few proxies write it by themselves, and one that writes only the
older headers would pass on a Forwarded that the browser has made up.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request

from digest.services import Services

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Trusted = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]

#: What a proxy calls a visitor: with a port or without, IPv6 also in brackets (RFC 7239 §6 writes it so as well).
_NODE = re.compile(r"\[(?P<bracketed>[0-9a-fA-F:.]+)(?:%[^\]]*)?\](?::\d+)?|(?P<v4>[0-9.]+)(?::\d+)?")


def network_of(request: Request) -> str:
    """Return the IP address of the browser, as far as we and the proxies that we trust have seen it."""
    return visitor(_peer(request), request.headers.getlist("x-forwarded-for"), _trusted(request))


def visitor(peer: str, forwarded: Sequence[str], trusted: Trusted) -> str:
    """
    Return who stands behind *peer*, the other end of the connection, by the lines *forwarded* of X-Forwarded-For.

    Each proxy adds at the end whom it speaks for. So the way leads from the last to the first, as long as those who
    speak are on this machine or *trusted*; what stands beyond the first stranger, or beyond what is no address, anybody
    may have written.
    """
    seen = _address(peer)
    if seen is None:
        return peer
    for name in reversed(",".join(forwarded).split(",")):
        if not _is_trusted(seen, trusted) or (before := _address(name.strip())) is None:
            break
        seen = before
    return str(seen)


def is_https(request: Request) -> bool:
    """Return whether the browser spoke https, to us or to a trusted proxy that says so (X-Forwarded-Proto)."""
    if request.url.scheme == "https":
        return True
    peer = _address(_peer(request))
    if peer is None or not _is_trusted(peer, _trusted(request)):
        return False
    # Where several proxies have written, the last is the one that we know.
    said = ",".join(request.headers.getlist("x-forwarded-proto")).rpartition(",")[2]
    return said.strip().lower() == "https"


def is_loopback(host: str) -> bool:
    """Return whether *host* is an address of this machine, written in digits."""
    address = _address(host)
    return address is not None and address.is_loopback


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _trusted(request: Request) -> Trusted:
    services: Services = request.app.state.services
    return services.settings.trusted_proxies


def _is_trusted(address: Address, trusted: Trusted) -> bool:
    return address.is_loopback or any(address in network for network in trusted)


def _address(text: str) -> Address | None:
    """Return the address that *text* writes, without its port and zone; None for "unknown" and the like."""
    found = _NODE.fullmatch(text)
    bare = (found["bracketed"] or found["v4"]) if found else text.partition("%")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    # A socket for both families tells of IPv4 in the clothes of IPv6.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


Network = Annotated[str, Depends(network_of)]
