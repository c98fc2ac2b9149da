"""How a summary is cut: behind a whole sentence, else behind a clause, never inside a thought if it can be helped."""

import re

from digest.model.text import shorten

#: What is left of a cut text fills at least this share of the room, or the next kind of cut is tried.
_ENOUGH = 0.35
#: A full stop, with the quotation marks that close behind it; scripts without spaces need none behind theirs.
_SENTENCE = re.compile(
    r"[.!?\u2026\u061f\u06d4\u0964][\"'\u201d\u2019\u00bb)\]]*(?=\s|$)|[\u3002\uff01\uff1f][\u300d\u300f]?"
)
_CLAUSE = re.compile(r"[,;:\u3001\uff0c](?=\s|[\u3040-\u9fff])|\s(?=[\u2013\u2014]\s)")
#: "Dr.", "J.", "U.S.", "No.", "23." are no ends of sentences.
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:[A-Z][a-z]{0,2}|(?:[A-Za-z]\.)+[A-Za-z]|\d{1,2})\.$")


def briefly(text: str, limit: int) -> str:
    """Return *text* in at most *limit* characters: as many whole sentences as fit, else cut with an ellipsis."""
    if len(text) <= limit:
        return text
    # One more, so that a stop at the very end of the room still sees the space behind it.
    room = text[: limit + 1]
    ends = [found.end() for found in _SENTENCE.finditer(room) if not _ABBREVIATION.search(room[: found.end()])]
    if enough := [end for end in ends if limit * _ENOUGH <= end <= limit]:
        return text[: enough[-1]]
    clauses = [found.start() for found in _CLAUSE.finditer(room) if limit / 2 <= found.start() < limit]
    return f"{text[: clauses[-1]]}\u2026" if clauses else shorten(text, limit)
