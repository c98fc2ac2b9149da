"""The headline of a page, out of what JSON-LD, OpenGraph, headings and the window's title call it."""

import re
from collections.abc import Iterable

from lxml.html import HtmlElement

from digest.gather.pages.metadata import Metadata
from digest.gather.pages.tree import text_of
from digest.gather.text.clean import plain

#: What stands between a headline and the name of the site or section behind it.
BETWEEN = r"\s*(?:[|\u2502\u3163\u00bb\u00b7\u2022]|\s[\u2013\u2014:-]\s)\s*"
#: A part of the window's title that is longer is no name of a site.
LONGEST_NAME = 40
#: Fewer characters identify no headline.
TELLING = 12
#: More characters are no headline.
LONGEST = 1000
MOST_HEADINGS = 10
NOT_ALNUM = re.compile(r"[\W_]+")


def headline(tree: HtmlElement, said: Metadata) -> tuple[str, str]:
    """
    Return the headline and where it was found.

    JSON-LD, og:title and the heading count in this order, but for words of JSON-LD that only the window's title has
    too. The names of site and section behind a headline are left out, as is whatever follows it in one place but not in
    another.
    """
    names = {
        said.said("og:site_name"),
        said.text("publisher"),
        said.text("articleSection"),
        said.said("article:section"),
    }
    window = plain((tree.findtext(".//title") or "")[:LONGEST])
    headings = [
        text
        for _, text in zip(range(MOST_HEADINGS), map(text_of, tree.iter("h1")), strict=False)
        if 0 < len(text) <= LONGEST
    ]
    found = {"JSON-LD": said.text("headline"), "og:title": said.said("og:title", "twitter:title")}
    found = {origin: _bare(text, names) for origin, text in found.items()}
    found["h1"] = _heading(headings, [*found.values(), window])
    short = min((text for text in found.values() if len(text) >= TELLING), key=len, default="")
    found = {origin: short if _begins(text, short) else text for origin, text in found.items()}
    if _key(found["JSON-LD"]) != _key(found["og:title"]) == _key(found["h1"]) and _begins_key(window, found["JSON-LD"]):
        # The words for the window and for machines are those for search engines; readers see the others.
        found["JSON-LD"] = ""
    found["title"] = _without_site(_bare(window, names))
    return next(((text, origin) for origin, text in found.items() if text), ("", ""))


def same(text: str, title: str) -> bool:
    """Return whether *text* is *title* but for its signs and spaces, perhaps with a few words before it."""
    one, other = _key(text), _key(title)
    return bool(other) and (
        one == other or (len(other) >= TELLING and one.endswith(other) and len(one) < 2 * len(other))
    )


def _heading(headings: list[str], others: list[str]) -> str:
    """Return the heading that another place names too, else the first of more than one word."""
    confirmed = (text for text in headings if len(text) >= TELLING and any(_key(text) in _key(one) for one in others))
    return next(confirmed, "") or next((text for text in headings if " " in text or len(text) >= TELLING), "")


def _bare(title: str, names: Iterable[str]) -> str:
    endings = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    return re.sub(rf"(?:{BETWEEN}(?:{endings}))+$", "", title, flags=re.IGNORECASE) if endings else title


def _begins(text: str, short: str) -> bool:
    """Return whether *text* is the headline *short* with names behind it."""
    return bool(short) and text.startswith(short) and bool(re.match(rf"{BETWEEN}|\s*-", text[len(short) :]))


def _begins_key(text: str, short: str) -> bool:
    return bool(short) and _key(text).startswith(_key(short))


def _without_site(window: str) -> str:
    """Return the window's title without the short last part that names the site."""
    *head, last = re.split(f"({BETWEEN})", window)
    return "".join(head[:-1]) if head and len(last) <= LONGEST_NAME and len("".join(head)) > len(last) else window


def _key(text: str) -> str:
    return NOT_ALNUM.sub("", text.casefold())
