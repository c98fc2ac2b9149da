"""How a Cluster becomes a Story: its lead, the others who tell it, a picture."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from digest.model.candidate import Candidate, Cluster
from digest.model.draft import Picture, SourceLink, Story


def story(cluster: Cluster, lead: Candidate, others: Sequence[Candidate]) -> Story:
    """Return the Story that *lead* tells, with *others* of *cluster*, best first, as its further sources."""
    return Story(
        article_id=lead.article_id,
        headline=headline(lead),
        url=lead.url,
        source=lead.source_name,
        summary=lead.summary.strip(),
        published=lead.published if lead.is_dated else None,
        score=cluster.score,
        also=_also(lead, others),
        picture=_picture([lead, *others]),
        language=lead.language,
        is_update=cluster.update_of is not None,
    )


def headline(candidate: Candidate) -> str:
    """Return the title on one line."""
    return " ".join(candidate.title.split())


def _also(lead: Candidate, others: Sequence[Candidate]) -> tuple[SourceLink, ...]:
    """Return one link for each publisher but the lead's; a name given before yields to the publisher's host."""
    publishers, names = {lead.publisher}, {lead.source_name}
    links: list[SourceLink] = []
    for other in others:
        if other.publisher in publishers or not other.title.strip():
            continue
        name = other.publisher if other.source_name in names else other.source_name
        publishers.add(other.publisher)
        names.add(name)
        links.append(
            SourceLink(
                article_id=other.article_id,
                name=name,
                url=other.url,
                title=headline(other),
                summary=other.summary.strip(),
                published=other.published if other.is_dated else None,
                image=other.image if other.image and _is_web_address(other.image) else "",
                language=other.language,
            )
        )
    return tuple(links)


def _picture(candidates: Sequence[Candidate]) -> Picture | None:
    """Return the first picture that there is an address of."""
    image = next((one.image for one in candidates if one.image and _is_web_address(one.image)), None)
    return Picture(url=image) if image else None


def _is_web_address(image: str) -> bool:
    return urlsplit(image).scheme in {"http", "https"}
