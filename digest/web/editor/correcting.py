"""Correcting an Edition that readers have: the form, and its pages as they were sent and as they are now."""

from typing import Literal

from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from digest import letters
from digest.desk import correcting
from digest.desk.correcting import LONGEST, CorrectionWish, Words
from digest.errors import WrongState
from digest.model.ids import EditionId
from digest.services import Services
from digest.staff.sessions import Visitor
from digest.web.door import OwnForm, Staff
from digest.web.forms import Fields
from digest.web.headers import FRAMED_MAIL
from digest.web.pages import READ, EditionNumber, Pages, Templates, Wired

router = APIRouter()


@router.api_route("/desk/edition/{edition_id}/correct", methods=READ)
def form(edition_id: EditionNumber, staff: Staff, services: Wired, pages: Templates) -> Response:
    """Show the words of an Edition that readers have, to be put right."""
    return _form(services, pages, staff, EditionId(edition_id))


@router.post("/desk/edition/{edition_id}/correct")
def save(edition_id: EditionNumber, staff: Staff, fields: OwnForm, services: Wired, pages: Templates) -> Response:
    """Show the Edition corrected from now on, and make the mail that tells of it where that is wished."""
    number = EditionId(edition_id)
    wish = _wish(fields)
    try:
        mail = correcting.correct(services, number, wish, by=staff.email)
    except WrongState as fault:
        return _form(services, pages, staff, number, wish=wish, fault=f"Not saved: {fault}.")
    return RedirectResponse(f"{pages.links.desk_edition(mail or number)}?done=correct", status_code=303)


@router.api_route("/desk/edition/{edition_id}/pages/{which}", methods=READ)
def version(edition_id: EditionNumber, which: Literal["sent", "shown"], _staff: Staff, services: Wired) -> Response:
    """Show the whole pages as they were sent, or as the web shows them now, with links that open nothing."""
    number = EditionId(edition_id)
    rendered = correcting.pages(services, number, as_sent=which == "sent")
    filled = letters.for_the_web(rendered, None, letters.inert_values(services, number))
    return HTMLResponse(filled.html, headers={"Content-Security-Policy": FRAMED_MAIL})


def _wish(fields: Fields) -> CorrectionWish:
    keys = [name.removeprefix("headline-") for name, _ in fields.pairs if name.startswith("headline-")]
    stories = {
        key: Words(
            headline=fields.one(f"headline-{key}"),
            summary=fields.one(f"summary-{key}"),
            note=fields.one(f"note-{key}"),
            url=fields.one(f"url-{key}"),
        )
        for key in keys
    }
    return CorrectionWish(said=fields.one("said"), stories=stories, mails=fields.one("mails") == "yes")


def _form(
    services: Services,
    pages: Pages,
    staff: Visitor,
    edition_id: EditionId,
    *,
    wish: CorrectionWish | None = None,
    fault: str = "",
) -> Response:
    return pages.show(
        "editor/correct.html",
        status=409 if fault else 200,
        staff=staff,
        here="edition",
        found=correcting.correctable(services, edition_id),
        wish=wish,
        fault=fault,
        longest=LONGEST,
    )
