"""
What is a reader's own: another address, everything that is kept, to be forgotten.

Asked for from the preferences, confirmed from the mailbox. A GET shows the button and changes nothing, a POST acts.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from digest.readers import own
from digest.readers.opening import Standing
from digest.readers.own import Answer, AskedView, OwnView
from digest.web.forms import Posted
from digest.web.limits import ReaderPosts
from digest.web.network import Network
from digest.web.pages import READ, BrowserLanguage, Pages, Templates, Wired
from subscribers import own_data
from subscribers.errors import BadAddress
from subscribers.model import RequestKind

router = APIRouter()

#: The page of each kind, and the file types that own data are handed out as.
_PAGES = {
    RequestKind.ADDRESS: "public/own_address.html",
    RequestKind.EXPORT: "public/own_data.html",
    RequestKind.ERASURE: "public/own_erasure.html",
}
_REFUSED = frozenset({Answer.MOVED_LATELY, Answer.UNREACHED, Answer.TOO_OFTEN})
_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}


@router.post("/p/{token}/address", dependencies=[ReaderPosts])
def ask_address(token: str, fields: Posted, services: Wired, pages: Templates) -> Response:
    """Write to the new address, whosever it is."""
    typed = fields.one("address")
    try:
        view = _found(own.ask_address(services, token, typed))
    except BadAddress as fault:
        return _again(pages, token, _found(own.asker(services, token)), typed, fault)
    return _answered(pages, token, view, RequestKind.ADDRESS)


@router.post("/p/{token}/export", dependencies=[ReaderPosts])
def ask_export(token: str, services: Wired, pages: Templates) -> Response:
    """Write to the reader where they fetch what we keep about them."""
    return _answered(pages, token, _found(own.ask(services, token, RequestKind.EXPORT)), RequestKind.EXPORT)


@router.post("/p/{token}/erase", dependencies=[ReaderPosts])
def ask_erasure(token: str, services: Wired, pages: Templates) -> Response:
    """Ask the reader by mail whether they want to be forgotten."""
    return _answered(pages, token, _found(own.ask(services, token, RequestKind.ERASURE)), RequestKind.ERASURE)


@router.api_route("/a/{token}", methods=READ)
def address_page(token: str, services: Wired, pages: Templates, language: BrowserLanguage) -> Response:
    """Show the button: scanners that open every link of a mail move nobody."""
    return _shown(pages, token, own.page(services, token, RequestKind.ADDRESS), RequestKind.ADDRESS, language)


@router.post("/a/{token}", dependencies=[ReaderPosts])
def confirm_address(
    token: str, network: Network, services: Wired, pages: Templates, language: BrowserLanguage
) -> Response:
    """Send everything to the new address; a second press changes nothing."""
    return _shown(pages, token, own.confirm_address(services, token, network=network), RequestKind.ADDRESS, language)


@router.api_route("/d/{token}", methods=READ)
def data_page(token: str, services: Wired, pages: Templates, language: BrowserLanguage) -> Response:
    """Show the buttons: scanners fetch nobody's data."""
    return _shown(pages, token, own.page(services, token, RequestKind.EXPORT), RequestKind.EXPORT, language)


@router.post("/d/{token}", dependencies=[ReaderPosts])
def fetch(token: str, fields: Posted, services: Wired, pages: Templates, language: BrowserLanguage) -> Response:
    """Hand out everything that is kept, once."""
    found = own.fetch(services, token)
    if isinstance(found, OwnView):
        return _shown(pages, token, found, RequestKind.EXPORT, language)
    return _file(found, "csv" if fields.one("format") == "csv" else "json")


@router.api_route("/f/{token}", methods=READ)
def erasure_page(token: str, services: Wired, pages: Templates, language: BrowserLanguage) -> Response:
    """Show the button: scanners erase nobody."""
    return _shown(pages, token, own.page(services, token, RequestKind.ERASURE), RequestKind.ERASURE, language)


@router.post("/f/{token}", dependencies=[ReaderPosts])
def erase(token: str, network: Network, services: Wired, pages: Templates, language: BrowserLanguage) -> Response:
    """Forget the reader."""
    return _shown(pages, token, own.erase(services, token, network=network), RequestKind.ERASURE, language)


def _found(view: AskedView | None) -> AskedView:
    if view is None:
        raise HTTPException(404)
    return view


def _again(pages: Pages, token: str, view: AskedView, typed: str, fault: BadAddress) -> Response:
    return pages.show(
        "public/own_mistyped.html",
        status=422,
        language=view.language,
        newsletter=view.newsletter,
        token=token,
        typed=typed,
        fault=fault,
    )


def _answered(pages: Pages, token: str, view: AskedView, kind: RequestKind) -> Response:
    if view.answer in _REFUSED:
        return pages.show(
            "public/own_refused.html",
            status=409,
            language=view.language,
            newsletter=view.newsletter,
            write_to=view.write_to,
            token=token,
            why=view.answer.value,
        )
    if view.answer is Answer.PRESENT:
        return pages.show(
            "public/own_present.html", status=409, language=view.language, newsletter=view.newsletter, token=token
        )
    return pages.show(
        "public/own_asked.html",
        language=view.language,
        newsletter=view.newsletter,
        write_to=view.write_to,
        token=token,
        kind=kind.value,
        address=view.masked_address,
    )


def _shown(pages: Pages, token: str, view: OwnView, kind: RequestKind, language: str) -> Response:
    """Show the page in the reader's language; where the link does not tell the reader, in the browser's *language*."""
    if view.standing not in {Standing.OPEN, Standing.DONE}:
        is_old = view.standing is Standing.EXPIRED
        return pages.show("public/own_closed.html", status=410 if is_old else 404, language=language, is_old=is_old)
    return pages.show(
        _PAGES[kind],
        status=409 if view.answer is Answer.TAKEN else 200,
        language=view.language,
        newsletter=view.newsletter,
        token=token,
        state="taken" if view.answer is Answer.TAKEN else view.standing.value,
        address=view.masked_address,
    )


def _file(data: Mapping[str, Any], form: str) -> Response:
    text = own_data.as_csv(data) if form == "csv" else own_data.as_json(data)
    day = str(data["made_at"])[:10]
    headers = {"Content-Disposition": f'attachment; filename="own-data-{day}.{form}"', "Cache-Control": "no-store"}
    return Response(text, media_type=_TYPES[form], headers=headers)
