"""Reading on the web: past Editions for everybody, and one's own Edition in the browser."""

import datetime as dt
import re
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from pydantic import BeforeValidator
from starlette.responses import HTMLResponse, Response

from digest import archive
from digest.archive import ArchiveMonth
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.readers import reading
from digest.web.fresh import answer
from digest.web.headers import SHOWN_MAIL_HEADERS
from digest.web.pages import READ, EditionNumber, Pages, Templates, Wired
from digest.web.public import card
from digest.web.public.dressed import dressed
from subscribers.cadence import Cadence

router = APIRouter()
_CARD_LIFETIME = dt.timedelta(days=1)


def _month(written: str) -> dt.date:
    if not re.fullmatch("[0-9]{4}-[0-9]{2}", written):
        raise ValueError("is no month; write it as 2026-11")
    return dt.date.fromisoformat(f"{written}-01")


def _date(written: str) -> dt.date:
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
        raise ValueError("is no date; write it as 2026-11-23")
    return dt.date.fromisoformat(written)


#: In one way of writing each, so that every page has one address.
Month = Annotated[dt.date, BeforeValidator(_month)]
Date = Annotated[dt.date, BeforeValidator(_date)]


@router.api_route("/archive/{slug}", methods=READ)
def past(slug: str, services: Wired, pages: Templates) -> Response:
    """List the past Editions of a newsletter's newest month."""
    return _months(pages, services.newsletter(slug), archive.month(services, slug))


@router.api_route("/archive/{slug}/{month}", methods=READ)
def past_month(slug: str, month: Month, services: Wired, pages: Templates) -> Response:
    """List the past Editions of one month."""
    shown = archive.month(services, slug, month)
    if shown is None:
        raise HTTPException(404)
    return _months(pages, services.newsletter(slug), shown)


@router.api_route("/archive/{slug}/{cadence}/{date}", methods=READ)
def edition(slug: str, cadence: Cadence, date: Date, services: Wired, pages: Templates) -> Response:
    """Show a past Edition as it was sent, with links for anybody."""
    found = archive.page(services, slug, cadence, date)
    if found is None:
        raise HTTPException(404)
    return _mail(dressed(found, services.newsletter(slug), services.links, pages))


@router.api_route("/archive/{slug}/{cadence}/{date}/card.png", methods=READ)
def edition_card(slug: str, cadence: Cadence, date: Date, services: Wired, request: Request) -> Response:
    """Show the picture of a past Edition that is drawn from its words."""
    found = archive.find(services, slug, cadence, date)
    if found is None:
        raise HTTPException(404)
    picture = card.drawn(card.of(found, services.newsletter(slug)))
    return answer(request, picture, "image/png", lifetime=_CARD_LIFETIME)


@router.api_route("/v/{edition_id}/{token}", methods=READ)
def own(edition_id: EditionNumber, token: str, services: Wired) -> Response:
    """Show an Edition as the owner of the token got it."""
    filled = reading.view(services, EditionId(edition_id), token)
    if filled is None:
        raise HTTPException(404)
    return _mail(filled.html)


def _months(pages: Pages, newsletter: Newsletter, shown: ArchiveMonth | None) -> Response:
    return pages.show("public/archive.html", language=newsletter.language, newsletter=newsletter, shown=shown)


def _mail(html: str) -> Response:
    return HTMLResponse(html, headers=SHOWN_MAIL_HEADERS)
