"""Where a request came from, as far as that can be believed."""

import ipaddress
from typing import Annotated

from fastapi import Depends, Request


def network_of(request: Request) -> str:
    """
    Return the IP address of the browser.

    Only a proxy on this machine is believed when it names another in X-Forwarded-For, and only the last name there,
    which is its own: whatever stands before it came from the browser.
    """
    peer = request.client.host if request.client else ""
    if not is_loopback(peer):
        return peer
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
    return forwarded if _is_address(forwarded) else peer


def is_loopback(host: str) -> bool:
    """Return whether *host* is an address of this machine, written in digits."""
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


Network = Annotated[str, Depends(network_of)]
