"""Confirming: the page has a button and changes nothing; pressing it begins the subscription."""

from fastapi import APIRouter
from starlette.responses import Response

from digest.readers import signing_up
from digest.readers.opening import LinkView, Standing
from digest.web.network import Network
from digest.web.pages import READ, Pages, Templates, Wired

router = APIRouter()


@router.api_route("/confirm/{token}", methods=READ)
def page(token: str, services: Wired, pages: Templates) -> Response:
    """Show the button: scanners that open every link of a mail confirm nothing."""
    return _shown(signing_up.confirm_page(services, token), token, pages)


@router.post("/confirm/{token}")
def act(token: str, network: Network, services: Wired, pages: Templates) -> Response:
    """Begin the subscription; a second press changes nothing."""
    return _shown(signing_up.confirm(services, token, network=network), token, pages)


def _shown(view: LinkView, token: str, pages: Pages) -> Response:
    if view.newsletter is not None and view.state in {Standing.OPEN, Standing.DONE}:
        return pages.show("public/confirm.html", newsletter=view.newsletter, state=view.state.value, token=token)
    if view.state is Standing.EXPIRED:
        return pages.show("public/expired.html", status=410, newsletter=view.newsletter)
    text = "It may have been copied only in part. Press the button in the mail, or copy the whole address."
    return pages.show("public/said.html", status=404, title="This link does not work", text=text)
