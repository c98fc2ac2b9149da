"""Health: whether the process lives, and whether it can do its work."""

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from digest.errors import DatabaseNotReady
from digest.services import Services
from digest.store import job_runs
from digest.web.pages import READ, Wired

router = APIRouter()
#: The shortest tick comes every 20 seconds; a scheduler that is silent for so long has stopped.
LONGEST_SILENCE = timedelta(minutes=5)
_NO_STORE = {"Cache-Control": "no-store"}


@router.api_route("/healthz", methods=READ)
async def alive() -> Response:
    """Answer as long as the process lives."""
    return PlainTextResponse("ok\n", headers=_NO_STORE)


@router.api_route("/readyz", methods=READ)
def ready(request: Request, services: Wired) -> Response:
    """Answer 200 when the database can be read and the scheduler of this process ticks; 503 when not, and which."""
    since: timedelta | None = request.app.state.since_last_tick and request.app.state.since_last_tick()
    ticks = since is None or since < LONGEST_SILENCE
    found = {
        "database": _reads(services),
        "scheduler": ticks,
        "seconds_since_last_tick": None if since is None else round(since.total_seconds()),
    }
    return JSONResponse(found, status_code=200 if found["database"] and ticks else 503, headers=_NO_STORE)


def _reads(services: Services) -> bool:
    try:
        with services.reading() as session:
            job_runs.recent(session, 1)
    except DatabaseNotReady:
        return False
    return True
