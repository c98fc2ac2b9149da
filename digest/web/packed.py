"""Packing: the files and the one long page that a desk loads again and again go over the line compressed."""

import re

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

#: Files of ours, which hold no secret.
_FILES = re.compile(r"/static/.+")
#: The page of a Draft, where a page of ours or the browser's owner asks for it. What is packed tells by its length what
#: it holds (BREACH), to whoever sees the line and has the browser ask again and again: from another site the cookie
#: does come along with a link that opens as a page (SameSite=Lax), and a query can stand on the page.
_TO_OURS = re.compile(r"/desk/edition/\d+")


class Packed:
    """The ASGI middleware that compresses those answers, for browsers that take them so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.packing = app, GZipMiddleware(app, minimum_size=1000, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, by way of the packing where the answer is to be packed."""
        await (self.packing if scope["type"] == "http" and _is_packed(scope) else self.app)(scope, receive, send)


def _is_packed(scope: Scope) -> bool:
    if _FILES.fullmatch(scope["path"]):
        return True
    asker = Headers(scope=scope).get("sec-fetch-site")
    return asker in {"same-origin", "none"} and _TO_OURS.fullmatch(scope["path"]) is not None
