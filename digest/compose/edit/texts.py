"""The texts that editors write: cleaned of what cannot be printed, and within their limits."""

from urllib.parse import urlsplit

from digest.errors import WrongState
from digest.model.text import printable, shorten

#: Characters.
HEADLINE, SUMMARY, NOTE, SUBJECT, PREHEADER, INTRO, SOURCE, ADDRESS = 300, 2000, 500, 200, 300, 2000, 100, 2000
_QUOTED = 80


def line(text: str, what: str, limit: int) -> str:
    """Return *text*, the *what* of something, on one line; WrongState when it is longer than *limit*."""
    return _within(printable(text), what, limit)


def needed_line(text: str, what: str, limit: int) -> str:
    """Return *text* as ``line`` does; WrongState when nothing of it can be seen."""
    found = line(text, what, limit)
    if not found:
        raise WrongState(f"the {what} is empty; write at least a word")
    return found


def lines(text: str, what: str, limit: int) -> str:
    """Return *text* with its line breaks, but no two empty lines in a row; WrongState when longer than *limit*."""
    found: list[str] = []
    for one in map(printable, text.splitlines()):
        if one or (found and found[-1]):
            found.append(one)
    return _within("\n".join(found).rstrip("\n"), what, limit)


def address(url: str, what: str, *, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """Return *url* without space around it, or nothing for nothing; WrongState unless it is of one of *schemes*."""
    found = url.strip()
    if not found:
        return ""
    try:
        parts = urlsplit(found)
        is_good = parts.scheme in schemes and bool(parts.hostname) and printable(found) == found and " " not in found
    except ValueError:
        is_good = False
    if not is_good:
        begins = " or ".join(f"{scheme}://" for scheme in schemes)
        raise WrongState(f"the {what} {quoted(found)} is no web address; give one that begins with {begins}")
    return _within(found, what, ADDRESS)


def quoted(text: str) -> str:
    """Return *text*, shortened, between quotation marks."""
    return f"“{shorten(printable(text), _QUOTED)}”"


def _within(text: str, what: str, limit: int) -> str:
    if len(text) > limit:
        raise WrongState(f"the {what} has {len(text)} characters; at most {limit} are possible, so shorten it")
    return text
