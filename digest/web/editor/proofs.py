"""The preview of an Edition at the desk: the mail in its frame, and what the checks say of it."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from digest.desk import opening, proofs
from digest.desk.proofs import Viewpoint
from digest.model.ids import EditionId
from digest.model.layout import BUDGET
from digest.web.door import Staff
from digest.web.editor.preview import PreviewWish, View, Wished, in_scheme
from digest.web.headers import FRAMED_MAIL, FRAMED_TEXT, FRAMED_WITHOUT_PICTURES
from digest.web.pages import READ, EditionNumber, Templates, Wired

router = APIRouter()


@router.api_route("/desk/edition/{edition_id}/preview", methods=READ)
def preview(edition_id: EditionNumber, _staff: Staff, services: Wired, pages: Templates, preview: Wished) -> Response:
    """Show the mail alone, for the frame on the page of its Edition."""
    filled = proofs.preview(services, EditionId(edition_id), _viewpoint(preview))
    if preview.view is View.TEXT:
        answer = pages.show("editor/text_part.html", text=filled.text)
        answer.headers["Content-Security-Policy"] = FRAMED_TEXT
        return answer
    policy = FRAMED_MAIL if preview.pictures else FRAMED_WITHOUT_PICTURES
    return HTMLResponse(in_scheme(filled.html, preview.scheme), headers={"Content-Security-Policy": policy})


@router.api_route("/desk/edition/{edition_id}/checks", methods=READ)
def checks(edition_id: EditionNumber, staff: Staff, services: Wired, pages: Templates, preview: Wished) -> Response:
    """Show what is wrong with the mail, its size and what gave way: a page, of which the desk shows the part."""
    opened = opening.open_edition(services, EditionId(edition_id))
    found = proofs.checks(services, EditionId(edition_id), _viewpoint(preview), asks_spam_filter=preview.spam)
    return pages.show(
        "editor/checks.html",
        staff=staff,
        here="edition",
        row=opened.row,
        preview=preview,
        checks=found,
        titles={plan.slug: plan.title for plan in opened.row.newsletter.sections},
        budget=BUDGET,
    )


@router.api_route("/desk/edition/{edition_id}/proof", methods=READ)
def proof(edition_id: EditionNumber, staff: Staff, services: Wired, pages: Templates, preview: Wished) -> Response:
    """Show the preview on a page of its own, which is also what the desk renews its right column from."""
    opened = opening.open_edition(services, EditionId(edition_id))
    return pages.show("editor/proof.html", staff=staff, here="edition", opened=opened, preview=preview)


def _viewpoint(preview: PreviewWish) -> Viewpoint:
    return Viewpoint(sections=preview.sections or None)
