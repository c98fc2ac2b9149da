"""CSS selectors by which an operator reads a site whose pages the general rules misread (Selectors Level 3)."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache

from cssselect import HTMLTranslator, SelectorError
from lxml.etree import XPath, XPathError
from lxml.html import HtmlElement

from digest.errors import UnreadableInput
from digest.gather.pages.tree import elements, text_of
from digest.model.newsletter import Selectors

#: Where machines are told a date or a picture, before the text that people see.
DATES = ("datetime", "content", "data-datetime", "title")
PICTURES = ("src", "data-src", "content", "href")


def selector_fault(css: str) -> str:
    """Return what is wrong with the selector *css*, empty when it can be used."""
    try:
        _compiled(css)
    except (SelectorError, XPathError) as fault:
        return str(fault) or type(fault).__name__
    return ""


def select(tree: HtmlElement, css: str) -> list[HtmlElement]:
    """Return the elements of *tree* that *css* selects, none when it is empty."""
    if not css:
        return []
    return elements(_compiled(css), tree)


def check(selectors: Selectors) -> None:
    """Raise UnreadableInput for the first of *selectors* that cannot be used."""
    for name, css in asdict(selectors).items():
        if css and (fault := selector_fault(css)):
            raise UnreadableInput(f"The selector {name} = {css!r} cannot be used: {fault}.")


def selected_text(tree: HtmlElement, css: str) -> str:
    """Return the text of the first match of *css*."""
    return next((text for text in selected_texts(tree, css)), "")


def selected_texts(tree: HtmlElement, css: str) -> tuple[str, ...]:
    """Return the texts of all matches of *css*, each once."""
    texts = (text_of(element) for element in select(tree, css))
    return tuple(dict.fromkeys(text for text in texts if text))


def selected_value(tree: HtmlElement, css: str, attributes: tuple[str, ...]) -> str:
    """Return what the first match of *css* says in one of *attributes*, else its text."""
    for element in select(tree, css):
        attrib: Mapping[str, str] = element.attrib
        if value := next((attrib[name] for name in attributes if attrib.get(name)), "") or text_of(element):
            return value
    return ""


@lru_cache(maxsize=256)
def _compiled(css: str) -> XPath:
    return XPath(HTMLTranslator().css_to_xpath(css))
