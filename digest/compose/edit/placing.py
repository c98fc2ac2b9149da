"""The acts that give Stories their places: pin, drop, place, move."""

from dataclasses import dataclass, replace
from typing import Literal

from digest.compose.edit import spots
from digest.compose.edit.leading import freed
from digest.compose.edit.texts import quoted
from digest.errors import WrongState
from digest.model.draft import Benched, Draft, Story
from digest.model.newsletter import Newsletter

DROPPED = "dropped by an editor"
#: Seats on the bench.
BENCH = 40


@dataclass(frozen=True, slots=True)
class Pin:
    """Put the Story first in its Section, marked, so that it leads."""

    key: str

    @property
    def about(self) -> str:
        return f"pin {self.key}"

    def apply(self, draft: Draft, newsletter: Newsletter) -> Draft:
        spot = spots.get(draft, self.key)
        pinned = _marked(spot.story, is_pinned=True)
        # Its Section must not vanish in between.
        return _replaced(spots.put(draft, newsletter, pinned, spot.section, 0), spot.story)

    def touches(self, draft: Draft) -> object:
        return _pinned(draft, self.key)

    def told(self, draft: Draft) -> str:
        return f"pinned {spots.title(draft, self.key)}"


@dataclass(frozen=True, slots=True)
class Unpin:
    """Take the pin off the Story; it stays where it stands."""

    key: str

    @property
    def about(self) -> str:
        return f"pin {self.key}"

    def apply(self, draft: Draft, _newsletter: Newsletter) -> Draft:
        return spots.changed(draft, self.key, lambda story: _marked(story, is_pinned=False))

    def touches(self, draft: Draft) -> object:
        return _pinned(draft, self.key)

    def told(self, draft: Draft) -> str:
        return f"took the pin off {spots.title(draft, self.key)}"


@dataclass(frozen=True, slots=True)
class Drop:
    """Put the Story onto the bench; once more, and nothing happens."""

    key: str

    @property
    def about(self) -> str:
        return f"drop {self.key}"

    def apply(self, draft: Draft, _newsletter: Newsletter) -> Draft:
        if spots.find(draft, self.key) is None and spots.benched(draft, self.key) is not None:
            return draft
        spot = spots.get(draft, self.key)
        if len(draft.stories) == 1:
            raise WrongState(
                f"{spots.title(draft, self.key)} is the last story of the draft; skip today's Edition instead"
            )
        story = _marked(spot.story, is_pinned=False)
        seat = Benched(
            headline=story.headline,
            source=story.source,
            section=spot.section,
            score=story.score.total,
            reason=DROPPED,
            story=story,
        )
        others = (one for one in draft.bench if one.story is None or one.story.key != story.key)
        return replace(spots.without(draft, spot.story), bench=(seat, *others)[:BENCH])

    def touches(self, draft: Draft) -> object:
        spot = spots.find(draft, self.key)
        return spot and (spot.section, spots.bare(spot.story))

    def told(self, draft: Draft) -> str:
        return f"dropped {spots.title(draft, self.key)}"


@dataclass(frozen=True, slots=True)
class Place:
    """Take the Story from the bench to the end of *section*, or of its own; once more, and nothing happens."""

    key: str
    section: str = ""

    @property
    def about(self) -> str:
        return f"place {self.key}"

    def apply(self, draft: Draft, newsletter: Newsletter) -> Draft:
        seat = spots.benched(draft, self.key)
        if seat is None or seat.story is None:
            if spots.find(draft, self.key) is not None:
                return draft
            raise WrongState(f"{spots.title(draft, self.key)} is not on the bench; add it by its address instead")
        story = freed(seat.story, spots.used(draft))
        if story is None:
            raise WrongState(
                f"{quoted(seat.headline)} is in the draft already, as part of another story; split it off there"
            )
        bench = tuple(one for one in draft.bench if one is not seat)
        return spots.put(replace(draft, bench=bench), newsletter, story, self.section or seat.section)

    def touches(self, draft: Draft) -> object:
        seat = spots.benched(draft, self.key)
        return seat is not None and spots.bare(seat.story)

    def told(self, draft: Draft) -> str:
        seat = spots.benched(draft, self.key)
        slug = self.section or (seat.section if seat is not None else "")
        into = f" into {spots.section_title(draft, slug)}" if slug else ""
        return f"placed {quoted(seat.headline) if seat is not None else spots.title(draft, self.key)}{into}"


