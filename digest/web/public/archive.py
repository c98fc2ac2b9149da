"""Reading on the web: past Editions for everybody, and one's own Edition in the browser."""

import datetime as dt

from fastapi import APIRouter, HTTPException
from starlette.responses import HTMLResponse, Response

from digest import readers
from digest.model.ids import EditionId
from digest.model.rendered import FilledDigest
from digest.web.headers import SHOWN_MAIL
from digest.web.pages import READ, EditionNumber, Templates, Wired
from subscribers.cadence import Cadence

router = APIRouter()


@router.api_route("/archive/{slug}", methods=READ)
def past(slug: str, services: Wired, pages: Templates) -> Response:
    """List the past Editions of a newsletter."""
    rows = readers.archive(services, slug)
    return pages.show("public/archive.html", newsletter=services.newsletter(slug), rows=rows)


@router.api_route("/archive/{slug}/{cadence}/{date}", methods=READ)
def edition(slug: str, cadence: Cadence, date: dt.date, services: Wired) -> Response:
    """Show a past Edition as it was sent, with links for anybody."""
    return _mail(readers.archived(services, slug, cadence, date))


@router.api_route("/v/{edition_id}/{token}", methods=READ)
def own(edition_id: EditionNumber, token: str, services: Wired) -> Response:
    """Show an Edition as the owner of the token got it."""
    return _mail(readers.view(services, EditionId(edition_id), token))


def _mail(filled: FilledDigest | None) -> Response:
    if filled is None:
        raise HTTPException(404)
    return HTMLResponse(filled.html, headers={"Content-Security-Policy": SHOWN_MAIL})
