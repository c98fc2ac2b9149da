"""The acts that say which articles tell one event, and which of them leads: merge, split, lead."""

from dataclasses import dataclass, replace

from digest.compose.edit import spots
from digest.compose.edit.leading import alone, as_link, led_by, without_source
from digest.errors import WrongState
from digest.model.draft import Draft, SourceLink, Story
from digest.model.ids import ArticleId
from digest.model.newsletter import Newsletter


@dataclass(frozen=True, slots=True)
class Merge:
    """Make the articles of the Story called *key* further sources of *into*; once more, and nothing happens."""

    key: str
    into: str

    @property
    def about(self) -> str:
        return f"merge {self.key} {self.into}"

    def apply(self, draft: Draft, _newsletter: Newsletter) -> Draft:
        if self.key == self.into:
            raise WrongState(f"{spots.title(draft, self.key)} cannot be merged with itself; choose another story")
        story, into = spots.get(draft, self.key).story, spots.get(draft, self.into).story
        if story is into:
            return draft
        if not story.url and story.article_id is None:
            raise WrongState(
                f"{spots.title(draft, self.key)} has no link, so it cannot be a source of another; drop it instead"
            )
        merged = replace(
            into,
            also=(*into.also, as_link(story), *story.also),
            picture=into.picture or story.picture,
            is_update=into.is_update or story.is_update,
        )
        return spots.without(spots.changed(draft, self.into, lambda _: merged), story)

    def touches(self, draft: Draft) -> object:
        spot, into = spots.find(draft, self.key), spots.find(draft, self.into)
        return spot and spots.bare(spot.story), into is not None

    def told(self, draft: Draft) -> str:
        return f"merged {spots.title(draft, self.key)} into {spots.title(draft, self.into)}"


@dataclass(frozen=True, slots=True)
class Split:
    """Make a source of the Story a Story of its own, right after it; once more, and nothing happens."""

    key: str
    article_id: ArticleId

    @property
    def about(self) -> str:
        return f"split {self.key} {self.article_id}"

    def apply(self, draft: Draft, newsletter: Newsletter) -> Draft:
        spot = spots.get(draft, self.key)
        own = spots.find(draft, f"a{self.article_id}")
        if own is not None and own.story is not spot.story and own.story.article_id == self.article_id:
            return draft
        if spot.story.article_id == self.article_id:
            raise WrongState(
                f"{spots.title(draft, self.key)} is led by that article; let another lead before you split it off"
            )
        link = _source(draft, spot.story, self.article_id)
        rest = spots.changed(draft, self.key, lambda story: without_source(story, link))
        return spots.put(rest, newsletter, alone(link), spot.section, len(spot.before) + 1)

    def touches(self, draft: Draft) -> object:
        spot = spots.find(draft, self.key)
        return spot and next((link for link in spot.story.also if link.article_id == self.article_id), None)

    def told(self, draft: Draft) -> str:
        return f"split {_named(draft, self.key, self.article_id)} off {spots.title(draft, self.key)}"


@dataclass(frozen=True, slots=True)
class Lead:
    """Let another article of the Story lead it, with its link, source and texts; an editor's texts stay."""

    key: str
    article_id: ArticleId

    @property
    def about(self) -> str:
        return f"lead {self.key}"

    def apply(self, draft: Draft, _newsletter: Newsletter) -> Draft:
        story = spots.get(draft, self.key).story
        if story.article_id == self.article_id:
            return draft
        link = _source(draft, story, self.article_id)
        return spots.changed(draft, self.key, lambda story: led_by(story, link))

    def touches(self, draft: Draft) -> object:
        spot = spots.find(draft, self.key)
        return spot and (spot.story.article_id, spot.story.headline, spot.story.summary)

    def told(self, draft: Draft) -> str:
        return f"let {_named(draft, self.key, self.article_id)} lead {spots.title(draft, self.key)}"


def _source(draft: Draft, story: Story, article_id: ArticleId) -> SourceLink:
    found = next((link for link in story.also if link.article_id == article_id), None)
    if found is None:
        raise WrongState(
            f"article {article_id} is not among the sources of {spots.title(draft, story.key)} any more; "
            "show the draft anew"
        )
    return found


def _named(draft: Draft, key: str, article_id: ArticleId) -> str:
    spot = spots.find(draft, key)
    links = spot.story.also if spot is not None else ()
    return next((link.name for link in links if link.article_id == article_id), f"article {article_id}")
