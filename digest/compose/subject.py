"""What the inbox shows: the subject and the preheader, both from the headlines themselves."""

from collections.abc import Sequence

from digest.model.draft import Story
from digest.model.text import shorten

_SUBJECT = 70
_PREHEADER = 140
_BETWEEN = " \u00b7 "
_PREHEADER_HEADLINES = 3


def subject(stories: Sequence[Story]) -> str:
    """Return the headline of the first of *stories*, at most 70 characters; empty when there is none."""
    return _on_a_line(stories[0].headline, _SUBJECT) if stories else ""


def preheader(stories: Sequence[Story]) -> str:
    """Return the next headlines, as many as have room whole; or what the only Story says."""
    if len(stories) == 1:
        return _on_a_line(stories[0].summary, _PREHEADER)
    whole = ""
    for story in stories[1 : 1 + _PREHEADER_HEADLINES]:
        longer = _BETWEEN.join(part for part in (whole, " ".join(story.headline.split())) if part)
        if len(longer) > _PREHEADER:
            break
        whole = longer
    return whole or "".join(_on_a_line(story.headline, _PREHEADER) for story in stories[1:2])


def _on_a_line(text: str, length: int) -> str:
    return shorten(" ".join(text.split()), length)
