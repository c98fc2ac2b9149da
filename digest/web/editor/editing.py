"""Editing the Draft at the desk: one route for all acts, and what becomes of those that cannot be done."""

from contextlib import suppress
from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from digest import pipeline
from digest.desk import editing, fetching, opening
from digest.desk.editing import Changed, Collided, Step
from digest.desk.standing import standing
from digest.errors import WrongState
from digest.model.ids import EditionId
from digest.services import Services
from digest.staff.sessions import Visitor
from digest.web import outside
from digest.web.door import OwnForm, Staff
from digest.web.editor.preview import PreviewWish, Wished
from digest.web.editor.story import places_for
from digest.web.editor.verbs import TYPED, Asked, new_key
from digest.web.forms import Fields
from digest.web.outside import Crowded
from digest.web.pages import READ, EditionNumber, Pages, Templates, Wired

router = APIRouter()
#: Fields of a form that belong to one moment: everything else was chosen or typed, and may be posted once more.
MOMENTARY = frozenset({"csrf", "version"})
_BACK_AND_FORTH = {"undo": editing.undo, "redo": editing.redo}
#: What is fetched for an item of an editor's own stands in these fields.
_CARD = ("url", "headline", "summary", "source", "image")


@router.post("/desk/edition/{edition_id}/edit")
def edit(
    edition_id: EditionNumber, staff: Staff, form: OwnForm, services: Wired, pages: Templates, preview: Wished
) -> Response:
    """Do what the form asks for, and show the Draft after it; else say why not, with all that was typed."""
    asked, edited = Asked.of(form), EditionId(edition_id)
    if asked.verb == "fetch":
        return show_add(services, pages, staff, edited, fetched(services, form))
    try:
        outcome: Changed | Collided | None = _carried_out(services, edited, asked, staff)
    except WrongState as fault:
        if asked.verb not in _BACK_AND_FORTH or standing(services, edited).version == asked.version:
            return _not_done(pages, staff, edited, form, fault=str(fault))
        outcome = None  # the second press of a button whose first took back what there was
    if isinstance(outcome, Collided):
        return _not_done(pages, staff, edited, form, collided=outcome)
    target = _after(pages.links.desk_edition(edited), asked, preview)
    return RedirectResponse(target, status_code=303, background=BackgroundTask(_illustrate, services, edited))


def _illustrate(services: Services, edition_id: EditionId) -> None:
    """Fetch the pictures that the Draft wants now, so that its preview shows what will be sent."""
    with suppress(Crowded), outside.turn():  # what is not fetched now is fetched before the approval
        pipeline.illustrate(services, edition_id)


@router.api_route("/desk/edition/{edition_id}/add", methods=READ)
def add(edition_id: EditionNumber, staff: Staff, services: Wired, pages: Templates, url: str = "") -> Response:
    """Show the form for an item of an editor's own, on a page of its own, with the address *url* in it."""
    item = NewItem(fields=Fields((("url", url[:2000]),)))
    return show_add(services, pages, staff, EditionId(edition_id), item)


@router.api_route("/desk/edition/{edition_id}/version", methods=READ)
def version(
    edition_id: EditionNumber, staff: Staff, services: Wired, pages: Templates, since: int = 0, state: str = ""
) -> Response:
    """Say what has changed since the version that an open page shows; 204 when nothing has."""
    opened = standing(services, EditionId(edition_id))
    if opened.version == since and opened.state == (state or opened.state):
        return Response(status_code=204)
    steps = [step for step in editing.history(services, EditionId(edition_id)) if step.version > since]
    return pages.show("editor/moved.html", opened=opened, steps=_by_others(steps, staff), staff=staff)


