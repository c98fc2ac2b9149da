"""The picture of a page: the one that it shares, unless that is a logo, else the largest within its text."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from digest.gather.pages.metadata import Metadata
from digest.gather.pages.tree import marks_of
from digest.gather.piece import absolute

Found = tuple[str, str]

#: Names of pictures that stand for the site or for nothing.
GENERIC = re.compile(
    r"(?:^|[^a-z])(?:logos?|defaults?|placeholder|fallback|share|sharing|favicon|sprite|avatar|gravatar|blank|pixel|spacer|"
    r"icons?|apple-touch|badge|button|emoji|spinner|loading|transparent|1x1|og-?image|noimage|no-image|dummy|generic)"
    r"(?:[^a-z]|$)|\.(?:svg|ico)$",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(
    r"related|recommend|sidebar|widget|footer|teaser|promo|comment|author|avatar|logo|newsletter|banner"
)
APART = frozenset({"aside", "footer", "nav", "header"})
ADDRESSES = ("src", "data-src", "data-original", "data-lazy-src", "data-url")
SETS = ("srcset", "data-srcset", "data-lazy-srcset")
SIZE = re.compile(r"\s*(\d{1,5})(?:\.\d+)?(?:px)?\s*$")
WIDTH = re.compile(r"(\S+?),?\s+(\d{1,5})w(?=\s*,|\s*$)")
#: Narrower pictures illustrate nothing.
NARROWEST = 120
#: A picture that does not say its width is taken to be this wide.
UNKNOWN_WIDTH = 300
MOST_PICTURES = 200


def picture(tree: HtmlElement, said: Metadata, *, base: str) -> Found:
    """Return the address of the picture, absolute by *base*, and where it was found; ("", "") when there is none."""
    shared = [(absolute(base, address), origin) for address, origin in _shared(said) if address]
    shared = [(address, origin) for address, origin in shared if address]
    good = (found for found in shared if not _is_generic(found[0]))
    return next(good, None) or _largest(tree, base) or next(iter(shared), ("", ""))


def _shared(said: Metadata) -> Iterator[Found]:
    for name in ("og:image:secure_url", "og:image", "og:image:url"):
        yield from ((address, "og:image") for address in said.meta.get(name, ()))
    yield from ((named.name, "JSON-LD") for named in said.named("image"))
    yield said.said("twitter:image", "twitter:image:src"), "twitter:image"
    yield said.text("thumbnailUrl"), "JSON-LD"


def _largest(tree: HtmlElement, base: str) -> Found | None:
    """Return the widest picture of the text, the earlier one when in doubt."""
    within = next((found for tag in ("article", "main", "body") for found in tree.iter(tag)), tree)
    best: tuple[int, str] = (0, "")
    pictures = (element for element in within.iter("img") if not _is_elsewhere(element))
    for element, _ in zip(pictures, range(MOST_PICTURES), strict=False):
        width, address = _read(element)
        address = absolute(base, address) if address else ""
        if address and width > best[0] and width >= NARROWEST and not _is_generic(address):
            best = (width, address)
    return (best[1], "largest picture") if best[1] else None


def _read(element: HtmlElement) -> tuple[int, str]:
    """Return width and address of the picture *element*; of several sizes the widest."""
    sizes = [size for size in (SIZE.match(element.get(name) or "") for name in ("width", "height")) if size]
    width = min((int(size[1]) for size in sizes), default=UNKNOWN_WIDTH)
    width = int(sizes[0][1]) if len(sizes) > 1 and width >= NARROWEST // 2 else width
    choices = [(int(found[2]), found[1]) for name in SETS for found in WIDTH.finditer((element.get(name) or "")[:5000])]
    address = next((said for name in ADDRESSES if (said := element.get(name)) and not said.startswith("data:")), "")
    widest = max(choices, default=(0, ""))
    return (max(width, widest[0]), widest[1]) if widest[1] and width >= NARROWEST else (width, address)


def _is_generic(address: str) -> bool:
    path = address.partition("?")[0].partition("#")[0]
    return bool(GENERIC.search(path.rpartition("/")[2]))


def _is_elsewhere(element: HtmlElement) -> bool:
    return any(
        one.tag in APART or ELSEWHERE.search(marks_of(one))
        for one in (element, *element.iterancestors())
        if one.tag not in {"body", "html", "main", "article"}
    )
