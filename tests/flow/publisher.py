"""A little publisher's site on loopback: what each path answers, and what was asked of it."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

Page = tuple[str, str | bytes]


class Site:
    """
    Serves *pages*, each with its content type, and *moved* ones by their new place, else 404.

    It calls *on_asked* with the path before it answers.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.moved: dict[str, str] = {}
        self.asked: list[str] = []
        self.on_asked: Callable[[str], None] = lambda _: None
        site = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.on_asked(self.path)
                kind, content = site.pages.get(self.path, ("", ""))
                target = site.moved.get(self.path)
                self.send_response(302 if target else 200 if kind else 404)
                if target:
                    self.send_header("Location", target)
                body = content.encode() if isinstance(content, str) else content
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
