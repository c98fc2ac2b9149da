"""Text from strangers, made fit to be kept and shown."""

import unicodedata


def one_line(text: str) -> str:
    """Return *text* on one line, without control characters, lone surrogates and needless blanks."""
    kept = (" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in text)
    return " ".join("".join(kept).split())
