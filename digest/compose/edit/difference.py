"""What differs between two Drafts, in sentences for an editor."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from digest.compose.edit import spots
from digest.compose.edit.spots import Spot
from digest.compose.edit.texts import quoted
from digest.model.draft import Draft, Story


def differences(before: Draft, after: Draft) -> tuple[str, ...]:
    """Return a sentence for each thing that an editor can see and that *after* has otherwise than *before*."""
    return (*_around(before, after), *_stories(before, after), *_newcomers(before, after), *_order(before, after))


def _around(before: Draft, after: Draft) -> Iterator[str]:
    for name in ("subject", "preheader", "intro"):
        was, is_ = getattr(before, name), getattr(after, name)
        if was != is_:
            yield f"The {name} was {_text(was)} and is {_text(is_)}"


def _stories(before: Draft, after: Draft) -> Iterator[str]:
    """Tell what has become of each Story of *before*."""
    for story in before.stories:
        old, new = spots.find(before, story.key), spots.find(after, story.key)
        assert old is not None
        if new is None:
            was = "was dropped onto the bench" if spots.benched(after, story.key) is not None else "is gone"
            yield f"{quoted(story.headline)} {was}"
        elif _own(before, new.story) not in {None, story}:
            yield f"{quoted(story.headline)} was merged into {quoted(new.story.headline)}"
        else:
            yield from _changes(old, new, before, after)


def _newcomers(before: Draft, after: Draft) -> Iterator[str]:
    """Tell where each Story of *after* comes from that *before* had not as one."""
    for story in after.stories:
        if _own(before, story) is not None:
            continue
        spot, home = spots.find(after, story.key), spots.find(before, story.key)
        assert spot is not None
        section = spots.section_title(after, spot.section)
        if home is not None and spots.find(after, home.story.key) is not None:
            yield f"{quoted(story.headline)} was split off {quoted(home.story.headline)}"
        elif spots.benched(before, story.key) is not None:
            yield f"{quoted(story.headline)} was placed from the bench into {section}"
        else:
            yield f"{quoted(story.headline)} was added to {section}"


def _order(before: Draft, after: Draft) -> Iterator[str]:
    """Tell which Stories stand elsewhere among those that their Section holds in both Drafts."""
    for section in after.sections:
        were = [story.key for one in before.sections if one.slug == section.slug for story in one.stories]
        are = [story.key for story in section.stories if story.key in were]
        were = [key for key in were if key in are]
        blocks = SequenceMatcher(a=were, b=are, autojunk=False).get_matching_blocks()
        settled = {key for block in blocks for key in were[block.a : block.a + block.size]}
        for key in are:
            if key not in settled:
                way = "up" if are.index(key) < were.index(key) else "down"
                yield f"{spots.title(after, key)} was moved {way} in {section.title}"


def _changes(old: Spot, new: Spot, before: Draft, after: Draft) -> Iterator[str]:
    """Tell what a Story has otherwise than before."""
    was, is_ = old.story, new.story
    title = quoted(is_.headline)
    if was.headline != is_.headline:
        yield f"{quoted(was.headline)} was retitled to {title}"
    if old.section != new.section:
        yield (
            f"{title} was moved from {spots.section_title(before, old.section)} "
            f"to {spots.section_title(after, new.section)}"
        )
    for name in ("summary", "note"):
        if getattr(was, name) != getattr(is_, name):
            yield f"The {name} of {title} was {_text(getattr(was, name))} and is {_text(getattr(is_, name))}"
    if was.score.is_pinned != is_.score.is_pinned:
        yield f"{title} was pinned" if is_.score.is_pinned else f"The pin of {title} was taken off"
    if was.is_update != is_.is_update:
        yield f"{title} was marked as an update" if is_.is_update else f"{title} is no longer marked as an update"
    yield from _looks(was, is_, title)


def _looks(was: Story, is_: Story, title: str) -> Iterator[str]:
    """Tell which picture and which sources a Story has otherwise than before."""
    pictures = [story.picture.url if story.picture is not None else "" for story in (was, is_)]
    if pictures[0] != pictures[1]:
        yield (
            f"{title} has another picture"
            if all(pictures)
            else (f"{title} has a picture now" if pictures[1] else f"{title} has no picture any more")
        )
    if (was.article_id, was.url) != (is_.article_id, is_.url):
        yield f"{title} is led by {is_.source or 'no source'}, no longer by {was.source or 'none'}"
    theirs, ours = _sources(was), _sources(is_)
    if came := [name for link, name in ours.items() if link not in theirs]:
        yield f"{title} has further sources: {', '.join(came)}"
    if went := [name for link, name in theirs.items() if link not in ours]:
        yield f"{title} has lost sources: {', '.join(went)}"


def _own(draft: Draft, story: Story) -> Story | None:
    """Return the Story of *draft* that *story* goes on with: called so, or led by what is one of its sources."""
    exact = next((one for one in draft.stories if one.key == story.key), None)
    if exact is not None:
        return exact
    spot = spots.find(draft, story.own_key or story.key)
    held = {f"a{article}" for article in story.article_ids}
    return spot.story if spot is not None and spot.story.key in held | {story.own_key} else None


def _sources(story: Story) -> dict[tuple[object, str], str]:
    links = (
        (story.article_id, story.url, story.source),
        *((link.article_id, link.url, link.name) for link in story.also),
    )
    return {(article, url): name or url for article, url, name in links}


def _text(text: str) -> str:
    return quoted(text) if text else "empty"
