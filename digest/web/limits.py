"""Limits: how often one network may ask for something, counted in this process over a moving window."""

import datetime as dt
import math
from collections import OrderedDict
from threading import Lock

from fastapi import Depends, HTTPException, Request
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.staff.sessions import household
from digest.web import faults
from digest.web.headers import opens_by_token
from digest.web.network import Network, is_loopback, network_of
from digest.web.pages import services_of
from digest.web.words import phrase

_SIGN_UPS = phrase("Many sign-ups came from your network within the hour.")
_POSTS = phrase("Much has been sent from your network within a few minutes.")
_STRAYS = phrase("Many links that do not work were tried from your network.")


class Limit:
    """
    At most *most* times within *window* for each network.

    A network is an IPv4 address, or a /64 of IPv6: whoever has one address there usually has them all.
    This machine itself is never limited: behind a proxy that does not say whom it speaks for, it stands for everybody.
    It forgets the network that has been silent longest rather than grow beyond *remembered*.
    """

    def __init__(self, most: int, window: dt.timedelta, *, remembered: int = 10_000) -> None:
        self.window, self.remembered = window, remembered
        self._item = RateLimitItemPerSecond(most, int(window.total_seconds()))
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        # The storage keeps an empty list for every network that ever came; here the oldest are taken out of it.
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def allows(self, network: str) -> bool:
        """Count one more from *network* and return whether it is within the limit; what is refused does not count."""
        if is_loopback(network):
            return True
        key = household(network)
        with self._lock:
            self._recent[key] = None
            self._recent.move_to_end(key)
            while len(self._recent) > self.remembered:
                self._limiter.clear(self._item, self._recent.popitem(last=False)[0])
            return self._limiter.hit(self._item, key)

    def wait(self, network: str, now: dt.datetime) -> int:
        """Return in how many seconds from *now* the first of what counts against *network* no longer does."""
        reset = self._limiter.get_window_stats(self._item, household(network)).reset_time
        return max(1, math.ceil(reset - now.timestamp()))


class Limits:
    """The limits of the public pages."""

    def __init__(self) -> None:
        #: Enough for a household or a small office.
        self.sign_ups = Limit(20, dt.timedelta(hours=1))
        #: What is posted on the pages behind readers' links.
        self.posts = Limit(60, dt.timedelta(minutes=10))
        #: Links to such pages that are none of ours.
        self.strays = Limit(100, dt.timedelta(minutes=10))


def sign_ups(request: Request, network: Network) -> None:
    """Count a sign-up; 429 beyond the limit."""
    limit = limits_of(request).sign_ups
    if not limit.allows(network):
        raise _too_often(request, limit, _SIGN_UPS)


def reader_posts(request: Request, network: Network) -> None:
    """
    Count what is posted on a page behind a reader's link; 429 beyond the limit.

    Never for the one-click POST of RFC 8058: mail providers send it for all their users from a few addresses.
    """
    limit = limits_of(request).posts
    if not limit.allows(network):
        raise _too_often(request, limit, _POSTS)


#: What a route declares: ``@router.post("/p/{token}", dependencies=[ReaderPosts])``.
SignUps, ReaderPosts = Depends(sign_ups), Depends(reader_posts)


class Strays:
    """
    The ASGI middleware that counts the tokens that open nothing, by network, and beyond the limit no longer says so.

    A reader whose link is good never meets it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; take back an answer that there is nothing, from whoever has heard it too often."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or not opens_by_token(scope["path"]):
            await self.app(scope, receive, send)
            return
        refused = False

        async def send_unless_too_often(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] == 404:
                request = Request(scope)
                refused = not limits_of(request).strays.allows(network_of(request))
            if not refused:
                await send(message)

        await self.app(scope, receive, send_unless_too_often)
        if refused:
            request = Request(scope)
            fault = _too_often(request, limits_of(request).strays, _STRAYS)
            await faults.refused(request, fault)(scope, receive, send)


def limits_of(request: Request) -> Limits:
    """Return the limits of this application."""
    limits: Limits = request.app.state.limits
    return limits


def _too_often(request: Request, limit: Limit, text: str) -> HTTPException:
    wait = limit.wait(network_of(request), services_of(request).clock.now())
    return HTTPException(429, text, headers={"Retry-After": str(wait)})
