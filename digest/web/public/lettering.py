"""Lettering: writes Latin, Greek and Cyrillic text into a picture, in Source Serif Pro."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from PIL import ImageDraw, ImageFont

#: What stays together on a line: a number and what it counts, a dash and what it follows.
_WORD = re.compile(r"(?:[0-9][0-9.,]* )?\S+(?: [\u2013\u2014])?")
#: Pictures, joiners, selectors and controls: a headline reads as well without them.
_LEFT_OUT = frozenset({"So", "Sk", "Cf", "Cc", "Cs", "Co", "Mn"})


@dataclass(frozen=True, slots=True)
class Face:
    """Letters of one *size* in pixels. All that is written must be ``spelled``."""

    size: int
    is_bold: bool = False

    def width(self, text: str) -> float:
        """Return how many pixels *text* takes."""
        return self._font.getlength(text)

    def cut(self, text: str, width: float) -> str:
        """Return *text*, or as much of its beginning as *width* pixels hold with an ellipsis."""
        if self.width(text) <= width:
            return text
        room = width - self.width("…")
        return text[: bisect_right(range(len(text)), room, key=lambda end: self.width(text[:end])) - 1].rstrip() + "…"

    def lines(self, text: str, width: float) -> Sequence[str]:
        """Return *text* in as few lines of *width* pixels as hold it, made even; a word too long for one is cut."""
        words = [self.cut(word, width) for word in _WORD.findall(text)]
        even = self._filled(words, width)
        longest = max(map(self.width, words), default=width)
        while (width := width * 0.98) >= longest and len(narrower := self._filled(words, width)) == len(even):
            even = narrower
        return even

    def write(self, draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str) -> None:
        """Write *text* from *at*, the left end of the line that its letters stand on."""
        draw.text(at, text, font=self._font, fill=colour, anchor="ls")

    @property
    def _font(self) -> ImageFont.FreeTypeFont:
        return _font(self.size, is_bold=self.is_bold)

    def _filled(self, words: Sequence[str], width: float) -> Sequence[str]:
        lines: list[str] = []
        for word in words:
            if lines and self.width(f"{lines[-1]} {word}") <= width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines


def spelled(text: str) -> str | None:
    """Return *text* on one line in signs that the font has, without pictures; None when it has other words."""
    signs = "".join(_spelled(sign) for sign in " ".join(unicodedata.normalize("NFC", text).split()))
    line = " ".join(signs.split())
    return line if _known().issuperset(line) else None


def _spelled(sign: str) -> str:
    """Return *sign*, or what it is made of, where the font has that: "°C" for one sign of both."""
    if sign in _known():
        return sign
    parts = unicodedata.normalize("NFKD", sign)
    if _known().issuperset(parts):
        return parts
    return "" if unicodedata.category(sign) in _LEFT_OUT else sign


@cache
def _font(size: int, *, is_bold: bool) -> ImageFont.FreeTypeFont:
    # Not the .ttf: in simple layout it gives the signs that are made of others the width of one part.
    name = f"SourceSerifPro-{'Bold' if is_bold else 'Regular'}.otf"
    with resources.as_file(resources.files("font_source_serif_pro") / "files" / name) as path:
        # In simple layout the same card has the same bytes, whatever else the machine brings along.
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _known() -> frozenset[str]:
    """Return the signs that take room and have a shape of their own, rather than the font's box for what it lacks."""
    font = _font(24, is_bold=True)
    box = bytes(font.getmask("\ue000"))
    signs = (chr(code) for code in range(0x20, 0x2600))
    return frozenset(sign for sign in signs if font.getlength(sign) > 0 and bytes(font.getmask(sign)) != box)
