"""Text as it may be printed: on one line, cut between words, wrapped at 72 columns; and how much there is to read."""

import re
import textwrap
from collections.abc import Callable

import wcwidth

#: Within the 78 that RFC 5322 §2.1.1 recommends, with room for a few quotation marks of replies.
WIDTH = 72

#: Controls, line breaks, lone surrogates and the marks that turn the direction of what follows them.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
#: Signs of scripts that put no space between words.
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
#: What is read aloud: addresses are not, nor is a rule or a dash.
_WORD = re.compile(r"(?<!\S)(?!https?://)\S*\w\S*")
#: Scripts with signs that are wide, or that join the one before.
_NOT_ONE_COLUMN = re.compile("[\u0300-\u036f\u0483-\u0489\u0590-\u1dff\u200b-\u200f\u20d0-\u20ff\u2300-\U0010ffff]")


def printable(text: str) -> str:
    """
    Return *text* on one line, without controls, lone surrogates and marks that turn the direction of the page.

    Nothing is returned of a text of which no sign can be seen.
    """
    line = " ".join((text if text.isprintable() else UNPRINTABLE.sub(" ", text)).split())
    return line if line.isascii() or any(sign != " " and wcwidth.wcwidth(sign) > 0 for sign in line) else ""


def shorten(text: str, limit: int) -> str:
    """Return *text* in at most *limit* characters, cut between words where it has them, with an ellipsis."""
    if len(text) <= limit:
        return text
    room = text[:limit]  # one more than there is place for: a word may end just there
    at_word, _, broken = room.rpartition(" ")
    # Scripts without spaces, and one endless word, are cut where they must be.
    cut = at_word if len(broken) <= limit // 3 else room[:-1]
    return cut.rstrip(" ,;:.-\u2013\u2014\u00b7(\u201e\u201c\u00ab") + "…"


def narrowed(text: str, columns: int) -> str:
    """Return *text* cut to at most so many *columns*; a wide sign (Unicode, UAX 11) takes two."""
    if len(text) <= columns // 2:
        return text
    limit = columns
    while wcwidth.width(short := shorten(text, limit)) > columns:
        limit -= 1
    return short


def wrap(text: str, first: str = "", indent: str = "", *, is_flowed: bool = False) -> str:
    """
    Return *text* in lines of at most 72 columns, the first led by *first*, the others by *indent*.

    A word longer than a line, such as an address, stays whole; scripts without spaces break anywhere. Wide signs
    (Unicode, UAX 11) take two columns each. *is_flowed* text (RFC 3676) may be broken anew by whoever shows it: there a
    space ends each line but the last, and *indent* does not count. A script without spaces has no place for it, and
    keeps its lines.
    """
    has_spaces = not _WITHOUT_SPACES.search(text)
    goes_on = is_flowed and has_spaces
    # The plain one is three times as fast, and knows of no sign that is wide.
    split: Callable[..., list[str]] = wcwidth.wrap if _NOT_ONE_COLUMN.search(text) else textwrap.wrap
    lines = split(
        text,
        WIDTH - 1 if is_flowed else WIDTH,
        initial_indent=first,
        subsequent_indent="" if goes_on else indent,
        break_long_words=not has_spaces,
        break_on_hyphens=False,
    )
    return (" \n" if goes_on else "\n").join(_stuffed(line) if is_flowed else line for line in lines)


def columns(left: str, right: str) -> str:
    """Return one line with *left* and *right* at its ends, or two where one has no room for both."""
    gap = WIDTH - wcwidth.width(left) - wcwidth.width(right)
    return f"{left}{' ' * gap}{right}" if gap > 0 else f"{wrap(left)}\n{right}"


def word_count(text: str) -> int:
    """Return how many words *text* gives to read; of a script without spaces two signs count as one."""
    words = len(_WORD.findall(text))
    return words if text.isascii() else words + len(_WITHOUT_SPACES.findall(text)) // 2


def _stuffed(line: str) -> str:
    """RFC 3676 §4.4: a line that begins like this is led by a space, which is taken off again."""
    return f" {line}" if line.startswith((" ", ">", "From ")) else line
