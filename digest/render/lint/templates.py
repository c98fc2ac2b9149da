"""Where a fault of filled markup stands in the templates that it was filled from."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jinja2
from jinja2 import meta

from digest.errors import TemplateError
from digest.render.lint.finding import Finding, Rule, Severity, excerpt
from digest.render.lint.markup import (
    IMPORT,
    IMPORTS,
    Fault,
    Key,
    faults_of,
    refused_element,
    unknown_attribute,
    unknown_element,
)
from digest.render.lint.vocabulary import REFUSED

#: Stands for what Jinja prints: a name that holds it cannot be judged before it is filled.
_PRINTED = "\x00"
_TAG = re.compile(
    rf"""<(?P<name>mj[\w{_PRINTED}-]*+|(?:{"|".join(REFUSED)})(?![\w-]))(?P<rest>(?:[^<>"']|"[^"]*"|'[^']*')*+)"""
)
_ATTRIBUTE = re.compile(r"""([^\s"'=<>/]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class _Place(NamedTuple):
    """A fault that can be seen without filling the template."""

    template: str
    line: int
    key: Key
    rule: Rule
    message: str


def lint_templates(environment: jinja2.Environment, names: Sequence[str]) -> tuple[Finding, ...]:
    """
    Return what MJML does not know in the templates *names* and in all that they extend, import and include.

    Reads their sources, not what they print: names that an expression builds, and faults of nesting, are not seen.
    """
    lines: dict[tuple[str, Rule, str], list[int]] = {}
    for place in _places(_sources(environment, names), environment):
        lines.setdefault((place.template, place.rule, place.message), []).append(place.line)
    return tuple(
        Finding(Severity.ERROR, rule, f"{_at(template, *found)}: {message}")
        for (template, rule, message), found in lines.items()
    )


def refuse_faults(name: str, source: str, environment: jinja2.Environment) -> None:
    """
    Raise TemplateError with all that is wrong with the MJML *source*, the template *name* filled by *environment*.

    Each fault is told by its file and line in the templates, or else by its line and text in what they were filled to.
    """
    faults = faults_of(source)
    if not faults:
        return
    templates = _sources(environment, [name])
    places: dict[Key, list[_Place]] = {}
    for place in _places(templates, environment):
        places.setdefault(place.key, []).append(place)
    told: dict[str, None] = {}
    for fault in faults:
        if found := places.get(fault.key):
            for template in dict.fromkeys(place.template for place in found):
                lines = [place.line for place in found if place.template == template]
                told[f"{_at(template, *lines)}: {fault.message}"] = None
        else:
            told[f"{_by_text(name, source, fault, templates)}: {fault.message}"] = None
    raise TemplateError("\n".join(told))


def _at(template: str, line: int, *more: int) -> str:
    return f"{template}, line {line}{f' and {len(more)} more' if more else ''}"


def _by_text(name: str, source: str, fault: Fault, templates: dict[str, str]) -> str:
    """Return the one line of a template that reads like the line of *fault*, or else that line itself."""
    lines = source.split("\n")
    text = lines[min(fault.line, len(lines)) - 1].strip()
    alike = [
        (template, number)
        for template, written in templates.items()
        for number, line in enumerate(written.split("\n"), 1)
        if line.strip() == text
    ]
    if len(alike) == 1:
        return _at(*alike[0])
    return f"{name}, line {fault.line} once it is filled ({excerpt(text)})"


def _sources(environment: jinja2.Environment, names: Sequence[str]) -> dict[str, str]:
    """Return the sources of the templates *names* and of all that they name, by name; what is missing is left out."""
    sources: dict[str, str] = {}
    waiting = [*reversed(names)]
    while waiting:
        name = waiting.pop()
        if name in sources or environment.loader is None:
            continue
        try:
            sources[name] = environment.loader.get_source(environment, name)[0]
            asked = meta.find_referenced_templates(environment.parse(sources[name]))
        except jinja2.TemplateError:
            continue
        waiting += [other for other in asked if other is not None]
    return sources


def _places(sources: dict[str, str], environment: jinja2.Environment) -> Iterator[_Place]:
    for template, source in sources.items():
        markup = _markup(source, environment)
        for tag in _TAG.finditer(markup):
            for key, start, rule, message in _faults(tag):
                yield _Place(template, _line(markup, start), key, rule, message)
        if (start := markup.lower().find(IMPORT[0])) >= 0:
            yield _Place(template, _line(markup, start), IMPORT, Rule.STYLE, IMPORTS)


def _faults(tag: re.Match[str]) -> Iterator[tuple[Key, int, Rule, str]]:
    name = tag["name"]
    if _PRINTED in name:
        return
    if name in REFUSED:
        yield (name,), tag.start(), Rule.REFUSED, refused_element(name)
    elif message := unknown_element(name):
        yield (name,), tag.start(), Rule.MARKUP, message
    else:
        for attribute in _ATTRIBUTE.finditer(tag["rest"]):
            if _PRINTED not in attribute[1] and (message := unknown_attribute(name, attribute[1])):
                yield (name, attribute[1]), tag.start("rest") + attribute.start(), Rule.MARKUP, message


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _markup(source: str, environment: jinja2.Environment) -> str:
    """Return *source* with nothing of Jinja's in it and the same line breaks: what it prints is one mark."""
    try:
        tokens = list(environment.lex(source))
    except jinja2.TemplateSyntaxError:
        return ""
    parts: list[str] = []
    lines = 1
    is_printing = False
    for number, kind, value in tokens:
        # Whitespace control swallows line breaks.
        parts.append("\n" * (number - lines))
        is_printing = is_printing or kind == "variable_begin"
        if kind == "variable_begin":
            parts.append(_PRINTED)
        parts.append(value if kind == "data" and not is_printing else "\n" * value.count("\n"))
        is_printing = is_printing and kind != "variable_end"
        lines = max(lines, number) + value.count("\n")
    return _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), "".join(parts))
