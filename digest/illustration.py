"""The pictures of a Draft: which its mail may show, and our own copies of these, fetched once and kept."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from digest.database import Session
from digest.gather.pictures import PICTURE_LIMITS, fetch_pictures
from digest.model.developed import Developed, PictureCheck, PictureRead
from digest.model.draft import Draft, Picture, PictureCopy, Section, Story
from digest.model.entry import Failed
from digest.model.look import Images, Look, PictureSize, Place
from digest.model.picture import StoredPicture
from digest.services import Services
from digest.store import pictures

#: The places of a Section's Stories by their rank, the most demanding first. The first Story leads the mail of whoever
#: has chosen none of the Sections before.
PLACES_OF_RANK: Mapping[int, tuple[Place, ...]] = {0: (Place.LEAD, Place.MEDIUM), 1: (Place.MEDIUM,)}

Outcome = Developed | Failed


def wanted(draft: Draft, look: Look) -> tuple[PictureCheck, ...]:
    """Return the pictures that a mail in *look* may show and that *draft* has neither our copies nor a fault of."""
    sizes: dict[str, dict[Place, PictureSize]] = defaultdict(dict)
    for section in draft.sections:
        for rank, story in enumerate(section.stories):
            if story.picture is not None and (missing := _missing(story.picture, rank, look)):
                sizes[story.picture.url] |= missing
    return tuple(PictureCheck(url=url, sizes=found) for url, found in sizes.items())


def fetch(services: Services, checks: Sequence[PictureCheck]) -> tuple[PictureRead, ...]:
    """Return what each of *checks* came to. It may take a minute: never wait for it within a transaction."""

    async def run() -> tuple[PictureRead, ...]:
        async with services.web_client(PICTURE_LIMITS) as client:
            return tuple([read async for read in fetch_pictures(checks, client)])

    return asyncio.run(run())


def illustrated(draft: Draft, look: Look, reads: Sequence[PictureRead]) -> Draft:
    """Return *draft* with what *reads* came to, in those pictures that it still wants; all else stays as it is."""
    outcomes = {read.url: read.outcome for read in reads}
    return replace(draft, sections=tuple(_section(section, look, outcomes) for section in draft.sections))


def keep(session: Session, draft: Draft, reads: Sequence[PictureRead], at: datetime) -> None:
    """Keep those Prints of *reads* that *draft* has copies of."""
    shown = {copy.sha256 for story in draft.stories if story.picture is not None for copy in story.picture.copies}
    rows = [
        StoredPicture.of(print_, source_url=read.url, at=at)
        for read in reads
        if isinstance(read.outcome, Developed)
        for print_ in read.outcome.prints
        if print_.copy.sha256 in shown
    ]
    pictures.keep(session, rows)


def _missing(picture: Picture, rank: int, look: Look) -> dict[Place, PictureSize]:
    """Return the sizes in which a copy of *picture*, of the Story of this *rank* in its Section, is wanted."""
    if picture.fault or look.images is not Images.PROXY:
        return {}
    sizes = {place: look.places[place] for place in PLACES_OF_RANK.get(rank, ()) if place in look.places}
    return {place: size for place, size in sizes.items() if not _fits(picture.copy(place), size)}


def _fits(copy: PictureCopy | None, size: PictureSize) -> bool:
    """Return whether there is a *copy* in the shape of *size*; it has another one when the theme has changed since."""
    return copy is not None and copy.height == size.height_at(copy.width)


def _section(section: Section, look: Look, outcomes: Mapping[str, Outcome]) -> Section:
    stories = (_story(story, rank, look, outcomes) for rank, story in enumerate(section.stories))
    return replace(section, stories=tuple(stories))


def _story(story: Story, rank: int, look: Look, outcomes: Mapping[str, Outcome]) -> Story:
    picture = story.picture
    if picture is None or picture.url not in outcomes or not (missing := _missing(picture, rank, look)):
        return story
    outcome = outcomes[picture.url]
    if isinstance(outcome, Failed):
        return replace(story, picture=replace(picture, fault=outcome.reason))
    made = {print_.copy.place: print_.copy for print_ in outcome.prints if print_.copy.place in missing}
    copies = {copy.place: copy for copy in picture.copies} | made
    # Where the least demanding place is denied a copy, its reason speaks for the others too.
    fault = next((outcome.faults[place] for place in reversed(missing) if place in outcome.faults), "")
    return replace(story, picture=replace(picture, copies=tuple(copies.values()), fault=fault))
