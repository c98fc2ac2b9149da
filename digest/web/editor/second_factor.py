"""One's own second factor: turned on with the phone, turned off, and the codes for paper."""

import io

import segno
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from digest.sealing import Unsealable
from digest.staff import codes, own, second_factor
from digest.staff.accounts import AccountError
from digest.staff.sessions import Refusal
from digest.store import staff as store
from digest.web.door import OwnForm, Staff
from digest.web.editor.account import Owner, done, page, turned_down
from digest.web.pages import READ, Templates, Wired

router = APIRouter()
#: For the image alone: no page of its own, no script and no style in it.
_IMAGE = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store"}


@router.post("/desk/account/second-factor")
def begin(staff: Staff, fields: OwnForm, services: Wired, pages: Templates) -> Response:
    """Make a secret for the phone to read, or throw it away again; nothing counts yet."""
    with services.session() as session:
        if fields.one("do") == "drop":
            own.drop_second_factor(session, staff.email)
        else:
            try:
                own.begin_second_factor(session, staff.email, services.keys.tokens)
            except AccountError as fault:
                raise HTTPException(409) from fault
    return RedirectResponse(f"{pages.links.desk()}/account#second-factor", status_code=303)


@router.api_route("/desk/account/second-factor.svg", methods=READ)
def image(staff: Staff, services: Wired) -> Response:
    """Return the secret as a QR code, as long as it does not count; never again after that."""
    with services.reading() as session:
        account = store.account(session, staff.email)
        if account is None or account.totp_secret is None or account.has_second_factor:
            raise HTTPException(404)
        try:
            secret = second_factor.secret(account, services.keys.tokens)
        except Unsealable as fault:
            raise HTTPException(404) from fault
    drawn = io.BytesIO()
    address = codes.enrolment(secret, email=staff.email, issuer=f"The desk of {services.links.host}")
    # Dark on light whatever the page: phones read no other.
    segno.make(address, micro=False).save(
        drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False
    )
    return Response(drawn.getvalue(), media_type="image/svg+xml", headers=_IMAGE)


@router.post("/desk/account/second-factor/confirm")
def confirm(request: Request, staff: Staff, fields: OwnForm, held: Owner, services: Wired) -> Response:
    """Turn it on by the first code, and show the codes for paper: only now."""
    outcome = own.confirm_second_factor(
        services.database, held, fields.one("code"), services.keys.tokens, services.clock.now()
    )
    return _codes(request, staff, held, "code", outcome)


@router.post("/desk/account/second-factor/recovery")
def renew(request: Request, staff: Staff, fields: OwnForm, held: Owner, services: Wired) -> Response:
    """Show new codes for paper."""
    proof, now = fields.raw("proof"), services.clock.now()
    outcome = own.renew_recovery_codes(services.database, held, proof, services.keys.tokens, now)
    return _codes(request, staff, held, "recovery", outcome)


@router.post("/desk/account/second-factor/off")
def turn_off(
    request: Request, staff: Staff, fields: OwnForm, held: Owner, services: Wired, pages: Templates
) -> Response:
    """Turn it off, where it is not required."""
    if services.settings.requires_second_factor:
        raise HTTPException(403, "Everybody at this desk has to have a second factor.")
    proof, now = fields.raw("proof"), services.clock.now()
    refusal = own.turn_off_second_factor(services.database, held, proof, services.keys.tokens, now)
    return done(pages, "off") if refusal is None else turned_down(request, staff, held, "off", refusal)


def _codes(request: Request, staff: Staff, held: Owner, field: str, outcome: tuple[str, ...] | Refusal) -> Response:
    if isinstance(outcome, Refusal):
        return turned_down(request, staff, held, field, outcome)
    return page(request, staff, held, codes=outcome)
