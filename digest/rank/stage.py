"""The verbs of the stage: from Candidates to the events that they tell of, and from these to ranked Clusters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from digest.model.candidate import Candidate, Cluster, RankContext, Ruling
from digest.model.ids import ArticleId
from digest.model.newsletter import RankingWeights
from digest.rank.cluster import same_events
from digest.rank.identity import distinct, wire_copies
from digest.rank.lead import lead_first, section_of
from digest.rank.memory import STALE, Recalled, recall, told_before
from digest.rank.rulings import boost, place, ruled
from digest.rank.score import score
from digest.rank.spread import spread
from digest.rank.vectors import term_vectors, unit_rows

_Array = np.ndarray[Any, Any]
_Meanings = Mapping[ArticleId, _Array]
_NO_MEANINGS: _Meanings = MappingProxyType({})


def group(
    candidates: Sequence[Candidate],
    *,
    threshold: float,
    rulings: Sequence[Ruling] = (),
    meanings: _Meanings = _NO_MEANINGS,
) -> list[list[Candidate]]:
    """
    Group *candidates* into the events that they tell of, each as its Candidates from the earliest to the latest.

    One Candidate stands for each URL key. Two groups are one event when their likeness reaches *threshold* (0 to 1),
    or when *rulings* say so. *meanings* has the direction of each Article's meaning, of unit length, or nothing. The
    order of *candidates* does not matter.
    """
    return _grouped(candidates, threshold, rulings, meanings).events


def rank(
    candidates: Sequence[Candidate], context: RankContext, weights: RankingWeights, now: datetime
) -> tuple[Cluster, ...]:
    """
    Group *candidates* into events and order these: the pinned, then the best; those to be left out stand last.

    The order of *candidates* does not matter. Each URL key appears once, in one Cluster; an update holds none that was
    sent before. *now* is an aware UTC datetime.
    """
    groups = _grouped(candidates, weights.same_story, context.rulings, context.meanings)
    told = told_before(groups.events, groups.centres, context.already_sent)
    judged = [_judge(recall(*both, context), context, weights, now) for both in zip(groups.events, told, strict=True)]

    by_score = sorted(range(len(judged)), key=lambda at: (-judged[at].score.total, judged[at].lead.url_key))
    pinned = [at for at in by_score if judged[at].score.is_pinned]
    pinned.sort(key=lambda at: place(judged[at].candidates, context.rulings) or 0)
    free = [at for at in by_score if not judged[at].left_out and not judged[at].score.is_pinned]
    order = spread([judged[at].score.total for at in free], groups.centres[free])
    return (
        *(judged[at] for at in pinned),
        *(judged[free[at]] for at in order),
        *(judged[at] for at in by_score if judged[at].left_out),
    )


@dataclass(frozen=True, slots=True)
class _Groups:
    """Events, and the direction of each: the sum of its reports' vectors at unit length."""

    events: list[list[Candidate]]
    centres: csr_array


def _grouped(
    candidates: Sequence[Candidate], threshold: float, rulings: Sequence[Ruling], meanings: _Meanings
) -> _Groups:
    reports = wire_copies(distinct(candidates))
    if not reports:
        return _Groups([], csr_array((0, 1)))
    heads = [report[0] for report in reports]
    vectors = term_vectors(heads)
    found = same_events(heads, vectors, threshold, meanings=_rows(heads, meanings))
    events = sorted(
        (sorted(event, key=_order) for event in ruled(reports, found, vectors, rulings)),
        key=lambda event: _order(event[0]),
    )
    row = {piece.url_key: at for at, report in enumerate(reports) for piece in report}
    return _Groups(events, _centres([sorted({row[piece.url_key] for piece in event}) for event in events], vectors))


def _order(candidate: Candidate) -> tuple[datetime, str]:
    return candidate.published, candidate.url_key


def _rows(heads: Sequence[Candidate], meanings: _Meanings) -> _Array | None:
    """Return one row for each of *heads*, zeros for one whose meaning is not known; None when none is."""
    known = [meanings[head.article_id] for head in heads if head.article_id in meanings]
    if not known:
        return None
    unknown = np.zeros_like(known[0])
    return np.stack([meanings.get(head.article_id, unknown) for head in heads])


def _judge(recalled: Recalled, context: RankContext, weights: RankingWeights, now: datetime) -> Cluster:
    ordered = lead_first(recalled.candidates, context.period_start)
    is_pinned = place(ordered, context.rulings) is not None and recalled.left_out in {"", STALE}
    judged = score(ordered, weights, now - context.period_start, now)
    return Cluster(
        candidates=ordered,
        section=section_of(ordered),
        score=replace(judged, boost=boost(ordered, context.rulings), is_pinned=is_pinned),
        update_of=recalled.update_of,
        left_out="" if is_pinned else recalled.left_out,
    )


def _centres(events: Sequence[Sequence[int]], vectors: csr_array) -> csr_array:
    rows = np.repeat(np.arange(len(events)), [len(event) for event in events])
    columns = np.array([at for event in events for at in event], dtype=int)
    membership = csr_array((np.ones(len(columns)), (rows, columns)), shape=(len(events), vectors.shape[0]))
    return unit_rows(membership @ vectors)
