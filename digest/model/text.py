"""Text as it may be printed: on one line, cut between words, wrapped at 72 columns."""

import re
import textwrap
from collections.abc import Callable

import wcwidth

#: Within the 78 that RFC 5322 §2.1.1 recommends, with room for a few quotation marks of replies.
WIDTH = 72

#: Controls, line breaks, lone surrogates and the marks that turn the direction of what follows them.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
#: Scripts with signs that are wide, or that join the one before.
_NOT_ONE_COLUMN = re.compile("[\u0300-\u036f\u0483-\u0489\u0590-\u1dff\u200b-\u200f\u20d0-\u20ff\u2300-\U0010ffff]")


def printable(text: str) -> str:
    """Return *text* on one line, without controls, lone surrogates and marks that turn the direction of the page."""
    return " ".join(UNPRINTABLE.sub(" ", text).split())


def shorten(text: str, limit: int) -> str:
    """Return *text* in at most *limit* characters, cut between words where it has them, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word, _, broken = cut.rpartition(" ")
    return (at_word if len(broken) < limit // 3 else cut).rstrip(" ,;:.\u2013\u2014-·") + "…"


def wrap(text: str, first: str = "", indent: str = "", *, is_flowed: bool = False) -> str:
    """
    Return *text* in lines of at most 72 columns, the first led by *first*, the others by *indent*.

    A word longer than a line, such as an address, stays whole; scripts without spaces break anywhere. Wide signs
    (Unicode, UAX 11) take two columns each. *is_flowed* text (RFC 3676) may be broken anew by whoever shows it: there a
    space ends each line but the last, and *indent* does not count.
    """
    # The plain one is three times as fast, and knows of no sign that is wide.
    split: Callable[..., list[str]] = wcwidth.wrap if _NOT_ONE_COLUMN.search(text) else textwrap.wrap
    lines = split(
        text,
        WIDTH - 1 if is_flowed else WIDTH,
        initial_indent=first,
        subsequent_indent="" if is_flowed else indent,
        break_long_words=_is_written_without_spaces(text),
        break_on_hyphens=False,
    )
    return " \n".join(_stuffed(line) for line in lines) if is_flowed else "\n".join(lines)


def columns(left: str, right: str) -> str:
    """Return one line with *left* and *right* at its ends, or two where one has no room for both."""
    gap = WIDTH - wcwidth.width(left) - wcwidth.width(right)
    return f"{left}{' ' * gap}{right}" if gap > 0 else f"{wrap(left)}\n{right}"


def _is_written_without_spaces(text: str) -> bool:
    return bool(re.search("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]", text))


def _stuffed(line: str) -> str:
    """RFC 3676 §4.4: a line that begins like this is led by a space, which is taken off again."""
    return f" {line}" if line.startswith((" ", ">", "From ")) else line
