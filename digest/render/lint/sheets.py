"""The style sheets of a page, read as far as mails use CSS: rules, and rules below @media."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_TOKEN = re.compile(
    r"""/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|\([^(){}"']*+\)|[{};]|[^{}();"'/]++|.""", re.DOTALL
)
_DECLARATION = re.compile(r"""(?:[^;"'()]++|"[^"]*+"|'[^']*+'|\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)|["'()])+""")
_IMPORTANT = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
#: At-rules that hold further rules.
_GROUPS = ("@media", "@supports", "@layer", "@container", "@document")


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


def read(text: str, media: str = "") -> Sheet:
    """Return the style sheet *text*; with *media*, all of it holds only there. Rubbish is left out, never refused."""
    reader = _Reader((f"@media {media}",) if media.strip() else ())
    for token in _TOKEN.findall(text):
        reader.take(token)
    return Sheet(text, tuple(reader.rules), tuple(reader.at_rules))


def declarations(text: str) -> tuple[Declaration, ...]:
    """Return the declarations of a ``style`` attribute in their order."""
    return tuple(_declarations(_COMMENT.sub(" ", text) if "/*" in text else text))


def _declarations(text: str) -> Iterator[Declaration]:
    for part in _DECLARATION.findall(text):
        name, colon, value = part.partition(":")
        name = name.strip()
        if colon and name:
            plain = _IMPORTANT.sub("", value)
            # Only custom properties tell cases apart.
            yield Declaration(name if name.startswith("--") else name.lower(), plain.strip(), plain != value)


class _Reader:
    """Takes a sheet token by token and remembers the braces that are open."""

    def __init__(self, conditions: tuple[str, ...]) -> None:
        self.rules: list[StyleRule] = []
        self.at_rules: list[str] = [*conditions]
        self._conditions = list(conditions)
        self._always = len(conditions)
        self._begun: list[str] = []
        #: What opened the block of declarations that is being read, and how many braces in it are open.
        self._prelude = ""
        self._depth = 0

    def take(self, token: str) -> None:
        if token.startswith("/*"):
            return
        if self._depth:
            self._take_inside(token)
            return
        match token:
            case "{":
                self._open(self._text())
            case "}":
                self._begun.clear()
                del self._conditions[max(self._always, len(self._conditions) - 1) :]
            case ";":
                if (text := self._text()).startswith("@"):
                    self.at_rules.append(text)
            case _:
                self._begun.append(token)

    def _open(self, prelude: str) -> None:
        if prelude.startswith("@"):
            self.at_rules.append(prelude)
        if prelude.lower().startswith(_GROUPS):
            self._conditions.append(prelude)
        else:
            self._prelude, self._depth = prelude, 1

    def _take_inside(self, token: str) -> None:
        self._depth += {"{": 1, "}": -1}.get(token, 0)
        if self._depth:
            self._begun.append(token)
            return
        body = self._text()
        if not self._prelude.startswith("@"):
            self.rules.append(StyleRule(self._prelude, tuple(_declarations(body)), tuple(self._conditions)))

    def _text(self) -> str:
        text = "".join(self._begun).strip()
        self._begun.clear()
        return text
