"""
Leaving with one click (RFC 8058): a POST ends the subscription, a GET only shows the button.

The POST needs no cookie, no token of a form and no origin, takes any body, never redirects, and answers 200 to repeats
and unknown tokens alike.
"""

from fastapi import APIRouter
from starlette.responses import Response

from digest.readers import leaving
from digest.readers.opening import LinkView, Standing
from digest.web.forms import PostedAnything
from digest.web.network import Network
from digest.web.pages import READ, Pages, Templates, Wired
from subscribers.errors import SubscriberError

router = APIRouter()


@router.api_route("/u/{token}", methods=READ)
def page(token: str, services: Wired, pages: Templates) -> Response:
    """Show the button: scanners that open every link of a mail unsubscribe nobody."""
    return _shown(leaving.leave_page(services, token), token, pages)


@router.post("/u/{token}")
def act(token: str, fields: PostedAnything, network: Network, services: Wired, pages: Templates) -> Response:
    """End the subscription, whoever asks and however often."""
    by_page = fields.one("from") == "page"
    return _shown(leaving.leave(services, token, by_page=by_page, network=network), token, pages)


@router.post("/u/{token}/undo")
def undo(token: str, network: Network, services: Wired, pages: Templates) -> Response:
    """Take the leaving back, as long as that can be."""
    try:
        view = leaving.undo_leave(services, token, network=network)
    except SubscriberError:
        text = "It ended too long ago, or was never confirmed. Sign up again: it takes a minute."
        return pages.show("public/said.html", status=409, title="This cannot be taken back", text=text)
    if view.newsletter is None:
        return _shown(view, token, pages)
    text = f"{view.newsletter.title} keeps coming as before."
    return pages.show("public/said.html", title="Good to have you back", text=text)


def _shown(view: LinkView, token: str, pages: Pages) -> Response:
    if view.newsletter is None:
        text = "This address gets no mail from the list that the link was made for."
        return pages.show("public/said.html", title="Nothing to unsubscribe", text=text)
    state = "open" if view.state is Standing.OPEN else "done"
    return pages.show(
        "public/leave.html", newsletter=view.newsletter, state=state, address=view.masked_address, token=token
    )
