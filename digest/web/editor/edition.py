"""One Edition at the desk: its Stories with their reasons, its preview, and the decision."""

from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.responses import Response

from digest.desk import listing, opening
from digest.desk.listing import DeskRow
from digest.desk.opening import DeskEdition
from digest.model.draft import Draft
from digest.model.ids import EditionId
from digest.services import Services
from digest.staff.sessions import Visitor
from digest.web.door import Staff
from digest.web.editor.decisions import Done, Refused, release_values
from digest.web.editor.preview import PreviewWish, Wished
from digest.web.pages import READ, EditionNumber, Pages, Templates, Wired

router = APIRouter()


@router.api_route("/desk/edition/{edition_id}", methods=READ)
def page(
    edition_id: EditionNumber,
    staff: Staff,
    services: Wired,
    pages: Templates,
    preview: Wished,
    done: str = "",
) -> Response:
    """Show an Edition with the preview that is wished for."""
    said = Done.said(done)
    return show(services, pages, staff, EditionId(edition_id), Shown(preview=preview, said=said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown on the page of an Edition, and said above it."""

    preview: PreviewWish = field(default_factory=PreviewWish)
    status: int = 200
    said: str = ""
    fault: str = ""
    #: Of a decision that could not be carried out: what was asked, and why not.
    refused: Refused | None = None


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
        best=_best(opened.draft),
        preview=shown.preview,
    )


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
