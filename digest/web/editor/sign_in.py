"""Signing in at the desk, and out."""

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from digest.services import Services
from digest.staff import sessions
from digest.staff.sessions import Refusal, SignedIn
from digest.web import door
from digest.web.door import OwnForm, SignInFirst
from digest.web.editor import kept
from digest.web.editor.kept import Kept
from digest.web.forms import Posted
from digest.web.network import Network
from digest.web.pages import READ, Pages, Templates, Wired, pages_of

router = APIRouter()
_STATUS = {Refusal.WRONG: 401, Refusal.TOO_MANY: 429, Refusal.BUSY: 503}


def install(app: FastAPI) -> None:
    """Let *app* lead to the sign-in page whoever asks for the desk without having signed in."""

    async def lead_in(request: Request, _reason: Exception) -> Response:
        if found := await kept.posted(request):
            # A script that has posted it shows a part of its page; a browser shows the form itself.
            template = "editor/signed_out.html" if "hx-request" in request.headers else "editor/sign_in.html"
            return pages_of(request).show(template, status=401, email="", fault="", kept=found)
        return _to_form(pages_of(request))

    app.add_exception_handler(SignInFirst, lead_in)
    kept.install(app)


@router.api_route("/desk/sign-in", methods=READ)
async def form(request: Request, services: Wired, pages: Templates) -> Response:
    """Show the form."""
    door.require_safe_transport(request, services)
    return pages.show("editor/sign_in.html", email="", fault="")


@router.post("/desk/sign-in")
def enter(request: Request, fields: Posted, network: Network, services: Wired, pages: Templates) -> Response:
    """Let the owner of an account in, with a new secret for this browser; what it held before is worthless."""
    door.require_safe_transport(request, services)
    door.require_own_form(request)
    email, found = fields.one("email"), kept.carried(fields)
    outcome = sessions.sign_in(
        services.database, email, fields.raw("password"), network=network, now=services.clock.now()
    )
    if isinstance(outcome, Refusal):
        return pages.show("editor/sign_in.html", status=_STATUS[outcome], email=email, fault=outcome.value, kept=found)
    _forget(request, services)
    answer = _inside(services, pages, outcome, found)
    door.give_cookie(answer, outcome, secure=door.is_secure(request, services))
    return answer


def _inside(services: Services, pages: Pages, signed_in: SignedIn, found: Kept | None) -> Response:
    """Return the first page of who has signed in: the desk, or what they were saving when their sign-in ended."""
    if found is not None:
        with services.reading() as session:
            staff = sessions.visitor(session, signed_in.secret, services.clock.now())
        if staff is not None:
            return kept.shown(pages, found, staff)
    return RedirectResponse(pages.links.desk(), status_code=303)


@router.post("/desk/sign-out")
def leave(request: Request, _form: OwnForm, services: Wired, pages: Templates) -> Response:
    """Make the browser's secret worthless."""
    _forget(request, services)
    answer = _to_form(pages)
    door.take_cookie(answer, secure=door.is_secure(request, services))
    return answer


def _forget(request: Request, services: Wired) -> None:
    if secret := door.secret_of(request, services):
        with services.session() as session:
            sessions.sign_out(session, secret)


def _to_form(pages: Pages) -> RedirectResponse:
    return RedirectResponse(f"{pages.links.desk()}/sign-in", status_code=303)
