# ruff: noqa: RUF001 (it is about signs that look alike)
"""
Lettering: writes Latin text into a picture with the one font that Pillow brings along.

That font knows little beyond ASCII, so accents are drawn: each as strokes over, under or through its letter. What can
be written neither so nor with a plain stand-in is said to be so, and never shows as a box.
"""

import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from PIL import ImageDraw, ImageFont

#: How much each side of a stroke is widened, in em: the font comes in one weight, lighter than a headline wants.
_BOLD = 0.011
#: How thick the strokes of the accents are, in em.
_PEN = 0.085
_X_HEIGHT, _CAPITALS, _ASCENDERS = 0.545, 0.70, 0.735
#: Between a letter and what stands over it.
_GAP = 0.095

Point = tuple[float, float]
#: A line through its points; a single point is a dot.
Stroke = Sequence[Point]


def _arc(radius: float, centre: Point, start: int, end: int) -> Stroke:
    turns = (math.radians(start + (end - start) * step / 16) for step in range(17))
    return [(centre[0] + radius * math.cos(turn), centre[1] + radius * math.sin(turn)) for turn in turns]


#: In em from the middle of the letter and its top, upwards.
_OVER: Mapping[str, Sequence[Stroke]] = {
    "\u0300": [[(-0.085, 0.12), (0.045, 0.0)]],
    "\u0301": [[(0.085, 0.12), (-0.045, 0.0)]],
    "\u0302": [[(-0.13, 0.0), (0.0, 0.115), (0.13, 0.0)]],
    "\u0303": [[(0.36 * (step / 16 - 0.5), 0.06 + 0.035 * math.sin(step / 16 * math.tau)) for step in range(17)]],
    "\u0304": [[(-0.15, 0.05), (0.15, 0.05)]],
    "\u0306": [_arc(0.13, (0.0, 0.13), 200, 340)],
    "\u0307": [[(0.0, 0.06)]],
    "\u0308": [[(-0.115, 0.06)], [(0.115, 0.06)]],
    "\u030a": [_arc(0.095, (0.0, 0.075), 0, 360)],
    "\u030b": [[(dx + 0.06, 0.12), (dx - 0.05, 0.0)] for dx in (-0.08, 0.09)],
    "\u030c": [[(-0.13, 0.115), (0.0, 0.0), (0.13, 0.115)]],
}
#: In em from the middle of the letter and the line that it stands on, upwards: under it, or through it.
_UNDER: Mapping[str, Sequence[Stroke]] = {
    "\u0326": [[(0.02, -0.08), (-0.03, -0.20)]],
    "\u0327": [[(0.01, 0.0), (-0.01, -0.07), *_arc(0.065, (-0.01, -0.13), 75, -110)]],
    "\u0328": [_arc(0.095, (0.16, -0.085), 130, 290)],
    "\u0335": [[(-0.04, 0.645), (0.25, 0.645)]],
    "\u0336": [[(-0.19, 0.268), (0.19, 0.268)]],
    "\u0337": [[(-0.12, 0.30), (0.12, 0.42)]],
    "\u0338": [[(-0.27, -0.06), (0.27, 0.60)]],
}
_ACCENTS = {**_OVER, **_UNDER}
#: What stands in for letters and signs that are neither in the font nor a letter with an accent.
_INSTEAD = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ı": "i",
        "ø": "o\u0338", "Ø": "O\u0338", "ł": "l\u0337", "Ł": "L\u0337", "đ": "d\u0335",
        "ď": "d’", "ť": "t’", "ľ": "l’", "Ľ": "L’", "ģ": "g\u0301", "Ģ": "G\u0326", "ķ": "k\u0326", "Ķ": "K\u0326",
        "ļ": "l\u0326", "Ļ": "L\u0326", "ņ": "n\u0326", "Ņ": "N\u0326", "ŗ": "r\u0326", "Ŗ": "R\u0326",
        "€": "EUR ", "£": "GBP ", "×": "x", "−": "-", "‐": "-", "‑": "-", "–": "-", "—": " - ",
        "„": ",,", "‚": ",", "′": "'", "″": '"', "•": "·", "¿": "", "¡": "",
    }
)  # fmt: skip
_DASH = "-\u0336"
#: What stays together on a line: a number and what it counts, a dash and what it follows.
_WORD = re.compile(rf"(?:[0-9][0-9.,]* )?\S+(?: {_DASH})?")
#: Pictures, joiners and controls: a headline reads as well without them.
_LEFT_OUT = frozenset({"So", "Sk", "Cf", "Cc", "Cs", "Co"})
#: Variation selectors, which only say in what manner the sign before them is to be drawn.
_SELECTORS = ("\ufe00", "\ufe0f")


