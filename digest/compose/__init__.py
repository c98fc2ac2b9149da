"""
Compose: lay out one Edition.

Takes   a Newsletter, its ranked Clusters, best first, and the facts of the Edition.
Gives   a Draft: Stories in their Sections, a subject, a preheader, and the bench of those that missed, with reasons.
Touches nothing. The same input gives the same Draft.
"""

from digest.compose.stage import compose

__all__ = ["compose"]
