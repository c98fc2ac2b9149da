"""The style sheets of a page, read as far as mails use CSS: rules, and rules below @media."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import tinycss2

#: At-rules that hold further rules.
_GROUPS = frozenset({"media", "supports", "layer", "container", "document"})


class Declaration(NamedTuple):
    """One property and what it is set to, its name in lower case."""

    name: str
    value: str
    is_important: bool = False


@dataclass(frozen=True, slots=True)
class StyleRule:
    """Declarations for what a list of selectors finds, where every one of *conditions* holds ("@media print")."""

    prelude: str
    declarations: tuple[Declaration, ...]
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One ``<style>``."""

    text: str
    rules: tuple[StyleRule, ...]
    #: What stands before the block or the semicolon of each at-rule, in their order; that of a media attribute first.
    at_rules: tuple[str, ...]


# An Edition is read as many mails, which share their sheets and nearly all of their attributes.
@lru_cache(256)
def read(text: str, media: str = "") -> Sheet:
    """Return the style sheet *text*; with *media*, all of it holds only there. Rubbish is left out, never refused."""
    conditions = (f"@media {media}",) if media.strip() else ()
    found: list[StyleRule | str] = [*conditions]
    with suppress(RecursionError):  # nobody nests like that, and no mail program reads it
        found += _rules(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), conditions)
    return Sheet(
        text,
        tuple(one for one in found if isinstance(one, StyleRule)),
        tuple(one for one in found if isinstance(one, str)),
    )


@lru_cache(4096)
def declarations(text: str) -> tuple[Declaration, ...]:
    """Return the declarations of a ``style`` attribute in their order."""
    try:
        return _declarations(text)
    except RecursionError:
        return ()


def _rules(nodes: Sequence[Any], conditions: tuple[str, ...]) -> Iterator[StyleRule | str]:
    """Give the rules of *nodes*, and of each at-rule what stands before its block."""
    for node in nodes:
        if node.type == "qualified-rule":
            yield StyleRule(_written(node.prelude), _declarations(node.content), conditions)
        elif node.type == "at-rule":
            yield (condition := f"@{node.at_keyword}{_written(node.prelude, strip=False)}".strip())
            if node.content is not None and node.lower_at_keyword in _GROUPS:
                held = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                yield from _rules(held, (*conditions, condition))


def _declarations(content: str | Sequence[Any]) -> tuple[Declaration, ...]:
    return tuple(
        # Only custom properties tell cases apart.
        Declaration(
            node.name if node.name.startswith("--") else node.lower_name, _written(node.value), bool(node.important)
        )
        for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
        if node.type == "declaration"
    )


def _written(tokens: Sequence[Any], *, strip: bool = True) -> str:
    """Return *tokens* as they mean the same, without comments, and strings in double quotes."""
    # It puts empty comments of its own between what could be taken for one.
    text: str = tinycss2.serialize([token for token in tokens if token.type != "comment"]).replace("/**/", "")
    return text.strip() if strip else text
