"""What every answer tells the browser: what a page may load, who may frame it, what may be kept."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OWN = "default-src 'none'; script-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
#: Public pages load our stylesheet and nothing else.
PUBLIC = _OWN + "img-src 'self' data:; frame-ancestors 'none'"
#: The desk also shows the pictures of Stories, and the preview in a frame.
DESK = _OWN + "img-src 'self' http: https: data:; frame-src 'self'; frame-ancestors 'none'"

_MAIL = "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'"
#: A mail on a page of its own: no script, no form, an origin of its own; links open.
SHOWN_MAIL = f"sandbox allow-popups allow-popups-to-escape-sandbox; {_MAIL}; frame-ancestors 'none'"
#: What a mail on a page of its own bears. HTML has browsers refuse a page that is both sandboxed and cut off from its
#: opener ("create navigation params by fetching"); without script there is nothing that an opener could reach.
SHOWN_MAIL_HEADERS = {"Content-Security-Policy": SHOWN_MAIL, "Cross-Origin-Opener-Policy": "unsafe-none"}
#: A mail in the desk's preview: the same, and its links lead nowhere but to a new tab.
FRAMED_MAIL = f"sandbox; {_MAIL}; frame-ancestors 'self'"
#: The same without pictures, as many mail programs show it at first.
FRAMED_WITHOUT_PICTURES = FRAMED_MAIL.replace("img-src http: https: data:", "img-src 'none'")

#: Addresses that hold a token, and the pages of staff: kept by no cache and listed by no search engine.
_PRIVATE = ("/confirm/", "/u/", "/p/", "/a/", "/d/", "/f/", "/v/", "/hooks/", "/desk")


def common(path: str) -> dict[str, str]:
    """Return the headers that an answer at *path* bears unless it has set its own."""
    is_desk = path.startswith("/desk")
    headers = {
        "Content-Security-Policy": DESK if is_desk else PUBLIC,
        "X-Content-Type-Options": "nosniff",
        # Under no-referrer browsers post forms with "Origin: null"; the desk wants to see its own origin.
        "Referrer-Policy": "same-origin" if is_desk else "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if path.startswith(_PRIVATE):
        headers |= {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
    return headers


class Headers:
    """The ASGI middleware that adds ``common`` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; complete the head of its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in common(scope["path"]).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
