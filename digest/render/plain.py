"""How the text part is set: lines of at most 72 characters, URLs whole."""

import textwrap

#: Within the 78 that RFC 5322 §2.1.1 recommends, with room for a few quotation marks of replies.
WIDTH = 72


def wrap(text: str, first: str = "", indent: str = "") -> str:
    """Return *text* in lines of at most 72 characters, the first led by *first*, the others by *indent*."""
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def columns(left: str, right: str) -> str:
    """Return one line with *left* and *right* at its ends."""
    return f"{left}{right:>{max(len(right) + 1, WIDTH - len(left))}}"
