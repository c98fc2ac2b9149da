"""What an editor says of articles by grouping them anew: which tell one event, and which do not."""

from dataclasses import dataclass

from digest.model.candidate import RulingKind
from digest.model.draft import Draft
from digest.model.ids import ArticleId


@dataclass(frozen=True, slots=True)
class Said:
    """A merge or split of two articles, the first of which leads."""

    kind: RulingKind
    lead: ArticleId
    other: ArticleId


def said(before: Draft, after: Draft) -> tuple[Said, ...]:
    """
    Return the merges and splits that lead from *before* to *after*.

    An article that led its Story and now is a source of another's lead has been merged with it; one that was a source
    and now leads a Story without that lead has been split from it. Articles that came or went say nothing.
    """
    were, are = _leads(before), _leads(after)
    found: list[Said] = []
    for article in sorted(were.keys() & are.keys()):
        was, is_ = were[article], are[article]
        if was == article and is_ is not None and is_ != article and were.get(is_) != was:
            found.append(Said(RulingKind.MERGE, is_, article))
        if is_ == article and was is not None and was != article and are.get(was, is_) != is_:
            found.append(Said(RulingKind.SPLIT, was, article))
    return tuple(found)


def _leads(draft: Draft) -> dict[ArticleId, ArticleId | None]:
    """Return what leads the Story of each article; None where that is an item of an editor's own."""
    return {article: story.article_id for story in draft.stories for article in story.article_ids}
