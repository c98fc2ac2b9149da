"""What makes a headline and a summary good to print."""

import unicodedata

from digest.model.candidate import Candidate
from digest.rank.words import words

_NARROWEST_TITLE, _WIDEST_TITLE = 20, 120
_NARROWEST_SUMMARY, _LONGEST_SUMMARY = 40, 400
# A summary with fewer words that the title lacks says the title again, perhaps with the name of its publisher.
_FEWEST_NEW_WORDS = 4
_CUT = ("...", "\u2026")


def title_quality(title: str) -> float:
    """Return from 1 for a headline that says something down to 0: a quarter off for each fault."""
    letters = [char for char in title if char.isalpha()]
    faults = (
        not _NARROWEST_TITLE <= _width(title) <= _WIDEST_TITLE or len(words(title)) < 3,
        sum(map(str.isupper, letters)) > len(letters) / 2,
        title.rstrip(" \"'\u00bb\u201c\u201d").endswith(("?", "!", "\uff1f", "\uff01")),
        title.rstrip().endswith(_CUT),
    )
    return 1 - sum(faults) / len(faults)


def is_worth_printing(candidate: Candidate) -> bool:
    """Return whether the summary is 40 to 400 characters long, whole, and says more than the title."""
    summary = candidate.summary.strip()
    return (
        len(summary) <= _LONGEST_SUMMARY
        and _width(summary) >= _NARROWEST_SUMMARY
        and not summary.endswith(_CUT)
        and len(set(words(summary)) - set(words(candidate.title))) >= _FEWEST_NEW_WORDS
    )


def _width(text: str) -> int:
    """Return how many columns *text* takes; a wide character takes two."""
    return len(text) if text.isascii() else sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in text)
