"""The verb of the stage: from ranked Clusters to a Draft."""

from collections.abc import Sequence

from digest.compose.places import Places
from digest.compose.subject import preheader, subject
from digest.model.candidate import Cluster
from digest.model.draft import Draft, EditionFacts
from digest.model.newsletter import Newsletter


def compose(newsletter: Newsletter, clusters: Sequence[Cluster], edition: EditionFacts) -> Draft:
    """
    Return the Draft of *edition* from *clusters*, best first.

    Each Section holds at most the Stories it has room for. While others wait, one publisher leads at most
    ``weights.per_source`` of them; a Cluster whose lead's publisher has led enough is led by its next best article. No
    article stands twice. Empty Sections are left out. The subject is the headline of the Story of greatest score.
    """
    places = Places(newsletter)
    for cluster in clusters:
        places.offer(cluster)
    places.fill()
    sections = places.sections()
    stories = [story for section in sections for story in section.stories]
    by_score = sorted(stories, key=lambda story: -story.score.total)
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
