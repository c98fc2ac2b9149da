"""One Edition at the desk: its Stories with their reasons, its preview, and the decision."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.responses import RedirectResponse, Response

from digest.desk import editing, listing, opening, releasing
from digest.desk.editing import Step
from digest.desk.listing import DeskRow
from digest.desk.opening import DeskEdition
from digest.errors import WrongState
from digest.model.draft import Draft
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.model.rendered import PREHEADER_LIMIT, SUBJECT_LIMIT
from digest.services import Services
from digest.staff.sessions import Visitor
from digest.web.door import OwnForm, Staff
from digest.web.editor.preview import PreviewWish, Wished
from digest.web.editor.sections import sections_of
from digest.web.pages import READ, EditionNumber, Pages, Templates, Wired
from subscribers.cadence import Cadence

router = APIRouter()


class Done(StrEnum):
    """What an act has come to, in words for the page after it."""

    APPROVE = "Approved. From now on this is what readers get, what the archive keeps and what the preview shows."
    HOLD = "Held. It stays here until somebody approves it or takes the hold back."
    RELEASE = "The hold is taken back."


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came to the page: by which act, and *since* which version of the Draft they have not looked."""

    done: str = ""
    since: int | None = None

    @property
    def said(self) -> str:
        """Return what the act has come to, in words; nothing for an act that there is not."""
        return Done[self.done.upper()].value if self.done.upper() in Done.__members__ else ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What may be decided about an Edition in its present state."""

    approve: bool
    hold: bool
    release: bool

    @classmethod
    def on(cls, row: DeskRow) -> "Decisions":
        """Return what may be decided about the Edition of *row*."""
        is_draft, is_held = row.state == EditionState.DRAFT, row.state == EditionState.HELD
        return cls(approve=is_draft or is_held, hold=is_draft, release=is_held)


@router.api_route("/desk/edition/{edition_id}", methods=READ)
def page(
    edition_id: EditionNumber,
    staff: Staff,
    services: Wired,
    pages: Templates,
    preview: Wished,
    arrival: Annotated[Arrival, Depends()],
) -> Response:
    """Show an Edition with the preview that is wished for, and what others have done meanwhile."""
    shown = _Shown(preview=preview, said=arrival.said, since=arrival.since)
    return _page(services, pages, staff, EditionId(edition_id), shown)


@router.post("/desk/edition/{edition_id}/{act}")
def decide(
    edition_id: EditionNumber, act: str, staff: Staff, _form: OwnForm, services: Wired, pages: Templates
) -> Response:
    """Approve the Edition, hold it, or take the hold back."""
    acts: dict[str, Callable[[], None]] = {
        "approve": lambda: releasing.approve(services, EditionId(edition_id), by=staff.email),
        "hold": lambda: releasing.hold(services, EditionId(edition_id), by=staff.email),
        "release": lambda: releasing.release(services, EditionId(edition_id)),
    }
    if act not in acts:
        raise HTTPException(404)
    try:
        acts[act]()
    except WrongState as fault:
        return _page(services, pages, staff, EditionId(edition_id), _Shown(status=409, fault=f"Not done: {fault}."))
    return RedirectResponse(f"{pages.links.desk_edition(EditionId(edition_id))}?done={act}", status_code=303)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What is shown on the page of an Edition, and said above it."""

    preview: PreviewWish = field(default_factory=PreviewWish)
    status: int = 200
    said: str = ""
    fault: str = ""
    #: The version of the Draft that the editor has seen, where an act of theirs came after it.
    since: int | None = None


def _page(services: Services, pages: Pages, staff: Visitor, edition_id: EditionId, shown: _Shown) -> Response:
    opened = opening.open_edition(services, edition_id)
    steps = editing.history(services, edition_id)
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
        decisions=Decisions.on(opened.row),
        titles={plan.slug: plan.title for plan in opened.row.newsletter.sections},
        best=_best(opened.draft),
        sections=sections_of(opened),
        is_open=opened.row.state in {EditionState.DRAFT, EditionState.HELD},
        limits=(SUBJECT_LIMIT, PREHEADER_LIMIT),
        ways=editing.ways(services, edition_id),
        step=next((step for step in steps if step.is_current and step.by), None),
        meanwhile=_meanwhile(steps, staff, shown.since),
        preview=shown.preview,
    )


def _others(services: Services, opened: DeskEdition) -> tuple[DeskRow, ...]:
    """Return the Editions of today for the margin, and the opened one in the place of its kind."""

    def is_same_kind(row: DeskRow) -> bool:
        if row.cadence is Cadence.SPECIAL:
            return row.edition_id == opened.row.edition_id
        return (row.newsletter.slug, row.cadence) == (opened.row.newsletter.slug, opened.row.cadence)

    return tuple(opened.row if is_same_kind(row) else row for row in listing.todays(services))


def _meanwhile(steps: tuple[Step, ...], staff: Visitor, since: int | None) -> list[Step]:
    """Return what others have done to the Draft since the version that *staff* had before them."""
    return [step for step in steps if since is not None and step.version > since and step.by not in {"", staff.email}]


def _best(draft: Draft) -> float:
    """Return the highest score of the Draft, which the bars are drawn against."""
    return max((story.score.total for story in draft.stories), default=0.0) or 1.0
