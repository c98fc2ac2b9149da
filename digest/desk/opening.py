"""One Edition opened at the desk: its Draft, and the mail that a reader of some of its sections would get."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from digest import letters, proof
from digest.desk.listing import DeskRow, row_of
from digest.model.draft import Draft
from digest.model.ids import EditionId
from digest.model.layout import Layout, Step
from digest.model.rendered import FilledDigest
from digest.render.lint import Finding
from digest.services import Services
from digest.store import editions

#: What becomes of a section for which there is no room in full.
_STEPS = {
    Step.LINES: "stands in lines",
    Step.WEB: "leaves most to the web",
    Step.NAME: "is named, and left to the web",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEdition:
    """One Edition as its editor sees it, with the *mail* of a reader of some of its sections."""

    row: DeskRow
    draft: Draft
    mail: FilledDigest
    #: How that mail was made to fit, and its size.
    layout: Layout
    #: How long the mail of a reader of all sections takes.
    minutes: int
    findings: tuple[Finding, ...]
    rendered_hash: str | None
    #: What SpamAssassin finds; None where it was not asked or is not installed.
    spam: tuple[Finding, ...] | None = None

    @property
    def given_way(self) -> Mapping[str, str]:
        """Return what has become of each section for which there was no room in full, in words by its slug."""
        return {slug: _STEPS[step] for slug, step in self.layout.shortened.items()}


def open_edition(
    services: Services,
    edition_id: EditionId,
    *,
    sections: Collection[str] | None = None,
    asks_spam_filter: bool = False,
) -> DeskEdition:
    """
    Return the Edition with its Draft, and the mail that a reader of *sections* (None: all) would get, with its faults.

    The links of that mail open nothing. After approval it is filled from the frozen pages that the readers get.
    UnknownEdition, WrongState and TemplateError as they say.
    """
    now = services.clock.now()
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        newsletter = services.newsletter(edition.newsletter)
        pages = proof.rendered(services, newsletter, edition)
        chosen = sections if sections is not None and pages.has_news_for(sections) else None
        return DeskEdition(
            row=row_of(session, newsletter, edition, now),
            draft=edition.draft,
            mail=pages.fill(chosen, letters.inert_values(services, edition.id)),
            layout=pages.layout(chosen),
            minutes=pages.layout().minutes,
            findings=proof.read(services, newsletter, edition, pages, chosen),
            rendered_hash=edition.rendered_hash,
            spam=proof.read_for_spam(services, newsletter, edition, pages) if asks_spam_filter else None,
        )


def preview(services: Services, edition_id: EditionId, *, sections: Collection[str] | None = None) -> FilledDigest:
    """
    Return the mail as a reader of *sections* (None: all) would get it, with links that open nothing.

    After approval it is filled from the frozen pages that the readers get.
    """
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        pages = proof.rendered(services, services.newsletter(edition.newsletter), edition)
    chosen = sections if sections is not None and pages.has_news_for(sections) else None
    return pages.fill(chosen, letters.inert_values(services, edition_id))
