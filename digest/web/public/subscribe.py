"""Signing up: the form, and the answer that is the same for everybody."""

from fastapi import APIRouter
from starlette.responses import Response

from digest.readers import signing_up
from digest.readers.signing_up import SignUp
from digest.web import wishes
from digest.web.forms import Fields, Posted
from digest.web.limits import SignUps
from digest.web.network import Network
from digest.web.pages import READ, Templates, Wired
from subscribers.errors import BadAddress, BadWish

router = APIRouter()


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


@router.post("/subscribe/{slug}", dependencies=[SignUps])
def take(slug: str, fields: Posted, network: Network, services: Wired, pages: Templates) -> Response:
    """Take down a sign-up; whoever asks learns nothing of who reads what."""
    newsletter = services.newsletter(slug)
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
