"""A stranger's server on loopback, which answers as a test tells it to: well, badly or never."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

Handler = Callable[[str, asyncio.StreamWriter], Awaitable[None]]
TLS_HELLO = b"\x16"


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Site:
    """A server whose pages are bytes to send, or a coroutine that sends what it likes. Keeps what it was asked."""

    def __init__(self, pages: dict[str, bytes | Handler]) -> None:
        self.pages = pages
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            first = await reader.readexactly(1)
            if first == TLS_HELLO:
                writer.write(answer("400 Bad Request"))
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            page = self.pages[head.split()[1]]
            if isinstance(page, bytes):
                writer.write(page)
                await writer.drain()
            else:
                await page(head, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.at_once -= 1
            writer.close()
