"""The acts of editors on stories: see how today's news falls into events, rule on these, and take a ruling back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest import calendar, news
from digest.database import Session
from digest.errors import WrongState
from digest.model.article import Article
from digest.model.candidate import Cluster, Ruling, RulingKind
from digest.model.edition import Edition
from digest.model.ids import ArticleId
from digest.model.newsletter import Newsletter
from digest.model.ruling import EditorialRuling
from digest.services import Services
from digest.store import articles, editions, rulings, sources
from subscribers.cadence import Cadence

WEAKEST_BOOST, STRONGEST_BOOST = 0.1, 10.0
#: How many articles each kind of ruling is about.
_ABOUT = {RulingKind.MERGE: 2, RulingKind.SPLIT: 2, RulingKind.PIN: 1, RulingKind.BOOST: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an editor decides about *article_ids*: two for a merge or split, one for a pin or boost by *factor*."""

    kind: RulingKind
    article_ids: tuple[ArticleId, ...]
    factor: float = 1.0


def current(services: Services, slug: str, cadence: Cadence | None = None) -> tuple[Cluster, ...]:
    """
    Return the events of the newsletter called *slug* as its next Edition would have them, best first.

    Those that it would leave out stand last. *cadence* is the newsletter's first if it is not given.
    """
    now = services.clock.now()
    with services.reading() as session:
        newsletter = sources.complete(session, services.newsletter(slug))
        cadence = cadence or newsletter.schedule.cadences[0]
        coming = Edition(newsletter=newsletter.slug, cadence=cadence)  # has no id yet, so every other one is before it
        period = calendar.period(editions.previous_period_end(session, coming), now, cadence)
        return news.ranked(services, session, newsletter, cadence, period)


def rule(services: Services, slug: str, decision: Decision, *, by: str) -> EditorialRuling:
    """
    Write down *decision* by *by* for the newsletter called *slug*; it counts for Editions that are yet to be made.

    WrongState when an article is none of the newsletter's, or the decision makes no sense.
    """
    _check(decision)
    with services.session() as session:
        newsletter = sources.complete(session, services.newsletter(slug))
        keys = [_article(session, newsletter, article_id).url_key for article_id in decision.article_ids]
        if len(set(keys)) < len(keys):
            raise WrongState(
                f"articles {' and '.join(map(str, decision.article_ids))} are one and the same piece; name two pieces"
            )
        one, other = (*keys, "")[:2]
        ruling = Ruling(kind=decision.kind, url_key=one, other_key=other, factor=decision.factor)
        return rulings.add(session, newsletter.slug, ruling, by=by, at=services.clock.now())


def lift(services: Services, ruling_id: int) -> EditorialRuling:
    """Take the ruling with that id back, and return what it was; WrongState when there is none."""
    with services.session() as session:
        lifted = rulings.lift(session, ruling_id)
    if lifted is None:
        raise WrongState(f"there is no ruling {ruling_id}; `digest story rulings NEWSLETTER` shows those in force")
    return lifted


def in_force(services: Services, slug: str) -> Sequence[EditorialRuling]:
    """Return the rulings on the newsletter called *slug* that still count, the earliest first."""
    newsletter = services.newsletter(slug)
    with services.reading() as session:
        return rulings.listing(session, newsletter.slug, services.clock.now() - rulings.LIFETIME)


def headlines(services: Services, found: Sequence[EditorialRuling]) -> Mapping[str, str]:
    """Return the headlines of the articles that the rulings *found* are about, by URL key; none where it is gone."""
    with services.reading() as session:
        return articles.headlines(session, {key for row in found for key in (row.url_key, row.other_key) if key})


def _check(decision: Decision) -> None:
    """Raise WrongState when *decision* makes no sense, whatever the articles."""
    if len(decision.article_ids) != _ABOUT[decision.kind]:
        raise WrongState(
            f"a {decision.kind} is about {_ABOUT[decision.kind]} articles, not {len(decision.article_ids)}"
        )
    if len(set(decision.article_ids)) < len(decision.article_ids):
        raise WrongState(f"a {decision.kind} needs two articles; article {decision.article_ids[0]} was named twice")
    if not WEAKEST_BOOST <= decision.factor <= STRONGEST_BOOST:
        raise WrongState(
            f"a boost by {decision.factor:g} is out of range; give a factor from {WEAKEST_BOOST:g} to "
            f"{STRONGEST_BOOST:g}"
        )


def _article(session: Session, newsletter: Newsletter, article_id: ArticleId) -> Article:
    article = session.get(Article, article_id)
    keys = {plan.address for plan in newsletter.sources}
    if article is None or article.deleted or article.source.key not in keys:
        raise WrongState(
            f"{newsletter.slug} has no article {article_id}; `digest story list {newsletter.slug}` shows those it has"
        )
    return article
