"""Shorthand properties of CSS, taken apart as far as it depends on them how text is seen."""

import re
from functools import lru_cache

from digest.render.lint.colours import parse

#: What it depends on how text is seen, shorthands first.
PROPERTIES = frozenset(
    {
        "background",
        "font",
        "color",
        "background-color",
        "font-size",
        "font-weight",
        "display",
        "visibility",
        "opacity",
        "max-height",
    }
)
SIZES = {
    "xx-small": 9.0,
    "x-small": 10.0,
    "small": 13.0,
    "medium": 16.0,
    "large": 18.0,
    "x-large": 24.0,
    "xx-large": 32.0,
}
SCALES = {"smaller": 1 / 1.2, "larger": 1.2}

#: What a colour may be instead of a colour.
KEYWORDS = frozenset({"inherit", "currentcolor", "unset", "initial"})

#: Space and strokes that are not within brackets.
_GAP = re.compile(r"[\s/]+(?![^()]*\))")
_SIZE = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[a-z]+|%)")
#: A longer value is no one's work.
_LONGEST = 500
_WEIGHTS = ("bold", "bolder", "lighter")


@lru_cache(1024)
def longhands(name: str, value: str) -> tuple[tuple[str, str], ...]:
    """Return what the declaration *name*: *value* sets, in lower case, shorthands taken apart; nothing for rubbish."""
    value = value[:_LONGEST].lower()
    if name == "background":
        colours = [word for word in _GAP.split(value) if word == "currentcolor" or parse(word) is not None]
        return (("background-color", colours[-1] if colours else "transparent"),)
    if name == "font":
        words = _GAP.split(value)
        size = next((word for word in words if word in SIZES or word in SCALES or _SIZE.fullmatch(word)), None)
        if size is None:
            return ()
        weights = [word for word in words[: words.index(size)] if word in _WEIGHTS or word.isdecimal()]
        return (("font-size", size), ("font-weight", weights[0] if weights else "normal"))
    is_lost = name in {"color", "background-color"} and parse(value) is None and value not in KEYWORDS
    return () if is_lost else ((name, value),)
