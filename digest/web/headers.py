"""What every answer tells the browser: what a page may load, who may frame it, what may be kept."""

import base64
import hashlib
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest import resources
from digest.model.newsletter import Newsletter
from digest.services import Services
from digest.web.network import is_https

_OWN = "default-src 'none'; script-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
#: Public pages load our stylesheets and nothing else; a newsletter's own also its logo.
PUBLIC = _OWN + "img-src 'self' data:; frame-ancestors 'none'"
#: The sign-up page may also run the script that stands in it and finds the reader's time zone: by its hash (CSP 3,
#: §6.7.2.4), so that nothing else runs there, not even another script of ours. Jinja leaves its last line break off.
_ZONE_SCRIPT = (resources.templates() / "web" / "public" / "zone.js").read_bytes().removesuffix(b"\n")
_ZONE_HASH = base64.b64encode(hashlib.sha256(_ZONE_SCRIPT).digest()).decode()
SIGN_UP = PUBLIC.replace("script-src 'none'", f"script-src 'sha256-{_ZONE_HASH}'")
#: The sign-up form that other sites show in a frame of theirs.
EMBEDDED = PUBLIC.replace("frame-ancestors 'none'", "frame-ancestors *")
#: The desk also runs our own scripts, which ask only us, and shows the pictures of Stories, and the preview in a frame.
DESK = (
    _OWN.replace("script-src 'none'", "script-src 'self'; connect-src 'self'")
    + "img-src 'self' http: https: data:; frame-src 'self'; frame-ancestors 'none'"
)

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
#: The text part of a mail there, in a page of ours; what stands in a sandbox is nobody's, so 'self' would be nothing.
FRAMED_TEXT = "sandbox; default-src 'none'; style-src http: https:; frame-ancestors 'self'"

#: Addresses that hold a token, and the pages of staff: kept by no cache and listed by no search engine.
_TOKENS = ("/confirm/", "/u/", "/p/", "/a/", "/d/", "/f/", "/v/")
_PRIVATE = (*_TOKENS, "/hooks/", "/desk")
_SIGN_UP = re.compile(r"/subscribe/[^/]+")
_EMBEDDED = re.compile(r"/subscribe/([^/]+)/form")
#: What others than our pages show: mails, previews of links, and what stands in a sandbox, whose origin is nobody's.
_SHOWN_ELSEWHERE = re.compile(r"/i/.*|/static/.*|/brand/.*|/archive/.*/card\.png|/subscribe/[^/]+/form")
#: No word of a policy's own can hide in it.
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d+)?")
#: Every mail that we have ever sent leads to https; there is no way back to http. Not for the hosts below ours, of
#: which we know nothing.
_HTTPS_ONLY = "max-age=31536000"


def opens_by_token(path: str) -> bool:
    """Return whether *path* is an address that holds a reader's token."""
    return path.startswith(_TOKENS)


def framed(path: str) -> str:
    """Return the slug of the newsletter whose small form *path* is the address of; empty for any other address."""
    found = _EMBEDDED.fullmatch(path)
    return found[1] if found else ""


def common(request: Request) -> dict[str, str]:
    """Return the headers that the answer to *request* bears unless it has set its own."""
    services: Services = request.app.state.services
    path = request.scope["path"]
    is_desk = path.startswith("/desk")
    headers = {
        "Content-Security-Policy": DESK if is_desk else _policy(path, services),
        "X-Content-Type-Options": "nosniff",
        # Under no-referrer browsers post forms with "Origin: null"; the desk wants to see its own origin.
        "Referrer-Policy": "same-origin" if is_desk else "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if _SHOWN_ELSEWHERE.fullmatch(path) else "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if path.startswith(_PRIVATE):
        headers |= {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
    if services.settings.base_url.startswith("https:") and is_https(request):
        headers["Strict-Transport-Security"] = _HTTPS_ONLY
    return headers


def _policy(path: str, services: Services) -> str:
    special = {EMBEDDED: _EMBEDDED, SIGN_UP: _SIGN_UP}
    policy = next((policy for policy, where in special.items() if where.fullmatch(path)), PUBLIC)
    logos = (newsletter.look.logo for newsletter in _shown(path, services))
    origins = {_origin(logo.url) for logo in logos if logo is not None}
    return policy.replace("img-src 'self'", " ".join(("img-src 'self'", *sorted(filter(None, origins)))))


def _shown(path: str, services: Services) -> Iterator[Newsletter]:
    """Give the newsletters whose logo may stand on the page at *path*."""
    kind, _, rest = path.removeprefix("/").partition("/")
    slug = rest.partition("/")[0]
    for newsletter in services.settings.newsletters:
        # Whose page a token opens, the address does not say.
        if opens_by_token(path) or (kind in {"subscribe", "archive"} and slug == newsletter.slug):
            yield newsletter


def _origin(url: str) -> str | None:
    """Return where *url* is from, as a policy names it; None where a policy cannot."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        origin = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return None
    return origin if _ORIGIN.fullmatch(origin) else None


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
                for name, value in common(Request(scope)).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
