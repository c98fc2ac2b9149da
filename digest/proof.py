"""Proof: what is wrong with an Edition's mails before they go out, as editors, commands and the flow ask for it."""

from collections.abc import Collection

from digest import letters, spam
from digest.deliver.envelope import build
from digest.errors import SettingsError, SpamCheckFailed, TemplateError, UnfitToSend
from digest.links import Links
from digest.model.draft import Draft
from digest.model.edition import Edition
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.model.rendered import RenderedDigest
from digest.render import render
from digest.render.lint import Finding, Rule, Severity, Yardstick, accepted, lint_page
from digest.render.press import Press
from digest.services import Services, inert_urls, mail_templates


def rendered(services: Services, newsletter: Newsletter, edition: Edition) -> RenderedDigest:
    """Return the frozen pages of *edition*, or those that its Draft would give now; TemplateError as render says."""
    if edition.rendered_bytes is not None:
        return edition.rendered
    return render(edition.draft, newsletter, services.press(newsletter, edition.id))


def read(
    services: Services,
    newsletter: Newsletter,
    edition: Edition,
    pages: RenderedDigest,
    chosen: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """Return what the lint says of the mail of a reader of the *chosen* sections (None: all), errors first."""
    return _read(newsletter, pages, chosen, services.links, edition.id)


def _read(
    newsletter: Newsletter,
    pages: RenderedDigest,
    chosen: Collection[str] | None,
    links: Links,
    edition_id: EditionId,
) -> tuple[Finding, ...]:
    values = inert_urls(links, edition_id)
    try:
        reasons = accepted(mail_templates(newsletter))
    except TemplateError as fault:
        # An Edition that is frozen needs its templates no more; that their list is at fault must not hide it.
        return (Finding(Severity.ERROR, Rule.CLIENT_SUPPORT, str(fault)),)
    yardstick = Yardstick(
        base_url=links.base_url,
        size_bytes=pages.layout(chosen).size_bytes,
        unsubscribe_url=values["unsubscribe_url"],
        keeps_tracking=newsletter.keep_tracking,
        accepted=reasons,
    )
    return lint_page(pages.fill(chosen, values).html, yardstick)


def fit_to_send(services: Services, newsletter: Newsletter, edition: Edition) -> RenderedDigest:
    """Return the pages that the Draft of *edition* gives; UnfitToSend as ``fit`` says."""
    return fit(edition.draft, newsletter, services.press(newsletter, edition.id), edition.id)


def fit(draft: Draft, newsletter: Newsletter, press: Press, edition_id: EditionId) -> RenderedDigest:
    """
    Return the pages that *draft* gives; UnfitToSend says what must be mended before they may go out.

    They are looked at as the mail of all sections, and as that of each alone: every lead is in one of them.
    """
    try:
        pages = render(draft, newsletter, press)
    except TemplateError as fault:
        raise UnfitToSend(f"a template is at fault: {fault}") from fault
    except SettingsError as fault:
        raise UnfitToSend(f"the settings are at fault: {fault}") from fault
    alone = [(section.slug,) for section in pages.sections] if len(pages.sections) > 1 else []
    found = [each for chosen in (None, *alone) for each in _read(newsletter, pages, chosen, press.links, edition_id)]
    if faults := dict.fromkeys(finding.message for finding in found if finding.severity is Severity.ERROR):
        raise UnfitToSend(f"the lint found {'; '.join(faults)}")
    return pages


def read_for_spam(
    services: Services, newsletter: Newsletter, edition: Edition, pages: RenderedDigest
) -> tuple[Finding, ...] | None:
    """
    Return what SpamAssassin finds in the whole mail of a reader of all sections; None where it is not installed.

    It takes a second or two, and asks nobody outside of this machine.
    """
    mail = letters.specimen(services, newsletter, edition, pages)
    try:
        score = spam.check(build(mail))
    except SpamCheckFailed as fault:
        return (Finding(Severity.WARNING, Rule.SPAM, str(fault)),)
    return None if score is None else spam.findings(score)
