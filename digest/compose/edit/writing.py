"""The acts that write: texts and picture of a Story, the words around the Stories, an item of an editor's own."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from digest.compose.edit import spots, texts
from digest.compose.edit.leading import UNSCORED
from digest.compose.edit.texts import quoted
from digest.errors import WrongState
from digest.model.draft import Draft, Picture, Story
from digest.model.ids import ArticleId
from digest.model.newsletter import Newsletter

#: Unlike the key of any article, and fit to stand in an address.
_OWN_KEY = re.compile("o[0-9a-f]{1,40}")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Give the Story another headline, summary or note; None leaves it as it is."""

    key: str
    headline: str | None = None
    summary: str | None = None
    note: str | None = None

    @property
    def about(self) -> str:
        return f"{' '.join(self._given) or 'nothing'} {self.key}"

    def apply(self, draft: Draft, _newsletter: Newsletter) -> Draft:
        return spots.changed(draft, self.key, self._rewritten)

    def touches(self, draft: Draft) -> object:
        spot = spots.find(draft, self.key)
        return spot and tuple(getattr(spot.story, name) for name in self._given)

    def told(self, draft: Draft) -> str:
        title = spots.title(draft, self.key)
        rest = " and ".join(name for name in self._given if name != "headline")
        if self.headline is None:
            return f"rewrote the {rest} of {title}"
        return f"retitled {title} to {quoted(self.headline)}" + (f" and rewrote its {rest}" if rest else "")

    @property
    def _given(self) -> tuple[str, ...]:
        return tuple(name for name in ("headline", "summary", "note") if getattr(self, name) is not None)

    def _rewritten(self, story: Story) -> Story:
        fresh = story
        if self.headline is not None:
            fresh = replace(fresh, headline=texts.needed_line(self.headline, "headline", texts.HEADLINE))
        if self.summary is not None:
            fresh = replace(fresh, summary=texts.lines(self.summary, "summary", texts.SUMMARY))
        is_edited = story.is_edited or fresh != story
        if self.note is not None:
            fresh = replace(fresh, note=texts.lines(self.note, "note", texts.NOTE))
        return replace(fresh, is_edited=is_edited)


@dataclass(frozen=True, slots=True)
class MarkUpdate:
    """Say whether the Story goes on with one that an earlier Edition carried."""

    key: str
    is_update: bool

    @property
    def about(self) -> str:
        return f"update {self.key}"

    def apply(self, draft: Draft, _newsletter: Newsletter) -> Draft:
        return spots.changed(draft, self.key, lambda story: replace(story, is_update=self.is_update))

    def touches(self, draft: Draft) -> object:
        spot = spots.find(draft, self.key)
        return spot and (spot.story.is_update,)

    def told(self, draft: Draft) -> str:
        title = spots.title(draft, self.key)
        return f"marked {title} as an update" if self.is_update else f"took the update mark off {title}"


@dataclass(frozen=True, slots=True)
class Show:
    """Show the picture at the address *image* with the Story, or none."""

    key: str
    image: str

    @property
    def about(self) -> str:
        return f"picture {self.key}"

    def apply(self, draft: Draft, _newsletter: Newsletter) -> Draft:
        return spots.changed(draft, self.key, self._shown)

    def touches(self, draft: Draft) -> object:
        spot = spots.find(draft, self.key)
        return spot and (spot.story.picture and spot.story.picture.url,)

    def told(self, draft: Draft) -> str:
        title = spots.title(draft, self.key)
        return f"chose another picture for {title}" if self.image.strip() else f"took the picture off {title}"

    def _shown(self, story: Story) -> Story:
        image = self.image.strip()
        now = story.picture.url if story.picture is not None else ""
        if image == now:
            return story
        if image not in {link.image for link in story.also}:
            image = texts.address(image, "picture's address", schemes=("https",))
        return replace(story, picture=Picture(url=image) if image else None)


@dataclass(frozen=True, slots=True)
class Add:
    """
    Put an item of an editor's own at the end of *section*; once more, and nothing happens.

    *own_key* names it: "o" and random hexadecimal digits of the caller's. *article_id* ties it to the Article that we
    have of *url*, if there is one, so that no later Edition carries that again. Without a *source* it goes by the host
    of *url*, and without that by the newsletter.
    """

    section: str
    headline: str
    summary: str = ""
    url: str = ""
    source: str = ""
    image: str = ""
    own_key: str = ""
    article_id: ArticleId | None = None

    @property
    def about(self) -> str:
        return f"add {self.own_key}"

    def apply(self, draft: Draft, newsletter: Newsletter) -> Draft:
        if not _OWN_KEY.fullmatch(self.own_key):
            raise WrongState("an item of your own needs a key of its own; send the form once more")
        if any(self.own_key == story.own_key for story in _everywhere(draft)):
            return draft
        if self.article_id in spots.used(draft):
            where = spots.title(draft, f"a{self.article_id}")
            raise WrongState(f"{quoted(self.url)} is in the draft already, with {where}; split it off there")
        url = texts.address(self.url, "address")
        image = texts.address(self.image, "picture's address")
        story = Story(
            article_id=self.article_id,
            headline=texts.needed_line(self.headline, "headline", texts.HEADLINE),
            url=url,
            source=texts.line(self.source, "source", texts.SOURCE) or _host(url)[: texts.SOURCE] or newsletter.title,
            summary=texts.lines(self.summary, "summary", texts.SUMMARY),
            published=None,
            score=UNSCORED,
            picture=Picture(url=image) if image else None,
            own_key=self.own_key,
            is_edited=True,
        )
        return spots.put(draft, newsletter, story, self.section)

    def touches(self, _draft: Draft) -> object:
        return ()

    def told(self, draft: Draft) -> str:
        return f"added {quoted(self.headline)} to {spots.section_title(draft, self.section)}"


@dataclass(frozen=True, slots=True)
class Word:
    """Write the subject, the preheader or the intro; None leaves it as it is."""

    subject: str | None = None
    preheader: str | None = None
    intro: str | None = None

    @property
    def about(self) -> str:
        return " ".join(self._given) or "nothing"

    def apply(self, draft: Draft, _newsletter: Newsletter) -> Draft:
        if self.subject is not None:
            draft = replace(draft, subject=texts.needed_line(self.subject, "subject", texts.SUBJECT))
        if self.preheader is not None:
            draft = replace(draft, preheader=texts.line(self.preheader, "preheader", texts.PREHEADER))
        if self.intro is not None:
            draft = replace(draft, intro=texts.lines(self.intro, "intro", texts.INTRO))
        return draft

    def touches(self, draft: Draft) -> object:
        return tuple(getattr(draft, name) for name in self._given)

    def told(self, draft: Draft) -> str:
        rest = " and ".join(name for name in self._given if name != "subject")
        if self.subject is None:
            return f"rewrote the {rest}"
        told = f"changed the subject {quoted(draft.subject)} to {quoted(self.subject)}"
        return told + (f" and rewrote the {rest}" if rest else "")

    @property
    def _given(self) -> tuple[str, ...]:
        return tuple(name for name in ("subject", "preheader", "intro") if getattr(self, name) is not None)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _everywhere(draft: Draft) -> tuple[Story, ...]:
    return (*draft.stories, *(seat.story for seat in draft.bench if seat.story is not None))
