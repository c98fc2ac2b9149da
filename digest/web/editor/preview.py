"""What the preview of an Edition is asked to show, and the very mail in the colours that are asked for."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Query

from digest.desk.mailing_proofs import MOST_ADDRESSES
from digest.web.forms import Fields

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
    #: Of the reader whose Subscription is called so, in place of *sections*; empty for nobody in particular.
    reader: str = ""
    #: Whether SpamAssassin is asked as well.
    spam: bool = False
    #: So many test mails have just been put in.
    mailed: int = 0

    @property
    def views(self) -> tuple[View, ...]:
        """Return all that the mail can be read on."""
        return tuple(View)

    def with_section(self, slug: str) -> str:
        """Return the query that adds the section *slug*, or takes it out where it is in."""
        rest = tuple(each for each in self.sections if each != slug)
        return self.query(reader="", sections=rest if slug in self.sections else (*self.sections, slug))

    def query(self, **changes: Any) -> str:
        """Return this wish with *changes* as the query of an address; what is as usual stays away."""
        wish = replace(self, **changes)
        parts: list[tuple[str, str]] = [
            (name, str(getattr(wish, name)))
            for name in ("view", "scheme", "reader")
            if getattr(wish, name) != getattr(_USUAL, name)
        ]
        parts += [("section", slug) for slug in wish.sections]
        parts += [("pictures", "false")] if not wish.pictures else []
        parts += [("spam", "true")] if wish.spam else []
        parts += [("mailed", str(wish.mailed))] if "mailed" in changes else []
        return urlencode(parts)


_USUAL = PreviewWish()


def _wish(  # noqa: PLR0913 (FastAPI gives what is asked for by name)
    view: View = View.DESKTOP,
    scheme: Scheme = Scheme.LIGHT,
    section: Annotated[list[str] | None, Query()] = None,
    reader: Annotated[str, Query(max_length=40)] = "",
    *,
    pictures: bool = True,
    spam: bool = False,
    mailed: Annotated[int, Query(ge=0, le=MOST_ADDRESSES)] = 0,
) -> PreviewWish:
    """Return what the query of an address asks for."""
    sections = () if reader else tuple(dict.fromkeys(section or ()))
    return PreviewWish(
        view=view, scheme=scheme, pictures=pictures, sections=sections, reader=reader, spam=spam, mailed=mailed
    )


#: What a request asks the preview to show.
Wished = Annotated[PreviewWish, Depends(_wish)]


def read_wish(query: str) -> PreviewWish:
    """Return the wish whose ``query`` this is, as a form of the preview carries it along; what is none is as usual."""
    fields = Fields(tuple(parse_qsl(query, max_num_fields=100)))
    return PreviewWish(
        view={each.value: each for each in View}.get(fields.one("view"), View.DESKTOP),
        scheme={each.value: each for each in Scheme}.get(fields.one("scheme"), Scheme.LIGHT),
        pictures=fields.one("pictures") != "false",
        sections=tuple(dict.fromkeys(fields.many("section"))),
        reader=fields.one("reader")[:40],
    )


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
