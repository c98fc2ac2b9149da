"""Which addresses a stranger may lead us to."""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]

# The only IPv6 addresses in public use (IANA). The rest is local, multicast, or holds an IPv4 address in disguise:
# mapped, compatible, translated, NAT64.
PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
# Within the public ranges, what ipaddress calls global although it leads elsewhere: Teredo and 6to4 hold an IPv4
# address (RFC 4380, RFC 3056), 192.88.99.0/24 is the way to 6to4 (RFC 7526), 3fff::/20 is for documents (RFC 9637).
DISGUISED = tuple(map(ipaddress.ip_network, ("2001::/32", "2002::/16", "192.88.99.0/24", "3fff::/20")))


class AddressRefusedError(OSError):
    """Raised while connecting; an OSError, so that the next address of the same name is still tried."""


class Guard:
    """Opens sockets to public addresses, and to those in the private networks *allowed*; to no others."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = tuple(allowed)

    def open_socket(self, address: AddrInfo) -> socket.socket:
        """Return a socket for *address*; sees the address itself, whatever name led there. Else AddressRefusedError."""
        family, kind, protocol, _, place = address
        if not is_public(str(place[0])) and not self._is_allowed(str(place[0])):
            raise AddressRefusedError
        return socket.socket(family, kind, protocol)

    def _is_allowed(self, address: str) -> bool:
        found = ipaddress.ip_address(address.partition("%")[0])
        return any(found in network for network in self._allowed)


def is_public(address: str) -> bool:
    """Return whether the IP *address* leads into the public internet, and not by way of an embedded IPv4 address."""
    found = ipaddress.ip_address(address)
    if not found.is_global or found.is_multicast or found.is_reserved:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found not in PUBLIC_IPV6:
        return False
    return not any(found in network for network in DISGUISED)
