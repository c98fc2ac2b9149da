"""Signing in at the desk with a password, then with a code where there is a second factor; and signing out."""

import functools
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from digest.services import Services
from digest.staff import coming_in, guesses, sessions
from digest.staff.coming_in import Shown
from digest.staff.sessions import CodeNeeded, Refusal, SignedIn
from digest.store import audit
from digest.web import door
from digest.web.door import OwnForm, SecondFactorFirst, SignInFirst, Staff
from digest.web.editor import kept
from digest.web.editor.kept import Kept
from digest.web.forms import Fields, PostedAtDesk
from digest.web.network import Network
from digest.web.pages import READ, Pages, Templates, Wired, pages_of, services_of

router = APIRouter()
#: What each refusal is to a browser; any other is 401.
STATUS = {Refusal.TOO_MANY: 429, Refusal.BUSY: 503, Refusal.UNREADABLE: 503}
#: What the form says above itself, by the word for it in the address.
_SAID = {
    "sent": "If this address has an account, a link is on its way to it. It works once, within 15 minutes.",
    "password": "Your password is set. Sign in with it.",
}
#: What belongs to the step itself. All other fields go along to the next one: where to lead, what is to be kept.
_OF_A_STEP = frozenset({"email", "password", "code", "csrf"})


def install(app: FastAPI) -> None:
    """Let *app* lead to the sign-in page whoever asks for the desk without having signed in."""

    async def lead_in(request: Request, _reason: Exception) -> Response:
        if found := await kept.posted(request):
            # A script that has posted it shows a part of its page; a browser shows the form itself.
            template = "editor/signed_out.html" if "hx-request" in request.headers else "editor/sign_in.html"
            show = functools.partial(pages_of(request).show, template, status=401, email="", fault="", said="")
            return show(carried=found.carried, kept=found)
        asked = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
        return to_form(pages_of(request), door.next_page(asked) if request.method in READ else "")

    async def lead_to_account(request: Request, _reason: Exception) -> Response:
        return RedirectResponse(f"{pages_of(request).links.desk()}/account#second-factor", status_code=303)

    app.add_exception_handler(SignInFirst, lead_in)
    app.add_exception_handler(SecondFactorFirst, lead_to_account)
    kept.install(app)


@router.api_route("/desk/sign-in", methods=READ)
async def form(request: Request, services: Wired, pages: Templates, said: str = "") -> Response:
    """Show the form."""
    door.require_safe_transport(request, services)
    lead = door.next_page(request.query_params.get("next", ""))
    carried = (("next", lead),) if lead else ()
    return pages.show("editor/sign_in.html", email="", fault="", said=_SAID.get(said, ""), carried=carried)


@router.post("/desk/sign-in")
def enter(request: Request, fields: PostedAtDesk, network: Network, services: Wired, pages: Templates) -> Response:
    """Let the owner of an account in, with a new secret for this browser; what it held before is worthless."""
    door.require_safe_transport(request, services)
    door.require_own_form(request)
    email = fields.one("email")
    outcome = sessions.sign_in(
        services.database, email, fields.raw("password"), network=network, now=services.clock.now()
    )
    if isinstance(outcome, Refusal):
        return refused(
            pages,
            "editor/sign_in.html",
            outcome,
            email=email,
            said="",
            carried=carried_by(fields),
            kept=kept.carried(fields),
        )
    return entered(request, fields, outcome)


@router.api_route("/desk/sign-in/code", methods=READ)
async def code_form(request: Request, services: Wired, pages: Templates) -> Response:
    """Show the form for the code, to a browser that has shown a password or a link."""
    door.require_safe_transport(request, services)
    if not door.half_of(request, services):
        return to_form(pages)
    return pages.show("editor/code.html", fault="", carried=())


@router.post("/desk/sign-in/code")
def enter_with_code(
    request: Request, fields: PostedAtDesk, network: Network, services: Wired, pages: Templates
) -> Response:
    """Let in whoever has shown a password or a link before, and shows a code now."""
    door.require_safe_transport(request, services)
    door.require_own_form(request)
    shown = Shown(half=door.half_of(request, services), code=fields.one("code"))
    now = services.clock.now()
    outcome = coming_in.with_code(services.database, shown, services.keys.tokens, network=network, now=now)
    carried = carried_by(fields)
    if outcome is Refusal.LATE:
        return refused(
            pages, "editor/sign_in.html", outcome, email="", said="", carried=carried, kept=kept.carried(fields)
        )
    if isinstance(outcome, Refusal):
        return refused(pages, "editor/code.html", outcome, carried=carried)
    return entered(request, fields, outcome)


@router.post("/desk/sign-out")
def leave(request: Request, staff: Staff, _form: OwnForm, services: Wired, pages: Templates) -> Response:
    """Make the browser's secret worthless."""
    with services.session() as session:
        sessions.sign_out(session, door.secret_of(request, services))
        audit.write(session, by=staff.email, act="sign out", at=services.clock.now())
    answer = to_form(pages)
    door.take_cookie(answer, secure=door.is_secure(request, services))
    return answer


def entered(request: Request, fields: Fields, outcome: SignedIn | CodeNeeded) -> Response:
    """Lead somebody who has come in on to the page that they wanted, or ask for a code, with what *fields* carry."""
    services, pages = services_of(request), pages_of(request)
    secure = door.is_secure(request, services)
    answer: Response
    if isinstance(outcome, CodeNeeded):
        # No redirect: the fields of the form that go along would be lost.
        answer = pages.show("editor/code.html", fault="", carried=carried_by(fields))
        door.give_half(answer, outcome, secure=secure)
        return answer
    if secret := door.secret_of(request, services):
        with services.session() as session:
            sessions.sign_out(session, secret)
    answer = _inside(services, pages, outcome, fields)
    door.give_cookie(answer, outcome, secure=secure)
    door.take_half(answer, secure=secure)
    return answer


def _inside(services: Services, pages: Pages, signed_in: SignedIn, fields: Fields) -> Response:
    """Lead who has signed in to what they were saving when their sign-in ended, or to the page that they wanted."""
    found: Kept | None = kept.carried(fields)
    if found is not None:
        with services.reading() as session:
            staff = sessions.visitor(session, signed_in.secret, services.clock.now())
        if staff is not None:
            return kept.shown(pages, found, staff)
    lead = door.next_page(fields.one("next")) or "/desk"
    return RedirectResponse(f"{pages.links.base_url}{lead}", status_code=303)


def carried_by(fields: Fields) -> tuple[tuple[str, str], ...]:
    """Return the hidden fields that go along from one step of a sign-in to the next."""
    return tuple((name, value) for name, value in fields.pairs if name not in _OF_A_STEP)


def refused(pages: Pages, template: str, refusal: Refusal, **values: Any) -> Response:
    """Return the form again with the reason above it; with when to come back where it was tried too often."""
    answer = pages.show(template, status=STATUS.get(refusal, 401), fault=refusal.value, **values)
    if refusal is Refusal.TOO_MANY:
        answer.headers["Retry-After"] = str(int(guesses.WINDOW.total_seconds()))
    return answer


def to_form(pages: Pages, lead: str = "", said: str = "") -> RedirectResponse:
    """Lead to the sign-in page, and from there to *lead*."""
    query = f"?next={quote(lead, safe='/')}" if lead and lead != "/desk" else f"?said={said}" if said else ""
    return RedirectResponse(f"{pages.links.desk()}/sign-in{query}", status_code=303)
