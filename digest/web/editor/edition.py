"""One Edition at the desk: its Stories with their reasons, its preview, and the decision."""

from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from digest.desk import editing, listing, opening
from digest.desk.editing import Step
from digest.desk.listing import DeskRow
from digest.desk.opening import DeskEdition
from digest.model.draft import Draft
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.model.rendered import PREHEADER_LIMIT, SUBJECT_LIMIT
from digest.services import Services
from digest.staff.sessions import Visitor
from digest.web.door import Staff
from digest.web.editor.decisions import Done, Refused, release_values
from digest.web.editor.preview import PreviewWish, Wished
from digest.web.editor.sections import sections_of
from digest.web.pages import READ, EditionNumber, Pages, Templates, Wired

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came to the page: by which act, *since* which version they have not looked, to *add* which link."""

    done: str = ""
    since: int | None = None
    add: str = ""


@router.api_route("/desk/edition/{edition_id}", methods=READ)
def page(
    edition_id: EditionNumber,
    staff: Staff,
    services: Wired,
    pages: Templates,
    preview: Wished,
    arrival: Annotated[Arrival, Depends()],
) -> Response:
    """Show an Edition with the preview that is wished for, and what others have done; or the form for a link."""
    if arrival.add:
        form = f"{pages.links.desk_edition(EditionId(edition_id))}/add?{urlencode({'url': arrival.add})}"
        return RedirectResponse(form, status_code=303)
    shown = Shown(preview=preview, said=Done.said(arrival.done), since=arrival.since)
    return show(services, pages, staff, EditionId(edition_id), shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown on the page of an Edition, and said above it."""

    preview: PreviewWish = field(default_factory=PreviewWish)
    status: int = 200
    said: str = ""
    fault: str = ""
    #: Of a decision that could not be carried out: what was asked, and why not.
    refused: Refused | None = None
    #: The version of the Draft that the editor has seen, where an act of theirs came after it.
    since: int | None = None


def show(services: Services, pages: Pages, staff: Visitor, edition_id: EditionId, shown: Shown) -> Response:
    """Return the page of an Edition."""
    opened = opening.open_edition(services, edition_id)
    return pages.show(
        "editor/edition.html",
        status=shown.status,
        staff=staff,
        here="edition",
        said=shown.said,
        fault=shown.fault,
        now=services.clock.now(),
        rows=_others(services, opened),
        opened=opened,
        **release_values(services, edition_id, shown.refused),
        titles={plan.slug: plan.title for plan in opened.row.newsletter.sections},
        preview=shown.preview,
        **_draft_values(services, staff, opened, shown.since),
    )


def _draft_values(services: Services, staff: Visitor, opened: DeskEdition, since: int | None) -> dict[str, Any]:
    """Return what the list of Stories shows, and what was done to it."""
    assert opened.row.edition_id is not None
    steps = editing.history(services, opened.row.edition_id)
    return {
        "best": _best(opened.draft),
        "sections": sections_of(opened),
        "is_open": opened.row.state in {EditionState.DRAFT, EditionState.HELD},
        "limits": (SUBJECT_LIMIT, PREHEADER_LIMIT),
        "ways": editing.ways(services, opened.row.edition_id),
        "step": next((step for step in steps if step.is_current and step.by), None),
        "meanwhile": _meanwhile(steps, staff, since),
    }


def _meanwhile(steps: tuple[Step, ...], staff: Visitor, since: int | None) -> list[Step]:
    """Return what others have done to the Draft since the version that *staff* had before them."""
    return [step for step in steps if since is not None and step.version > since and step.by not in {"", staff.email}]


def _others(services: Services, opened: DeskEdition) -> tuple[DeskRow, ...]:
    """Return the Editions of today for the margin, and the opened one in the place of its kind."""

    def is_same_kind(row: DeskRow) -> bool:
        if row.cadence.is_beside:
            return row.edition_id == opened.row.edition_id
        return (row.newsletter.slug, row.cadence) == (opened.row.newsletter.slug, opened.row.cadence)

    return tuple(opened.row if is_same_kind(row) else row for row in listing.todays(services))


def _best(draft: Draft) -> float:
    """Return the highest score of the Draft, which the bars are drawn against."""
    return max((story.score.total for story in draft.stories), default=0.0) or 1.0
