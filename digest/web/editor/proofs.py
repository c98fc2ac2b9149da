"""The preview of an Edition at the desk: the mail in its frame, what the checks say of it, and test mails."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from digest import proof
from digest.desk import mailing_proofs, opening, proofs
from digest.desk.mailing_proofs import ProofRefused
from digest.desk.places import Places
from digest.model.ids import EditionId
from digest.model.layout import BUDGET
from digest.proof import NoMail, Viewpoint
from digest.services import Services
from digest.staff.sessions import Visitor
from digest.web.door import OwnForm, Staff
from digest.web.editor.preview import PreviewWish, View, Wished, in_scheme, read_wish
from digest.web.headers import FRAMED_MAIL, FRAMED_TEXT, FRAMED_WITHOUT_PICTURES
from digest.web.pages import READ, EditionNumber, Pages, Templates, Wired
from subscribers.errors import BadAddress, UnknownSubscriber

router = APIRouter()


@router.api_route("/desk/edition/{edition_id}/preview", methods=READ)
def preview(edition_id: EditionNumber, _staff: Staff, services: Wired, pages: Templates, preview: Wished) -> Response:
    """Show the mail alone, for the frame on the page of its Edition."""
    number = EditionId(edition_id)
    try:
        mail = proofs.preview(services, number, _viewpoint(services, number, preview))
    except (NoMail, UnknownSubscriber) as fault:
        return _framed_text(pages, _sentence(fault))
    if preview.view is View.TEXT:
        return _framed_text(pages, mail.text)
    policy = FRAMED_MAIL if preview.pictures else FRAMED_WITHOUT_PICTURES
    return HTMLResponse(in_scheme(mail.html, preview.scheme), headers={"Content-Security-Policy": policy})


@router.api_route("/desk/edition/{edition_id}/checks", methods=READ)
def checks(edition_id: EditionNumber, staff: Staff, services: Wired, pages: Templates, preview: Wished) -> Response:
    """Show what is wrong with the mail, its size and what gave way: a page, of which the desk shows the part."""
    number = EditionId(edition_id)
    opened = opening.open_edition(services, number)
    viewpoint, found, fault = None, None, ""
    try:
        viewpoint = _viewpoint(services, number, preview)
        found = proofs.checks(services, number, viewpoint, asks_spam_filter=preview.spam)
    except (NoMail, UnknownSubscriber) as nothing:
        fault = _sentence(nothing)
    return pages.show(
        "editor/checks.html",
        staff=staff,
        here="edition",
        row=opened.row,
        preview=preview,
        viewpoint=viewpoint,
        checks=found,
        fault=fault,
        places=Places(opened.draft, services.links),
        titles={plan.slug: plan.title for plan in opened.row.newsletter.sections},
        budget=BUDGET,
    )


@router.api_route("/desk/edition/{edition_id}/proof", methods=READ)
def alone(edition_id: EditionNumber, staff: Staff, services: Wired, pages: Templates, preview: Wished) -> Response:
    """Show the preview on a page of its own, which is also what the desk renews its right column from."""
    return _alone(services, pages, staff, EditionId(edition_id), preview)


@router.post("/desk/edition/{edition_id}/reader")
def find_reader(edition_id: EditionNumber, staff: Staff, form: OwnForm, services: Wired, pages: Templates) -> Response:
    """Lead to the preview as the reader with the address in the form gets it; the address itself enters no URL."""
    number, wish = EditionId(edition_id), read_wish(form.one("wish"))
    typed = form.one("address")
    try:
        found = proofs.find_reader(services, number, typed, by=staff.email)
    except (BadAddress, UnknownSubscriber) as fault:
        return _alone(services, pages, staff, number, wish, reader_fault=_sentence(fault), typed_reader=typed)
    return _to_preview(pages, number, wish.query(sections=(), reader=found))


@router.post("/desk/edition/{edition_id}/test")
def mail_test(edition_id: EditionNumber, staff: Staff, form: OwnForm, services: Wired, pages: Templates) -> Response:
    """Send a test mail to each address in the form."""
    number, wish = EditionId(edition_id), read_wish(form.one("wish"))
    typed = form.one("to")
    try:
        viewpoint = _viewpoint(services, number, wish)
        sent = mailing_proofs.mail_proof(services, number, viewpoint, typed, by=staff.email)
    except (ProofRefused, NoMail, UnknownSubscriber) as fault:
        return _alone(services, pages, staff, number, wish, mail_fault=_sentence(fault), typed_to=typed)
    return _to_preview(pages, number, wish.query(mailed=len(sent)))


def _viewpoint(services: Services, edition_id: EditionId, preview: PreviewWish) -> Viewpoint:
    if preview.reader:
        return proof.viewpoint_of(services, edition_id, preview.reader)
    return Viewpoint(sections=preview.sections or None)


def _alone(
    services: Services, pages: Pages, staff: Visitor, edition_id: EditionId, preview: PreviewWish, **said: str
) -> Response:
    """Return the page of the preview alone, with what is *said* beside its forms: then something was refused."""
    opened = opening.open_edition(services, edition_id)
    status = 422 if said else 200
    return pages.show(
        "editor/proof.html",
        status=status,
        staff=staff,
        here="edition",
        opened=opened,
        preview=preview,
        preview_refused=said,
    )


def _framed_text(pages: Pages, text: str) -> Response:
    answer = pages.show("editor/text_part.html", text=text)
    answer.headers["Content-Security-Policy"] = FRAMED_TEXT
    return answer


def _to_preview(pages: Pages, edition_id: EditionId, query: str) -> Response:
    return RedirectResponse(f"{pages.links.desk_edition(edition_id)}?{query}#preview", status_code=303)


def _sentence(fault: Exception) -> str:
    text = str(fault).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
