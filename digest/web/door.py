"""The door of the desk: who is there, over what kind of connection, and whether a form is really theirs."""

import re
from hmac import compare_digest
from typing import Annotated
from urllib.parse import unquote, urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.responses import Response

from digest.services import Services
from digest.staff import sessions
from digest.staff.sessions import CodeNeeded, SignedIn, Visitor
from digest.web.forms import Fields, PostedAtDesk, Uploaded
from digest.web.network import is_https, is_loopback
from digest.web.pages import Wired

_COOKIE, _HALF = "digest_desk", "digest_desk_code"
#: Where a sign-in may lead: to a page of the desk, but not to the door itself.
_NEXT = re.compile(r"/desk(?!/sign-)(?:[/?][A-Za-z0-9/?=&%._~+-]*)?")
#: What somebody without a second factor may open where everybody has to have one.
_TO_TURN_IT_ON = ("/desk/account", "/desk/sign-out")
_NO_HTTPS = (
    "Signing in needs https here, or others on the way could read your password. Put a proxy with a certificate before "
    "the service and set [site] base_url to its https address; or open the desk on the machine itself, at "
    "http://127.0.0.1. On a network that you trust as a whole, [site] insecure_http = true allows it."
)
_NOT_OURS = "This form did not come from the desk itself. Open the desk, and press the button there."
_STALE = "This form is older than your sign-in. Go back, reload the page and press the button again."


class SignInFirst(Exception):
    """Nobody has signed in with this browser."""


class SecondFactorFirst(Exception):
    """Everybody has to have a second factor, and whoever asks has none."""


class StaleForm(HTTPException):
    """A form of ours is older than the sign-in of *staff*, so nothing was done with its *fields*."""

    def __init__(self, staff: Visitor, fields: Fields) -> None:
        super().__init__(403, _STALE)
        self.staff, self.fields = staff, fields


def is_secure(request: Request, services: Services) -> bool:
    """Return whether the browser speaks https: as seen here, or to a proxy that says so or bears our public address."""
    public = urlsplit(services.settings.base_url)
    return is_https(request) or (public.scheme == "https" and request.headers.get("host") == public.netloc)


def require_safe_transport(request: Request, services: Services) -> None:
    """Let passwords and cookies pass over https, on this machine, or where the operator allows it; 403 elsewhere."""
    if is_secure(request, services) or services.settings.insecure_http or _is_this_machine(request.url.hostname or ""):
        return
    raise HTTPException(403, _NO_HTTPS)


def require_own_form(request: Request) -> None:
    """
    Refuse with 403 what another site has posted.

    Sec-Fetch-Site tells, where the browser sends it; else the Origin must be the host that was asked.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        is_own = site == "same-origin"
    else:
        host = request.headers.get("host", "")
        is_own = request.headers.get("origin") in {f"http://{host}", f"https://{host}"}
    if not is_own:
        raise HTTPException(403, _NOT_OURS)


def visitor(request: Request, services: Wired) -> Visitor:
    """Return who has signed in with this browser; SignInFirst or SecondFactorFirst when one of these has to be."""
    require_safe_transport(request, services)
    secret = secret_of(request, services)
    if secret:
        with services.reading() as session:
            found = sessions.visitor(session, secret, services.clock.now())
        if found is not None:
            is_free = found.has_second_factor or request.scope["path"].startswith(_TO_TURN_IT_ON)
            if services.settings.requires_second_factor and not is_free:
                raise SecondFactorFirst
            return found
    raise SignInFirst


Staff = Annotated[Visitor, Depends(visitor)]


def operator(staff: Staff) -> Visitor:
    """Return the operator who has signed in; 403 for other staff."""
    if not staff.is_operator:
        raise HTTPException(403)
    return staff


Operator = Annotated[Visitor, Depends(operator)]


def own_form(request: Request, staff: Staff, fields: PostedAtDesk) -> Fields:
    """Return the posted fields of somebody signed in, if the form is from the desk and of this sign-in; 403 else."""
    require_own_form(request)
    if not compare_digest(fields.one("csrf").encode(), staff.csrf_token.encode()):
        raise StaleForm(staff, fields)
    return fields


OwnForm = Annotated[Fields, Depends(own_form)]


def own_upload(request: Request, staff: Staff, fields: Uploaded) -> Fields:
    """Return the posted fields and files of somebody signed in, on the same terms as ``own_form``."""
    return own_form(request, staff, fields)


OwnUpload = Annotated[Fields, Depends(own_upload)]


def secret_of(request: Request, services: Services) -> str:
    """Return the secret in the browser's cookie, or an empty text."""
    return request.cookies.get(_cookie_name(secure=is_secure(request, services)), "")


def give_cookie(answer: Response, signed_in: SignedIn, *, secure: bool) -> None:
    """Let the browser keep the secret: out of reach of scripts and other sites, and on https bound to this host."""
    answer.set_cookie(
        _cookie_name(secure=secure),
        signed_in.secret,
        expires=signed_in.expires_at,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def half_of(request: Request, services: Services) -> str:
    """Return the browser's half of a sign-in, which waits for a code; an empty text where there is none."""
    return request.cookies.get(_cookie_name(_HALF, secure=is_secure(request, services)), "")


def give_half(answer: Response, needed: CodeNeeded, *, secure: bool) -> None:
    """Let the browser keep half a sign-in while it is open, for a code; no other site can make it send that along."""
    answer.set_cookie(
        _cookie_name(_HALF, secure=secure),
        needed.secret,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def take_half(answer: Response, *, secure: bool) -> None:
    """Let the browser forget its half of a sign-in."""
    answer.delete_cookie(_cookie_name(_HALF, secure=secure), path="/", secure=secure, httponly=True, samesite="strict")


def next_page(path: str) -> str:
    """Return *path*, if it is a page of ours at the desk that a sign-in may lead to; else an empty text."""
    # Browsers take %2e for a dot, and two of them for the way up.
    return path if _NEXT.fullmatch(path) and "//" not in path and ".." not in unquote(path) else ""


def take_cookie(answer: Response, *, secure: bool) -> None:
    """Let the browser forget the secret."""
    answer.delete_cookie(_cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="lax")


def _cookie_name(name: str = _COOKIE, *, secure: bool) -> str:
    # Browsers take a __Host- cookie over https only, for this host alone (RFC 6265bis §4.1.3.2).
    return f"__Host-{name}" if secure else name


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or is_loopback(host)
