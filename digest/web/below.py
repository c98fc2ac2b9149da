"""Below a path: the pages of a public address such as https://example.org/news, whatever the proxy passes on."""

from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send


class Below:
    """
    The ASGI middleware that takes *base*, the path of the public address, off every path that begins with it.

    So it does not matter whether the proxy has done that already: from here on both look alike.
    """

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app, self.base, self.as_written = app, unquote(base), base.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its path as it would be without *base*."""
        if scope["type"] == "http" and f"{scope['path']}/".startswith(f"{self.base}/"):
            # In place: the page of an unexpected fault is made outside of here, and has to know the path as well.
            scope["path"] = scope["path"][len(self.base) :] or "/"
            if raw := scope.get("raw_path"):
                scope["raw_path"] = raw.removeprefix(self.as_written) or b"/"
        await self.app(scope, receive, send)