def spelled(text: str) -> str | None:
    """Return *text* in letters that can be written, each with at most one accent behind it; None if it has others."""
    signs = unicodedata.normalize("NFC", text).translate(_INSTEAD)
    letters = "".join(sign if sign in _known() else _taken_apart(sign) for sign in signs)
    line = " ".join(letters.split()).replace(" - ", f" {_DASH} ")
    before = ""
    for sign in line:
        if sign not in _known() and (sign not in _ACCENTS or before not in _known()):
            return None
        before = sign
    return line


def _taken_apart(sign: str) -> str:
    parts = unicodedata.normalize("NFKD", sign)
    is_left_out = unicodedata.category(sign) in _LEFT_OUT or _SELECTORS[0] <= sign <= _SELECTORS[1]
    return "" if is_left_out and not _known().issuperset(parts) else parts


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # given a size, Pillow has no other
    return font


@cache
def _known() -> frozenset[str]:
    """Return the signs for which the font has a shape of its own, rather than its box for what it lacks."""
    font = _font(24)
    box = bytes(font.getmask("\ue000"))
    return frozenset(sign for sign in map(chr, range(0x20, 0x2200)) if bytes(font.getmask(sign)) != box)


@dataclass(frozen=True, slots=True)
class Face:
    """Letters of one *size* in pixels and *colour*, on plain *paper*. All that is written must be ``spelled``."""

    size: int
    colour: str
    paper: str
    is_bold: bool = False

    def width(self, text: str) -> float:
        """Return how many pixels *text* takes."""
        return _font(self.size).getlength(_bare(text))

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

    def _filled(self, words: Sequence[str], width: float) -> Sequence[str]:
        lines: list[str] = []
        for word in words:
            if lines and self.width(f"{lines[-1]} {word}") <= width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines

    def write(self, draw: ImageDraw.ImageDraw, at: Point, text: str) -> None:
        """Write *text* from *at*, the left end of the line that its letters stand on."""
        left, line = at
        font, bare = _font(self.size), _bare(text)
        weight = self.size * _BOLD if self.is_bold else 0
        draw.text(at, bare, font=font, fill=self.colour, anchor="ls", stroke_width=weight, stroke_fill=self.colour)
        letters = 0
        for sign in text:
            if sign not in _ACCENTS:
                letters += 1
                continue
            letter = bare[letters - 1]
            right = left + font.getlength(bare[:letters])
            self._accent(draw, sign, letter, (right - font.getlength(letter) / 2, line))

    def _accent(self, draw: ImageDraw.ImageDraw, accent: str, letter: str, foot: Point) -> None:
        """Draw *accent* at *letter*, which stands on *foot*, the middle of its lower end."""
        middle, line = foot
        if accent in _OVER:
            if letter in "ij":  # their dot gives way
                half = _font(self.size).getlength(letter) / 2
                top, bottom = (line - self.size * height for height in (_ASCENDERS, _X_HEIGHT + 0.02))
                draw.rectangle((middle - half, top, middle + half, bottom), fill=self.paper)
            line -= self.size * (_height(letter) + _GAP)
        for stroke in _ACCENTS[accent]:
            self._stroke(draw, [(middle + x * self.size, line - y * self.size) for x, y in stroke])

    def _stroke(self, draw: ImageDraw.ImageDraw, points: Stroke) -> None:
        pen = self.size * (_PEN + (2 * _BOLD if self.is_bold else 0))
        if len(points) == 1:
            draw.circle(points[0], pen * 0.66, fill=self.colour)
        else:
            draw.line(list(points), fill=self.colour, width=round(pen), joint="curve")


def _bare(text: str) -> str:
    return "".join(sign for sign in text if sign not in _ACCENTS)


def _height(letter: str) -> float:
    """Return how high *letter* is without a dot of its own, in em."""
    if letter.isupper():
        return _CAPITALS
    return _ASCENDERS if letter in "bdfhklt" else _X_HEIGHT
