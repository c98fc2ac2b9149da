"""Signing up: the page, the small form for frames of other sites, and the answer that is the same for everybody."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from fastapi import APIRouter
from starlette.responses import Response

from digest.model.newsletter import Newsletter
from digest.readers import signing_up
from digest.readers.signing_up import SignUp
from digest.services import Services
from digest.web import wishes
from digest.web.forms import Fields, Posted
from digest.web.limits import SignUps
from digest.web.network import Network
from digest.web.pages import READ, Pages, Templates, Wired
from digest.web.public.wording import wording
from digest.web.wishes import Choices
from subscribers.consent import Evidence
from subscribers.errors import BadAddress, BadWish

router = APIRouter()


class Form(StrEnum):
    """Which form somebody has filled in, as the evidence of their consent names it."""

    #: Our own page.
    PAGE = "sign-up page"
    #: The small one, in a frame of another site.
    EMBEDDED = "embedded form"
    #: The one that ``digest subscriber form`` prints, in the middle of another site's page.
    PASTED = "pasted form"


#: What the hidden field "form" may say; whatever else it says came from our page or from nobody.
_NAMED = {"pasted": Form.PASTED}
#: The fields that something can be wrong with, in the order in which the page asks.
_ORDER = ("address", "sections", "cadence", "hour", "time zone", "language", "name")


@router.api_route("/subscribe/{slug}", methods=READ)
async def page(slug: str, services: Wired, pages: Templates) -> Response:
    """Show the form with every choice."""
    newsletter = services.newsletter(slug)
    return _page(pages, newsletter, wishes.choices(newsletter, wishes.usual(newsletter)))


@router.post("/subscribe/{slug}", dependencies=[SignUps])
def take(slug: str, fields: Posted, network: Network, services: Wired, pages: Templates) -> Response:
    """Take down a sign-up; whoever asks learns nothing of who reads what. Any site may post here."""
    newsletter = services.newsletter(slug)
    form = _NAMED.get(fields.one("form"), Form.PAGE)
    try:
        _take_down(services, newsletter, fields, _evidence(pages, newsletter, form, network))
    except (BadAddress, BadWish) as fault:
        # A pasted form has nothing to choose: here its reader finds all chosen as it usually is.
        usual = wishes.choices(newsletter, wishes.usual(newsletter))
        choices = usual if form is Form.PASTED else wishes.refilled(newsletter, fields)
        faults = _faults(services, newsletter, fields, form) or {_field(fault): fault}
        return _page(pages, newsletter, choices, typed=fields, faults=faults)
    return pages.show("public/check_mail.html", language=newsletter.language, newsletter=newsletter)


@router.api_route("/subscribe/{slug}/form", methods=READ)
async def embedded(slug: str, services: Wired, pages: Templates) -> Response:
    """Show the small form, for a frame of another site."""
    return _embedded(pages, services.newsletter(slug))


@router.post("/subscribe/{slug}/form", dependencies=[SignUps])
def take_embedded(slug: str, fields: Posted, network: Network, services: Wired, pages: Templates) -> Response:
    """Take down a sign-up from the small form, and answer in its frame."""
    newsletter = services.newsletter(slug)
    try:
        _take_down(services, newsletter, fields, _evidence(pages, newsletter, Form.EMBEDDED, network))
    except (BadAddress, BadWish) as fault:
        return _embedded(pages, newsletter, address=fields.one("address"), fault=fault)
    return _embedded(pages, newsletter, is_done=True)


def _take_down(services: Wired, newsletter: Newsletter, fields: Fields, evidence: Evidence) -> None:
    # Nobody sees the field "website"; only a machine fills it in.
    if not fields.one("website"):
        signing_up.sign_up(services, _wish(newsletter, fields, evidence.source), evidence)


def _wish(newsletter: Newsletter, fields: Fields, source: str) -> SignUp:
    usual = wishes.usual(newsletter)
    # Only the page has something to choose; elsewhere no section ticked means nothing.
    chosen = wishes.chosen(fields, newsletter, usual) if source == Form.PAGE else usual
    return SignUp(
        newsletter=newsletter.slug,
        address=fields.one("address"),
        name=fields.one("name"),
        sections=chosen.sections,
        cadence=chosen.cadence,
        hour=chosen.hour,
        time_zone=chosen.time_zone,
        language=chosen.language,
    )


def _evidence(pages: Pages, newsletter: Newsletter, form: Form, network: str) -> Evidence:
    """Return how somebody has agreed: by the very words that stand on the form, and the language of these."""
    read = wording(pages, "public/_consent.html", newsletter, newsletter.language)
    return Evidence(wording=read, source=form, network_address=network)


def _page(
    pages: Pages,
    newsletter: Newsletter,
    choices: Choices,
    *,
    typed: Fields | None = None,
    faults: Mapping[str, BadAddress | BadWish] = MappingProxyType({}),
) -> Response:
    """Return the sign-up page; once somebody has *typed*, it holds that, and says what is wrong with it."""
    return pages.show(
        "public/subscribe.html",
        status=422 if faults else 200,
        language=newsletter.language,
        newsletter=newsletter,
        choices=choices,
        is_fresh=typed is None,
        address=typed.one("address") if typed else "",
        name=typed.one("name") if typed else "",
        faults=faults,
    )


def _embedded(
    pages: Pages,
    newsletter: Newsletter,
    *,
    address: str = "",
    fault: BadAddress | BadWish | None = None,
    is_done: bool = False,
) -> Response:
    """Return the small form, or what has come of it."""
    return pages.show(
        "public/embedded.html",
        status=422 if fault else 200,
        language=newsletter.language,
        newsletter=newsletter,
        address=address,
        is_done=is_done,
        fault=fault,
    )


def _faults(
    services: Services, newsletter: Newsletter, fields: Fields, form: Form
) -> Mapping[str, BadAddress | BadWish]:
    """Return all that is wrong with the form, by field, in the order in which the page asks."""
    found: dict[str, BadAddress | BadWish] = {}
    try:
        signing_up.check_address(services, fields.one("address"))
    except BadAddress as fault:
        found["address"] = fault
    if form is Form.PAGE:
        found |= wishes.faults(fields, newsletter, wishes.usual(newsletter))
    return dict(sorted(found.items(), key=lambda fault: _ORDER.index(fault[0])))


def _field(fault: BadAddress | BadWish) -> str:
    return "address" if isinstance(fault, BadAddress) else fault.field
