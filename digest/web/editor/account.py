"""One's own account: name, password, and the browsers that are signed in."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from digest.desk import staffing
from digest.model.staff import Staff as Row
from digest.sealing import Unsealable
from digest.staff import accounts, guesses, own, second_factor
from digest.staff.accounts import AccountError
from digest.staff.own import Change, Held
from digest.staff.sessions import Refusal
from digest.store import staff as store
from digest.web import door
from digest.web.door import OwnForm, Staff
from digest.web.editor.sign_in import STATUS
from digest.web.network import Network
from digest.web.pages import READ, Templates, Wired, pages_of, services_of
from subscribers.tokens import Keys

router = APIRouter()
#: What the page says above itself, by the word for it in the address.
_SAID = {
    "name": "Your name is changed.",
    "password": "Your password is changed. All other browsers are signed out.",
    "sent": "A link is on its way to your e-mail. It works once, within two days.",
    "elsewhere": "All other browsers are signed out.",
    "off": "The second factor is off.",
}


def holder(request: Request, staff: Staff, network: Network, services: Wired) -> Held:
    """Return who acts on their own account, with the secret of this browser."""
    return Held(email=staff.email, secret=door.secret_of(request, services), network=network)


Owner = Annotated[Held, Depends(holder)]


@router.api_route("/desk/account", methods=READ)
def account(request: Request, staff: Staff, held: Owner, said: str = "") -> Response:
    """Show the account."""
    return page(request, staff, held, said=_SAID.get(said, ""))


@router.post("/desk/account/name")
def rename(_request: Request, staff: Staff, fields: OwnForm, services: Wired, pages: Templates) -> Response:
    """Change one's name."""
    with services.session() as session:
        accounts.rename(session, staff.email, fields.one("name"), by=staff.email, now=services.clock.now())
    return done(pages, "name")


@router.post("/desk/account/password")
def change_password(request: Request, staff: Staff, fields: OwnForm, held: Owner, services: Wired) -> Response:
    """Change one's password; the old one is asked."""
    change = Change(old=fields.raw("old"), new=fields.raw("new"))
    try:
        refusal = own.change_password(services.database, held, change, services.clock.now())
    except AccountError as fault:
        return page(request, staff, held, status=422, faults={"new": f"{str(fault)[:1].upper()}{str(fault)[1:]}."})
    if refusal is not None:
        return turned_down(request, staff, held, "old", refusal)
    return done(pages_of(request), "password")


@router.post("/desk/account/password-link")
def mail_password_link(staff: Staff, _fields: OwnForm, services: Wired, pages: Templates) -> Response:
    """Mail oneself a link to choose a password, where there is none yet."""
    staffing.send_password_link(services, staff.email, by=staff.email)
    return done(pages, "sent")


@router.post("/desk/account/sign-out-elsewhere")
def sign_out_elsewhere(_fields: OwnForm, held: Owner, services: Wired, pages: Templates) -> Response:
    """End one's sessions in all other browsers."""
    with services.session() as session:
        own.sign_out_elsewhere(session, held, services.clock.now())
    return done(pages, "elsewhere")


def page(
    request: Request,
    staff: Staff,
    held: Held,
    *,
    status: int = 200,
    said: str = "",
    **values: Any,
) -> Response:
    """Return the page of the account, with ``faults`` where they happened and ``codes`` for paper, shown once."""
    services = services_of(request)
    now = services.clock.now()
    with services.reading() as session:
        row = store.account(session, held.email)
        assert row is not None
        return pages_of(request).show(
            "editor/account.html",
            status=status,
            staff=staff,
            here="account",
            now=now,
            said=said,
            account=row,
            sessions=store.sessions_of(session, held.email, now),
            key=_key(row, services.keys.tokens),
            own_hash=guesses.hash_of(held.secret),
            is_required=services.settings.requires_second_factor,
            **{"faults": {}, "codes": (), **values},
        )


def _key(account: Row, keys: Keys) -> str:
    """Return the secret of a second factor in groups for typing, as long as it does not count yet."""
    if account.totp_secret is None or account.has_second_factor:
        return ""
    try:
        secret = second_factor.secret(account, keys)
    except Unsealable:
        return ""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def turned_down(request: Request, staff: Staff, held: Held, field: str, refusal: Refusal) -> Response:
    """Return the page with the reason at *field*; with when to come back where it was tried too often."""
    answer = page(request, staff, held, status=STATUS.get(refusal, 401), faults={field: refusal.value})
    if refusal is Refusal.TOO_MANY:
        answer.headers["Retry-After"] = str(int(guesses.WINDOW.total_seconds()))
    return answer


def done(pages: Templates, said: str) -> Response:
    """Lead back to the account, which says what is done."""
    return RedirectResponse(f"{pages.links.desk()}/account?said={said}", status_code=303)
