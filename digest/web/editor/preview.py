"""The preview: the very mail, shown in the colours that are asked for."""

import re
from enum import StrEnum

_QUERY = re.compile(r"@media([^{]*)\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")
_META = re.compile(r'(<meta\s+name="(?:color-scheme|supported-color-schemes)"\s+content=")[^"]*(")')
_PROPERTY = re.compile(r"((?<![-\w])(?:supported-)?color-schemes?\s*:\s*)(?:light\s+dark|dark\s+light)")


class Scheme(StrEnum):
    """Light or dark, whatever the editor's own screen is set to."""

    LIGHT = "light"
    DARK = "dark"


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
