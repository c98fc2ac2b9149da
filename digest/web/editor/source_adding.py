"""Add a source by its address: look what a site has, look closer at one thing, then add it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from digest import source_list
from digest.errors import DigestError
from digest.gather.finding.discover import Found
from digest.model.newsletter import Selectors, SourceKind, SourcePlan, without_password
from digest.services import Services
from digest.source_list import Preview, SourceRefused
from digest.staff.sessions import Visitor
from digest.web import outside
from digest.web.door import OwnForm, Staff
from digest.web.editor.sources import KINDS, kind_of, sentence, weight_of
from digest.web.forms import Fields
from digest.web.pages import READ, Pages, Templates, Wired

router = APIRouter()

#: Somebody waits before the page, and proxies give up after a minute.
PATIENCE = dt.timedelta(seconds=45)
#: Of a preview.
MOST_ENTRIES = 12


@router.api_route("/desk/sources/add", methods=READ)
def begin(request: Request, staff: Staff, services: Wired, pages: Templates, newsletter: str = "") -> Response:
    """Show the form for an address."""
    return _page(request, services, pages, staff, _Adding(typed=Fields((("newsletter", newsletter),))))


@router.api_route("/desk/sources/find", methods=READ)
@router.api_route("/desk/sources/look", methods=READ)
def begin_again(_staff: Staff, pages: Templates) -> Response:
    """Lead to the form whoever comes back to what a form has answered."""
    return RedirectResponse(f"{pages.links.desk_sources()}/add", status_code=303)


@router.post("/desk/sources/find")
def find(request: Request, staff: Staff, form: OwnForm, services: Wired, pages: Templates) -> Response:
    """Show what of a site can be read, or at once what a page gives whose article links are named."""
    if form.one("links") or form.one("kind"):
        return look(request, staff, form, services, pages)
    address = form.one("address")
    if not address:
        return _page(request, services, pages, staff, _Adding(typed=form, fault="Give the address of a site or feed."))
    try:
        with outside.turn():
            found = source_list.found_at(services, address, longest=PATIENCE)
    except DigestError as fault:
        return _page(request, services, pages, staff, _Adding(typed=form, fault=sentence(fault)))
    return _page(request, services, pages, staff, _Adding(typed=form, found=found))


@router.post("/desk/sources/look")
def look(request: Request, staff: Staff, form: OwnForm, services: Wired, pages: Templates) -> Response:
    """Show what would be taken from an address, and the form that adds it."""
    selectors = Selectors(links=form.one("links")[:500])
    chosen = form.one("kind")
    kind = SourceKind(chosen) if chosen in KINDS else SourceKind.PAGE if selectors.links else None
    address = form.one("address")
    address = address if "://" in address else f"https://{address}"
    try:
        with outside.turn():
            seen = source_list.preview(services, address, kind=kind, selectors=selectors, longest=PATIENCE)
    except DigestError as fault:
        return _page(request, services, pages, staff, _Adding(typed=form, fault=sentence(fault)))
    return _page(request, services, pages, staff, _Adding(typed=form, seen=seen))


@router.post("/desk/sources/add")
def add(request: Request, staff: Staff, form: OwnForm, services: Wired, pages: Templates) -> Response:
    """Add the source, and show it."""
    try:
        slug, section = place_of(form)
        plan = SourcePlan(
            address=form.one("address"),
            section=section,
            kind=kind_of(form),
            name=form.one("name"),
            weight=weight_of(form),
            language=form.one("language") or None,
            full_text=bool(form.one("full_text")),
            selectors=Selectors(links=form.one("links")[:500]),
        )
        kept = source_list.add(services, slug, plan, by=staff.email)
    except DigestError as fault:
        return _page(request, services, pages, staff, _Adding(typed=form, fault=sentence(fault), is_last_step=True))
    row = next(row for row in source_list.overview(services).rows if row.key == kept.address)
    assert row.source is not None
    return RedirectResponse(f"{pages.links.desk_source(row.source.id)}?done=add", status_code=303)


def place_of(form: Fields) -> tuple[str, str]:
    """Return newsletter and section that were chosen together, as "slug/section"; SourceRefused when none was."""
    slug, _, section = form.one("place").partition("/")
    if not slug:
        raise SourceRefused("Choose the section that its articles belong to.")
    return slug, section


@dataclass(frozen=True, slots=True, kw_only=True)
class _Adding:
    """How far the adding has come: what was *typed* and *found*, then *seen* closer; a *fault* stands where it was."""

    typed: Fields
    found: Sequence[Found] | None = None
    seen: Preview | None = None
    fault: str = ""
    is_last_step: bool = False


def _page(request: Request, services: Services, pages: Pages, staff: Visitor, adding: _Adding) -> Response:
    # htmx shows no answer that is an error.
    is_whole = "hx-request" not in request.headers
    return pages.show(
        "editor/sources_add.html",
        status=422 if adding.fault and is_whole else 200,
        staff=staff,
        here="sources",
        now=services.clock.now(),
        letters=services.settings.newsletters,
        kinds=KINDS,
        adding=adding,
        typed=adding.typed,
        entries=adding.seen.entries[:MOST_ENTRIES] if adding.seen else (),
        hide=without_password,
        patience=int(PATIENCE.total_seconds()),
    )
