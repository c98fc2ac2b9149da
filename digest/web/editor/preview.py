"""What the preview of an Edition is asked to show, and the very mail in the colours that are asked for."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query

_QUERY = re.compile(r"@media([^{]*)\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")
_META = re.compile(r'(<meta\s+name="(?:color-scheme|supported-color-schemes)"\s+content=")[^"]*(")')
_PROPERTY = re.compile(r"((?<![-\w])(?:supported-)?color-schemes?\s*:\s*)(?:light\s+dark|dark\s+light)")


class View(StrEnum):
    """On what the mail is read."""

    DESKTOP = "desktop"
    PHONE = "phone"
    #: In a program that shows the text part.
    TEXT = "text"


class Scheme(StrEnum):
    """Light or dark, whatever the editor's own screen is set to."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewWish:
    """What the preview is to show: on what, in which colours, with pictures or not, and whose mail."""

    view: View = View.DESKTOP
    scheme: Scheme = Scheme.LIGHT
    pictures: bool = True
    #: Of a reader of these sections; empty for all.
    sections: tuple[str, ...] = ()
    #: Whether SpamAssassin is asked as well.
    spam: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        """Return all that the mail can be read on."""
        return tuple(View)

    def with_section(self, slug: str) -> str:
        """Return the query that adds the section *slug*, or takes it out where it is in."""
        rest = tuple(each for each in self.sections if each != slug)
        return self.query(sections=rest if slug in self.sections else (*self.sections, slug))

    def query(self, **changes: Any) -> str:
        """Return this wish with *changes* as the query of an address; what is as usual stays away."""
        wish = replace(self, **changes)
        parts: list[tuple[str, str]] = [
            (name, str(getattr(wish, name)))
            for name in ("view", "scheme")
            if getattr(wish, name) != getattr(_USUAL, name)
        ]
        parts += [("section", slug) for slug in wish.sections]
        parts += [("pictures", "false")] if not wish.pictures else []
        parts += [("spam", "true")] if wish.spam else []
        return urlencode(parts)


_USUAL = PreviewWish()


def _wish(
    view: View = View.DESKTOP,
    scheme: Scheme = Scheme.LIGHT,
    section: Annotated[list[str] | None, Query()] = None,
    *,
    pictures: bool = True,
    spam: bool = False,
) -> PreviewWish:
    """Return what the query of an address asks for."""
    sections = tuple(dict.fromkeys(section or ()))
    return PreviewWish(view=view, scheme=scheme, pictures=pictures, sections=sections, spam=spam)


#: What a request asks the preview to show.
Wished = Annotated[PreviewWish, Depends(_wish)]


def in_scheme(html: str, scheme: Scheme) -> str:
    """
    Return *html* as a mail program in *scheme* would show it.

    A frame takes over the colours of the editor's screen and cannot be told otherwise, so the media queries are
    rewritten: those of *scheme* always hold, the others never.
    """

    def always_or_never(found: re.Match[str]) -> str:
        media = "(min-width:0px)" if found[2] == scheme else "(max-width:0px)"
        return f"@media{found[1]}{media}"

    html = _QUERY.sub(always_or_never, html)
    html = _META.sub(rf"\g<1>{scheme}\g<2>", html)
    return _PROPERTY.sub(rf"\g<1>{scheme}", html)
