"""Faults: each error as a page that says what happened and what to do, and nothing about our insides."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from digest.errors import (
    DatabaseNotReady,
    TemplateError,
    UnknownEdition,
    UnknownNewsletter,
    UnreadableInput,
    WrongState,
)
from digest.logs import logger
from digest.web.headers import common, framed
from digest.web.pages import ENGLISH, VARIES, language_of, pages_of, services_of
from digest.web.words import phrase

log = logger(__name__)

_NOT_FOUND = phrase("There is nothing at this address. It may have been copied only in part.")
#: Title and text by status; an HTTPException with a text of its own puts that in place of the text.
_SAID = {
    403: ("This is not for you", "Your account may not do this. Ask an operator if you need it."),  # only at the desk
    404: (phrase("Not found"), _NOT_FOUND),
    405: (phrase("Not possible"), phrase("This address cannot be used in that way. Go back and try again.")),
    409: (
        phrase("Not possible now"),
        phrase("Something has changed meanwhile. Go back, reload the page and look again."),
    ),
    410: (phrase("No longer here"), phrase("What this link led to has ended.")),
    413: (phrase("Too long"), phrase("This is more than our forms can hold. Shorten it and try again.")),
    422: (
        phrase("Not understood"),
        phrase("Something in this request is missing or misspelt. Go back, check it and try again."),
    ),
    429: (phrase("Too often"), phrase("Wait a while, then try again.")),
    500: (
        phrase("Something went wrong"),
        phrase("The fault is ours and has been written down. Try again in a few minutes."),
    ),
    503: (phrase("Not ready"), phrase("The service cannot be reached just now. Try again in a few minutes.")),
}


def install(app: FastAPI) -> None:
    """Let *app* answer every error with a page."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(UnknownNewsletter, _unknown)
    app.add_exception_handler(UnknownEdition, _unknown)
    app.add_exception_handler(WrongState, _wrong_state)
    app.add_exception_handler(TemplateError, _template_fault)
    app.add_exception_handler(UnreadableInput, _unreadable_pages)
    app.add_exception_handler(DatabaseNotReady, _not_ready)
    app.add_exception_handler(Exception, _failed)


def _page(request: Request, status: int, text: str = "", *, wait: int = 0) -> HTMLResponse:
    title, usual = _SAID.get(status, _SAID[500] if status >= 500 else _SAID[422])
    # The page of an unexpected error is made outside the middleware, so it brings its headers along.
    pages = pages_of(request)
    language = ENGLISH if _is_desk(request) else language_of(request, pages)
    values: dict[str, Any] = {"title": title, "text": text or usual, "wait": wait}
    if slug := framed(request.scope["path"]):
        known = (newsletter for newsletter in services_of(request).settings.newsletters if newsletter.slug == slug)
        values["newsletter"] = next(known, None)
    template = "public/small_said.html" if slug else "public/said.html"
    answer = pages.show(template, status=status, language=language, **values)
    answer.headers.update(common(request) | VARIES)
    return answer


def refused(request: Request, fault: HTTPException) -> HTMLResponse:
    """Return the page that says *fault*, in its own words where it has a sentence, and when to come back."""
    own_words = fault.detail if fault.detail.endswith(".") else ""
    headers = fault.headers or {}
    wait = int(headers.get("Retry-After", 0)) if fault.status_code == 429 else 0
    answer = _page(request, fault.status_code, own_words, wait=wait)
    answer.headers.update(headers)
    return answer


async def _refused(request: Request, fault: Exception) -> HTMLResponse:
    assert isinstance(fault, HTTPException)
    return refused(request, fault)


async def _unreadable(request: Request, fault: Exception) -> HTMLResponse:
    assert isinstance(fault, RequestValidationError)
    in_path = any(error["loc"][0] == "path" for error in fault.errors())
    return _page(request, 404 if in_path else 422)


async def _unknown(request: Request, _fault: Exception) -> HTMLResponse:
    return _page(request, 404)


async def _wrong_state(request: Request, fault: Exception) -> HTMLResponse:
    text = str(fault)
    return _page(request, 409, f"{text[:1].upper()}{text[1:]}." if _is_desk(request) else "")


async def _template_fault(request: Request, fault: Exception) -> HTMLResponse:
    """Tell the desk which mail template has to be mended; nobody else fills one."""
    return _page(request, 409, f"A mail template is at fault, so that the mail cannot be shown: {fault}.")


async def _unreadable_pages(request: Request, fault: Exception) -> HTMLResponse:
    """Say that an Edition cannot be shown any more, because its pages are damaged or of another version."""
    log.error("web.unreadable_pages", path=request.scope["path"].rpartition("/")[0], fault=str(fault))
    return _page(request, 410, phrase("The pages of this edition were kept by another version of the service."))


async def _not_ready(request: Request, fault: Exception) -> HTMLResponse:
    log.error("web.database_not_ready", fault=str(fault))
    return _page(request, 503)


async def _failed(request: Request, fault: Exception) -> HTMLResponse:
    log.error("web.failed", method=request.method, kind=type(fault).__name__, exc_info=fault)
    return _page(request, 500)


def _is_desk(request: Request) -> bool:
    path: str = request.scope["path"]
    return path.startswith("/desk")
