"""What the inbox shows: the subject and the preheader, both from the headlines themselves."""

from collections.abc import Sequence

from digest.model.draft import Story

_SUBJECT = 70
_PREHEADER = 140
_BETWEEN = " \u00b7 "
_PREHEADER_HEADLINES = 3
_ELLIPSIS = "\u2026"


def subject(stories: Sequence[Story]) -> str:
    """Return the headline of the first of *stories*, at most 70 characters; empty when there is none."""
    return shorten(stories[0].headline, _SUBJECT) if stories else ""


def preheader(stories: Sequence[Story]) -> str:
    """Return the next headlines, as many as have room whole; or what the only Story says."""
    if len(stories) == 1:
        return shorten(stories[0].summary, _PREHEADER)
    whole = ""
    for story in stories[1 : 1 + _PREHEADER_HEADLINES]:
        longer = _BETWEEN.join(part for part in (whole, " ".join(story.headline.split())) if part)
        if len(longer) > _PREHEADER:
            break
        whole = longer
    return whole or "".join(shorten(story.headline, _PREHEADER) for story in stories[1:2])


def shorten(text: str, length: int) -> str:
    """Return *text* on one line and within *length* characters, cut behind a word where it has words."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    room = line[: length - len(_ELLIPSIS) + 1]
    # Scripts without spaces, and one endless word, are cut where they must be.
    at_word = room.rpartition(" ")[0] if room.rfind(" ") > length // 2 else room[:-1]
    return at_word.rstrip(" ,;:.-\u2013\u2014\u00b7(\u201e\u201c\u00ab") + _ELLIPSIS
