"""How the Draft of an Edition stands, for a page that only asks whether it has changed."""

from dataclasses import dataclass

from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.services import Services
from digest.store import editions


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The *version* of a Draft and the *state* of its Edition."""

    edition_id: EditionId
    newsletter: Newsletter
    version: int
    state: EditionState


def standing(services: Services, edition_id: EditionId) -> Standing:
    """Return how the Edition stands; its Draft is not read. UnknownEdition when there is none."""
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        return Standing(
            edition_id=edition.id,
            newsletter=services.newsletter(edition.newsletter),
            version=edition.draft_version,
            state=edition.state,
        )
