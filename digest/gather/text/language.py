"""Which language a text is in."""

import re
from collections.abc import Iterable
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

#: Shorter texts say too little.
SHORTEST = 20
#: A text so long is trusted more than the page around it, whose frame often comes from elsewhere.
TELLING = 500
LOOKED_AT = 2000
#: Enough to know that a text is in another language than its page says.
OPENING = 300
TAG = re.compile(r"^([a-z]{2,3})(?:[-_][a-z0-9]+)*$", re.IGNORECASE)
#: Languages so alike that a text tells less than its label.
ALIKE = tuple(
    frozenset(group.split())
    for group in ("nb nn no da sv", "hr sr bs sl sh", "id ms", "cs sk", "ru uk be bg mk", "es pt gl ca an ast", "af nl")
)


def primary(tag: str | None) -> str | None:
    """Return the primary part of a language tag (BCP 47) in lower case: ``pt`` for ``pt-BR``; None for what is none."""
    found = TAG.match((tag or "").strip())
    return found[1].lower() if found and found[1].lower() != "und" else None


def detect(text: str) -> str | None:
    """Return the likely language of *text*; None when it is too short."""
    if len(text) < SHORTEST:
        return None
    return str(_model().classify(text[:LOOKED_AT])[0])


def of_page(labels: Iterable[tuple[str, str]], text: str) -> tuple[str | None, str]:
    """
    Return the language of a page and where it was found: the first of *labels* (tag, origin), else None.

    A long *text* in quite another language counts for more than they do.
    """
    label, origin = next(((tag, by) for tag, by in ((primary(said), by) for said, by in labels) if tag), (None, ""))
    seen = detect(text[:OPENING]) if label and len(text) >= TELLING else None
    if label is None or seen in {None, label} or any({seen, label} <= group for group in ALIKE):
        return label, origin
    return seen, "text"


@lru_cache(maxsize=1)
def _model() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE)
