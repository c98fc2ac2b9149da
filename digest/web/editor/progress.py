"""The account of an Edition while it goes out, as server-sent events (HTML, chapter 9.2)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from digest.desk.progress import Progress, Watch
from digest.model.ids import EditionId
from digest.staff import sessions
from digest.web import door
from digest.web.door import Staff
from digest.web.pages import EditionNumber, Templates, services_of

router = APIRouter()

#: So many may watch at once, and so many of them from one account; each holds a connection.
MOST_WATCHERS, MOST_OF_ONE = 20, 4
#: In seconds: how long one watches at most, how often what is new is told, how long the line may be silent, and how
#: often it is asked whether the sign-in still holds.
LONGEST, EVERY, SILENCE, ASKED = 30 * 60, 1.0, 15.0, 5.0
_TOO_MANY = "So many pages are watched already that this one tells no more by itself. Renew it now and then."
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(slots=True)
class Gallery:
    """Who watches Editions go out, by account; what they share, and whether the service is about to end."""

    watch: Watch
    is_ending: Callable[[], bool] = lambda: False
    watchers: list[str] = field(default_factory=list)

    def has_room(self, email: str) -> bool:
        """Return whether one more may watch from the account *email*."""
        return len(self.watchers) < MOST_WATCHERS and self.watchers.count(email) < MOST_OF_ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """One who watches: the account, and whether its sign-in still holds."""

    email: str
    is_in: Callable[[], bool]


@router.get("/desk/edition/{edition_id}/progress")
async def stream(
    edition_id: EditionNumber, staff: Staff, request: Request, pages: Templates, shown: str = ""
) -> Response:
    """Tell how the sending goes on, until the Edition is settled or not in the state that the page has *shown*."""
    gallery: Gallery = request.app.state.gallery
    if not gallery.has_room(staff.email):
        raise HTTPException(503, _TOO_MANY, {"Retry-After": "60"})
    # Asked before the answer begins, so that one that does not exist is told as usual.
    first = await run_in_threadpool(gallery.watch.look, EditionId(edition_id))
    if shown and shown != first.state:  # the page may know more than others have counted a moment ago
        first = await run_in_threadpool(partial(gallery.watch.look, EditionId(edition_id), afresh=True))

    def fill(progress: Progress) -> str:
        return pages.fill("editor/_figures.html", progress=progress)

    watcher = Watcher(email=staff.email, is_in=partial(_is_in, request))
    events = told(gallery, watcher, first, fill, shown or first.state)
    return _Stream(events, media_type="text/event-stream", headers=_HEADERS)


class _Stream(StreamingResponse):
    """A stream that ends in time, also for one that does not take what is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what there is to be told."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST + SILENCE):
                await super().__call__(scope, receive, send)


def _is_in(request: Request) -> bool:
    services = services_of(request)
    with services.reading() as session:
        return sessions.visitor(session, door.secret_of(request, services), services.clock.now()) is not None


async def told(
    gallery: Gallery, watcher: Watcher, progress: Progress, fill: Callable[[Progress], str], state: str
) -> AsyncIterator[str]:
    """
    Give the events: ``figures`` as they change, ``state`` once, when the page is another one, and so is over.

    It is another one too when the sign-in of *watcher* has ended.
    """
    loop = asyncio.get_running_loop()
    began = spoke = asked = loop.time()
    told = ""
    if not gallery.has_room(watcher.email):  # others have come while this one was on its way
        return
    gallery.watchers.append(watcher.email)
    try:
        while not gallery.is_ending() and loop.time() - began < LONGEST:
            figures = fill(progress)
            if figures != told:
                told, spoke = figures, loop.time()
                yield event("figures", figures)
            if progress.is_settled or progress.state != state:
                yield event("state", progress.state)
                return
            if loop.time() - spoke >= SILENCE:
                spoke = loop.time()
                yield ": still here\n\n"
            await asyncio.sleep(EVERY)
            if loop.time() - asked >= ASKED:
                asked = loop.time()
                if not await run_in_threadpool(watcher.is_in):
                    yield event("state", progress.state)
                    return
            progress = await run_in_threadpool(gallery.watch.look, progress.edition_id)
    finally:
        gallery.watchers.remove(watcher.email)


def event(name: str, text: str) -> str:
    """Return one event; a line of *text* that was none of its own could be taken for another field."""
    return "".join((f"event: {name}\n", *(f"data: {line}\n" for line in text.splitlines()), "\n"))
