"""The verb of the stage: from Candidates to ranked Clusters."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from scipy.sparse import csr_array

from digest.model.candidate import Candidate, Cluster, RankContext
from digest.model.newsletter import RankingWeights
from digest.rank.cluster import same_events
from digest.rank.identity import distinct, wire_copies
from digest.rank.lead import lead_first, section_of
from digest.rank.memory import recall
from digest.rank.score import score
from digest.rank.spread import spread
from digest.rank.vectors import term_vectors, unit_rows


def rank(
    candidates: Sequence[Candidate], context: RankContext, weights: RankingWeights, now: datetime
) -> tuple[Cluster, ...]:
    """
    Group *candidates* into events and order these, best first; those with a reason to be left out stand last.

    The order of *candidates* does not matter. Each URL key appears once, in one Cluster; an update holds none that was
    sent before. *now* is an aware UTC datetime.
    """
    reports = wire_copies(distinct(candidates))
    if not reports:
        return ()
    heads = [report[0] for report in reports]
    vectors = term_vectors(heads)
    events = same_events(heads, vectors, weights.same_story)
    judged = [_judge([copy for at in event for copy in reports[at]], context, weights, now) for event in events]

    by_score = sorted(range(len(judged)), key=lambda at: (-judged[at].score.total, judged[at].lead.url_key))
    admitted = [at for at in by_score if not judged[at].left_out]
    centres = _centres([events[at] for at in admitted], vectors)
    order = spread([judged[at].score.total for at in admitted], centres)
    return (
        *(judged[admitted[place]] for place in order),
        *(judged[at] for at in by_score if judged[at].left_out),
    )


def _judge(members: Sequence[Candidate], context: RankContext, weights: RankingWeights, now: datetime) -> Cluster:
    recalled = recall(members, context)
    ordered = lead_first(recalled.candidates, context.period_start)
    return Cluster(
        candidates=ordered,
        section=section_of(ordered),
        score=score(ordered, weights, now - context.period_start, now),
        update_of=recalled.update_of,
        left_out=recalled.left_out,
    )


def _centres(events: Sequence[Sequence[int]], vectors: csr_array) -> csr_array:
    """Return the direction of each event: the sum of its members' vectors at unit length."""
    rows = np.repeat(np.arange(len(events)), [len(event) for event in events])
    columns = np.array([at for event in events for at in event], dtype=int)
    membership = csr_array((np.ones(len(columns)), (rows, columns)), shape=(len(events), vectors.shape[0]))
    return unit_rows(membership @ vectors)
