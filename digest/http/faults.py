"""What can go wrong with a stranger's server, in one sentence for the operator."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import aiohttp

from digest.errors import FetchFailed
from digest.http.addresses import AddressRefusedError

#: The first that fits tells; order matters, since these are subclasses of one another.
FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "The name {host} could not be resolved."),
    (aiohttp.ConnectionTimeoutError, "{host} did not accept a connection in time."),
    (aiohttp.ServerDisconnectedError, "{host} closed the connection without answering."),
    (aiohttp.ClientPayloadError, "{host} sent a body that breaks off or cannot be unpacked."),
    (aiohttp.ClientResponseError, "{host} sent an answer that is not valid HTTP."),
)


class UnwelcomeStatus(FetchFailed):
    """The server answered, but with a status that is of no use."""

    def __init__(self, message: str, *, status: int, wait: timedelta | None = None) -> None:
        self.status = status
        self.wait = wait
        super().__init__(message)


@contextmanager
def in_words(host: str) -> Iterator[None]:
    """Turn whatever goes wrong with *host* into FetchFailed with one sentence."""
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchFailed(_fault(host, error)) from None


def _fault(host: str, error: Exception) -> str:
    for kind, sentence in FAULTS:
        if isinstance(error, kind):
            return sentence.format(host=host)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"The certificate of {host} is not valid: {_certificate_fault(error)}."
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"{host} could not agree with us on a secure connection."
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connect_fault(host, error.os_error)
    return f"{host} could not be asked: {str(error) or type(error).__name__}."


def _certificate_fault(error: aiohttp.ClientConnectorCertificateError) -> str:
    cause = error.certificate_error
    return cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else type(cause).__name__


def _connect_fault(host: str, error: OSError) -> str:
    if isinstance(error, AddressRefusedError):
        return f"{host} leads to an address that is not public; if that is meant, add it to allow_networks in [gather]."
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refused the connection."
    return f"{host} could not be reached: {error.strerror or error}."
