"""Which language a text is in."""

import re
from collections.abc import Sequence
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

#: Shorter texts say too little.
SHORTEST = 20
TAG = re.compile(r"^([a-z]{2,3})(?:[-_][a-z0-9]+)*$", re.IGNORECASE)


def primary(tag: str | None) -> str | None:
    """Return the primary part of a language tag (BCP 47) in lower case: ``pt`` for ``pt-BR``; None for what is none."""
    found = TAG.match((tag or "").strip())
    return found[1].lower() if found and found[1].lower() != "und" else None


def detect(text: str, languages: Sequence[str] = ()) -> str | None:
    """Return the likely language of *text*, among *languages* where these are given; None when it is too short."""
    if len(text) < SHORTEST:
        return None
    return str(_identifier(tuple(sorted(set(languages)))).classify(text[:2000])[0])


@lru_cache(maxsize=4)
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    known = set(identifier.labels) & set(languages)
    identifier.set_languages(known or None)
    return identifier
