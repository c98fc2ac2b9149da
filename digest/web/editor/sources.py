"""The sources at the desk: how each is doing, and what may be changed of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum

from fastapi import APIRouter, HTTPException
from starlette.responses import RedirectResponse, Response

from digest import source_list
from digest.errors import DigestError
from digest.model.ids import SourceId
from digest.model.newsletter import Selectors, SourceKind, without_password
from digest.model.source import SourceState
from digest.services import Services
from digest.source_list import Opened, SourceRefused, SourceRow, Wanted
from digest.staff.sessions import Visitor
from digest.web.door import OwnForm, Staff
from digest.web.forms import Fields
from digest.web.pages import READ, EditionNumber, Pages, Templates, Wired

router = APIRouter()

#: Width of a bar and of what follows it, and the height of all, in units of the drawing.
_BAR, _STEP, _HEIGHT = 4, 6, 24
#: What is read of the web, and can be chosen.
KINDS = (SourceKind.FEED, SourceKind.SITEMAP, SourceKind.PAGE)


class Only(StrEnum):
    """What the list can be narrowed to."""

    ALL = "all"
    TROUBLE = "trouble"
    RESTING = "resting"


class Done(StrEnum):
    """What an act has come to, in words for the page after it."""

    ADD = "Added. It is asked at the next gathering, within minutes."
    CHANGE = "Changed. It holds from the next gathering on."
    PAUSE = "Paused. Nobody asks it until it is resumed."
    RESUME = "Resumed. It is asked at the next gathering, within minutes."
    REMOVE = "Taken out. The articles that it has brought stay."

    @classmethod
    def said(cls, act: str) -> str:
        """Return the words for *act*, empty when it is none of ours."""
        return cls[act.upper()].value if act.upper() in cls.__members__ else ""


@router.api_route("/desk/sources", methods=READ)
def all_sources(
    staff: Staff, services: Wired, pages: Templates, newsletter: str = "", only: str = "", done: str = ""
) -> Response:
    """List every Source, or those of one *newsletter*, in trouble or at rest."""
    found = source_list.overview(services)
    letters = services.settings.newsletters
    slug = newsletter if newsletter in {letter.slug for letter in letters} else ""
    chosen = Only(only) if only in set(Only) else Only.ALL
    of_letter = [row for row in found.rows if not slug or any(use.newsletter == slug for use in row.uses)]
    shown = [row for row in of_letter if _belongs(row, chosen)]
    return pages.show(
        "editor/sources.html",
        staff=staff,
        here="sources",
        now=services.clock.now(),
        said=Done.said(done),
        letters=letters,
        titles={letter.slug: letter.title for letter in letters},
        sections={letter.slug: {section.slug: section.title for section in letter.sections} for letter in letters},
        coverage=[one for one in found.coverage if not slug or one.newsletter == slug],
        rows=of_letter,
        groups=[
            ("In trouble", [row for row in shown if row.is_in_trouble]),
            ("Reading", [row for row in shown if row.tone in {"good", "open"}]),
            ("At rest", [row for row in shown if row.tone == "quiet"]),
        ],
        slug=slug,
        only=chosen.value,
        bars=bars,
    )


@router.api_route("/desk/sources/{source_id}", methods=READ)
def one_source(source_id: EditionNumber, staff: Staff, services: Wired, pages: Templates, done: str = "") -> Response:
    """Show one Source with what it has brought last."""
    return _page(services, pages, staff, _opened(services, source_id), _Shown(said=Done.said(done)))


@router.post("/desk/sources/{source_id}/{act}")
def act_on_source(
    source_id: EditionNumber, act: str, staff: Staff, form: OwnForm, services: Wired, pages: Templates
) -> Response:
    """Pause or resume the Source, change how a newsletter uses it, or take it out of one."""
    opened = _opened(services, source_id)
    key, slug = opened.row.key, form.one("newsletter")
    acts: dict[str, Callable[[], object]] = {
        "pause": lambda: source_list.pause(services, key, by=staff.email),
        "resume": lambda: source_list.resume(services, key, by=staff.email),
        "change": lambda: source_list.change(services, slug, key, wanted(form), by=staff.email),
        "remove": lambda: source_list.remove(services, slug, key, by=staff.email),
    }
    if act not in acts:
        raise HTTPException(404)
    try:
        if not opened.row.uses:
            raise SourceRefused("No newsletter uses this source any more, so that nothing of it can be changed.")
        acts[act]()
    except DigestError as fault:
        is_in_form = act == "change" and any(use.newsletter == slug and use.is_added for use in opened.row.uses)
        shown = _Shown(fault=sentence(fault), at=slug if is_in_form else "", typed=form)
        return _page(services, pages, staff, _opened(services, source_id), shown, status=409)
    is_left = act == "remove" and len(opened.row.uses) == 1
    target = pages.links.desk_sources() if is_left else pages.links.desk_source(SourceId(source_id))
    return RedirectResponse(f"{target}?done={act}", status_code=303)


def wanted(form: Fields) -> Wanted:
    """Return what the fields of *form* want of a Source; SourceRefused for one that cannot be."""
    return Wanted(
        section=form.one("section"),
        name=form.one("name"),
        weight=weight_of(form),
        kind=kind_of(form),
        language=form.one("language"),
        full_text=bool(form.one("full_text")),
        selectors=Selectors(**{one.name: form.one(f"selector_{one.name}")[:500] for one in fields(Selectors)}),
    )


def weight_of(form: Fields) -> float:
    """Return the weight that was typed; SourceRefused when it is no number."""
    typed = form.one("weight") or "1"
    try:
        return float(typed.replace(",", "."))
    except ValueError:
        raise SourceRefused(f'The weight "{typed[:20]}" is no number; give one such as 1 or 0.5.') from None


def kind_of(form: Fields) -> SourceKind:
    """Return the kind that was chosen; SourceRefused when it is none of the web."""
    chosen = form.one("kind")
    if chosen not in KINDS:
        raise SourceRefused("Choose whether it is a feed, a sitemap or a page.")
    return SourceKind(chosen)


def sentence(fault: Exception) -> str:
    """Return the words of *fault* as a sentence."""
    text = str(fault)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def bars(days: Sequence[int]) -> str:
    """Return the path of one bar for each of *days*, the highest as high as the drawing."""
    most = max(days, default=0) or 1
    heights = [max(1, round(count / most * _HEIGHT)) if count else 0 for count in days]
    return "".join(
        f"M{place * _STEP} {_HEIGHT}v-{height}h{_BAR}v{height}z" for place, height in enumerate(heights) if height
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What is said on the page of a Source; a *fault* in that of the newsletter *at* stands by what was *typed*."""

    said: str = ""
    fault: str = ""
    at: str = ""
    typed: Fields = field(default_factory=Fields)


def _opened(services: Services, source_id: int) -> Opened:
    found = source_list.opened(services, SourceId(source_id))
    if found is None:
        raise HTTPException(404)
    return found


def _page(
    services: Services, pages: Pages, staff: Visitor, opened: Opened, shown: _Shown, *, status: int = 200
) -> Response:
    assert opened.row.source is not None
    return pages.show(
        "editor/sources_one.html",
        status=status,
        staff=staff,
        here="sources",
        now=services.clock.now(),
        row=opened.row,
        source=opened.row.source,
        latest=opened.latest,
        moved_to=without_password(opened.row.source.address),
        can_resume=opened.row.source.state != SourceState.ACTIVE,
        can_pause=opened.row.source.state in {SourceState.ACTIVE, SourceState.FAILING},
        letters={letter.slug: letter for letter in services.settings.newsletters},
        kinds=KINDS,
        selectors=[one.name for one in fields(Selectors)],
        shown=shown,
        bars=bars,
    )


def _belongs(row: SourceRow, only: Only) -> bool:
    return {Only.ALL: True, Only.TROUBLE: row.is_in_trouble, Only.RESTING: row.tone == "quiet"}[only]
