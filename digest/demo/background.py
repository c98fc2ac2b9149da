"""A web application served from a thread of this process."""

import asyncio
import errno
import socket
from collections.abc import Sequence
from threading import Thread
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp


class Background:
    """Serves *app* on the open *sockets* from ``start`` to ``stop``, which closes them; also a context manager."""

    def __init__(self, app: ASGIApp, sockets: Sequence[socket.socket]) -> None:
        """Make ready; nothing is served before ``start``."""
        self._sockets = list(sockets)
        self._server = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = Thread(target=self._server.run, args=(self._sockets,), daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; thread and sockets are gone when this returns."""
        self._server.should_exit = True
        self._thread.join()
        for each in self._sockets:
            each.close()


class _Server(uvicorn.Server):
    """A server that in the end hangs up on whoever is still connected."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait as long as the settings have it, then leave no connection behind."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)


def listening(preferred: int, host: str = "127.0.0.1") -> socket.socket:
    """Return a listening socket at *preferred*, or at any free port when that one is taken."""
    try:
        return socket.create_server((host, preferred))
    except OSError as taken:
        if taken.errno != errno.EADDRINUSE:
            raise
        return socket.create_server((host, 0))


def free_port(preferred: int, host: str = "127.0.0.1") -> int:
    """Return *preferred* if nobody listens there now, else a free port."""
    with listening(preferred, host) as found:
        port: int = found.getsockname()[1]
    return port
