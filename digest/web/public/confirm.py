"""Confirming: the page has a button and changes nothing; pressing it begins the subscription."""

from fastapi import APIRouter
from starlette.responses import Response

from digest.readers import signing_up
from digest.readers.opening import LinkView, Standing
from digest.web.limits import ReaderPosts
from digest.web.network import Network
from digest.web.pages import READ, BrowserLanguage, Pages, Templates, Wired
from digest.web.public.wording import wording
from digest.web.words import phrase

router = APIRouter()


_TITLE = phrase("This link does not work")
_UNKNOWN = phrase("It may have been copied only in part. Press the button in the mail, or copy the whole address.")
_GONE = phrase("This newsletter no longer exists")
_ENDED = phrase("What this link led to has ended.")
_NO_MAIL = phrase("We send nothing to this address")
_WRITE = phrase(
    "Your address gets no mail from us at present. To change that, reply to the mail that brought you here."
)


@router.api_route("/confirm/{token}", methods=READ)
def page(token: str, services: Wired, pages: Templates, language: BrowserLanguage) -> Response:
    """Show the button: scanners that open every link of a mail confirm nothing."""
    return _shown(signing_up.confirm_page(services, token), token, pages, language)


@router.post("/confirm/{token}", dependencies=[ReaderPosts])
def act(token: str, network: Network, services: Wired, pages: Templates, language: BrowserLanguage) -> Response:
    """Begin the subscription; a second press changes nothing."""
    asked = signing_up.confirm_page(services, token)
    if asked.newsletter is None or asked.state is not Standing.OPEN:
        return _shown(asked, token, pages, language)
    read = wording(pages, "public/_agreed.html", asked.newsletter, asked.language)
    return _shown(signing_up.confirm(services, token, network=network, wording=read), token, pages, language)


def _shown(view: LinkView, token: str, pages: Pages, language: str) -> Response:
    """Show the page in the reader's language; where the link does not tell the reader, in the browser's *language*."""
    if view.newsletter is not None and view.state in {Standing.OPEN, Standing.DONE}:
        return pages.show(
            "public/confirm.html",
            language=view.language,
            newsletter=view.newsletter,
            state=view.state.value,
            token=token,
        )
    if view.newsletter is None and view.state in {Standing.OPEN, Standing.DONE}:
        return pages.show("public/said.html", status=410, language=view.language, title=_GONE, text=_ENDED)
    if view.state is Standing.EXPIRED:
        speaks = view.language if view.newsletter is not None else language
        return pages.show("public/expired.html", status=410, language=speaks, newsletter=view.newsletter)
    if view.state is Standing.SUPPRESSED:
        return pages.show("public/said.html", status=409, language=view.language, title=_NO_MAIL, text=_WRITE)
    return pages.show("public/said.html", status=404, language=language, title=_TITLE, text=_UNKNOWN)
