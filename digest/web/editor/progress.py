"""The account of an Edition while it goes out, as server-sent events (HTML, chapter 9.2)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from digest.desk.progress import Progress, Watch
from digest.model.ids import EditionId
from digest.web.door import Staff
from digest.web.pages import EditionNumber, Templates

router = APIRouter()

#: So many may watch at once; each holds a connection.
MOST_WATCHERS = 20
#: In seconds: how long one watches at most, how often what is new is told, and how long the line may be silent.
LONGEST, EVERY, SILENCE = 30 * 60, 1.0, 15.0
_TOO_MANY = "So many people watch already that the page tells no more by itself. Renew it now and then."
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(slots=True)
class Gallery:
    """Who watches Editions go out: their number, what they share, and whether the service is about to end."""

    watch: Watch
    is_ending: Callable[[], bool] = lambda: False
    watchers: int = 0


@router.get("/desk/edition/{edition_id}/progress")
async def stream(
    edition_id: EditionNumber, _staff: Staff, request: Request, pages: Templates, shown: str = ""
) -> Response:
    """Tell how the sending goes on, until the Edition is settled or not in the state that the page has *shown*."""
    gallery: Gallery = request.app.state.gallery
    if gallery.watchers >= MOST_WATCHERS:
        raise HTTPException(503, _TOO_MANY, {"Retry-After": "60"})
    # Asked before the answer begins, so that one that does not exist is told as usual.
    first = await run_in_threadpool(gallery.watch.look, EditionId(edition_id))
    if shown and shown != first.state:  # the page may know more than others have counted a moment ago
        first = await run_in_threadpool(partial(gallery.watch.look, EditionId(edition_id), afresh=True))

    def fill(progress: Progress) -> str:
        return pages.fill("editor/_figures.html", progress=progress)

    return StreamingResponse(
        told(gallery, first, fill, shown or first.state), media_type="text/event-stream", headers=_HEADERS
    )


async def told(gallery: Gallery, progress: Progress, fill: Callable[[Progress], str], state: str) -> AsyncIterator[str]:
    """Give the events: ``figures`` as they change, ``state`` once, when the page is another one, and so is over."""
    loop = asyncio.get_running_loop()
    began = spoke = loop.time()
    told = ""
    gallery.watchers += 1
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
            progress = await run_in_threadpool(gallery.watch.look, progress.edition_id)
    finally:
        gallery.watchers -= 1


def event(name: str, text: str) -> str:
    """Return one event; a line of *text* that was none of its own could be taken for another field."""
    return "".join((f"event: {name}\n", *(f"data: {line}\n" for line in text.splitlines()), "\n"))
