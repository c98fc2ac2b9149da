"""
What HTML and CSS a page uses, and how to look for a thing in it.

A pattern has ``kind:what`` for each way to find the thing, with a space between them. Names of elements, properties and
attributes match as a whole, everything else anywhere and in any case:

- ``element:regex``
- ``attribute:tag[name]`` or ``attribute:tag[name]=regex``, of any element where the tag is ``*``
- ``property:regex`` or ``property:regex=regex``, with its value
- ``value:regex``, of any property
- ``selector:regex`` or ``at-rule:regex``, what stands before the braces of a rule
- ``sheet:regex`` or ``page:regex``, a whole style sheet, the whole page as it is written
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

from digest.render.lint.finding import excerpt
from digest.render.lint.page import Page

#: Finds a thing in what a page uses: gives how the page uses it, or nothing.
Finder: TypeAlias = Callable[["Uses"], str]

_ATTRIBUTE = re.compile(r"(?P<tag>[\w*-]+)\[(?P<name>[\w-]+)\](?:=(?P<value>.+))?")
#: Characters of what is found that are shown.
_SHOWN = 40


class Uses:
    """What a page is made of, each thing once."""

    def __init__(self, page: Page) -> None:
        self.page = page.html
        self.sheets = tuple(sheet.text for sheet in page.sheets)
        self.at_rules = tuple(dict.fromkeys(rule for sheet in page.sheets for rule in sheet.at_rules))
        self.selectors = tuple(dict.fromkeys(rule.prelude for sheet in page.sheets for rule in sheet.rules))
        self._page = page

    @cached_property
    def attributes(self) -> Mapping[str, dict[tuple[str, str], None]]:
        """Return elements and values of the attributes, by their names."""
        found: dict[str, dict[tuple[str, str], None]] = {}
        for element in self._page.elements:
            for name, value in element.attrib.items():
                found.setdefault(str(name), {})[str(element.tag), str(value)] = None
        return found

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """Return the names of the elements."""
        return tuple(dict.fromkeys(str(element.tag) for element in self._page.elements))

    @cached_property
    def properties(self) -> Mapping[str, dict[str, None]]:
        """Return the values of the properties, in lower case, by their names."""
        rules = [rule.declarations for sheet in self._page.sheets for rule in sheet.rules]
        found: dict[str, dict[str, None]] = {}
        for one in dict.fromkeys(one for said in dict.fromkeys([*self._page.styles.values(), *rules]) for one in said):
            value = f"{one.value.lower()} !important" if one.is_important else one.value.lower()
            found.setdefault(one.name, {})[value] = None
        return found


def finder(pattern: str) -> Finder:
    """Return what finds the thing that *pattern* describes; ValueError when it is no pattern."""
    ways = [_way(*way.split(":", 1)) for way in pattern.split(" ")]
    return lambda uses: next((used for way in ways for used in way(uses)), "")


def _way(kind: str, what: str) -> Callable[[Uses], Iterator[str]]:
    if kind == "attribute":
        return _attribute(what)
    if kind in {"property", "value"}:
        names, _, values = what.partition("=") if kind == "property" else (".*", "", what)
        return _property(re.compile(names), re.compile(values, re.IGNORECASE))
    places: Mapping[str, Callable[[Uses], tuple[str, ...]]] = {
        "element": lambda uses: uses.elements,
        "selector": lambda uses: uses.selectors,
        "at-rule": lambda uses: uses.at_rules,
        "sheet": lambda uses: uses.sheets,
        "page": lambda uses: (uses.page,),
    }
    if kind not in places:
        raise ValueError(f"{kind}:{what} is no pattern; begin it with one of the kinds")
    return _text(kind, places[kind], re.compile(rf"(?:{what})\Z" if kind == "element" else what, re.IGNORECASE))


def _attribute(what: str) -> Callable[[Uses], Iterator[str]]:
    match = _ATTRIBUTE.fullmatch(what)
    if match is None:
        raise ValueError(f"attribute:{what} is no pattern; write tag[name] or tag[name]=regex")
    tag, name, value = match["tag"], match["name"], re.compile(match["value"] or "", re.IGNORECASE)
    return lambda uses: (
        f'<{element} {name}="{excerpt(text, _SHOWN)}">'
        for element, text in uses.attributes.get(name, {})
        if tag in {"*", element} and value.search(text)
    )


def _property(name: re.Pattern[str], value: re.Pattern[str]) -> Callable[[Uses], Iterator[str]]:
    return lambda uses: (
        f"{found}: {excerpt(text, _SHOWN)}"
        for found, texts in uses.properties.items()
        if name.fullmatch(found)
        for text in texts
        if value.search(text)
    )


def _text(
    kind: str, texts: Callable[[Uses], tuple[str, ...]], pattern: re.Pattern[str]
) -> Callable[[Uses], Iterator[str]]:
    def find(uses: Uses) -> Iterator[str]:
        for text in texts(uses):
            if kind == "element":
                if pattern.match(text):
                    yield f"<{text}>"
            elif match := pattern.search(text):
                # Of a rule, all that stands before its braces; of a sheet or page, that would say nothing.
                yield excerpt(text if kind in {"selector", "at-rule"} else match[0], _SHOWN)

    return find
