"""Colours as CSS writes them, and how well one can be told from another (WCAG 2.2)."""

from functools import lru_cache
from typing import NamedTuple

from tinycss2.color4 import Color, parse_color

#: Steps between a colour and black or white when a better one is looked for.
_STEPS = 100


class Colour(NamedTuple):
    """Red, green and blue from 0 to 255, and how much of them covers what lies below."""

    red: float
    green: float
    blue: float
    alpha: float = 1

    def __str__(self) -> str:
        return "#" + "".join(f"{round(part):02x}" for part in self[:3])

    def over(self, ground: "Colour") -> "Colour":
        """Return what is seen of this colour on the opaque *ground*."""
        if self.alpha >= 1:
            return self
        return Colour(
            *(self.alpha * top + (1 - self.alpha) * low for top, low in zip(self[:3], ground[:3], strict=True))
        )

    def faded(self, share: float) -> "Colour":
        """Return this colour with only *share* of its cover."""
        return self._replace(alpha=self.alpha * share)


BLACK = Colour(0, 0, 0)
WHITE = Colour(255, 255, 255)
CLEAR = Colour(0, 0, 0, 0)


@lru_cache(1024)
def parse(text: str) -> Colour | None:
    """Return the colour that *text* writes in CSS, or None when it is no colour that can be known from it."""
    try:
        found = parse_color(text)
        if not isinstance(found, Color):
            return None
        *parts, alpha = found.to("srgb")
    except (NotImplementedError, RecursionError):  # a space that few mail programs know
        return None
    return Colour(*(255 * min(max(part or 0, 0), 1) for part in parts))._replace(alpha=alpha)


def luminance(colour: Colour) -> float:
    """Return the relative luminance of an opaque *colour*, from 0 for black to 1 for white."""
    red, green, blue = (_linear(part / 255) for part in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two opaque colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(ink: Colour, ground: Colour, ratio: float) -> Colour:
    """Return the colour nearest to *ink*, on its way to black or white, that has at least *ratio* on *ground*."""
    goal = max(BLACK, WHITE, key=lambda extreme: contrast(extreme, ground))
    for step in range(_STEPS):
        # As it will be written, so that rounding takes nothing away.
        near = Colour(*(round(part) for part in goal.faded(step / _STEPS).over(ink)[:3]))
        if contrast(near, ground) >= ratio:
            return near
    return goal
