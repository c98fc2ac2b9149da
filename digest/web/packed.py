"""Packing: the files and the one long page that a desk loads again and again go over the line compressed."""

import re

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

#: Files of ours, and the page of a Draft. No page with a reader's token: what is packed tells its length, and that
#: must tell nothing of a secret (BREACH). The desk's cookie does not come along with a request from another site, and
#: its forms are refused to other sites whatever token they carry.
_PACKED = re.compile(r"/static/.+|/desk/edition/\d+")


class Packed:
    """The ASGI middleware that compresses those answers, for browsers that take them so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.packing = app, GZipMiddleware(app, minimum_size=1000, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, by way of the packing where the answer is to be packed."""
        is_packed = scope["type"] == "http" and _PACKED.fullmatch(scope["path"])
        await (self.packing if is_packed else self.app)(scope, receive, send)
