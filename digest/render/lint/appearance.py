"""How the text in each element of a page appears: its ink and ground, its size and weight."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from digest.render.lint.cascade import Scheme, is_drawn_dark, winners
from digest.render.lint.colours import BLACK, CLEAR, WHITE, Colour, parse
from digest.render.lint.longhands import SCALES, SIZES
from digest.render.lint.page import UNSEEN, Element, Page

BOLD = 700
_NORMAL = 400
_DEFAULT_PX = 16.0
_LENGTH = re.compile(r"(\d+\.?\d*|\.\d+)(px|pt|em|rem|%|)")
_PX = {"px": 1.0, "": 1.0, "pt": 4 / 3, "rem": _DEFAULT_PX}
# What browsers do by themselves (HTML Standard, Rendering).
_OWN_SIZES = {
    "h1": 2.0,
    "h2": 1.5,
    "h3": 1.17,
    "h5": 0.83,
    "h6": 0.67,
    "small": 1 / 1.2,
    "sub": 1 / 1.2,
    "sup": 1 / 1.2,
}
_OWN_BOLD = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "th"})
#: Ink, ground and links of a page that sets none, as Chromium draws them.
_OWN_COLOURS = {
    Scheme.LIGHT: (BLACK, WHITE, Colour(0, 0, 238)),
    Scheme.DARK: (WHITE, Colour(18, 18, 18), Colour(158, 158, 255)),
}
_INHERITED = ("inherit", "unset", "currentcolor")


class Appearance(NamedTuple):
    """How text in an element is seen."""

    ink: Colour
    #: Opaque: what is seen behind the text.
    ground: Colour
    px: float
    weight: int
    #: What is not visible keeps its place and may show what is in it; what is not shown takes its content along.
    is_visible: bool = True
    is_shown: bool = True
    #: What lies behind each translucent element around the text, the nearest last, and how much of it is covered.
    veils: tuple[tuple[Colour, float], ...] = ()

    @property
    def shows_text(self) -> bool:
        """Return whether text is to be seen at all."""
        return self.is_shown and self.is_visible and self.px >= 1

    @property
    def seen(self) -> tuple[Colour, Colour]:
        """Return ink and ground as they are seen, both opaque."""
        ink, ground = self.ink.over(self.ground), self.ground
        for behind, share in reversed(self.veils):
            ink, ground = ink.faded(share).over(behind), ground.faded(share).over(behind)
        return ink, ground


def appearances(page: Page, scheme: Scheme) -> Mapping[Element, Appearance]:
    """Return how text in each element of *page* is seen by *scheme*; pictures behind text are taken for nothing."""
    declared = winners(page, scheme)
    ink, ground, link = _OWN_COLOURS[scheme if is_drawn_dark(page) else Scheme.LIGHT]
    found: dict[Element, Appearance] = {}
    for element in page.elements:
        parent = element.getparent()
        above = Appearance(ink, ground, _DEFAULT_PX, _NORMAL) if parent is None else found[parent]
        found[element] = _appearance(element, above, declared.get(element, {}), link)
    return found


def _appearance(element: Element, above: Appearance, declared: Mapping[str, str], link: Colour) -> Appearance:
    if not above.is_shown or element.tag in UNSEEN or "hidden" in element.attrib:
        return above._replace(is_shown=False)
    share = _share(declared.get("opacity", ""))
    is_hidden = declared.get("display") == "none" or declared.get("max-height") in {"0", "0px"} or share == 0
    ink = _ink(element, above, declared.get("color", ""), link)
    visibility = declared.get("visibility", "inherit")
    return Appearance(
        ink=ink,
        ground=_ground(element, declared.get("background-color", ""), ink, above).over(above.ground),
        px=_px(declared.get("font-size", ""), above.px * _OWN_SIZES.get(str(element.tag), 1), above.px),
        weight=_weight(
            declared.get("font-weight", ""), BOLD if element.tag in _OWN_BOLD else above.weight, above.weight
        ),
        is_visible=above.is_visible if visibility in _INHERITED else visibility == "visible",
        is_shown=not is_hidden,
        veils=(*above.veils, (above.ground, share)) if share < 1 else above.veils,
    )


def _ink(element: Element, above: Appearance, value: str, link: Colour) -> Colour:
    if value in _INHERITED:
        return above.ink
    if (colour := parse(value)) is not None:
        return colour
    if element.tag == "a" and "href" in element.attrib:
        return link
    old = {"font": element.get("color"), "body": element.get("text")}.get(str(element.tag))
    return parse(old or "") or above.ink


def _ground(element: Element, value: str, ink: Colour, above: Appearance) -> Colour:
    if value == "currentcolor":
        return ink
    if value == "inherit":
        return above.ground
    if value in {"initial", "unset"}:
        return CLEAR
    return parse(value) or parse(element.get("bgcolor", "")) or CLEAR


def _px(value: str, own: float, inherited: float) -> float:
    if value in _INHERITED:
        return inherited
    if value in SIZES:
        return SIZES[value]
    if value in SCALES:
        return inherited * SCALES[value]
    match = _LENGTH.fullmatch(value)
    if match is None:
        return own
    number, unit = float(match[1]), match[2]
    if unit in _PX:
        return number * _PX[unit]
    return inherited * (number / 100 if unit == "%" else number)


def _weight(value: str, own: int, inherited: int) -> int:
    named = {"bold": BOLD, "normal": _NORMAL, "bolder": max(inherited, BOLD), "inherit": inherited, "unset": inherited}
    if value == "lighter":
        return _NORMAL if inherited >= BOLD else 100
    return int(value) if value.isdecimal() and len(value) <= 4 else named.get(value, own)


def _share(value: str) -> float:
    match = _LENGTH.fullmatch(value)
    if match is None or match[2] not in {"", "%"}:
        return 1.0
    return min(float(match[1]) / (100 if match[2] == "%" else 1), 1.0)
