"""Signing up: the form, and the answer that is the same for everybody."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import Response

from digest.readers import signing_up
from digest.readers.signing_up import SignUp
from digest.web import wishes
from digest.web.forms import Fields, Posted
from digest.web.limits import Limit
from digest.web.network import Network
from digest.web.pages import READ, Templates, Wired
from subscribers.errors import BadAddress, BadWish

router = APIRouter()


def limit() -> Limit:
    """Return how many sign-ups one network may send: enough for a household or a small office."""
    return Limit(20, dt.timedelta(hours=1))


def _signups(request: Request) -> Limit:
    signups: Limit = request.app.state.signups
    return signups


@router.api_route("/subscribe/{slug}", methods=READ)
async def form(slug: str, services: Wired, pages: Templates) -> Response:
    """Show the form."""
    newsletter = services.newsletter(slug)
    return pages.show(
        "public/subscribe.html",
        newsletter=newsletter,
        choices=wishes.choices(newsletter, wishes.usual(newsletter)),
        address="",
        name="",
        fault="",
    )


@router.post("/subscribe/{slug}")
def take(
    slug: str,
    fields: Posted,
    network: Network,
    services: Wired,
    pages: Templates,
    signups: Annotated[Limit, Depends(_signups)],
) -> Response:
    """Take down a sign-up; whoever asks learns nothing of who reads what."""
    newsletter = services.newsletter(slug)
    if not signups.allows(network, services.clock.now()):
        raise HTTPException(429, "Many sign-ups came from your network within the hour. Try again a little later.")
    try:
        # Nobody sees the field "website"; only a machine fills it in.
        if not fields.one("website"):
            signing_up.sign_up(services, _wish(slug, fields, services), network=network)
    except (BadAddress, BadWish) as fault:
        text = str(fault)
        return pages.show(
            "public/subscribe.html",
            status=422,
            newsletter=newsletter,
            choices=wishes.refilled(newsletter, fields),
            address=fields.one("address"),
            name=fields.one("name"),
            fault=f"{text[:1].upper()}{text[1:]}",
        )
    return pages.show("public/check_mail.html", newsletter=newsletter)


def _wish(slug: str, fields: Fields, services: Wired) -> SignUp:
    newsletter = services.newsletter(slug)
    chosen = wishes.chosen(fields, newsletter, wishes.usual(newsletter))
    return SignUp(
        newsletter=slug,
        address=fields.one("address"),
        name=fields.one("name"),
        sections=chosen.sections,
        cadence=chosen.cadence,
        hour=chosen.hour,
        time_zone=chosen.time_zone,
        language=chosen.language,
    )
