"""Lists of feeds at the desk: one is tried before it is taken in, and each newsletter's can be taken along."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from digest import source_list
from digest.errors import DigestError
from digest.services import Services
from digest.source_list import Imported, SourceRefused
from digest.staff.sessions import Visitor
from digest.web.door import OwnUpload, Staff
from digest.web.editor.source_adding import place_of
from digest.web.editor.sources import sentence
from digest.web.forms import Fields
from digest.web.pages import READ, Pages, Templates, Wired

router = APIRouter()

#: Bytes of a list: some thousand feeds.
LONGEST_LIST = 1_000_000


@router.api_route("/desk/sources/opml", methods=READ)
def begin(staff: Staff, services: Wired, pages: Templates) -> Response:
    """Show the form for a list."""
    return _page(services, pages, staff, _Trial(typed=Fields()))


@router.api_route("/desk/sources/opml/add", methods=READ)
def begin_again(_staff: Staff, pages: Templates) -> Response:
    """Lead to the form whoever comes back to what a form has answered."""
    return RedirectResponse(f"{pages.links.desk_sources()}/opml", status_code=303)


@router.post("/desk/sources/opml")
def try_out(staff: Staff, form: OwnUpload, services: Wired, pages: Templates) -> Response:
    """Show what a list would add, what is known already, and what is left out and why; keep nothing."""
    try:
        slug, section = place_of(form)
        body = form.file("list")
        if not body:
            raise SourceRefused("Choose the file with the list: most feed readers export one as OPML.")
        if len(body) > LONGEST_LIST:
            raise SourceRefused(f"The list has more than {LONGEST_LIST // 1_000_000} MB; cut it into several.")
        came = source_list.import_opml(services, slug, body, by=staff.email, section=section or None, dry_run=True)
        again = source_list.as_opml(services, slug, came.added).decode()
    except DigestError as fault:
        return _page(services, pages, staff, _Trial(typed=form, fault=sentence(fault)))
    return _page(services, pages, staff, _Trial(typed=form, slug=slug, came=came, again=again))


@router.post("/desk/sources/opml/add")
def take_in(staff: Staff, form: OwnUpload, services: Wired, pages: Templates) -> Response:
    """Add the sources that were shown, and no others."""
    try:
        body = form.one("list").encode()
        came = source_list.import_opml(services, form.one("newsletter"), body, by=staff.email)
    except DigestError as fault:
        return _page(services, pages, staff, _Trial(typed=form, fault=sentence(fault)))
    return _page(services, pages, staff, _Trial(typed=form, slug=form.one("newsletter"), came=came, is_done=True))


@router.api_route("/desk/sources/opml/{slug}", methods=READ)
def take_along(slug: str, _staff: Staff, services: Wired) -> Response:
    """Give the sources of a newsletter as a list, without passwords."""
    name = services.newsletter(slug).slug
    headers = {"Content-Disposition": f'attachment; filename="{name}.opml"'}
    return Response(source_list.export_opml(services, slug), media_type="text/x-opml", headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """What a list has come to: what it would add, or has added when *is_done*; *again* is the list of just that."""

    typed: Fields
    slug: str = ""
    came: Imported | None = None
    again: str = ""
    fault: str = ""
    is_done: bool = False


def _page(services: Services, pages: Pages, staff: Visitor, trial: _Trial) -> Response:
    letters = services.settings.newsletters
    return pages.show(
        "editor/sources_opml.html",
        status=422 if trial.fault else 200,
        staff=staff,
        here="sources",
        letters=letters,
        sections={letter.slug: {section.slug: section.title for section in letter.sections} for letter in letters},
        trial=trial,
        typed=trial.typed,
    )
