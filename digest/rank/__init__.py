"""
Rank: say which stories matter, and why.

Takes   Candidates of one Newsletter, what it already sent and its editors have ruled, its RankingWeights, and the time.
Gives   Clusters, best first, each with a Score that keeps its parts; those left out stand last, with their reason.
        ``group`` gives the events alone, before anything is judged.
Touches nothing. The same input gives the same order, always.
"""

from digest.rank.stage import group, rank

__all__ = ["group", "rank"]