@dataclass(frozen=True, slots=True)
class Move:
    """Put the Story into *section*, before the Story called *before* or at its end."""

    key: str
    section: str
    before: str = ""

    @property
    def about(self) -> str:
        return f"move {self.key}"

    def apply(self, draft: Draft, newsletter: Newsletter) -> Draft:
        spot = spots.get(draft, self.key)
        if self.before in {self.key, spot.story.key}:
            return draft
        index = self._index(draft, spot)
        # A copy of it comes first, and then it goes: its Section must not vanish in between.
        moved = spots.put(draft, newsletter, replace(spot.story), self.section, index)
        return _replaced(moved, spot.story)

    def touches(self, draft: Draft) -> object:
        return spots.find(draft, self.key)

    def told(self, draft: Draft) -> str:
        where = f"before {spots.title(draft, self.before)}" if self.before else "to the end"
        return f"moved {spots.title(draft, self.key)} {where} of {spots.section_title(draft, self.section)}"

    def _index(self, draft: Draft, spot: spots.Spot) -> int | None:
        if not self.before:
            return None
        at = spots.find(draft, self.before)
        if at is None or at.section != self.section:
            raise WrongState(
                f"{spots.title(draft, self.before)} is not in {spots.section_title(draft, self.section)} any more, "
                f"so {spots.title(draft, spot.story.key)} cannot go before it; show the draft anew"
            )
        return len(at.before)


@dataclass(frozen=True, slots=True)
class Shift:
    """
    Move the Story by one place, *up* or down, over the edge into the neighbouring section of the newsletter.

    Above the first and below the last section nothing happens.
    """

    key: str
    up: bool

    @property
    def about(self) -> str:
        return f"move {self.key}"

    def apply(self, draft: Draft, newsletter: Newsletter) -> Draft:
        spot = spots.get(draft, self.key)
        place = len(spot.before)
        rest = spots.without(draft, spot.story)
        if self.up and place > 0:
            return spots.put(rest, newsletter, spot.story, spot.section, place - 1)
        if not self.up and spot.after:
            return spots.put(rest, newsletter, spot.story, spot.section, place + 1)
        slug = _neighbour(draft, newsletter, spot.section, -1 if self.up else 1)
        return draft if slug is None else spots.put(rest, newsletter, spot.story, slug, None if self.up else 0)

    def touches(self, draft: Draft) -> object:
        return spots.find(draft, self.key)

    def told(self, draft: Draft) -> str:
        return f"moved {spots.title(draft, self.key)} {'up' if self.up else 'down'}"


def _marked(story: Story, *, is_pinned: bool) -> Story:
    return replace(story, score=replace(story.score, is_pinned=is_pinned))


def _pinned(draft: Draft, key: str) -> tuple[Literal["nowhere"]] | tuple[str, bool]:
    spot = spots.find(draft, key)
    return ("nowhere",) if spot is None else (spot.section, spot.story.score.is_pinned)


def _replaced(draft: Draft, old: Story) -> Draft:
    return spots.without(draft, old)


def _neighbour(draft: Draft, newsletter: Newsletter, slug: str, step: int) -> str | None:
    """Return the section before or after the one called *slug*: in the newsletter, or else in *draft*."""
    order = [plan.slug for plan in newsletter.sections]
    if slug not in order:
        order = [section.slug for section in draft.sections]
    at = order.index(slug) + step
    return order[at] if 0 <= at < len(order) else None
