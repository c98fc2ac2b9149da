"""The verb of the stage: from ranked Clusters to a Draft."""

from collections.abc import Sequence

from digest.compose.places import Places
from digest.compose.subject import preheader, subject
from digest.model.candidate import Cluster
from digest.model.draft import Draft, EditionFacts
from digest.model.newsletter import Newsletter


def compose(newsletter: Newsletter, clusters: Sequence[Cluster], edition: EditionFacts) -> Draft:
    """
    Return the Draft of *edition* from *clusters*, the pinned first, then the best.

    Each Section holds at most the Stories it has room for. While others wait, one publisher leads at most
    ``weights.per_source`` of them; a Cluster whose lead's publisher has led enough is led by its next best article. A
    pinned Cluster has its place first and whatever these limits say. No article stands twice. Empty Sections are left
    out. The subject is the headline of the first pinned Story, or else of the one of greatest score.
    """
    places = Places(newsletter)
    for cluster in sorted(clusters, key=lambda cluster: not cluster.score.is_pinned):
        places.offer(cluster)
    places.fill()
    sections = places.sections()
    stories = [story for section in sections for story in section.stories]
    by_score = sorted(stories, key=lambda story: -story.score.standing)
    return Draft(
        newsletter=edition.newsletter,
        cadence=edition.cadence,
        date=edition.date,
        number=edition.number,
        subject=subject(by_score),
        preheader=preheader(by_score),
        sections=sections,
        bench=places.bench(),
    )
