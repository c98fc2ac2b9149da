"""Which declarations win on each element, by day or by night (CSS Cascading and Inheritance, as far as mails go)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from cssselect import HTMLTranslator, SelectorError
from cssselect.parser import parse
from lxml import etree

from digest.render.lint.longhands import PROPERTIES, longhands
from digest.render.lint.page import Element, Page
from digest.render.lint.sheets import Declaration, StyleRule

#: Finds the elements of a tree, and says how specific it is.
_Finder: TypeAlias = tuple[Callable[[Element], Any], tuple[int, int, int]]

#: A longer list of selectors is no one's work; reading it would go as deep as it is nested.
_LONGEST = 2_000
_FEATURE = re.compile(r"\(\s*([\w-]+)\s*(?::\s*([\w-]+)\s*)?\)")
_MEDIUM = re.compile(r"\b(print|speech|not)\b", re.IGNORECASE)


class Scheme(StrEnum):
    """The two ways in which a mail is looked at."""

    LIGHT = "light"
    DARK = "dark"


class _Match(NamedTuple):
    """A rule found an element: how much it weighs against others, and what it declares."""

    weight: tuple[int, int, int, int]
    declarations: tuple[Declaration, ...]


def winners(page: Page, scheme: Scheme) -> Mapping[Element, Mapping[str, str]]:
    """
    Return what is declared of each element and wins, by property in lower case, shorthands taken apart.

    Rules for other widths, media and states (``:hover``) are left out, as are those for Outlook's own dark mode.
    """
    normal, important = _matches(page, scheme)
    known: dict[tuple[Declaration, ...], Mapping[str, str]] = {}
    found: dict[Element, Mapping[str, str]] = {}
    for element in {**normal, **important, **page.styles}:
        inline = page.styles.get(element, ())
        said = (
            *_in_order(normal.get(element, ())),
            *(one for one in inline if not one.is_important),
            *_in_order(important.get(element, ())),
            *(one for one in inline if one.is_important),
        )
        found[element] = known.get(said) or known.setdefault(said, _last(said))
    return found


def _last(said: tuple[Declaration, ...]) -> Mapping[str, str]:
    return dict(pair for one in said if one.name in PROPERTIES for pair in longhands(one.name, one.value))


def _in_order(matches: Sequence[_Match]) -> Iterator[Declaration]:
    for match in sorted(matches, key=lambda match: match.weight):
        yield from match.declarations


def _matches(page: Page, scheme: Scheme) -> tuple[dict[Element, list[_Match]], dict[Element, list[_Match]]]:
    """Return what the rules for *scheme* say of each element, the important apart from the normal."""
    normal: dict[Element, list[_Match]] = {}
    important: dict[Element, list[_Match]] = {}
    rules = (rule for sheet in page.sheets for rule in sheet.rules)
    for order, rule in enumerate(rules):
        for weighty, kept in ((False, normal), (True, important)):
            said = tuple(one for one in rule.declarations if one.is_important is weighty and one.name in PROPERTIES)
            if said and _holds(rule, scheme):
                for find, specificity in _finders(rule.prelude):
                    for element in find(page.root):
                        kept.setdefault(element, []).append(_Match((*specificity, order), said))
    return normal, important


def _holds(rule: StyleRule, scheme: Scheme) -> bool:
    return all(_is_met(condition.lower(), scheme) for condition in rule.conditions)


def _is_met(condition: str, scheme: Scheme) -> bool:
    """Return whether a condition asks for *scheme* alone; a mail program is taken to support what is asked for."""
    if not condition.startswith("@media"):
        return condition.startswith(("@supports", "@layer"))
    return any(
        not _MEDIUM.search(query)
        and all(name == "prefers-color-scheme" and value == scheme for name, value in _FEATURE.findall(query))
        for query in condition.split(",")
    )


def is_drawn_dark(page: Page) -> bool:
    """Return whether a *page* without colours is drawn dark at night, since it says that it is made for that."""
    said = [meta.get("content", "") for meta in page.named("meta") if meta.get("name") == "color-scheme"]
    roots = (rule for sheet in page.sheets for rule in sheet.rules if rule.prelude in {":root", "html"})
    said += [one.value for rule in roots for one in rule.declarations if one.name == "color-scheme"]
    return any("dark" in text.lower() for text in said)


def declares_night(page: Page) -> bool:
    """Return whether the *page* says how it looks at night, or has its night drawn for it."""
    return is_drawn_dark(page) or any(
        "prefers-color-scheme" in condition.lower() and "dark" in condition.lower()
        for sheet in page.sheets
        for rule in sheet.rules
        for condition in rule.conditions
    )


@lru_cache(512)
def _finders(prelude: str) -> tuple[_Finder, ...]:
    """Return what finds the elements of each selector of a rule; nothing when one of them cannot be understood."""
    if "[data-ogs" in prelude or len(prelude) > _LONGEST:
        return ()
    translator = HTMLTranslator()
    try:
        return tuple(
            (etree.XPath(translator.selector_to_xpath(selector)), selector.specificity())
            for selector in parse(prelude)
            if selector.pseudo_element is None
        )
    except (SelectorError, etree.LxmlError, RecursionError, ValueError):
        return ()
