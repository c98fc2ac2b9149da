"""A reader's preferences: sections, days, hour, time zone."""

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from digest.readers import choosing
from digest.readers.choosing import WishesView
from digest.web import wishes
from digest.web.forms import Posted
from digest.web.network import Network
from digest.web.pages import READ, Pages, Templates, Wired
from subscribers.errors import BadWish, WrongState
from subscribers.model import LIVE

router = APIRouter()


@router.api_route("/p/{token}", methods=READ)
def page(token: str, services: Wired, pages: Templates, mute: str = "") -> Response:
    """Show what is chosen; *mute* names a section to untick, which holds only when saved."""
    view = _found(choosing.wishes(services, token))
    choices = wishes.choices(view.newsletter, view.wishes)
    muted = next((section.title for section in choices.sections if section.slug == mute), "")
    if muted and set(choices.chosen) - {mute}:
        choices = choices.without(mute)
    else:
        muted = ""
    return _shown(pages, token, view, choices=choices, muted=muted)


@router.post("/p/{token}")
def act(token: str, fields: Posted, network: Network, services: Wired, pages: Templates) -> Response:
    """Keep what is chosen."""
    view = _found(choosing.wishes(services, token))
    try:
        wanted = wishes.chosen(fields, view.newsletter, view.wishes)
        saved = _found(choosing.change_wishes(services, token, wanted, network=network))
    except BadWish as fault:
        text = str(fault)
        choices = wishes.refilled(view.newsletter, fields)
        answer = _shown(pages, token, view, choices=choices, fault=f"{text[:1].upper()}{text[1:]}")
        answer.status_code = 422
        return answer
    except WrongState:
        raise _gone() from None
    return _shown(pages, token, saved, choices=wishes.choices(saved.newsletter, saved.wishes), saved=True)


def _found(view: WishesView | None) -> WishesView:
    if view is None:
        raise HTTPException(404)
    if view.state not in LIVE:
        raise _gone()
    return view


def _gone() -> HTTPException:
    return HTTPException(410, "This subscription has ended or was never confirmed. Sign up again to choose anew.")


def _shown(  # noqa: PLR0913 (each names a part of the page)
    pages: Pages,
    token: str,
    view: WishesView,
    *,
    choices: wishes.Choices,
    muted: str = "",
    saved: bool = False,
    fault: str = "",
) -> Response:
    return pages.show(
        "public/preferences.html",
        newsletter=view.newsletter,
        address=view.masked_address,
        token=token,
        choices=choices,
        muted=muted,
        saved=saved,
        fault=fault,
    )
