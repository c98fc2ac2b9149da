"""Card: a past Edition as a picture for previews of links, drawn from its words in its newsletter's colours (pure)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from babel.dates import format_date
from PIL import Image, ImageDraw

from digest.model.newsletter import Newsletter
from digest.model.past_edition import PastEdition
from digest.render.languages import locale
from digest.web.public.lettering import Face, spelled

#: In pixels; what the large networks ask for.
WIDTH, HEIGHT = 1200, 630
#: Cards that are kept drawn; each takes up to 80 KB.
_KEPT = 64

_PAPER, _INK, _MUTED, _RULE = "#ffffff", "#1c1b19", "#5c5852", "#dedad2"
#: The sheet on its canvas, and the text on the sheet.
_LEFT, _TOP, _RIGHT, _BOTTOM = 40, 40, WIDTH - 40, HEIGHT - 40
_TEXT_LEFT, _TEXT_RIGHT = _LEFT + 56, _RIGHT - 56
_MEASURE = _TEXT_RIGHT - _TEXT_LEFT
_ACCENT_HEIGHT = 10
#: Where the title, the rule and the dateline under it stand.
_TITLE_LINE, _RULE_LINE, _DATE_LINE = 120, 504, 554
#: Between these the headline is centred.
_HEADLINE_TOP, _HEADLINE_BOTTOM = 168, 460
_HEADLINE_SIZES = (80, 74, 68, 62, 56, 50)
_MOST_LINES = 4
_LEADING = 1.18
#: The height of a capital, of the size.
_CAPITAL = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What stands on a card. Colours are six hexadecimal digits behind a #."""

    title: str
    headline: str
    number: int
    #: In words and in figures, for words that cannot be written.
    day: str
    date: dt.date
    accent: str
    canvas: str


def of(edition: PastEdition, newsletter: Newsletter) -> Card:
    """Return the card of *edition* of *newsletter*."""
    return Card(
        title=newsletter.title,
        headline=edition.subject,
        number=edition.number,
        day=format_date(edition.date, "full", locale(newsletter.language)),
        date=edition.date,
        accent=newsletter.look.accent,
        canvas=newsletter.look.canvas,
    )


@lru_cache(maxsize=_KEPT)
def drawn(card: Card) -> bytes:
    """
    Return *card* as a PNG of WIDTH by HEIGHT pixels; the same card gives the same bytes.

    Words in a script that cannot be written are left out; number and date stand on every card.
    """
    picture = Image.new("RGB", (WIDTH, HEIGHT), card.canvas)
    _fill(ImageDraw.Draw(picture), card)
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _fill(draw: ImageDraw.ImageDraw, card: Card) -> None:
    _box(draw, (_LEFT, _TOP, _RIGHT, _BOTTOM), _PAPER)
    _box(draw, (_LEFT, _TOP, _RIGHT, _TOP + _ACCENT_HEIGHT), card.accent)
    _box(draw, (_TEXT_LEFT, _RULE_LINE, _TEXT_RIGHT, _RULE_LINE + 2), _RULE)
    _line(draw, _TITLE_LINE, 36, _INK, spelled(card.title))
    number, day, headline = f"No. {card.number}", spelled(card.day) or card.date.isoformat(), spelled(card.headline)
    _line(draw, _DATE_LINE, 28, _MUTED, f"{number} · {day}" if headline else day)
    _headline(draw, headline or number)


def _box(draw: ImageDraw.ImageDraw, sides: tuple[int, int, int, int], colour: str) -> None:
    left, top, right, bottom = sides
    draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)


def _line(draw: ImageDraw.ImageDraw, line: int, size: int, colour: str, text: str | None) -> None:
    face = Face(size, is_bold=colour == _INK)
    if text:
        face.write(draw, (_TEXT_LEFT, line), face.cut(text, _MEASURE), colour)


def _headline(draw: ImageDraw.ImageDraw, text: str) -> None:
    """Set *text* in the largest size in which it fits, centred in its space; what is too long even so is cut."""
    for size in _HEADLINE_SIZES:
        face = Face(size, is_bold=True)
        lines = face.lines(text, _MEASURE)
        if len(lines) <= _MOST_LINES and _height(lines, size) <= _HEADLINE_BOTTOM - _HEADLINE_TOP:
            break
    else:
        lines = [*lines[: _MOST_LINES - 1], face.cut(" ".join(lines[_MOST_LINES - 1 :]), _MEASURE)]
    first = (_HEADLINE_TOP + _HEADLINE_BOTTOM - _height(lines, size)) / 2 + size * _CAPITAL
    for number, line in enumerate(lines):
        face.write(draw, (_TEXT_LEFT, first + number * size * _LEADING), line, _INK)


def _height(lines: Sequence[str], size: int) -> float:
    """Return how high *lines* stand, from the top of their capitals to the line of the last."""
    return ((len(lines) - 1) * _LEADING + _CAPITAL) * size
