"""
Links by mail: one that signs in at the desk, and one that sets a password.

Link scanners open what they find in mails: to look at a link changes nothing, the button does. Its address is a secret,
which these pages pass on to nobody (no-referrer) and no cache keeps.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from digest.desk import staffing
from digest.staff import coming_in, guesses, links
from digest.staff.accounts import AccountError
from digest.staff.links import Use
from digest.staff.sessions import Refusal
from digest.web import door
from digest.web.editor.sign_in import STATUS, carried_by, entered, refused, to_form
from digest.web.forms import Fields, Posted, PostedAtDesk
from digest.web.network import Network
from digest.web.pages import READ, Templates, Wired

router = APIRouter()
_NO_ADDRESS = "Give your mail address, then press the button again."
_SOON = "Several links were asked for within a quarter of an hour. Look into your mailbox, or wait 15 minutes."


@router.post("/desk/sign-in/link")
def ask(request: Request, fields: PostedAtDesk, network: Network, services: Wired, pages: Templates) -> Response:
    """Mail a link, if the address has an account; the answer is the same if it has none."""
    door.require_safe_transport(request, services)
    door.require_own_form(request)
    email = fields.one("email")
    shown: dict[str, Any] = {"email": email, "said": "", "carried": carried_by(fields)}
    if not email:
        return pages.show("editor/sign_in.html", status=422, fault=_NO_ADDRESS, **shown)
    if not staffing.ask_for_link(services, email, network=network):
        answer = pages.show("editor/sign_in.html", status=429, fault=_SOON, **shown)
        answer.headers["Retry-After"] = str(int(guesses.WINDOW.total_seconds()))
        return answer
    return to_form(pages, said="sent")


@router.api_route("/desk/sign-in/link/{secret}", methods=READ)
def look(request: Request, secret: str, services: Wired, pages: Templates) -> Response:
    """Show the button, or that the link is of no use any more."""
    door.require_safe_transport(request, services)
    with services.reading() as session:
        is_good = links.holder(session, Use.SIGN_IN, secret, services.clock.now()) is not None
    fault = "" if is_good else Refusal.DEAD_LINK.value
    return _closed(pages.show("editor/sign_in_link.html", status=200 if is_good else 410, secret=secret, fault=fault))


@router.post("/desk/sign-in/link/{secret}")
def enter(request: Request, secret: str, network: Network, services: Wired, pages: Templates) -> Response:
    """Let the bearer of the link in, once."""
    door.require_safe_transport(request, services)
    door.require_own_form(request)
    outcome = coming_in.by_link(services.database, secret, network=network, now=services.clock.now())
    if isinstance(outcome, Refusal):
        return _closed(refused(pages, "editor/sign_in_link.html", outcome, secret=secret))
    return _closed(entered(request, Fields(), outcome))


@router.api_route("/desk/sign-in/password/{secret}", methods=READ)
def choose(request: Request, secret: str, services: Wired, pages: Templates) -> Response:
    """Show the form for a new password, or that the link is of no use any more."""
    door.require_safe_transport(request, services)
    return _password_form(services, pages, secret)


@router.post("/desk/sign-in/password/{secret}")
def put(request: Request, secret: str, fields: Posted, network: Network, services: Wired, pages: Templates) -> Response:
    """Set the password, and lead to the sign-in."""
    door.require_safe_transport(request, services)
    door.require_own_form(request)
    try:
        outcome = staffing.set_password_by_link(services, secret, fields.raw("password"), network=network)
    except AccountError as fault:
        return _password_form(services, pages, secret, status=422, fault=_sentence(str(fault)))
    if isinstance(outcome, Refusal):
        return _password_form(services, pages, secret, status=STATUS.get(outcome, 410), fault=outcome.value)
    return _closed(to_form(pages, said="password"))


def _password_form(services: Wired, pages: Templates, secret: str, *, status: int = 200, fault: str = "") -> Response:
    with services.reading() as session:
        staff = links.holder(session, Use.PASSWORD, secret, services.clock.now())
        email = staff.email if staff is not None else ""
    if not email:
        status, fault = (status if status >= 400 else 410), fault or Refusal.DEAD_LINK.value
    return _closed(pages.show("editor/password.html", status=status, secret=secret, email=email, fault=fault))


def _closed(answer: Response) -> Response:
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
