"""The text of an article page in blocks: trafilatura's reading, mended by the page itself."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import trafilatura
from lxml.html import HtmlElement

from digest.gather.pages.headline import same
from digest.gather.pages.lines import Kind, kind_of
from digest.gather.pages.tree import marks_of, text_of
from digest.gather.text.clean import blocks as blocks_of
from digest.gather.text.clean import plain
from digest.gather.text.summary import ENDED

#: What opens and closes a text: so many blocks may be its title, its writer, its date, its agency.
EDGE = 4
SHORTEST_PARAGRAPH = 60
PROBE = 24
#: The description in JSON-LD is the text when it has so much of it.
COVERED = 0.75
#: A text that JSON-LD gives so much longer is taken instead of ours.
LONGER = 1.5
LONG = 500
#: Paragraphs are missed when they would add so much, and so many others of their kind are known.
LOST = 0.2
SAME_SHAPE = 3
NOT_ALNUM = re.compile(r"[\W_]+")
# "(dpa)", "(Source: AP)", "Reporting by … Editing by …": who delivered the text, below it.
CREDIT = re.compile(
    r"\((?:[a-z]{2,5}(?:[/,]\s?[a-z]{2,12})*)\)|"
    r"\W*(?:(?:quelle|source|fuente|fonte|bron|kilde)\s?:|reporting by\b).{0,300}|"
    r".{0,80}\bfirst published\b.{0,80}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Prose:
    """A text in blocks, where it was found, and the lines that it opened with before it was trimmed."""

    blocks: tuple[str, ...]
    origin: str
    opening: tuple[str, ...] = ()


def read(tree: HtmlElement, *, described: str, titles: Sequence[str], fetched_at: datetime) -> Prose:
    """
    Return the text of *tree*.

    *described* is what JSON-LD gives as the text, perhaps empty: where it agrees, it says which blocks are none.
    *titles* open no text.
    """
    read = trafilatura.bare_extraction(tree, fast=True, include_comments=False, with_metadata=False)
    text = getattr(read, "text", None) or ""
    found = [block for block in map(plain, text.split("\n")) if block]
    found = _with_lost(tree, found)
    said = [block for line in described.split("\n") for block in blocks_of(line)]
    length = sum(map(len, said))
    # A page that shows no text: the reading then is the description itself, run together.
    is_run_together = len(found) <= 1 < len(said) and length >= COVERED * sum(map(len, found))
    if length >= max(LONG, LONGER * sum(map(len, found))) or is_run_together:
        found, origin = said, "JSON-LD"
    else:
        origin = "trafilatura"
    opening = tuple(found[:EDGE])
    kept = trimmed(_agreed(found, _key("".join(said))), titles, fetched_at=fetched_at)
    return Prose(tuple(kept), origin, opening)


def trimmed(found: Sequence[str], titles: Sequence[str], *, fetched_at: datetime) -> list[str]:
    """Return the blocks *found* without titles, bylines and dates at their edges, and without furniture between."""
    kinds = [kind_of(block, fetched_at=fetched_at) for block in found]
    kept = [
        not (kind in {Kind.RESIDUE, Kind.LINKS, Kind.TEASERS} or not NOT_ALNUM.sub("", block))
        for block, kind in zip(found, kinds, strict=True)
    ]
    for place in [*range(min(EDGE, len(found))), *range(max(0, len(found) - EDGE), len(found))]:
        kept[place] = kept[place] and kinds[place] is not Kind.FACT
    for place in range(min(EDGE, len(found))):
        kept[place] = kept[place] and not any(same(found[place], title) for title in titles)
    for place in range(max(0, len(found) - EDGE), len(found)):
        kept[place] = kept[place] and not CREDIT.fullmatch(found[place])
    return [block for block, is_kept in zip(found, kept, strict=True) if is_kept]


def _agreed(found: list[str], said: str) -> list[str]:
    """Return those of *found* that JSON-LD's text *said* holds too, where it holds most; headings stay."""
    if len(said) < LONG:
        return found
    known = [_holds(said, _key(block)) for block in found]
    held = sum(len(_key(block)) for block, is_known in zip(found, known, strict=True) if is_known)
    if held < COVERED * len(said):
        return found
    first, last = known.index(True), len(known) - known[::-1].index(True)
    return [
        block
        for place, block in enumerate(found)
        if known[place] or (first < place < last and len(block) < SHORTEST_PARAGRAPH and not ENDED.search(block))
    ]


def _holds(said: str, key: str) -> bool:
    """Return whether *said* has two of three samples of *key*."""
    middle = len(key) // 2
    probes = (key[:PROBE], key[middle : middle + PROBE], key[-PROBE:])
    return sum(probe in said for probe in probes) > 1


def _with_lost(tree: HtmlElement, found: list[str]) -> list[str]:
    """Return *found* with the paragraphs that the reading lost though they stand in elements of the same kind."""
    said = _key("".join(found))
    paragraphs = [(element, text) for element in tree.iter("p") if (text := text_of(element))]
    long = [(element, text) for element, text in paragraphs if len(text) >= SHORTEST_PARAGRAPH]
    held = [_holds(said, _key(text)) for _, text in long]
    missing = sum(len(text) for (_, text), is_held in zip(long, held, strict=True) if not is_held)
    if missing < LOST * len(said):
        return found
    known = Counter(_shape(element) for (element, _), is_held in zip(long, held, strict=True) if is_held)
    shapes = {shape for shape, count in known.items() if count >= SAME_SHAPE}
    lost = sum(
        len(text)
        for (element, text), is_held in zip(long, held, strict=True)
        if not is_held and ENDED.search(text) and _shape(element) in shapes
    )
    return found if lost < LOST * len(said) else [text for element, text in paragraphs if _shape(element) in shapes]


def _shape(element: HtmlElement) -> tuple[str, ...]:
    """Return what *element* and the elements around it are called."""
    around = [element, *(one for one, _ in zip(element.iterancestors(), range(2), strict=False))]
    return tuple(f"{one.tag} {marks_of(one)}" for one in around)


def _key(text: str) -> str:
    return NOT_ALNUM.sub("", text.casefold())
