"""What a site asks of robots: robots.txt, RFC 9309."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, Self
from urllib.parse import quote, urlsplit

from digest.http.client import Response
from digest.http.faults import UnwelcomeStatus

#: The name by which we look for ourselves; the client's User-Agent begins with it.
PRODUCT = "DailyDigest"
KEPT = timedelta(hours=24)
#: RFC 9309 §2.5: at least so much must be read.
LARGEST = 500 * 1024
LONGEST_PAUSE = timedelta(seconds=30)

LINE = re.compile(r"\s*([a-z-]+)\s*:\s*([^#]*)", re.IGNORECASE)
TOKEN = re.compile(r"[a-z_-]+", re.IGNORECASE)
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
#: An escaped octet, or a character that no URL holds unescaped.
ESCAPES = re.compile(r"%[0-9a-f]{2}|[^\w.~!&'()+,;=@/:?*$%-]", re.IGNORECASE | re.ASCII)


class Client(Protocol):
    """Whatever can fetch: the guarded client, or a stand-in for it."""

    async def get(self, url: str) -> Response:
        """Return the answer of *url*, or raise FetchFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What one site asks of us: which paths to leave alone, and how long to wait between two requests."""

    #: Each pattern, escaped, with whether what fits it may be read.
    patterns: tuple[tuple[str, bool], ...] = ()
    pause: timedelta = timedelta(0)

    @classmethod
    def parse(cls, text: str, product: str = PRODUCT) -> Self:
        """Return what the robots.txt *text* asks of *product*, else of every robot; anything else in it is ignored."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for agents, rules in _groups(text):
            for agent in agents:
                groups.setdefault(agent, []).extend(rules)
        asked = groups.get(product.lower(), groups.get("*", []))
        return cls(
            tuple((_pattern(value), key == "allow") for key, value in asked if key != "crawl-delay" and value),
            max((_pause(value) for key, value in asked if key == "crawl-delay"), default=timedelta(0)),
        )

    def allow(self, url: str) -> bool:
        """Return whether *url* may be read: the longest pattern that fits decides, and of two as long the kind one."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path = _escaped(path).replace("*", "%2A").replace("$", "%24")
        fitting = [(len(pattern), allows) for pattern, allows in self.patterns if _fits(pattern, path)]
        return max(fitting)[1] if fitting else True


class Robots:
    """The Rules of many sites, each asked for at most once in 24 hours. May be kept and used for many rounds."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[datetime, Rules]] = {}

    async def rules(self, site: str, client: Client, *, now: datetime) -> Rules:
        """
        Return the Rules of *site*, as ``site_of`` names it; none where it has no robots.txt (RFC 9309 §2.3.1.3).

        Raises FetchFailed while the site does not answer or is too busy to: then nothing of it may be read (§2.3.1.4).
        """
        asked_at, rules = self._kept.get(site, (None, Rules()))
        if asked_at is None or now - asked_at >= KEPT:
            rules = await _asked(site, client)
            self._kept[site] = (now, rules)
        return rules


def site_of(url: str) -> str:
    """Return the site of *url*, to which one robots.txt applies: scheme, host and port; *url* itself if it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


async def _asked(site: str, client: Client) -> Rules:
    try:
        answer = await client.get(f"{site}/robots.txt")
    except UnwelcomeStatus as error:
        if not 400 <= error.status <= 499 or error.status == 429:
            raise
        return Rules()
    return Rules.parse(answer.body[:LARGEST].decode("utf-8-sig", "replace"))


def _groups(text: str) -> Iterator[tuple[list[str], list[tuple[str, str]]]]:
    """Yield each group: the names that it is for, in lower case, and its rules as key and value."""
    agents: list[str] = []
    rules: list[tuple[str, str]] = []
    for line in re.split(r"[\r\n]+", text.lstrip("\ufeff")):
        found = LINE.match(line)
        key, value = (found[1].lower(), found[2].strip()) if found else ("", "")
        if key == "user-agent":
            if rules:
                yield agents, rules
                agents, rules = [], []
            name = TOKEN.match(value)
            agents.append(name[0].lower() if name else value)
        elif key in {"allow", "disallow", "crawl-delay"} and agents:
            rules.append((key, value))
    yield agents, rules


def _fits(pattern: str, path: str) -> bool:
    """Return whether *path* begins with *pattern*; ``*`` is any text and a last ``$`` the end (RFC 9309 §2.2.3)."""
    is_whole = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if is_whole and not others:
        return path == first
    last = others.pop() if is_whole else ""
    at = len(first)
    for part in others:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return path.endswith(last) and len(path) - len(last) >= at


def _pattern(text: str) -> str:
    """Return the pattern *text*, in which ``$`` means the end at its end only."""
    return _escaped(text.removesuffix("$")).replace("$", "%24") + ("$" if text.endswith("$") else "")


def _escaped(text: str) -> str:
    """Return *text* with one way to write each octet (RFC 9309 §2.2.2), so that only what differs differs."""
    path, mark, query = ESCAPES.sub(_octets, text).partition("?")
    return path + mark + query.replace(":", "%3A").replace("/", "%2F")


def _octets(found: re.Match[str]) -> str:
    text = found[0]
    if len(text) == 3 and text.startswith("%"):
        octet = int(text[1:], 16)
        return chr(octet) if octet in UNRESERVED else text.upper()
    return quote(text, safe="", errors="replace")


def _pause(text: str) -> timedelta:
    """Return the seconds of *text*, half a minute at most; none for what is no number."""
    try:
        return timedelta(seconds=min(max(float(text), 0.0), LONGEST_PAUSE.total_seconds()))
    except ValueError:
        return timedelta(0)
