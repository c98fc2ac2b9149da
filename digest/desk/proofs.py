"""Proofs: the mail of an Edition as a given reader would get it, what is wrong with it, and what it takes."""

from collections.abc import Mapping
from dataclasses import dataclass

from digest import letters, proof
from digest.model.edition import Edition
from digest.model.ids import EditionId
from digest.model.layout import Layout, Step
from digest.model.newsletter import Newsletter
from digest.model.rendered import FilledDigest, RenderedDigest
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
class Viewpoint:
    """Whose mail a proof is: of which section slugs (None: all), and of which name."""

    sections: tuple[str, ...] | None = None
    name: str = ""


#: Nobody in particular, who follows everything.
ANYONE = Viewpoint()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What there is to say of the mail from one Viewpoint before it goes out."""

    subject: str
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


def preview(services: Services, edition_id: EditionId, viewpoint: Viewpoint = ANYONE) -> FilledDigest:
    """
    Return the mail as a reader at *viewpoint* would get it, with links that open nothing.

    After approval it is filled from the frozen pages that the readers get. A reader whose sections hold no news gets
    none; then it is the mail of all sections. UnknownEdition, WrongState and TemplateError as they say.
    """
    _, _, pages = _opened(services, edition_id)
    return pages.fill(_chosen(pages, viewpoint), letters.inert_values(services, edition_id) | {"name": viewpoint.name})


def checks(
    services: Services, edition_id: EditionId, viewpoint: Viewpoint = ANYONE, *, asks_spam_filter: bool = False
) -> Checks:
    """Return what is wrong with the mail of a reader at *viewpoint*, and its size; errors as ``preview`` says."""
    edition, newsletter, pages = _opened(services, edition_id)
    chosen = _chosen(pages, viewpoint)
    plan = pages.plan(chosen)
    return Checks(
        subject=plan.subject,
        layout=plan.layout,
        minutes=pages.layout().minutes,
        findings=proof.read(services, newsletter, edition, pages, chosen),
        rendered_hash=edition.rendered_hash,
        spam=proof.read_for_spam(services, newsletter, edition, pages) if asks_spam_filter else None,
    )


def _opened(services: Services, edition_id: EditionId) -> tuple[Edition, Newsletter, RenderedDigest]:
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        newsletter = services.newsletter(edition.newsletter)
        return edition, newsletter, proof.rendered(services, newsletter, edition)


def _chosen(pages: RenderedDigest, viewpoint: Viewpoint) -> tuple[str, ...] | None:
    """Return the sections at *viewpoint*; None, for all, where none of them has news."""
    return viewpoint.sections if pages.has_news_for(viewpoint.sections) else None
