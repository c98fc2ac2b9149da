"""What screen readers go by: title, language, headings, and tables that only lay out."""

import re
from collections.abc import Iterator
from itertools import pairwise

from digest.render.lint.finding import Finding, Rule, Severity, excerpt, told
from digest.render.lint.page import Element, Page, text_of

# BCP 47 (RFC 5646): language, script, region, variants, extensions, private use.
_LANGUAGE = re.compile(
    r"(?!und\b)[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-([a-z\d]{5,8}|\d[a-z\d]{3}))*"
    r"(-[a-wyz\d](-[a-z\d]{2,8})+)*(-x(-[a-z\d]{1,8})+)?",
    re.IGNORECASE,
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def title(page: Page) -> Iterator[Finding]:
    """Tell of a page without a title: windows, tabs and screen readers name it by that."""
    named = next((text_of(element) for element in page.named("title")), "")
    if not named.strip():
        yield Finding(Severity.WARNING, Rule.TITLE, "the page has no <title>; name newsletter and date in <mj-title>")


def language(page: Page) -> Iterator[Finding]:
    """Tell of a page, or a part of it, that does not say in which language and direction it is to be read."""
    article = next((element for element in page.elements if element.get("role") == "article"), None)
    if article is None:
        message = 'no element of the page has role="article"; mail programs drop what stands on <html>'
        yield Finding(Severity.WARNING, Rule.LANGUAGE, f"{message}: give the outermost <div> role, lang and dir")
    for name, element in {"<html>": page.root, "the article": article}.items():
        if element is None:
            continue
        if "lang" not in element.attrib:
            yield Finding(Severity.WARNING, Rule.LANGUAGE, f"{name} has no lang; set it on <mjml>")
        if element.get("dir") not in {"ltr", "rtl"}:
            yield Finding(Severity.WARNING, Rule.LANGUAGE, f"{name} has no dir; set ltr or rtl on <mjml>")
    odd = [
        tag for element in page.elements if (tag := element.get("lang")) is not None and not _LANGUAGE.fullmatch(tag)
    ]
    if odd:
        one = "{example!r} is the lang of a text but no language tag; write one such as en or pt-BR"
        many = "{count} values of lang are no language tags, such as {example!r}; write one such as en or pt-BR"
        yield Finding(Severity.WARNING, Rule.LANGUAGE, told((excerpt(tag, 30) for tag in odd), one, many))


def headings(page: Page) -> Iterator[Finding]:
    """Tell of headings by which a screen reader could not find its way: levels left out, not exactly one h1."""
    found = list(page.named(*_HEADINGS))
    tops = sum(heading.tag == "h1" for heading in found)
    if tops != 1:
        fact = "no h1" if not tops else f"{tops} headings h1"
        yield Finding(
            Severity.WARNING, Rule.HEADING, f"the page has {fact}; let the title of the newsletter be its one h1"
        )
    skips = [_skip(above, below) for above, below in pairwise(found) if _gap(above, below) > 1]
    if skips:
        one, many = "{example}; leave no level out", "{count} times a level is left out: {example}; leave none out"
        yield Finding(Severity.WARNING, Rule.HEADING, told(skips, one, many))


def _gap(above: Element, below: Element) -> int:
    return _HEADINGS.index(str(below.tag)) - _HEADINGS.index(str(above.tag))


def _skip(above: Element, below: Element) -> str:
    return f"the {below.tag} {excerpt(text_of(below), 40)!r} follows the {above.tag} {excerpt(text_of(above), 40)!r}"


def tables(page: Page) -> Iterator[Finding]:
    """Tell of tables that lay out without saying so: screen readers would count their rows and columns."""
    silent = [
        excerpt(text_of(table), 40)
        for table in page.named("table")
        if table.get("role") not in {"presentation", "none"} and table.find(".//th") is None
    ]
    if silent:
        remedy = 'write role="presentation" on it, or give it headings <th> if it shows data'
        one = f"the table with {{example!r}} has no role; {remedy}"
        many = f"{{count}} tables have no role, such as the one with {{example!r}}; {remedy}"
        yield Finding(Severity.WARNING, Rule.TABLE, told(silent, one, many))
