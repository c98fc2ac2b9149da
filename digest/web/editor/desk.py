"""The desk: every newsletter with its newest Edition, and what becomes of it."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from digest.desk import listing, releasing
from digest.store import audit, editions
from digest.web.door import OwnForm, Staff
from digest.web.pages import READ, Templates, Wired

router = APIRouter()


@router.api_route("/desk", methods=READ)
def today(staff: Staff, services: Wired, pages: Templates) -> Response:
    """List today's Editions."""
    return pages.show(
        "editor/desk.html", staff=staff, here="today", rows=listing.todays(services), now=services.clock.now()
    )


@router.post("/desk/prepare/{slug}")
def prepare(slug: str, staff: Staff, _form: OwnForm, services: Wired, pages: Templates) -> Response:
    """Gather what is new and make today's Edition now."""
    edition_id = releasing.prepare(services, slug)
    with services.session() as session:
        edition = editions.get(session, edition_id)
        audit.write(session, by=staff.email, act="prepare", at=services.clock.now(), about=str(edition))
    made = any(row.edition_id == edition_id and row.stories for row in listing.recent(services, slug))
    target = pages.links.desk_edition(edition_id) if made else pages.links.desk()
    return RedirectResponse(target, status_code=303)