@router.api_route("/desk/edition/{edition_id}/history", methods=READ)
def history(edition_id: EditionNumber, staff: Staff, services: Wired, pages: Templates) -> Response:
    """Show what was done to the Draft, by whom and when."""
    return pages.show(
        "editor/history.html",
        staff=staff,
        here="edition",
        opened=opening.open_edition(services, EditionId(edition_id)),
        steps=editing.history(services, EditionId(edition_id), limit=200),
        ways=editing.ways(services, EditionId(edition_id)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item of an editor's own as its form shows it; *fault* says why a page's own words could not be fetched."""

    fields: Fields = field(default_factory=Fields)
    article: str = ""
    fault: str = ""
    is_fetched: bool = False

    def one(self, name: str) -> str:
        """Return what the field *name* holds."""
        return self.fields.one(name)


def fetched(services: Services, form: Fields) -> NewItem:
    """Return the form's item with what the page at its address says of itself in the fields that are empty."""
    try:
        with outside.turn():
            card = fetching.fetch_card(services, form.one("url"))
    except Crowded as fault:
        return NewItem(fields=form, fault=str(fault))
    if isinstance(card, str):
        return NewItem(fields=form, fault=card)
    said = {"url": card.url, "headline": card.title, "summary": card.summary, "source": card.source}
    said["image"] = card.image if card.image.startswith(("https://", "http://")) else ""
    pairs = tuple((name, form.one(name) if name != "url" and form.one(name) else said[name]) for name in _CARD)
    rest = tuple(pair for pair in form.pairs if pair[0] not in _CARD)
    return NewItem(fields=Fields((*pairs, *rest)), article=str(card.article_id or ""), is_fetched=True)


def show_add(services: Services, pages: Pages, staff: Visitor, edition_id: EditionId, item: NewItem) -> Response:
    """Show the form with *item*."""
    opened = opening.open_edition(services, edition_id)
    key = item.one("own_key") or new_key()
    return pages.show(
        "editor/add.html", staff=staff, here="edition", opened=opened, item=item, own_key=key, plans=places_for(opened)
    )


def _carried_out(services: Services, edition_id: EditionId, asked: Asked, staff: Visitor) -> Changed | Collided:
    """Do what is *asked* for; who has only come before themselves is not told of a collision."""
    if asked.verb in _BACK_AND_FORTH:
        outcome = _BACK_AND_FORTH[asked.verb](services, edition_id, by=staff.email, version=asked.version)
    else:
        act = asked.act()
        outcome = editing.change(services, edition_id, act, by=staff.email, version=asked.version)
        if isinstance(outcome, Collided) and outcome.by == staff.email and asked.verb in TYPED:
            # Of two texts by one hand the later counts; the history keeps both.
            outcome = editing.change(services, edition_id, act, by=staff.email, version=outcome.version)
    if isinstance(outcome, Collided) and outcome.by == staff.email and asked.verb not in TYPED:
        # The same button once more: the first press has done it.
        return Changed(version=outcome.version, told="")
    return outcome


def _after(page: str, asked: Asked, preview: PreviewWish) -> str:
    """Return where to go after the act: to the Story, and to its own page if its editor came from there."""
    key = asked.target if asked.target.isascii() and asked.target.isalnum() else ""
    since = f"since={asked.version}"
    if asked.one("back") == "story" and key and asked.verb != "merge":
        return f"{page}/story/{key}?{since}"
    place = f"story-{key}" if key else "words" if asked.verb == "word" else "saved"
    return f"{page}?{'&'.join(filter(None, (preview.query(), since)))}#{place}"


def _not_done(
    pages: Pages,
    staff: Visitor,
    edition_id: EditionId,
    form: Fields,
    *,
    fault: str = "",
    collided: Collided | None = None,
) -> Response:
    return pages.show(
        "editor/collided.html",
        status=409,
        staff=staff,
        here="edition",
        page=pages.links.desk_edition(edition_id),
        asked=Asked.of(form),
        pairs=[pair for pair in form.pairs if pair[0] not in MOMENTARY],
        fault=fault,
        collided=collided,
    )


def _by_others(steps: list[Step], staff: Visitor) -> list[Step]:
    return [step for step in steps if step.by != staff.email]
