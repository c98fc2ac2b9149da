"""Letters: from one recipient to one complete Email, for Editions and for Notices."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from digest.deliver.envelope import message_id
from digest.model.edition import Edition
from digest.model.ids import EditionId, SubscriberId
from digest.model.message import Email, Mailbox, MailingList, Recipient
from digest.model.newsletter import Newsletter
from digest.model.rendered import FilledDigest, RenderedDigest
from digest.services import Services, inert_urls
from subscribers import tokens
from subscribers.tokens import Claim, Purpose


def digest_letters(services: Services, newsletter: Newsletter, edition: Edition) -> Callable[[Recipient], Email | None]:
    """
    Return the function that writes *edition* to one Recipient.

    It reads only what was frozen at approval. It gives None for a reader whose sections hold no news today.
    """
    rendered = edition.rendered
    approved_at = edition.approved_at
    assert approved_at is not None  # frozen pages come only with an approval
    written = _writer(services, newsletter, edition, rendered, approved_at)

    def letter(recipient: Recipient) -> Email | None:
        if not rendered.has_news_for(recipient.sections):
            return None
        return written(recipient, reader_values(services, edition.id, recipient.public_id, recipient.name))

    return letter


def specimen(services: Services, newsletter: Newsletter, edition: Edition, rendered: RenderedDigest) -> Email:
    """Return the mail of *rendered* to nobody: whole, with links that open nothing."""
    nobody = Recipient(
        edition_id=edition.id,
        subscriber_id=SubscriberId(0),
        public_id="",
        address=newsletter.sender.address,
        name="",
        time_zone=newsletter.schedule.zone.key,
    )
    now = edition.approved_at or services.clock.now()
    return _writer(services, newsletter, edition, rendered, now)(nobody, inert_values(services, edition.id))


def _writer(
    services: Services, newsletter: Newsletter, edition: Edition, rendered: RenderedDigest, date: datetime
) -> Callable[[Recipient, Mapping[str, str]], Email]:
    mailing_list_of = _mailing_list(services, newsletter, edition)
    sender = Mailbox(name=newsletter.sender.name, address=newsletter.sender.address)

    def written(recipient: Recipient, values: Mapping[str, str]) -> Email:
        filled = rendered.fill(recipient.sections, values)
        return Email(
            sender=sender,
            to=Mailbox(name=recipient.name, address=recipient.address),
            subject=filled.subject,
            text=filled.text,
            html=filled.html,
            message_id=message_id(
                edition.id, recipient.subscriber_id, key=services.keys.message, domain=newsletter.sender.domain
            ),
            date=date,
            return_path=newsletter.sender.address,
            language=newsletter.language,
            reply_to=newsletter.sender.reply_to,
            text_flowed=rendered.is_flowed,
            mailing_list=mailing_list_of(values["unsubscribe_url"]),
        )

    return written


def _mailing_list(services: Services, newsletter: Newsletter, edition: Edition) -> Callable[[str], MailingList]:
    sender = newsletter.sender

    def mailing_list(unsubscribe_url: str) -> MailingList:
        return MailingList(
            list_id=f"{newsletter.slug}.{sender.domain}",
            list_title=newsletter.title,
            unsubscribe_url=unsubscribe_url,
            help_url=services.links.help(),
            archive_url=services.links.archive(newsletter.slug),
            owner=sender.reply_to or sender.address,
            # The last field must be stable and 5 to 15 characters long.
            feedback_id=f"{edition.id}:{newsletter.language}:{edition.cadence}:{newsletter.slug[:15]:_<5}",
        )

    return mailing_list


def for_the_web(rendered: RenderedDigest, chosen: Collection[str] | None, values: Mapping[str, str]) -> FilledDigest:
    """Return *rendered* as a browser shows it, nothing cut for size, for the *chosen* section slugs (None: all)."""
    return rendered.fill(chosen, values, is_whole=True)


def reader_values(services: Services, edition_id: EditionId, public_id: str, name: str) -> dict[str, str]:
    """Return what is spliced into the pages of one reader: name and signed links."""
    claim, keys = Claim(public_id), services.keys.tokens
    return {
        "name": name,
        "unsubscribe_url": services.links.unsubscribe(tokens.sign(Purpose.UNSUBSCRIBE, claim, keys)),
        "preferences_url": services.links.preferences(tokens.sign(Purpose.PREFERENCES, claim, keys)),
        "view_url": services.links.view(edition_id, tokens.sign(Purpose.VIEW, claim, keys)),
    }


def inert_values(services: Services, edition_id: EditionId) -> dict[str, str]:
    """Return values for nobody: links of equal length that open nothing, for previews and tests."""
    return {"name": "", **inert_urls(services.links, edition_id)}


def archive_values(services: Services, newsletter: Newsletter, edition: Edition) -> dict[str, str]:
    """Return values for the public archive: links that lead where a stranger may go."""
    page = services.links.edition(newsletter.slug, edition.cadence, edition.date)
    return {
        "name": "",
        "unsubscribe_url": services.links.help(),
        "preferences_url": services.links.subscribe(newsletter.slug),
        "view_url": page,
    }
