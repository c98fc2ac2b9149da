"""Pages served from a thread: nothing of them is left when they are stopped."""

import socket
from threading import enumerate as threads

from starlette.types import Receive, Scope, Send

from digest.demo.background import Background, listening


async def never_asked(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("a request of one line is none")


def is_hung_up(client: socket.socket) -> bool:
    try:
        return not client.recv(100)
    except ConnectionResetError:
        return True


def test_whoever_has_sent_half_a_request_is_hung_up_on() -> None:
    listener = listening(0)
    before = threads()
    served = Background(never_asked, [listener])
    served.start()

    with socket.create_connection(listener.getsockname()) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        client.settimeout(10)
        served.stop()

        assert is_hung_up(client)
    assert threads() == before
