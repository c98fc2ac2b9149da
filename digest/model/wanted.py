"""Wanted: what somebody looks for, read from what they have typed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.model import folding

#: Of what is typed; more is rubbish, and would cost as such.
LONGEST_QUERY, MOST_TERMS, MOST_WORDS = 400, 20, 40
#: A shorter beginning would stand for half of all words.
SHORTEST_BEGINNING = 2
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»\uff02", '"'))
_PART = re.compile(r'(?<!\S)(?P<without>-?)"(?P<phrase>[^"]*)(?:"(?P<star>\*?)|$)|(?P<bare>[^\s"]+)')


@dataclass(frozen=True, slots=True)
class Term:
    """Folded *words* that stand in a row; with *is_beginning*, the last of them may go on."""

    words: tuple[str, ...]
    is_beginning: bool = False

    def length_at(self, found: Sequence[str], start: int) -> int:
        """Return how many of the words *found* it takes at *start*; 0 when it does not stand there."""
        there = found[start : start + len(self.words)]
        if len(there) < len(self.words) or tuple(there[:-1]) != self.words[:-1]:
            return 0
        last = self.words[-1]
        stands = there[-1].startswith(last) if self.is_beginning else there[-1] == last
        return len(self.words) if stands else 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """The Terms that must all be there, and those of which none may be."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything to look for; leaving things out alone finds nothing."""
        return bool(self.terms)


def wanted(typed: str) -> Wanted:
    """
    Read what somebody has *typed*: every word must be there, "words in quotes" in a row, -without, beginn*.

    No text is an error; of one that is too long or says nothing, what can be read is taken.
    """
    terms: list[Term] = []
    without: list[Term] = []
    room = MOST_WORDS
    for part in _PART.finditer(typed[:LONGEST_QUERY].translate(_QUOTES)):
        text, is_out, is_beginning = _read(part)
        found = tuple(folding.words(text))[:room]
        if not found or len(terms) + len(without) >= MOST_TERMS:
            continue
        room -= len(found)
        term = Term(found, is_beginning=is_beginning and len(found[-1]) >= SHORTEST_BEGINNING)
        kept = without if is_out else terms
        if term not in kept:
            kept.append(term)
    return Wanted(tuple(terms), tuple(without))


def _read(part: re.Match[str]) -> tuple[str, bool, bool]:
    """Return the text of *part*, whether it must be absent, and whether it may go on."""
    if part["bare"] is None:
        return part["phrase"], bool(part["without"]), bool(part["star"])
    bare = part["bare"]
    before = part.string[part.start() - 1 : part.start()]
    return bare, bare.startswith("-") and (not before or before.isspace()), bare.endswith("*")
