"""The source site of the demo: publishes the sample newspaper on loopback, each paper at an address of its own."""

import errno
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.demo.background import Background
from digest.demo.newspaper.papers import Paper, load
from digest.demo.newspaper.press import Document, Press
from digest.errors import WrongState
from digest.model.newsletter import SectionPlan, SourceKind, SourcePlan

_SECTIONS = (
    SectionPlan(slug="world", title="World", stories=5),
    SectionPlan(slug="business", title="Business", stories=5),
    SectionPlan(slug="mobility", title="Electric mobility", stories=5),
    SectionPlan(slug="science", title="Science", stories=5),
    SectionPlan(slug="culture", title="Culture", stories=5),
)
#: How many free ports are tried until one is free at each paper's address.
_TRIES = 8


class SourceSite:
    """
    A little web server with the papers of the sample newspaper: feeds, article pages, pictures and an index.

    The papers go to press when the site starts, so that their news is of the day that *now* tells; until it stops
    they stay as they are, and a feed asked twice answers 304. Ranking tells publishers apart by host, so each paper
    lives at the next loopback address after *host*: 127.0.0.2, 127.0.0.3 and so on, all at one *port* (0: any that is
    free). Where the system has none, as on macOS, all live at *host*. ValueError where that is not loopback.
    """

    def __init__(self, now: Callable[[], datetime], host: str = "127.0.0.1", port: int = 0) -> None:
        if not ip_address(host).is_loopback:
            raise ValueError(f"{host} is not a loopback address; the sample newspaper never leaves the machine")
        self._now = now
        self._host = host
        self._port = port
        self._papers = load()
        self._running: _Running | None = None
        self._dropped: dict[str, SourcePlan] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Go to press and serve. An OSError when the port is taken, WrongState when already started."""
        if self._running:
            raise WrongState(f"the source site already serves at {self.url}; stop it first")
        sockets = _listen([str(ip_address(self._host) + i) for i in range(len(self._papers) + 1)], self._port)
        hosts = [_origin(each) for each in sockets]
        origins = {paper.slug: hosts[min(i, len(hosts) - 1)] for i, paper in enumerate(self._papers, 1)}
        press = Press(self._papers, origins, self._now())
        self._running = _Running(press, sockets)

    def stop(self) -> None:
        """Stop serving; the threads and sockets are gone when this returns. Harmless when not started."""
        if self._running:
            self._running.stop()
            self._running = None
            self._dropped.clear()

    @property
    def url(self) -> str:
        """The address of the index page."""
        return f"{self._at_work.origin}/"

    def sources(self) -> list[SourcePlan]:
        """Return a plan for each feed, and for each folder source that was dropped since the start."""
        press = self._at_work.press
        feeds = [
            SourcePlan(
                address=press.feed_url(paper, feed),
                section=feed.section,
                name=paper.name,
                weight=paper.weight,
                language=paper.language,
            )
            for paper in self._papers
            for feed in paper.feeds
        ]
        return [*feeds, *self._dropped.values()]

    @staticmethod
    def sections() -> list[SectionPlan]:
        """Return the sections that the sources speak of, in the order of the paper."""
        return list(_SECTIONS)

    def drop_folder(self, path: Path) -> list[SourcePlan]:
        """Write the pages of each paper without a feed into *path*, a folder for each, and return their plans."""
        press = self._at_work.press
        for paper in self._papers:
            if not paper.feeds:
                self._dropped[paper.slug] = _drop(press, paper, path.resolve() / paper.slug)
        return list(self._dropped.values())

    @property
    def port(self) -> int:
        """Return the port that it serves at."""
        return self._at_work.port

    @property
    def _at_work(self) -> "_Running":
        if self._running is None:
            raise WrongState("the source site has no address before it is started; call start() first")
        return self._running


class _Running:
    """A site between start and stop."""

    def __init__(self, press: Press, sockets: Sequence[socket.socket]) -> None:
        self.press = press
        self.origin = _origin(sockets[0])
        self.port: int = sockets[0].getsockname()[1]
        self._server = Background(_app(press.documents()), sockets)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


def _drop(press: Press, paper: Paper, folder: Path) -> SourcePlan:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in press.files(paper).items():
        (folder / name).write_text(text, encoding="utf-8")
    return SourcePlan(
        address=str(folder),
        section=paper.section,
        kind=SourceKind.FOLDER,
        name=paper.name,
        weight=paper.weight,
        language=paper.language,
    )


def _listen(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Return a listening socket for each of *hosts*, all at one port; for the first alone where there are no others."""
    for left in reversed(range(1 if port else _TRIES)):
        with ExitStack() as opened:
            try:
                sockets: list[socket.socket] = []
                for host in hosts:
                    sockets.append(opened.enter_context(_bound(host, sockets[0].getsockname()[1] if sockets else port)))
            except OSError as error:
                if error.errno == errno.EADDRINUSE and left:
                    continue
                if error.errno != errno.EADDRNOTAVAIL or not sockets:
                    raise
                for extra in sockets[1:]:
                    extra.close()
                del sockets[1:]
            opened.pop_all()
            return sockets
    raise AssertionError("the last try returns or raises")


def _bound(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


def _origin(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _app(documents: Mapping[str, Document]) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        await _respond(request, documents.get(request.url.path))(scope, receive, send)

    return answer


def _respond(request: Request, document: Document | None) -> Response:
    if request.method not in {"GET", "HEAD"}:
        return Response("Only reading is possible here.\n", 405, {"Allow": "GET, HEAD"}, "text/plain")
    if document is None:
        return Response("There is no such page here.\n", 404, media_type="text/plain")
    headers = {"ETag": document.etag, "Last-Modified": format_datetime(document.modified, usegmt=True)}
    if _is_known(request, document):
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers={**headers, "Content-Type": document.media_type})


def _is_known(request: Request, document: Document) -> bool:
    """Return whether the asker has this very *document*; If-None-Match goes before the date: RFC 9110 §13.2.2."""
    if tags := request.headers.get("If-None-Match"):
        return tags.strip() == "*" or document.etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    since = request.headers.get("If-Modified-Since", "")
    try:
        return parsedate_to_datetime(since) >= document.modified
    except (ValueError, TypeError):
        # A date that cannot be read, or one without a zone, is no condition: RFC 9110 §13.1.3.
        return False
