"""What an address tells by itself: the site it belongs to, whether it leads to an article, its day and its words."""

import re
from datetime import UTC, datetime
from urllib.parse import SplitResult, unquote, urlsplit

from digest.gather.identity import host_of, url_key
from digest.gather.text.clean import plain
from digest.gather.text.dates import EARLIEST

# What leads to lists, forms and files rather than to a piece, as a whole segment of the path.
NO_ARTICLE = re.compile(
    r"tags?|tagged|labels?|categor(?:y|ies)|kategorien?|topics?|them[ae]n?|sections?|rubriken?|archives?|archiv|authors?"
    r"|autor(?:en|es)?|auteurs?|writers?|profiles?|users?|members?|people|login|log-?in|sign-?(?:in|up)|logout|register"
    r"|account|anmelden|registrieren|connexion|subscribe|subscriptions?|abo|newsletters?|search|suche|recherche|about"
    r"|about-us|ueber-uns|contact|contact-us|kontakt|impressum|imprint|privacy|privacy-policy|datenschutz|cookies?"
    r"|terms(?:-[\w-]+)?|legal|agb|advertis(?:e|ing)|jobs|careers|help|faq|feeds?|rss|atom|sitemaps?|comments?"
    r"|wp-(?:admin|content|includes|json|login\.php)|cdn-cgi|shop|cart|page|share|print|videos?|fotos?|photos?"
    r"|galler(?:y|ies)|podcasts?|live-?tv|e-?paper|weather|wetter|horoscopes?|crosswords?",
    re.IGNORECASE,
)
# What hangs below the name of a newspaper and is none.
NO_NEWS = re.compile(
    r"(?:jobs?|stellenmarkt|anzeigen|shop|store|abo|podcasts?|trauer|tickets?|accounts?|login|help)\.",
    re.IGNORECASE,
)
FILE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|pdf|zip|gz|mp[34]|m4[av]|ogg|webm|css|js|json|xml|rss|atom|txt|ics|epub)$",
    re.IGNORECASE,
)
DAY = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[/_-]?(?P<month>0[1-9]|1[0-2])[/_-]?(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"
)
NUMBER = re.compile(r"\d{5,}|(?<![a-z0-9])(?=[a-f]*\d)[0-9a-f]{8,}(?![a-z0-9])", re.IGNORECASE)
CODE = re.compile(rf"[a-z]?(?:{NUMBER.pattern})", re.IGNORECASE)
ENDING = re.compile(r"\.(?:s?html?|php|aspx?|jsp|ece|cms|do)$", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]{2,}")
SEPARATED = re.compile(r"[-_+.,~\s]+")
# From so many words on, a slug is the title of a piece rather than the name of a section.
TITLE_WORDS = 4

#: The likeness from which an address alone is taken for that of an article.
ARTICLE = 2


def is_same_site(one: str, other: str) -> bool:
    """Return whether the addresses lie on one host, ``www.`` aside, or one's host lies below the other's."""
    a, b = host_of(one).lower(), host_of(other).lower()
    return bool(a and b) and (a == b or a.endswith(f".{b}") or b.endswith(f".{a}"))


def likeness(url: str) -> int:
    """
    Return how much *url* looks like the address of an article, from 0 (not at all) to 6.

    Counted are a slug of several words, a day, and a long number, as publishers write them, and how deep it lies.
    """
    parts = _parts(url)
    segments = [segment for segment in unquote(parts.path).split("/") if segment]
    if FILE.search(parts.path) or not (segments or parts.query):
        return 0
    slug = ENDING.sub("", segments[-1]) if segments else ""
    words = len(_words(slug))
    told = (
        min(2, words // 3) + (1 if words >= TITLE_WORDS else 0),
        2 if DAY.search(parts.path) else 0,
        1 if NUMBER.search(f"{'/'.join(segments[-2:])}?{parts.query}") else 0,
        1 if len(segments) >= 2 or (segments and ENDING.search(segments[-1])) else 0,
    )
    found = min(6, sum(told))
    if any(NO_ARTICLE.fullmatch(segment) for segment in segments):
        return found if found > 3 and segments and not NO_ARTICLE.fullmatch(segments[-1]) else 0
    return found


def leads_nowhere(url: str) -> bool:
    """Return whether *url* is the front page of its site, a file, or named like a list or a form."""
    parts = _parts(url)
    segments = [segment for segment in unquote(parts.path).split("/") if segment]
    if FILE.search(parts.path) or NO_NEWS.match(parts.netloc) or not (segments or parts.query):
        return True
    return any(NO_ARTICLE.fullmatch(segment) for segment in segments) and likeness(url) == 0


def day_in(url: str, *, fetched_at: datetime) -> datetime | None:
    """Return the day that the path of *url* names, as aware UTC; None when it names none that has come."""
    found = DAY.search(_parts(url).path)
    if found is None:
        return None
    try:
        day = datetime(int(found["year"]), int(found["month"]), int(found["day"]), tzinfo=UTC)
    except ValueError:
        return None
    return day if EARLIEST <= day <= fetched_at else None


def title_in(url: str) -> str:
    """Return the words of the slug of *url* as a title, else its URL key: until its page is read."""
    segments = [segment for segment in unquote(_parts(url).path).split("/") if segment]
    for segment in reversed(segments[-2:]):
        words = _words(ENDING.sub("", segment))
        if len(words) >= 2:
            text = plain(" ".join(words))
            return text[:1].upper() + text[1:]
    return url_key(url)


def _words(slug: str) -> list[str]:
    """Return the words of *slug*, without the number or code that begins it and all from the one that ends it on."""
    pieces = [piece for piece in SEPARATED.split(slug) if piece]
    while pieces and NUMBER.fullmatch(pieces[0]):
        del pieces[0]
    code = next((place for place, piece in enumerate(pieces) if CODE.fullmatch(piece)), len(pieces))
    while code and len(pieces[code - 1]) == 1 and code < len(pieces):
        code -= 1
    return pieces[:code] if any(WORD.search(piece) for piece in pieces[:code]) else []


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
