"""What stands around a link on a page that lists articles: its card, with title, teaser, date and picture."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from digest.gather.pages.tree import text_of
from digest.gather.text.dates import parse_date, relative

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: So far above the link its card may begin.
HIGHEST = 8
#: Lists without boxes set date and teaser after the title: at most so many elements further on.
FOLLOWING = 4
FLAT = frozenset({*HEADINGS, "tr", "dt", "dd", "p", "a", "span", "time", "small", "figure", "img"})
SHORTEST_TEASER = 40
LONGEST_DATE = 60
SMALLEST_PICTURE = 40

TITLE_CLASS = re.compile(r"(?:^|[\s_-])(?:title|headline|heading)(?:$|[\s_-])", re.IGNORECASE)
DATE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:date|time|timestamp|published|posted|age|datum|fecha|data)(?:$|[\s_-])", re.IGNORECASE
)
PICTURE_SOURCES = ("src", "data-src", "data-original", "data-lazy-src", "srcset", "data-srcset")
SIZE = re.compile(r"\s*(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Card:
    """The elements that belong to one link, in the order of the page."""

    parts: tuple[HtmlElement, ...]

    def heading(self) -> str:
        """Return the text of the first heading, else of what is named like one; empty when there is none."""
        for element in self._elements():
            if element.tag in HEADINGS and (text := text_of(element)):
                return text
        named = (element for element in self._elements() if TITLE_CLASS.search(element.get("class") or ""))
        return next((text for element in named if (text := text_of(element))), "")

    def teaser(self, title: str) -> str:
        """Return the longest paragraph that is not the title; empty when there is none of some length."""
        texts = (text_of(element) for element in self._elements() if element.tag in {"p", "dd"})
        fitting = (text for text in texts if len(text) >= SHORTEST_TEASER and text not in title)
        return max(fitting, key=len, default="")

    def published(self, *, fetched_at: datetime) -> datetime | None:
        """Return the first date that is marked as one, or stands alone in a short text that is named like one."""
        for element in self._elements():
            if element.tag == "time" or DATE_CLASS.search(element.get("class") or ""):
                for said in (element.get("datetime"), element.get("title"), _short(element)):
                    if said and (found := _date(said, fetched_at)):
                        return found
        return None

    def picture(self) -> str:
        """Return the address of the first picture that is no icon, as written there; empty when there is none."""
        for element in self._elements():
            if element.tag == "img" and not _is_small(element) and (address := _address(element)):
                return address
        return ""

    def alternative(self) -> str:
        """Return the text that stands for the first picture which has one."""
        return next((said for e in self._elements() if e.tag == "img" and (said := e.get("alt"))), "")

    def _elements(self) -> Iterator[HtmlElement]:
        for part in self.parts:
            yield from part.iter()


class Cards:
    """The cards of one page, told apart by the links of different *keys* that stand in them."""

    def __init__(self, links: Iterable[tuple[HtmlElement, str]]) -> None:
        self._keys: dict[HtmlElement, set[str]] = {}
        for element, key in links:
            for place in _upwards(element):
                self._keys.setdefault(place, set()).add(key)

    def of(self, element: HtmlElement, key: str) -> Card:
        """Return the card of the link *element*: as far up as only *key* is linked, and what follows it if flat."""
        top = element
        for place in _upwards(element):
            if self._keys.get(place, set()) - {key}:
                break
            top = place
        parts = [top]
        for sibling, _ in zip(top.itersiblings() if top.tag in FLAT else (), range(FOLLOWING), strict=False):
            if sibling in self._keys or sibling.tag not in FLAT:
                break
            parts.append(sibling)
        return Card(tuple(parts))


def _upwards(element: HtmlElement) -> Iterator[HtmlElement]:
    yield element
    for place, _ in zip(element.iterancestors(), range(HIGHEST), strict=False):
        if place.tag in {"body", "html", "main"}:
            return
        yield place


def _short(element: HtmlElement) -> str:
    text = text_of(element)
    return text if len(text) <= LONGEST_DATE else ""


def _date(said: str, fetched_at: datetime) -> datetime | None:
    """Return the instant that *said* names; some write an ISO date and a number of seconds after it."""
    return (
        parse_date(said, fetched_at=fetched_at)
        or parse_date(said.partition(" ")[0], fetched_at=fetched_at)
        or relative(said.rpartition("·")[2].strip(), fetched_at=fetched_at)
    )


def _is_small(element: HtmlElement) -> bool:
    sizes = (SIZE.match(element.get(name) or "") for name in ("width", "height"))
    return any(size and int(size[1]) < SMALLEST_PICTURE for size in sizes)


def _address(element: HtmlElement) -> str:
    for name in PICTURE_SOURCES:
        said = (element.get(name) or "").strip()
        if said and not said.startswith("data:"):
            return said.split()[0].rstrip(",") if "srcset" in name else said
    return ""
