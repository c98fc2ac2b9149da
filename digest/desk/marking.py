"""What was found, as it is shown: the words that were looked for are marked, and of long texts the place is shown."""

from typing import TypeAlias

from digest.model import folding
from digest.model.text import printable
from digest.model.wanted import Term, Wanted

#: A text in pieces, each with whether it was looked for.
Marked: TypeAlias = tuple[tuple[str, bool], ...]
#: How much of a text is shown around the first word that was looked for, and how much of that before it.
SHOWN, BEFORE = 240, 80


def marked(text: str, wanted: Wanted) -> Marked:
    """Return *text* on one line, with the words *wanted* marked."""
    line = printable(text)
    return _pieces(line, _spans(line, wanted), 0, len(line))


def excerpt(text: str, wanted: Wanted) -> Marked:
    """Return the part of *text* where the first of the words *wanted* stands, marked; its beginning where none does."""
    line = printable(text)
    spans = _spans(line, wanted)
    start = max(0, spans[0][0] - BEFORE) if spans else 0
    end = min(len(line), start + SHOWN)
    start, end = _outside_words(line, start, spans[0][0] if spans else 0), _before_word(line, start, end)
    shown = _pieces(line, spans, start, end)
    return ((("… ", False),) if start else ()) + shown + (((" …", False),) if end < len(line) else ())


def _spans(line: str, wanted: Wanted) -> list[tuple[int, int]]:
    """Return where in *line* the words *wanted* stand, in order and apart from each other."""
    placed = folding.placed(line)
    words = [word for word, _, _ in placed]
    by_first: dict[str, list[Term]] = {}
    beginnings = [term for term in wanted.terms if term.is_beginning and len(term.words) == 1]
    for term in wanted.terms:
        by_first.setdefault(term.words[0], []).append(term)
    spans: list[tuple[int, int]] = []
    for at, word in enumerate(words):
        length = max((term.length_at(words, at) for term in (*by_first.get(word, ()), *beginnings)), default=0)
        if not length:
            continue
        start, end = placed[at][1], placed[at + length - 1][2]
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _pieces(line: str, spans: list[tuple[int, int]], start: int, end: int) -> Marked:
    pieces: list[tuple[str, bool]] = []
    at = start
    for begin, stop in spans:
        if stop <= start or begin >= end:
            continue
        pieces += [(line[at : max(begin, at)], False), (line[max(begin, at) : min(stop, end)], True)]
        at = min(stop, end)
    pieces.append((line[at:end], False))
    return tuple((text, is_wanted) for text, is_wanted in pieces if text)


def _outside_words(line: str, start: int, latest: int) -> int:
    """Return where the word after *start* begins, but not behind *latest*."""
    space = line.find(" ", start, latest)
    return start if start == 0 or space < 0 else space + 1


def _before_word(line: str, start: int, end: int) -> int:
    """Return where the last whole word before *end* ends."""
    space = line.rfind(" ", start + SHOWN // 2, end)
    return end if end == len(line) or space < 0 else space
