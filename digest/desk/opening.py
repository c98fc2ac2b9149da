"""One Edition opened at the desk: how it stands, and its Draft. What its mail looks like, ``desk.proofs`` tells."""

from dataclasses import dataclass

from digest.desk.listing import DeskRow, row_of
from digest.model.draft import Draft
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import editions


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEdition:
    """One Edition as its editor sees it."""

    row: DeskRow
    draft: Draft
    #: Counts the changes of the Draft: an act says which of them it was made for.
    version: int
    #: The SHA-256 of the frozen pages; None before approval.
    rendered_hash: str | None


def open_edition(services: Services, edition_id: EditionId) -> DeskEdition:
    """Return the Edition with its Draft; UnknownEdition and WrongState as they say. Nothing is rendered for it."""
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        newsletter = services.newsletter(edition.newsletter)
        return DeskEdition(
            row=row_of(session, newsletter, edition, services.clock.now()),
            draft=edition.draft,
            version=edition.draft_version,
            rendered_hash=edition.rendered_hash,
        )
