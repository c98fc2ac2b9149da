"""Which addresses lead to the same piece: the URL key. Readers always get the real link, never the key."""

import hashlib
import re
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit

from digest.links import TRACKING

LONGEST = 2000

PREFIX = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=[^.]+\.)")
DEFAULT_PORTS = {"http": 80, "https": 443}
# Beside what only tells where a reader comes from: what may say so, or chooses another dress of the same page.
SAME_PAGE = re.compile(
    rf"{TRACKING}|(?:at|mc|wt|ga|fb|itm)_\w*|ref|ref_?src|ref_?url|referr?er|amp|output_?type", re.IGNORECASE
)
AMP = re.compile(r"/amp(?:\.html)?$|\.amp(?=\.html$|$)", re.IGNORECASE)
INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
# What may stand in a path as it is: RFC 3986 §3.3.
IN_PATH = "-._~!$&'()*+,;=:@"


def url_key(url: str) -> str:
    """
    Return *url* without all that does not tell pages apart: same key, same piece.

    Dropped are scheme, user, ``www.`` and ``m.``, default port, fragment, dot segments, index file, trailing slash,
    AMP marks and tracking parameters; the other parameters are sorted. The case of the path stays. What is no web
    address is its own key. At most 2,000 characters.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return shortened(url.strip())
    if parts.scheme not in DEFAULT_PORTS or not host:
        return shortened(url.strip())
    port_text = "" if port is None or port == DEFAULT_PORTS[parts.scheme] else f":{port}"
    query = _query(parts.query)
    return shortened(PREFIX.sub("", _ascii(host)) + port_text + _path(parts.path) + (f"?{query}" if query else ""))


def host_of(url: str) -> str:
    """Return the host of *url* without ``www.``, as readers know a publisher; empty when there is none."""
    try:
        return PREFIX.sub("", urlsplit(url).hostname or "")
    except ValueError:
        return ""


def shortened(identifier: str) -> str:
    """Return *identifier*, or its start and a hash of the whole where it has more than 2,000 characters."""
    if len(identifier) <= LONGEST:
        return identifier
    return identifier[: LONGEST - 65] + "#" + digest_of(identifier)


def digest_of(text: str) -> str:
    """Return a hash of *text* to tell pieces apart by: 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _path(path: str) -> str:
    """Return *path* with one way of writing for each: RFC 3986 §5.2.4 and §6.2.2."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in {"", "."}:
            kept.append(quote(unquote_to_bytes(segment), safe=IN_PATH))
    clean = "".join(f"/{segment}" for segment in kept)
    return AMP.sub("", INDEX.sub("", clean))


def _query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    kept = [(name, value) for name, value in pairs if not SAME_PAGE.fullmatch(name)]
    return urlencode(sorted(kept), errors="surrogateescape")
