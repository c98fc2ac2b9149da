"""Who wrote a page: its JSON-LD, its meta tags, the line under its headline; its publisher only when nobody else."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml.etree import XPath
from lxml.html import HtmlElement

from digest.gather.identity import host_of
from digest.gather.pages.metadata import Metadata, Named
from digest.gather.pages.tree import elements, marks_of, text_of
from digest.gather.text import phrases

META = ("author", "article:author", "parsely-author", "sailthru.author", "cxenseparse:author", "og:author", "byl")
#: Written surname first: "Quill, Marta" (Dublin Core, Highwire).
SURNAME_FIRST = ("citation_author", "dc.creator")
LONGEST_NAME, MOST_WORDS = 60, 6
LONGEST_BYLINE = 200
MOST_AUTHORS = 20
#: So many elements may look like a byline before the search is given up, and so many within one are looked at.
MOST_BYLINES, MOST_WITHIN = 20, 100

BYLINE = re.compile(r"(?:^|[\s_-])(?:authors?|bylines?|autor|autoren|auteurs?|autore|autores|creator)\b|[_-]byline")
#: All elements that can match the expression above, found quickly.
PERHAPS = XPath(
    "//*[{}]".format(
        " or ".join(
            f"contains(concat(@class, ' ', @id, ' ', @itemprop, ' ', @rel, ' ', @data-testid), '{part}')"
            for part in ("utho", "yline", "utor", "uteu", "reato")
        )
    )
)
#: Whose writers are not those of the article, or no writers.
ELSEWHERE = re.compile(
    r"comment|teaser|related|recommend|sidebar|widget|footer|bio\b|caption|image|photo|foto|bild|picture|promo|avatar|"
    r"follow|share|social|newsletter|menu|popular|trending|most-?read|card"
)
APART = frozenset({"aside", "footer", "nav", "figure", "figcaption", "button", "form", "script", "style"})
_BY = "by|von|par|por|di|da|door|av|af"
_DONE = "written|posted|published|reported|reviewed|edited|reporting"
# Before a colon any of these; else only words that mean "by", before a capital letter.
ROLE = re.compile(
    rf"^\W*(?:(?:{_DONE}|story|words|text|article|report) by|{_BY}|autora?|autor(?:en|in|innen)|authors?|auteurs?|"
    r"redaktion|redazione|foto|text)\b\s*:\s*|"
    rf"^\W*(?:(?:(?:{_DONE}|words) )?by|{_BY}|przez)\s+(?=\W*(?-i:[^\W\d_a-zß-öø-ÿ]))",
    re.IGNORECASE,
)
# "(mq)" behind a name, "0" of a counter, "Reporter" after a comma.
BEHIND = re.compile(r"\s*(?:\([^)]{0,60}\)|\b\d+)\s*$")
BETWEEN = re.compile(r"\s*[,;|/\u2022\u00b7\n]\s*|\s+(?:and|und|et|y|e|en|og|och|i|&|\+)\s+", re.IGNORECASE)
# A name, not a sentence, an address or a web site.
ADDRESS = re.compile(r"https?:|//|^www\.|^@", re.IGNORECASE)
NO_NAME = re.compile(
    rf"@|^\W*$|^(?:{_BY}|quelle|source|fuente|fonte)\b|^[\W\d]+$|[.!?]\s+\w.*[.!?]$|\d{{2}}[.:/]\d{{2}}|\b\d{{4}}\b|[<{{]",
    re.IGNORECASE,
)
POSITION = re.compile(
    r"^(?:\w+[- ]){0,3}(?:reporter|editor|correspondent|writer|journalist|columnist|contributor|staff|author|producer|"
    r"chief|bureau|desk|redakteur(?:in)?|korrespondent(?:in)?|autor(?:in)?|redactora?|redacteur|rédact(?:eur|rice))\b.*",
    re.IGNORECASE,
)
COMPANY = re.compile(r"\b(?:gmbh|ag|inc|ltd|llc|plc|corp|s\.?a|s\.?r\.?l|b\.?v)\.?$", re.IGNORECASE)
NOT_ALNUM = re.compile(r"[\W_]+")
#: Shorter names of sites are parts of too many others.
TELLING = 3


@dataclass(frozen=True, slots=True)
class Writers:
    """The names of who wrote a page and where they were found; *are_people* unless they are its house."""

    names: tuple[str, ...] = ()
    origin: str = ""
    are_people: bool = False


def writers(tree: HtmlElement, said: Metadata, *, url: str = "") -> Writers:
    """
    Return who wrote the page *tree* at *url*, by JSON-LD, meta tags or the line under the headline.

    Who is no more than the site, its publisher or a company is named only when no person is.
    """
    publisher = _Publisher(said, url)
    found = Writers()
    for origin, named in _sources(tree, said):
        persons: list[str] = []
        houses: list[str] = []
        for one in named:
            names = names_in(one.name)
            # What follows the name of a house is its address: "Oster Echo, Oster".
            is_house = one.is_organisation or bool(names and publisher.is_named(names[0], exactly=one.is_person))
            houses += names[:1] if is_house else []
            persons += (
                [] if is_house else [name for name in names if not publisher.is_named(name, exactly=one.is_person)]
            )
        if persons:
            return Writers(tuple(dict.fromkeys(persons))[:MOST_AUTHORS], origin, are_people=True)
        if houses and not found.names:
            found = Writers(tuple(dict.fromkeys(houses))[:MOST_AUTHORS], origin)
    return found


def in_opening(lines: Sequence[str]) -> Writers:
    """Return the writers whom one of the first *lines* of a text names: "By Marta Quill"."""
    for line in lines:
        if (match := phrases.AUTHOR.fullmatch(line)) and (names := names_in(match["authors"])):
            return Writers(names, "first lines", are_people=True)
    return Writers()


def names_in(text: str) -> tuple[str, ...]:
    """Return the names in a byline such as "By Marta Quill and Jon Fell, Reporter (mq)"."""
    text = ROLE.sub("", text[:LONGEST_BYLINE], count=1)
    if ADDRESS.search(text):
        return ()
    names = (BEHIND.sub("", ROLE.sub("", part, count=1)).strip(" \t.,:;-\u2013\u2014") for part in BETWEEN.split(text))
    return tuple(dict.fromkeys(name for name in names if _is_name(name)))


def _sources(tree: HtmlElement, said: Metadata) -> Iterator[tuple[str, tuple[Named, ...]]]:
    yield "JSON-LD", said.named("author") or said.named("creator")
    for name in META:
        yield "meta author", tuple(map(Named, said.meta.get(name, ())))
    for name in SURNAME_FIRST:
        yield "meta author", tuple(Named(_given_name_first(one)) for one in said.meta.get(name, ()))
    yield "byline", tuple(map(Named, _byline(tree)))


def _byline(tree: HtmlElement) -> tuple[str, ...]:
    """Return the texts of the first element that is named for its author, the innermost of such elements."""
    named = filter(_is_byline, elements(PERHAPS, tree))
    for element in islice((one for one in named if not _is_elsewhere(one)), MOST_BYLINES):
        inner = [one for one in islice(element.iterdescendants(), MOST_WITHIN) if _is_byline(one)]
        outer = {around for one in inner for around in one.iterancestors()}
        names = [one for one in inner if one not in outer]
        texts = [text_of(one) for one in names] or [text_of(element)]
        good = tuple(text for text in texts if len(text) <= LONGEST_BYLINE and names_in(text))
        if good:
            return good
    return ()


def _is_byline(element: HtmlElement) -> bool:
    return bool(BYLINE.search(marks_of(element)))


def _is_elsewhere(element: HtmlElement) -> bool:
    around = (element, *element.iterancestors())
    return any(
        one.tag in APART or ELSEWHERE.search(marks_of(one)) for one in around if one.tag not in {"body", "html", "main"}
    )


def _is_name(text: str) -> bool:
    return (
        1 < len(text) <= LONGEST_NAME
        and text.count(" ") < MOST_WORDS
        and not NO_NAME.search(text)
        and not POSITION.fullmatch(text)
    )


def _given_name_first(name: str) -> str:
    surname, _, given = name.partition(",")
    return f"{given.strip()} {surname.strip()}" if given and "," not in given else name


class _Publisher:
    """The names under which a site itself may stand as the author of its pages."""

    def __init__(self, said: Metadata, url: str) -> None:
        host = host_of(url)
        names: Iterable[str] = (
            said.said("og:site_name"),
            said.text("publisher"),
            host.removeprefix("www."),
            *host.split(".")[-2:-1],
        )
        self._keys = {key for key in map(_key, names) if len(key) >= TELLING}

    def is_named(self, name: str, *, exactly: bool) -> bool:
        """Return whether *name* is the site, its publisher or another company, or names one of these among others."""
        key = _key(name)
        if exactly:
            return key in self._keys
        return bool(COMPANY.search(name)) or any(
            key == own or (len(own) >= 2 * TELLING and own in key) or (len(key) >= 2 * TELLING and key in own)
            for own in self._keys
        )


def _key(text: str) -> str:
    return NOT_ALNUM.sub("", text.casefold())
