"""Brand: a newsletter's own look as a stylesheet, which takes the place of the palette's colours and typefaces."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from digest.model.look import Look
from digest.render.lint.colours import BLACK, WHITE, Colour, contrast, parse, readable
from digest.web.fresh import answer
from digest.web.pages import READ, Wired

router = APIRouter()
_LIFETIME = dt.timedelta(hours=1)
#: WCAG 2.2 §1.4.3, level AA, for text of any size.
_ENOUGH = 4.5
_FAMILY = re.compile(r"[A-Za-z0-9 -]+")
_GENERIC = frozenset(
    {"serif", "sans-serif", "monospace", "cursive", "fantasy", "system-ui", "ui-serif", "ui-sans-serif"}
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What palette.css has at one time of the day that a newsletter does not choose."""

    paper: Colour
    ink: Colour
    muted: Colour
    #: What may be written on a button, the best liked first; one of them is always readable.
    on_link: tuple[Colour, ...]


_NEAR_BLACK = Colour(0x12, 0x12, 0x11)
DAY = Ground(WHITE, Colour(0x1C, 0x1B, 0x19), Colour(0x5C, 0x58, 0x52), (WHITE, _NEAR_BLACK, BLACK))
NIGHT = Ground(
    Colour(0x1D, 0x1C, 0x1A), Colour(0xEC, 0xE9, 0xE3), Colour(0xAA, 0xA5, 0x9C), (_NEAR_BLACK, WHITE, BLACK)
)


@router.api_route("/brand/{slug}.css", methods=READ)
async def stylesheet(slug: str, services: Wired, request: Request) -> Response:
    """Give the look of a newsletter to its pages; 304 to whoever has it."""
    css = written(services.newsletter(slug).look)
    return answer(request, css.encode(), "text/css; charset=utf-8", lifetime=_LIFETIME)


def written(look: Look) -> str:
    """
    Return the stylesheet of *look*.

    Text in the newsletter's colours keeps a contrast of 4.5:1: a colour that lacks it is darkened or lightened as far
    as it takes, and what stands on the newsletter's canvas likewise.
    """
    day = {**_colours(DAY, look.accent, look.link, look.canvas), **dict(_fonts(look))}
    night = _colours(NIGHT, look.accent_dark, look.link_dark, look.canvas_dark)
    return f":root {{\n{_block(day)}}}\n\n@media (prefers-color-scheme: dark) {{\n:root {{\n{_block(night)}}}\n}}\n"


def _colours(ground: Ground, accent: str, link: str, canvas: str) -> dict[str, str]:
    """Return the values of the properties that hang on the newsletter's colours."""
    # What is no colour stays the palette's: nothing but colours gets into the stylesheet.
    found = {name: parse(text) for name, text in (("accent", accent), ("link", link), ("canvas", canvas))}
    values = {name: colour for name in ("accent", "link") if (colour := _on(found[name], ground.paper))}
    if (button := values.get("link")) is not None:
        values["on-link"] = next(ink for ink in ground.on_link if contrast(ink, button) >= _ENOUGH)
    if (around := found["canvas"]) is not None:
        values["canvas"] = around
        inks = {"ink": ground.ink, "muted": ground.muted, "link": found["link"]}
        values |= {f"{name}-on-canvas": colour for name, ink in inks.items() if (colour := _on(ink, around))}
    return {name: str(colour) for name, colour in values.items()}


def _on(ink: Colour | None, ground: Colour) -> Colour | None:
    return None if ink is None else readable(ink, ground, _ENOUGH)


def _fonts(look: Look) -> Iterator[tuple[str, str]]:
    for name, wanted, usual in (("serif", look.headline_font, "serif"), ("sans", look.text_font, "sans-serif")):
        families = [family.strip() for family in wanted.split(",") if _FAMILY.fullmatch(family.strip())]
        if families:
            listed = (family if family in _GENERIC else f'"{family}"' for family in families)
            yield name, ", ".join(dict.fromkeys((*listed, usual)))


def _block(values: Mapping[str, str]) -> str:
    return "".join(f"  --{name}: {value};\n" for name, value in values.items())
