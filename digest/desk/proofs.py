"""Proofs: the mail of an Edition as a given reader would get it, what is wrong with it, and what it takes."""

from collections.abc import Mapping
from dataclasses import dataclass

from digest import proof
from digest.model.ids import EditionId
from digest.model.layout import Layout, Step
from digest.model.rendered import FilledDigest
from digest.proof import ANYONE, Viewpoint
from digest.render.lint import Finding
from digest.services import Services
from digest.store import audit, editions
from subscribers import address, audience
from subscribers.errors import UnknownSubscriber

#: What becomes of a section for which there is no room in full.
_STEPS = {
    Step.LINES: "stands in lines",
    Step.WEB: "leaves most to the web",
    Step.NAME: "is named, and left to the web",
}


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


def find_reader(services: Services, edition_id: EditionId, text: str, *, by: str) -> str:
    """
    Return the public id of the reader whose address *text* is, if they get the newsletter of the Edition.

    BadAddress when it is none, UnknownSubscriber when it is not a reader's of this newsletter. That *by* has asked is
    written down either way: who reads what is no secret from editors, and nothing to be leafed through.
    """
    wanted = address.parse(text, allow_special=services.settings.is_local)
    with services.session() as session:
        edition = editions.get(session, edition_id)
        newsletter = services.newsletter(edition.newsletter)
        found = audience.live_ids(session, newsletter.slug, address.fingerprint(wanted.key, services.keys.fingerprint))
        told = f"{address.masked(wanted.text)}: {'a reader' if found else 'no reader'}"
        audit.write(session, by=by, act="look up reader", at=services.clock.now(), about=str(edition), detail=told)
    if not found:
        raise UnknownSubscriber(f"nobody with this address gets {newsletter.title}")
    return found[0]


def preview(services: Services, edition_id: EditionId, viewpoint: Viewpoint = ANYONE) -> FilledDigest:
    """
    Return the mail as a reader at *viewpoint* would get it, with links that open nothing and are as long as theirs.

    After approval it is filled from the frozen pages that the readers get. Sections that hold no news give the mail of
    all; to a reader who has chosen those, none goes: NoMail. UnknownEdition, WrongState and TemplateError as they say.
    """
    _, _, pages = proof.opened(services, edition_id)
    return proof.filled(services, edition_id, pages, viewpoint)


def checks(
    services: Services, edition_id: EditionId, viewpoint: Viewpoint = ANYONE, *, asks_spam_filter: bool = False
) -> Checks:
    """Return what is wrong with the mail of a reader at *viewpoint*, and its size; errors as ``preview`` says."""
    edition, newsletter, pages = proof.opened(services, edition_id)
    chosen = proof.chosen(pages, viewpoint)
    plan = pages.plan(chosen)
    return Checks(
        subject=plan.subject,
        layout=plan.layout,
        minutes=pages.layout().minutes,
        findings=proof.read(services, newsletter, edition, pages, chosen),
        rendered_hash=edition.rendered_hash,
        spam=proof.read_for_spam(services, newsletter, edition, pages) if asks_spam_filter else None,
    )
