"""Whether each text of a page can be told from what lies behind it, by day and by night (WCAG 2.2, 1.4.3)."""

from collections.abc import Iterator
from typing import NamedTuple

from digest.render.lint.appearance import BOLD, Appearance, appearances
from digest.render.lint.cascade import Scheme, declares_night
from digest.render.lint.colours import Colour, contrast, readable
from digest.render.lint.finding import Finding, Rule, Severity, excerpt
from digest.render.lint.page import Page

#: What large text needs, and all other; below the first, no text can be read with ease.
_LARGE, _ENOUGH = 3.0, 4.5
#: From here on text is large, in CSS pixels: 18 pt, and 14 pt when it is bold.
_LARGE_PX, _LARGE_BOLD_PX = 24.0, 18.66


class _Pair(NamedTuple):
    """What one finding is about."""

    ink: Colour
    ground: Colour
    is_large: bool


def contrasts(page: Page) -> Iterator[Finding]:
    """Tell of text that is hard to read on its ground, joined by their colours."""
    for scheme in Scheme if declares_night(page) else (Scheme.LIGHT,):
        texts: dict[_Pair, dict[str, None]] = {}
        for text, pair in _pairs(page, scheme):
            texts.setdefault(pair, {})[text] = None
        for pair, different in texts.items():
            yield from _finding(pair, scheme, list(different))


def _pairs(page: Page, scheme: Scheme) -> Iterator[tuple[str, _Pair]]:
    """Give each text with its colours; what is written instead of a picture is a text, too."""
    found = appearances(page, scheme)
    known: dict[Appearance, _Pair] = {}
    for element, text in (*page.texts, *((image, image.get("alt", "")) for image in page.named("img"))):
        appearance = found[element]
        # Strokes and dots between words are decoration.
        if appearance.shows_text and any(character.isalnum() for character in text):
            yield text.strip(), known.get(appearance) or known.setdefault(appearance, _pair(appearance))


def _pair(appearance: Appearance) -> _Pair:
    # As far as eight bits tell them apart, so that what looks alike is told once.
    ink, ground = (Colour(*(round(part) for part in colour[:3])) for colour in appearance.seen)
    return _Pair(ink, ground, appearance.px >= (_LARGE_BOLD_PX if appearance.weight >= BOLD else _LARGE_PX))


def _finding(pair: _Pair, scheme: Scheme, texts: list[str]) -> Iterator[Finding]:
    ratio, needed = contrast(pair.ink, pair.ground), _LARGE if pair.is_large else _ENOUGH
    if ratio >= needed:
        return
    when = "by night" if scheme is Scheme.DARK else "by day"
    where = f"{excerpt(texts[0], 40)!r}" + (f" and {len(texts) - 1} other texts" if texts[1:] else "")
    kind = "large text" if pair.is_large else "text"
    yield Finding(
        Severity.ERROR if ratio < _LARGE else Severity.WARNING,
        Rule.CONTRAST,
        # Rounded down, so that 4.496 is not told as 4.5.
        f"ink {pair.ink} on {pair.ground} has a contrast of {int(ratio * 100) / 100} {when}, in {where}; "
        f"{kind} needs at least {needed:g}, as {readable(pair.ink, pair.ground, needed)} has",
    )
