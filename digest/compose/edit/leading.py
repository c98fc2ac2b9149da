"""How one article of a Story takes the lead, and how an article becomes a Story or a source of one."""

from collections.abc import Collection
from dataclasses import replace

from digest.model.candidate import Score
from digest.model.draft import Picture, SourceLink, Story
from digest.model.ids import ArticleId

#: What has never been ranked.
UNSCORED = Score(parts=(), decay=1.0)


def led_by(story: Story, link: SourceLink) -> Story:
    """Return *story* led by *link*, one of its sources, whose place the lead takes; an editor's texts stay."""
    own = as_link(story)
    also = tuple(own if one is link else one for one in story.also)
    led = replace(
        story,
        article_id=link.article_id,
        url=link.url,
        source=link.name,
        published=link.published,
        also=tuple(one for one in also if one.url or one.article_id is not None),
        picture=story.picture or _picture(link.image),
    )
    if story.is_edited:
        return led
    return replace(led, headline=link.title or link.name, summary=link.summary, language=link.language)


def as_link(story: Story) -> SourceLink:
    """Return the lead of *story* as a source of another."""
    theirs = {link.image for link in story.also}
    image = story.picture.url if story.picture is not None and story.picture.url not in theirs else ""
    return SourceLink(
        article_id=story.article_id,
        name=story.source,
        url=story.url,
        title=story.headline,
        summary=story.summary,
        published=story.published,
        image=image,
        language=story.language,
    )


def alone(link: SourceLink) -> Story:
    """Return a Story that *link* tells alone."""
    return Story(
        article_id=link.article_id,
        headline=link.title or link.name,
        url=link.url,
        source=link.name,
        summary=link.summary,
        published=link.published,
        score=UNSCORED,
        picture=_picture(link.image),
        language=link.language,
    )


def without_source(story: Story, link: SourceLink) -> Story:
    """Return *story* without its source *link*, and without the picture that it had from there."""
    also = tuple(one for one in story.also if one is not link)
    picture = story.picture
    if picture is not None and link.image == picture.url:
        picture = next((_picture(one.image) for one in also if one.image), None)
    return replace(story, also=also, picture=picture)


def freed(story: Story, taken: Collection[ArticleId]) -> Story | None:
    """Return *story* without the articles that are *taken*; None when nothing is left of it."""
    for link in story.also:
        if link.article_id in taken:
            story = without_source(story, link)
    if story.article_id is None or story.article_id not in taken:
        return story
    heir = next((link for link in story.also if link.article_id is not None), None)
    if heir is None:
        return None
    led = led_by(story, heir)
    old = next(link for link in led.also if link.article_id == story.article_id)
    return without_source(led, old)


def _picture(image: str) -> Picture | None:
    return Picture(url=image) if image else None
