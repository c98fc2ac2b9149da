"""Where a Story stands in a Draft, and how it is taken out, put in and changed there."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from digest.compose.edit.texts import quoted
from digest.errors import WrongState
from digest.model.draft import Benched, Draft, Picture, Section, Story
from digest.model.ids import ArticleId
from digest.model.newsletter import Newsletter


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """
    A Story and its place: the slug of its Section, and the keys of those before and after it there.

    Two of them are equal unless the Story has changed its Section, or sides with one that stands there in both Drafts:
    those that came or went beside it do not count.
    """

    story: Story
    section: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Spot)
            and self.section == other.section
            and not set(self.before) & set(other.after)
            and not set(self.after) & set(other.before)
        )

    __hash__ = None  # type: ignore[assignment]  # equality is not transitive


def find(draft: Draft, key: str) -> Spot | None:
    """
    Return the spot of the Story called *key*, or else of the one that holds the article called so.

    So what was meant for a Story still finds it when another of its articles leads it meanwhile.
    """
    spots = [_spot(section, n) for section in draft.sections for n in range(len(section.stories))]
    named = (spot for spot in spots if spot.story.key == key)
    holding = (spot for spot in spots if key in _names(spot.story))
    return next(named, None) or next(holding, None)


def get(draft: Draft, key: str) -> Spot:
    """Return the spot as ``find`` does; WrongState when there is none."""
    spot = find(draft, key)
    if spot is None:
        raise WrongState(f"{title(draft, key)} is not in the draft any more; show the draft anew to see where it went")
    return spot


def benched(draft: Draft, key: str) -> Benched | None:
    """Return the seat on the bench of the Story called *key*."""
    return next((seat for seat in draft.bench if seat.story is not None and seat.story.key == key), None)


def title(draft: Draft, key: str) -> str:
    """Return the quoted headline of the Story called *key*, wherever it is; "story a12" where it is nowhere."""
    spot, seat = find(draft, key), benched(draft, key)
    if spot is not None:
        return quoted(spot.story.headline)
    return quoted(seat.headline) if seat is not None else f"story {quoted(key)}"


def section_title(draft: Draft, slug: str) -> str:
    """Return what the Section called *slug* is called in *draft*, or its slug where it holds none."""
    return next((section.title for section in draft.sections if section.slug == slug), slug)


def changed(draft: Draft, key: str, change: Callable[[Story], Story]) -> Draft:
    """Return *draft* with the Story called *key* changed in its place."""
    story = get(draft, key).story
    fresh = change(story)

    def renewed(section: Section) -> Section:
        return replace(section, stories=tuple(fresh if one is story else one for one in section.stories))

    return replace(draft, sections=tuple(renewed(section) for section in draft.sections))


def without(draft: Draft, story: Story) -> Draft:
    """Return *draft* without *story*, and without its Section if that was all."""
    left = (
        replace(section, stories=tuple(one for one in section.stories if one is not story))
        for section in draft.sections
    )
    return replace(draft, sections=tuple(section for section in left if section.stories))


def put(draft: Draft, newsletter: Newsletter, story: Story, slug: str, index: int | None = None) -> Draft:
    """
    Return *draft* with *story* put into the Section called *slug*, at *index* or at its end.

    The Section is made where the newsletter's order has it; WrongState when there is none called so.
    """
    drafted = [section.slug for section in draft.sections]
    if slug in drafted:
        sections = tuple(
            replace(section, stories=_inserted(section.stories, story, index)) if section.slug == slug else section
            for section in draft.sections
        )
        return replace(draft, sections=sections)
    order = [plan.slug for plan in newsletter.sections]
    if slug not in order:
        raise WrongState(f"{newsletter.title} has no section {quoted(slug)}; choose one of {', '.join(order)}")
    fresh = Section(slug=slug, title=newsletter.section(slug).title, stories=(story,))
    later = order[order.index(slug) + 1 :]
    at = next((n for n, other in enumerate(drafted) if other in later), len(drafted))
    return replace(draft, sections=(*draft.sections[:at], fresh, *draft.sections[at:]))


def used(draft: Draft) -> frozenset[ArticleId]:
    """Return every article that a Story of *draft* holds."""
    return frozenset(article_id for story in draft.stories for article_id in story.article_ids)


def bare(story: Story | None) -> Story | None:
    """Return *story* without what the program itself fetches for it, so that two can be compared."""
    if story is None or story.picture is None:
        return story
    return replace(story, picture=Picture(url=story.picture.url))


def _spot(section: Section, place: int) -> Spot:
    keys = tuple(story.key for story in section.stories)
    return Spot(section.stories[place], section.slug, keys[:place], keys[place + 1 :])


def _names(story: Story) -> frozenset[str]:
    return frozenset((story.own_key, *(f"a{article_id}" for article_id in story.article_ids))) - {""}


def _inserted(stories: tuple[Story, ...], story: Story, index: int | None) -> tuple[Story, ...]:
    at = len(stories) if index is None else index
    return (*stories[:at], story, *stories[at:])
