"""Proof: what is wrong with an Edition's mails before they go out, as editors, commands and the flow ask for it."""

from collections.abc import Collection
from dataclasses import dataclass

from digest import letters, resources, spam
from digest.deliver.envelope import build
from digest.errors import DigestError, SettingsError, SpamCheckFailed, TemplateError, UnfitToSend
from digest.links import Links
from digest.model.draft import Draft
from digest.model.edition import Edition
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.model.rendered import FilledDigest, RenderedDigest
from digest.render import render
from digest.render.lint import Finding, Rule, Severity, Yardstick, accepted, lint_page
from digest.render.press import Press
from digest.services import Services, inert_urls, mail_templates
from digest.store import editions
from subscribers import address
from subscribers.errors import UnknownSubscriber
from subscribers.model import LIVE, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """Whose mail a proof is: of which section slugs (None: all), and of which name."""

    sections: tuple[str, ...] | None = None
    name: str = ""
    #: Of one reader: the public id of their Subscription, what tells them from others, and where their day begins.
    reader: str = ""
    masked: str = ""
    time_zone: str = ""


class NoMail(DigestError):
    """The reader gets no mail of this Edition; the message says why."""


#: Nobody in particular, who follows everything.
ANYONE = Viewpoint()


def rendered(services: Services, newsletter: Newsletter, edition: Edition) -> RenderedDigest:
    """
    Return the frozen pages of *edition*, or those that its Draft would give now; TemplateError as render says.

    They are kept for whoever asks again: until the Draft or a template changes, or for the minute in which the ages of
    its Stories stay as they are.
    """
    if edition.rendered_hash is not None:
        return services.pages.get((edition.id, edition.rendered_hash), lambda: edition.rendered)
    minute = services.clock.now().replace(second=0, microsecond=0)
    key = (edition.id, edition.draft_version, minute, _templates_as_they_are(newsletter))
    return services.pages.get(key, lambda: render(edition.draft, newsletter, services.press(newsletter, edition.id)))


def _templates_as_they_are(newsletter: Newsletter) -> int:
    """Return a number that is another when one of the mail's templates is."""
    folders = [folder for folder in (newsletter.templates, resources.templates() / "email") if folder is not None]
    files = sorted(path for folder in folders for path in folder.rglob("*"))
    return hash(tuple((path, stat.st_mtime_ns, stat.st_size) for path in files for stat in [path.stat()]))


def opened(services: Services, edition_id: EditionId) -> tuple[Edition, Newsletter, RenderedDigest]:
    """Return the Edition, its newsletter and its pages as they are now."""
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        newsletter = services.newsletter(edition.newsletter)
        return edition, newsletter, rendered(services, newsletter, edition)


def chosen(pages: RenderedDigest, viewpoint: Viewpoint) -> tuple[str, ...] | None:
    """
    Return the sections at *viewpoint*; None, for all, where none of them has news.

    To a reader who has chosen such sections no mail goes: NoMail.
    """
    if pages.has_news_for(viewpoint.sections):
        return viewpoint.sections
    if viewpoint.reader:
        raise NoMail("the sections that this reader has chosen hold no news today, so that no mail goes to them")
    return None


def viewpoint_of(services: Services, edition_id: EditionId, public_id: str) -> Viewpoint:
    """Return that of the reader whose Subscription is called *public_id*; UnknownSubscriber without one."""
    with services.reading() as session:
        newsletter = services.newsletter(editions.get(session, edition_id).newsletter)
        subscription = Subscription.by_public_id(session, public_id)
        if subscription.newsletter != newsletter.slug or subscription.state not in LIVE:
            raise UnknownSubscriber(f"this reader does not get {newsletter.title} any more")
        reader = subscription.subscriber
        return Viewpoint(
            sections=subscription.sections,
            name=reader.name,
            reader=public_id,
            masked=address.masked(reader.address),
            time_zone=reader.time_zone,
        )


def filled(services: Services, edition_id: EditionId, pages: RenderedDigest, viewpoint: Viewpoint) -> FilledDigest:
    """Return the mail at *viewpoint* that *pages* give; NoMail as ``chosen`` says."""
    return pages.fill(chosen(pages, viewpoint), letters.inert_values(services, edition_id) | {"name": viewpoint.name})


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
