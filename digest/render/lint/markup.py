"""What is wrong with MJML: the compiler accepts nearly anything, so a typo would go out to every reader."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeAlias

from lxml import etree

from digest.render.lint.finding import Finding, Rule, Severity, excerpt
from digest.render.lint.vocabulary import ATTRIBUTES, DEFAULTS, INSTEAD, NAMES, PARENTS, REFUSED, STRUCTURE

#: What to look for in a template: ``(element,)``, ``(element, attribute)``, or nothing where no name is at fault.
Key: TypeAlias = tuple[str, ...]
IMPORT: Key = ("@import",)
IMPORTS = "a style sheet has @import, which mailboxes drop; write the rules out"

_ELEMENTS: Callable[[Any], Any] = etree.XPath("//*[starts-with(name(), 'mj')]")
_ATTRIBUTE = r"\s+[\w:.-]+\s*=\s*"
#: What takes its padding off the width of what it holds.
STRETCHED = frozenset({"mj-section", "mj-wrapper", "mj-column"})
_BARE = re.compile(r"(?<!\S)0(?!\S)")
#: The compiler writes every attribute in double quotes, and does not escape those inside it.
_MIXED_QUOTES = re.compile(rf"""<[\w-]+(?:{_ATTRIBUTE}(?:"[^"]*"|'[^'"]*'))*{_ATTRIBUTE}'[^'"]*\"""")


class Fault(NamedTuple):
    """One thing wrong with a source, and the line where it stands."""

    key: Key
    line: int
    rule: Rule
    message: str


def lint_markup(source: str) -> tuple[Finding, ...]:
    """Return what is wrong with the MJML *source*: bad XML, what MJML does not know, what stands in a wrong place."""
    lines: dict[tuple[Rule, str], list[int]] = {}
    for fault in faults_of(source):
        lines.setdefault((fault.rule, fault.message), []).append(fault.line)
    return tuple(
        Finding(Severity.ERROR, rule, f"line {first}{f' and {len(more)} more' if more else ''}: {message}")
        for (rule, message), (first, *more) in lines.items()
    )


def faults_of(source: str) -> tuple[Fault, ...]:
    """Return every fault of the MJML *source*, in its order by kind."""
    try:
        root = etree.fromstring(
            source.encode("ascii", "xmlcharrefreplace"), etree.XMLParser(resolve_entities=False, no_network=True)
        )
    except etree.XMLSyntaxError as fault:
        message = f"it is not well formed ({fault.msg}); close and quote everything, and write entities as numbers"
        return (Fault((), fault.lineno or 1, Rule.MARKUP, message),)
    return tuple(_faults(root, source))


def _faults(root: Any, source: str) -> Iterator[Fault]:
    for element in _ELEMENTS(root):
        yield from _faults_of_element(element)
    for element in root.iter(*REFUSED):
        yield Fault((element.tag,), element.sourceline, Rule.REFUSED, refused_element(element.tag))
    for element in root.iter("mj-style", "style"):
        if IMPORT[0] in (element.text or "").lower():
            yield Fault(IMPORT, element.sourceline, Rule.STYLE, IMPORTS)
    # Nearly no source has such a quote at all, and finding none is far cheaper than looking at every tag.
    if "='" in source and (match := _MIXED_QUOTES.search(source)):
        line = source.count("\n", 0, match.end()) + 1
        message = "an attribute in single quotes holds a double quote; use double quotes outside and &#39; inside"
        yield Fault((), line, Rule.MARKUP, message)


def _faults_of_element(element: Any) -> Iterator[Fault]:
    tag, line, parent = element.tag, element.sourceline, element.getparent()
    if message := unknown_element(tag):
        yield Fault((tag,), line, Rule.MARKUP, message)
        return
    for name in element.attrib:
        if message := unknown_attribute(tag, name):
            yield Fault((tag, name), line, Rule.MARKUP, message)
    for name, value in element.attrib.items():
        if tag in STRETCHED and name.startswith("padding") and (message := _without_unit(tag, name, value)):
            yield Fault((), line, Rule.MARKUP, message)
    place = "" if parent is None else parent.tag
    if place not in {"", "mj-attributes", *PARENTS.get(tag, ())}:
        yield Fault((), line, Rule.MARKUP, _misplaced(tag, place))
    if tag in STRUCTURE:
        yield from _strays(element, tag)


def unknown_element(tag: str) -> str:
    """Return what is wrong with an element of MJML that is called *tag*, or nothing."""
    if tag in NAMES:
        return ""
    if tag in INSTEAD:
        return f"<{tag}> is no element of MJML for mails that must read well everywhere; {INSTEAD[tag]}"
    return f"<{tag}> is no element of MJML; {_nearest(tag, NAMES)}"


def unknown_attribute(tag: str, name: str) -> str:
    """Return what is wrong with the attribute *name* of the known element *tag*, or nothing."""
    known = ATTRIBUTES[tag] if tag in ATTRIBUTES else DEFAULTS[tag]
    return "" if name in known else f"<{tag}> has no attribute {name}; {_nearest(name, known)}"


def _without_unit(tag: str, name: str, value: str) -> str:
    """Return what is wrong with a *value* of padding that leaves the unit of a length out, or nothing."""
    if not _BARE.search(value):
        return ""
    return (
        f'{name}="{value}" of <{tag}> has a length without a unit; write 0px, or the compiler leaves the whole padding '
        "out of the widths that it tells Outlook"
    )


def refused_element(tag: str) -> str:
    """Return what is wrong with the HTML element *tag*, one of those that mailboxes refuse."""
    return f"<{tag}> is refused by mailboxes; take it out"


def _nearest(name: str, known: frozenset[str]) -> str:
    close = get_close_matches(name.lower(), sorted(known), 1)
    return f"did you mean {close[0]}?" if close else "mend the name or take it out"


def _misplaced(tag: str, place: str) -> str:
    wanted = " or ".join(f"<{parent}>" for parent in PARENTS.get(tag, ()))
    return f"<{tag}> stands in <{place}>; {f'put it into {wanted}' if wanted else 'make it the root'}"


def _strays(element: Any, tag: str) -> Iterator[Fault]:
    """Tell of HTML and text between the elements of MJML in *element*."""
    remedy = "put it into <mj-raw>" if tag == "mj-head" else "put it into <mj-text>"
    texts = [(element.text, element.sourceline), *((child.tail, child.sourceline) for child in element)]
    for text, line in texts:
        if text and text.strip():
            yield Fault((), line, Rule.MARKUP, f"text stands in <{tag}>: {excerpt(text)!r}; {remedy}")
    for child in element.iterchildren("*"):
        if not child.tag.startswith("mj") and child.tag not in REFUSED:
            yield Fault((), child.sourceline, Rule.MARKUP, f"<{child.tag}> stands in <{tag}>; {remedy}")
