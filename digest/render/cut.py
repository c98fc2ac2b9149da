"""Cut a compiled page into pieces at its marks, and pieces into literals at their tokens."""

import re
from collections import Counter
from dataclasses import dataclass

from markupsafe import Markup

from digest.errors import TemplateError
from digest.model.pieces import Piece, Slot

#: Values that the page is compiled without: of the reader, and of their set of sections.
SLOTS = ("reader", "reading", "preheader", "follows", "unsubscribe_url", "preferences_url", "view_url")


#: Attributes that say something to readers, or lead them on.
_SAYING = ("href", "title", "alt", "aria-label", "content")
_OPEN_ATTRIBUTE = re.compile(r"""<[^<>]*\s([\w:-]+)\s*=\s*(?:"[^"<>]*|'[^'<>]*)""")


@dataclass(frozen=True, slots=True)
class Stencil:
    """
    The marks and tokens of one Edition.

    *key* is a hash of the content, so that no content can hold a mark or token of its own page.
    """

    key: str

    @property
    def slots(self) -> dict[str, str]:
        """Return the token of each slot: letters and digits only, which no compiler changes, not even in a URL."""
        return {name: f"zq{self.key}n{number}z" for number, name in enumerate(SLOTS)}

    def mark(self, *name: object) -> Markup:
        """Return the comment at which the piece called *name* begins."""
        return Markup("<!--zq{}:{}-->").format(self.key, ".".join(str(part) for part in name))

    def check(self, source: str, compiled: str) -> None:
        """Raise TemplateError unless *compiled* still has every mark and token of *source*."""
        before, after = Counter(self._finds(source)), Counter(self._finds(compiled))
        if before != after:
            lost = ", ".join(sorted({*(before - after), *(after - before)}))
            raise TemplateError(
                f"the compiler lost or doubled {lost.replace(self.key, '')}; use slots in text and links only, "
                "and marks in mj-raw below mj-body or between table rows"
            )

    def cut(self, page: str, *, is_html: bool) -> dict[str, Piece]:
        """
        Return the pieces of *page* by name; what stands before the first mark is called ``opening``.

        TemplateError when a mark stands twice or is no mark of a page, and when a slot stands where it must not.
        """
        parts = re.split(rf"<!--zq{self.key}:([a-z0-9._]+)-->\n?", page)
        names = ["opening", *parts[1::2]]
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            raise TemplateError(f"the mark {twice[0]} stands twice; a page is cut at each mark once")
        if lost := re.search(rf"zq{self.key}:[\w.]*", "".join(parts[0::2])):
            name = lost[0].partition(":")[2]
            raise TemplateError(f"the mark {name} was not cut; it is a comment of its own, named in small letters")
        return {name: self._piece(text, is_html=is_html) for name, text in zip(names, parts[0::2], strict=True)}

    def _piece(self, text: str, *, is_html: bool) -> Piece:
        parts = re.split(rf"zq{self.key}n(\d+)z", text)
        piece: list[str | Slot] = []
        for literal, number in zip(parts[0::2], [*parts[1::2], None], strict=True):
            if literal:
                piece.append(literal)
            if number is not None:
                name = SLOTS[int(number)]
                if is_html and (place := _forbidden(literal)):
                    raise TemplateError(f"the slot {name} stands in {place}; use slots in text, titles and links only")
                piece.append(Slot(name))
        return tuple(piece)

    def _finds(self, text: str) -> list[str]:
        return re.findall(rf"zq{self.key}(?::[a-z0-9._]+|n\d+z)", text)


def _forbidden(before: str) -> str:
    """Return where a value would do more than say something: in a style or in an attribute of another kind."""
    if before.rfind("<style") > before.rfind("</style"):
        return "a style sheet"
    attribute = _OPEN_ATTRIBUTE.fullmatch(before, max(0, before.rfind("<")))
    return f"the attribute {attribute[1]}" if attribute and attribute[1] not in _SAYING else ""
