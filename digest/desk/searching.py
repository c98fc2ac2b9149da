"""Search at the desk: Articles and Editions by their words and dates, as pages of what was found."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from digest.database import Session
from digest.desk.marking import Marked, excerpt, marked
from digest.desk.past import PastRow, row_of
from digest.model.article import Article
from digest.model.draft import Draft
from digest.model.edition import Edition, EditionState
from digest.model.findable import LONGEST_BODY
from digest.model.ids import ArticleId, EditionId
from digest.model.newsletter import without_password
from digest.model.wanted import Wanted, wanted
from digest.services import Services
from digest.store import editions, finding, sources
from digest.store.articles import publisher_of
from subscribers.cadence import Cadence

PAGE = 20
LAST_PAGE = finding.MOST_RANKED // PAGE


class Among(StrEnum):
    """What is looked through."""

    ARTICLES = "articles"
    EDITIONS = "editions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What somebody looks for: the words as *typed*, *among* what, the days from *since* to *until*, of what *newsletter*.

    The days are those of the newsletter's zone, or of UTC where none is named.
    """

    typed: str
    among: Among = Among.ARTICLES
    since: dt.date | None = None
    until: dt.date | None = None
    newsletter: str | None = None
    page: int = 1

    @property
    def wanted(self) -> Wanted:
        """Return the words to look for."""
        return wanted(self.typed)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEdition:
    """An Edition that waits for its editors, and takes what was found."""

    edition_id: EditionId
    newsletter: str
    cadence: Cadence
    date: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundArticle:
    """An Article that was found, and the Editions that have used it, the newest first."""

    article_id: ArticleId
    url: str
    title: Marked
    excerpt: Marked
    source: str
    language: str | None
    #: None where its Source gave no date.
    published_at: dt.datetime | None
    first_seen_at: dt.datetime
    used_in: Sequence[PastRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEdition:
    """An Edition that was found."""

    row: PastRow
    subject: Marked
    excerpt: Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of what was found, the best first; with *is_more* there are more than *count* in all."""

    asked: Asked
    count: int = 0
    is_more: bool = False
    articles: Sequence[FoundArticle] = ()
    editions: Sequence[FoundEdition] = ()
    open_editions: Sequence[OpenEdition] = ()

    @property
    def has_next(self) -> bool:
        """Return whether there is a page after this one."""
        return self.asked.page * PAGE < self.count


def search(services: Services, asked: Asked) -> Found:
    """Return the page of what is *asked* for; nothing where no word is. UnknownNewsletter as it says."""
    if asked.newsletter is not None:
        services.newsletter(asked.newsletter)
    if not asked.wanted:
        return Found(asked=asked)
    with services.reading() as session:
        if asked.among is Among.EDITIONS:
            return _editions(services, session, asked)
        return _articles(services, session, asked)


def _articles(services: Services, session: Session, asked: Asked) -> Found:
    names = _source_names(services, session, asked.newsletter)
    page = finding.articles(
        session,
        asked.wanted,
        days=_instants(services, asked),
        sources=None if asked.newsletter is None else finding.source_ids(session, list(names)),
        page=_slice(asked),
    )
    found = finding.articles_called(session, page.ids)
    users = finding.users_of(session, [article.id for article in found])
    return Found(
        asked=asked,
        count=page.count,
        is_more=page.is_more,
        articles=[_article(services, article, asked.wanted, names, users.get(article.id, ())) for article in found],
        open_editions=_open(services, session),
    )


def _article(
    services: Services, article: Article, words: Wanted, names: Mapping[str, str], users: Sequence[Edition]
) -> FoundArticle:
    name = names.get(article.source.key) or publisher_of(article.url) or without_password(article.source.address)
    return FoundArticle(
        article_id=article.id,
        url=article.url,
        title=marked(article.title, words),
        excerpt=excerpt(f"{article.summary}\n{article.body[:LONGEST_BODY]}", words),
        source=name,
        language=article.language,
        published_at=article.published_at if article.is_dated else None,
        first_seen_at=article.first_seen_at,
        used_in=[row_of(services, edition) for edition in users],
    )


def _editions(services: Services, session: Session, asked: Asked) -> Found:
    page = finding.editions(
        session,
        asked.wanted,
        days=(asked.since, asked.until),
        newsletter=asked.newsletter,
        page=_slice(asked),
    )
    found = finding.editions_called(session, page.ids)
    return Found(
        asked=asked,
        count=page.count,
        is_more=page.is_more,
        editions=[_edition(services, edition, asked.wanted) for edition in found],
    )


def _edition(services: Services, edition: Edition, words: Wanted) -> FoundEdition:
    draft = edition.draft
    return FoundEdition(
        row=row_of(services, edition, draft.subject),
        subject=marked(draft.subject, words),
        excerpt=excerpt(_shown(draft), words),
    )


def _shown(draft: Draft) -> str:
    """Return what readers of *draft* see below its subject, on one line."""
    told = (f"{story.headline} — {story.summary} {story.note}" for story in draft.stories)
    return " · ".join(filter(None, [draft.preheader, draft.intro, *told]))


def _source_names(services: Services, session: Session, newsletter: str | None) -> Mapping[str, str]:
    """Return the names of the Sources by their keys, of *newsletter* or of all; empty where they have none."""
    chosen = [each for each in services.settings.newsletters if newsletter in {None, each.slug}]
    plans = [plan for each in chosen for plan in sources.complete(session, each).sources]
    return {plan.address: plan.name for plan in sorted(plans, key=lambda plan: bool(plan.name))}


def _open(services: Services, session: Session) -> Sequence[OpenEdition]:
    titles = {each.slug: each.title for each in services.settings.newsletters}
    return [
        OpenEdition(
            edition_id=edition.id,
            newsletter=titles[edition.newsletter],
            cadence=edition.cadence,
            date=edition.date,
        )
        for edition in editions.in_states(session, EditionState.DRAFT, EditionState.HELD)
        if edition.newsletter in titles
    ]


def _instants(services: Services, asked: Asked) -> tuple[dt.datetime | None, dt.datetime | None]:
    zone: dt.tzinfo = dt.UTC
    if asked.newsletter is not None:
        zone = services.newsletter(asked.newsletter).schedule.zone
    since, until = asked.since, asked.until
    begin = dt.datetime.combine(since, dt.time(), zone) if since is not None and since > _FIRST else None
    end = dt.datetime.combine(until + _DAY, dt.time(), zone) if until is not None and until < _LAST else None
    return begin, end


#: Beyond these no zone can be reckoned.
_FIRST, _LAST, _DAY = dt.date(1, 1, 3), dt.date(9999, 12, 29), dt.timedelta(days=1)


def _slice(asked: Asked) -> tuple[int, int]:
    return (asked.page - 1) * PAGE, PAGE
