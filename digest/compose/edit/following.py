"""How an act changes a Draft as a whole: what the inbox shows follows the Stories, until somebody writes it."""

from collections.abc import Sequence
from dataclasses import replace

from digest.compose.edit.acts import Act
from digest.compose.subject import preheader, subject
from digest.model.draft import Draft, Picture, Section, Story
from digest.model.newsletter import Newsletter


def done(act: Act, draft: Draft, newsletter: Newsletter) -> Draft:
    """
    Return *draft* after *act*; WrongState as the act says.

    A subject or preheader that still is what the headlines gave is made anew from those that there are now, so that no
    mail promises a Story that was dropped.
    """
    after = act.apply(draft, newsletter)
    before_best, best = _best_first(draft), _best_first(after)
    if after.subject == draft.subject == subject(before_best):
        after = replace(after, subject=subject(best) or after.subject)
    if after.preheader == draft.preheader == preheader(before_best):
        after = replace(after, preheader=preheader(best))
    return after


def with_pictures(draft: Draft, seen: Draft) -> Draft:
    """Return *draft* with what *seen* knows of its pictures: our copies, or why there are none."""
    known: dict[str, Picture] = {}
    for picture in _pictures(seen):
        if picture.copies or picture.fault:
            known[picture.url] = _joined(known.get(picture.url, picture), picture)

    def renewed(story: Story) -> Story:
        fresh = known.get(story.picture.url) if story.picture is not None else None
        return replace(story, picture=_joined(story.picture, fresh)) if story.picture and fresh else story

    def section(one: Section) -> Section:
        return replace(one, stories=tuple(map(renewed, one.stories)))

    return replace(
        draft,
        sections=tuple(map(section, draft.sections)),
        bench=tuple(replace(seat, story=renewed(seat.story)) if seat.story else seat for seat in draft.bench),
    )


def _best_first(draft: Draft) -> Sequence[Story]:
    """Return what leads the mail of who reads all sections, and then the others, best first."""
    lead = max((section.stories[0] for section in draft.sections), key=lambda story: story.score.standing)
    return [lead, *sorted((one for one in draft.stories if one is not lead), key=lambda one: -one.score.standing)]


def _pictures(draft: Draft) -> list[Picture]:
    stories = (*(seat.story for seat in draft.bench if seat.story is not None), *draft.stories)
    return [story.picture for story in stories if story.picture is not None]


def _joined(picture: Picture, fresh: Picture) -> Picture:
    copies = {copy.place: copy for copy in (*picture.copies, *fresh.copies)}
    return replace(picture, copies=tuple(copies.values()), fault=fresh.fault)
