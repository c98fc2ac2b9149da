"""The decisions about an Edition: each its own address, asked for by a form, told where it was asked for."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from digest.desk import opening, releasing
from digest.errors import WrongState
from digest.model.ids import EditionId
from digest.services import Services
from digest.web.door import OwnForm, Staff
from digest.web.editor import edition
from digest.web.editor.decisions import Decision, Refused
from digest.web.forms import Fields
from digest.web.pages import EditionNumber, Templates, Wired

router = APIRouter()


def _route(decision: Decision) -> None:
    """Give *decision* its address: other acts have theirs at the same depth."""

    @router.post(f"/desk/edition/{{edition_id}}/{decision}", name=f"decide_{decision}")
    def decide(edition_id: EditionNumber, staff: Staff, form: OwnForm, services: Wired, pages: Templates) -> Response:
        refused = _carried_out(services, EditionId(edition_id), decision, form, by=staff.email)
        if refused is not None:
            shown = edition.Shown(status=409, refused=refused)
            return edition.show(services, pages, staff, EditionId(edition_id), shown)
        target = pages.links.desk_edition(EditionId(edition_id))
        return RedirectResponse(f"{target}?done={decision}", status_code=303)


for each in Decision:
    _route(each)


def _carried_out(
    services: Services, edition_id: EditionId, decision: Decision, form: Fields, *, by: str
) -> Refused | None:
    """Carry *decision* out, or return why not."""
    reason, at = form.one("reason")[:300], form.one("at")

    def schedule() -> None:
        plan = opening.open_edition(services, edition_id).row.newsletter.schedule
        releasing.schedule(services, edition_id, by=by, at=releasing.local_instant(at, plan))

    acts: dict[Decision, Callable[[], None]] = {
        Decision.APPROVE: lambda: releasing.approve(services, edition_id, by=by),
        Decision.SCHEDULE: schedule,
        Decision.SEND_NOW: lambda: releasing.send_now(services, edition_id, by=by),
        Decision.HOLD: lambda: releasing.hold(services, edition_id, by=by, reason=reason),
        Decision.RELEASE: lambda: releasing.release(services, edition_id, by=by),
        Decision.SKIP: lambda: releasing.skip(services, edition_id, by=by, reason=reason),
        Decision.PAUSE: lambda: releasing.pause(services, edition_id, by=by, reason=reason),
        Decision.RESUME: lambda: releasing.resume(services, edition_id, by=by),
        Decision.CANCEL: lambda: releasing.cancel(services, edition_id, by=by, reason=reason),
    }
    if decision.is_grave and form.one("sure") != "yes":
        fault = "Not done yet: it cannot be taken back. Press the button in the opened part to do it."
        return Refused(decision=decision, fault=fault, at=at, reason=reason)
    try:
        acts[decision]()
    except WrongState as fault:
        return Refused(decision=decision, fault=f"Not done: {fault}.", at=at, reason=reason)
    return None
