"""The operators' page of staff: who may come to the desk, and as what."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.responses import RedirectResponse, Response

from digest.desk import staffing
from digest.desk.staffing import Invitation
from digest.model.ids import StaffId
from digest.model.staff import Role
from digest.staff import accounts, sessions
from digest.staff.accounts import AccountError
from digest.store import audit
from digest.store import staff as store
from digest.web.door import Operator, OwnForm
from digest.web.pages import READ, Templates, Wired, pages_of, services_of

router = APIRouter()
_SAID = {
    "invite": "An invitation is on its way. It works once, within seven days.",
    "role": "The role is changed.",
    "remove": "The account is removed.",
    "password": "A link for a new password is on its way. It works once, within two days.",
    "second-factor": "The second factor is reset, and its owner signed out everywhere.",
}


@router.api_route("/desk/staff", methods=READ)
def listing(request: Request, staff: Operator, said: str = "") -> Response:
    """Show the accounts, and the form to invite somebody."""
    return _page(request, staff, said=_SAID.get(said, ""))


@router.api_route("/desk/staff/{account}/remove", methods=READ)
def look_before_removing(
    account: Annotated[int, Path(ge=1, lt=2**31)], staff: Operator, services: Wired, pages: Templates
) -> Response:
    """Ask once more before an account is removed, and say what ends with it."""
    with services.reading() as session:
        person = store.called(session, StaffId(account))
        if person is None:
            raise HTTPException(404)
        browsers = len(store.sessions_of(session, person.email, services.clock.now()))
        return pages.show("operator/staff_remove.html", staff=staff, here="staff", person=person, browsers=browsers)


@router.post("/desk/staff/invite")
def invite(request: Request, staff: Operator, fields: OwnForm, services: Wired, pages: Templates) -> Response:
    """Make an account, and mail its owner a link to set a password."""
    wish = Invitation(email=fields.one("email"), name=fields.one("name"), role=_role(fields.one("role")))
    try:
        staffing.invite(services, wish, by=staff.email)
    except AccountError as fault:
        return _page(request, staff, status=422, fault=str(fault), wish=wish)
    return _done(pages, "invite")


@router.post("/desk/staff/{act}")
def act(request: Request, act: str, staff: Operator, fields: OwnForm, services: Wired, pages: Templates) -> Response:
    """Do *act* to the account that the form names."""
    email, by, now = fields.one("account"), staff.email, services.clock.now()
    if act not in _SAID:
        raise HTTPException(404)
    try:
        if act == "password":
            staffing.send_password_link(services, email, by=by)
            return _done(pages, act)
        with services.session() as session:
            if act == "role":
                accounts.change_role(session, email, _role(fields.one("role")), by=by, now=now)
            elif act == "remove":
                accounts.remove(session, email, by=by, now=now)
            else:
                accounts.reset_second_factor(session, email, by=by, now=now)
    except AccountError as fault:
        return _page(request, staff, status=409, fault=str(fault), about=email)
    return _done(pages, act)


def _page(request: Request, staff: Operator, *, status: int = 200, **values: Any) -> Response:
    services = services_of(request)
    with services.reading() as session:
        return pages_of(request).show(
            "operator/staff.html",
            status=status,
            staff=staff,
            here="staff",
            now=services.clock.now(),
            accounts=store.listing(session),
            came=audit.last_by(session, sessions.SIGN_IN),
            **{"said": "", "fault": "", "about": "", "wish": Invitation(email=""), **values},
        )


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise HTTPException(422) from None


def _done(pages: Templates, said: str) -> Response:
    return RedirectResponse(f"{pages.links.desk()}/staff?said={said}", status_code=303)
