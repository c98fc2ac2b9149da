"""
Leaving with one click (RFC 8058): a POST ends the subscription, a GET only shows the button.

The POST needs no cookie, no token of a form and no origin, takes any body, never redirects, and answers 200 to repeats
and unknown tokens alike. Below the button the page offers less in place of nothing; none of it stands in the way.
"""

from enum import StrEnum
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from digest.errors import DatabaseNotReady
from digest.logs import logger
from digest.readers import leaving
from digest.readers.leaving import Break, LeaveView, Less
from digest.readers.opening import Standing
from digest.readers.way_out import WayOut
from digest.web import forms
from digest.web.forms import Fields, PostedAnything
from digest.web.limits import ReaderPosts
from digest.web.network import Network, network_of
from digest.web.pages import READ, Wired, language_of, pages_of, services_of
from subscribers.cadence import Cadence
from subscribers.errors import BadWish, SubscriberError, WrongState
from subscribers.model import LeavingCause

log = logger(__name__)
router = APIRouter()

#: When a mail program may try again that could not be served.
RETRY_SECONDS = 60


class Act(StrEnum):
    """What a form of the page does; each has an address of its own below the link."""

    #: Leave every newsletter.
    ALL = "all"
    #: Stay, and get less.
    LESS = "less"
    #: Take the leaving back.
    UNDO = "undo"
    #: Say why.
    WHY = "why"


@router.api_route("/u/{token}", methods=READ)
@router.api_route("/u/{token}/{act}", methods=READ)
def page(token: str, services: Wired, request: Request, act: Act | None = None) -> Response:  # noqa: ARG001 (of the address)
    """Show the button: scanners that open every link of a mail unsubscribe nobody."""
    return _shown(leaving.leave_page(services, token), token, request)


@router.post("/u/{token}")
async def leave(token: str, request: Request) -> Response:
    """End the subscription, whoever asks and however often."""
    # No dependencies: each would take a thread of its own, and providers post many of these at once.
    services = services_of(request)
    fields = await forms.read_any(request)
    by_page = fields.one("from") == "page"
    wish = leaving.wish_to_leave(services, token, by_page=by_page, network=network_of(request))
    if wish is not None:
        way_out: WayOut = request.app.state.way_out
        try:
            await way_out.leave(wish)
        except DatabaseNotReady as fault:
            log.warning("web.leaving_not_written", fault=str(fault))
            raise HTTPException(503, headers={"Retry-After": str(RETRY_SECONDS)}) from fault
    if fields.one("List-Unsubscribe") == "One-Click" and not by_page:
        return PlainTextResponse("You are unsubscribed.\n")
    return _shown(await run_in_threadpool(leaving.leave_page, services, token), token, request)


@router.post("/u/{token}/all", dependencies=[ReaderPosts])
def leave_everything(token: str, network: Network, services: Wired, request: Request) -> Response:
    """End every subscription of the reader."""
    return _shown(leaving.leave_everything(services, token, network=network), token, request)


@router.post("/u/{token}/less", dependencies=[ReaderPosts])
def get_less(token: str, fields: PostedAnything, network: Network, services: Wired, request: Request) -> Response:
    """Leave out a section, slow down, or pause."""
    less = _less(fields)
    try:
        view = leaving.get_less(services, token, less, network=network)
    except BadWish:
        raise HTTPException(422) from None
    except WrongState:
        return _shown(leaving.leave_page(services, token), token, request, said="ended", status=409)
    return _shown(view, token, request, said="less", less=less)


@router.post("/u/{token}/undo", dependencies=[ReaderPosts])
def undo(token: str, network: Network, services: Wired, request: Request) -> Response:
    """Take the leaving back, as long as that can be."""
    try:
        view = leaving.undo_leave(services, token, network=network)
    except SubscriberError:
        return _shown(leaving.leave_page(services, token), token, request, said="too late", status=409)
    return _shown(LeaveView(view), token, request, said="back")


@router.post("/u/{token}/why", dependencies=[ReaderPosts])
def tell_why(token: str, fields: PostedAnything, services: Wired, request: Request) -> Response:
    """Take down why somebody has left, if they like to say."""
    try:
        cause = LeavingCause(fields.one("cause")) if fields.one("cause") else None
    except ValueError:
        raise HTTPException(422) from None
    try:
        view = leaving.tell_why(services, token, cause, fields.one("words"))
    except WrongState:
        return _shown(leaving.leave_page(services, token), token, request, said="not left", status=409)
    return _shown(view, token, request, said="" if view.offers.why else "thanks")


def _less(fields: Fields) -> Less:
    """Return what was pressed; HTTPException 422 when that is none of the page's buttons."""
    cadence, pause, section = fields.one("cadence"), fields.one("pause"), fields.one("section")
    if sum(map(bool, (cadence, pause, section))) != 1 or cadence not in {"", Cadence.WEEKLY}:
        raise HTTPException(422)
    try:
        return Less(
            section=section, cadence=Cadence(cadence) if cadence else None, pause=Break(pause) if pause else None
        )
    except ValueError:
        raise HTTPException(422) from None


def _shown(view: LeaveView, token: str, request: Request, *, status: int = 200, **said: Any) -> Response:
    """Show the page in the reader's language; where the link does not tell the reader, in the browser's."""
    pages = pages_of(request)
    language = view.link.language
    template = "public/leave.html"
    if view.link.newsletter is None and view.link.state is not Standing.UNKNOWN:
        return _gone(view, token, request, status=status)
    if view.link.newsletter is None:
        template, language = "public/leave_unknown.html", language_of(request, pages)
    elif said.get("said") == "back":
        template = "public/back.html"
    elif view.link.state is Standing.DONE:
        template = "public/left.html"
    return pages.show(
        template,
        status=status,
        language=language,
        **{"said": "", "less": None} | said,
        newsletter=view.link.newsletter,
        address=view.link.masked_address,
        view=view,
        token=token,
    )


def _gone(view: LeaveView, token: str, request: Request, *, status: int) -> Response:
    """Say that the newsletter is no more; this link opens no preferences."""
    return pages_of(request).show(
        "public/gone.html",
        status=status,
        language=view.link.language,
        address=view.link.masked_address,
        leave_token=token,
        can_leave=view.link.state is not Standing.DONE,
        has_left_all=view.is_everything,
        token="",
    )
