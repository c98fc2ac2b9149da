"""A reader's preferences: sections, days, hour, time zone, name, language; a pause; and what else there is to read."""

from collections.abc import Callable

from fastapi import APIRouter, HTTPException
from starlette.responses import RedirectResponse, Response

from digest.readers import choosing
from digest.readers.choosing import WishesView
from digest.services import Services
from digest.web import wishes
from digest.web.forms import Posted
from digest.web.limits import ReaderPosts
from digest.web.network import Network
from digest.web.pages import READ, Pages, Templates, Wired
from subscribers import preferences
from subscribers.errors import BadWish, WrongState
from subscribers.model import LIVE

router = APIRouter()


@router.api_route("/p/{token}", methods=READ)
def page(token: str, services: Wired, pages: Templates, mute: str = "") -> Response:
    """Show what is chosen; *mute* names a section to untick, which holds only when saved."""
    view = choosing.wishes(services, token)
    if view is None:
        return _gone(services, pages, token)
    if view.state not in LIVE:
        return _over(pages, token, view)
    choices = wishes.choices(view.newsletter, view.wishes)
    muted = next((section.title for section in choices.sections if section.slug == mute), "")
    if muted and set(choices.chosen) - {mute}:
        choices = choices.without(mute)
    else:
        muted = ""
    return _shown(pages, token, view, choices=choices, muted=muted)


@router.post("/p/{token}", dependencies=[ReaderPosts])
def save(token: str, fields: Posted, network: Network, services: Wired, pages: Templates) -> Response:
    """Keep what is chosen."""
    view = choosing.wishes(services, token)
    if view is None:
        return _gone(services, pages, token)

    def act(view: WishesView) -> WishesView | None:
        wanted = wishes.chosen(fields, view.newsletter, view.wishes)
        return choosing.change_wishes(services, token, wanted, network=network)

    def typed(view: WishesView) -> wishes.Choices:
        return wishes.refilled(view.newsletter, fields, view.wishes)

    return _done(pages, token, view, act, typed, done="saved")


@router.post("/p/{token}/pause", dependencies=[ReaderPosts])
def pause(token: str, fields: Posted, network: Network, services: Wired, pages: Templates) -> Response:
    """Send nothing for as long as is asked."""
    view = choosing.wishes(services, token)
    if view is None:
        return _gone(services, pages, token)

    def act(view: WishesView) -> WishesView | None:
        until = wishes.pause_end(fields, view.today)
        return choosing.pause(services, token, until, network=network)

    return _done(pages, token, view, act, _as_kept, done="paused")


@router.api_route("/p/{token}/pause", methods=READ)
@router.api_route("/p/{token}/resume", methods=READ)
@router.api_route("/p/{token}/address", methods=READ)
@router.api_route("/p/{token}/export", methods=READ)
@router.api_route("/p/{token}/erase", methods=READ)
def back(token: str, pages: Templates) -> Response:
    """Lead whoever opens the address of an act anew to the page that it was done on."""
    return RedirectResponse(pages.links.preferences(token), status_code=303)


@router.post("/p/{token}/resume", dependencies=[ReaderPosts])
def resume(token: str, network: Network, services: Wired, pages: Templates) -> Response:
    """Send it again."""
    view = choosing.wishes(services, token)
    if view is None:
        return _gone(services, pages, token)

    def act(_view: WishesView) -> WishesView | None:
        return choosing.resume(services, token, network=network)

    return _done(pages, token, view, act, _as_kept, done="resumed")


def _found(view: WishesView | None) -> WishesView:
    if view is None:
        raise HTTPException(404)
    return view


def _gone(services: Services, pages: Pages, token: str) -> Response:
    """Say that the newsletter is no more, and what can still be done; HTTPException 404 for a link none of ours."""
    view = choosing.gone(services, token)
    if view is None:
        raise HTTPException(404)
    return pages.show(
        "public/gone.html",
        status=410,
        language=view.language,
        address=view.masked_address,
        leave_token=view.leave_token,
        can_leave=view.can_leave,
        has_left_all=False,
        view=view,
        token=token,
    )


def _as_kept(view: WishesView) -> wishes.Choices:
    return wishes.choices(view.newsletter, view.wishes)


def _done(
    pages: Pages,
    token: str,
    view: WishesView,
    act: Callable[[WishesView], WishesView | None],
    typed: Callable[[WishesView], wishes.Choices],
    *,
    done: str,
) -> Response:
    """Do *act* and show what has come of it; where a value cannot be, the form as *typed*, with what to mend."""
    try:
        changed = _found(act(view))
    except BadWish as fault:
        return _shown(pages, token, view, choices=typed(view), fault=fault)
    except WrongState:
        return _over(pages, token, view)
    return _shown(pages, token, changed, choices=_as_kept(changed), done=done)


def _over(pages: Pages, token: str, view: WishesView) -> Response:
    """Say that there is nothing to choose, because the Subscription has ended or was never confirmed; and what is."""
    return pages.show(
        "public/not_subscribed.html",
        status=410,
        language=view.wishes.language,
        newsletter=view.newsletter,
        view=view,
        token=token,
    )


def _shown(  # noqa: PLR0913 (each names a part of the page)
    pages: Pages,
    token: str,
    view: WishesView,
    *,
    choices: wishes.Choices,
    muted: str = "",
    done: str = "",
    fault: BadWish | None = None,
) -> Response:
    return pages.show(
        "public/preferences.html",
        status=422 if fault else 200,
        language=view.wishes.language,
        view=view,
        newsletter=view.newsletter,
        address=view.masked_address,
        token=token,
        choices=choices,
        latest=view.today + preferences.LONGEST_PAUSE,
        muted=muted,
        done=done,
        fault=fault,
        fault_at=fault.field if fault else "",
        faults={fault.field: fault} if fault else {},
    )
