"""Letters: from one recipient of an Edition to one mail, ready for the wire."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from digest.deliver import verp
from digest.deliver.courier import Letter
from digest.deliver.envelope import Envelope, message_id
from digest.deliver.pieces import Press
from digest.deliver.profile import id_headers
from digest.deliver.transaction import Parcel
from digest.model.edition import Edition
from digest.model.ids import EditionId, SubscriberId
from digest.model.message import Addressing, Email, Mailbox, MailingList, Recipient
from digest.model.newsletter import Newsletter
from digest.model.pieces import of_reader
from digest.model.relay import Profile, Relay
from digest.model.rendered import FilledDigest, RenderedDigest
from digest.services import Services, inert_urls
from subscribers import tokens
from subscribers.tokens import Claim, Purpose

#: Envelopes that are kept, one for each set of sections and relay; their literals are shared.
_KEPT_ENVELOPES = 1024
#: How the subject of a test mail begins.
PROOF_MARK = "[Test]"


def digest_letters(services: Services, newsletter: Newsletter, edition: Edition) -> Letter[Recipient]:
    """
    Return the function that writes *edition* to one Recipient, for one relay.

    It reads only what was frozen at approval. It gives None for a reader whose sections hold no news today.
    """
    rendered = edition.rendered
    press = Press()
    seals = {relay.name: services.seal(newsletter.sender.domain, relay) for relay in services.settings.relays}
    envelopes: dict[tuple[tuple[str, ...] | None, str], Envelope | None] = {}
    anyone = rendered.phrases.anyone

    def made(recipient: Recipient, relay: Relay) -> Envelope | None:
        if not rendered.has_news_for(recipient.sections):
            return None
        plan = rendered.plan(recipient.sections)
        specimen = _email(
            services,
            newsletter,
            edition,
            plan.subject,
            rendered,
            profile=relay.profile,
        )
        text, html = press.body(plan.text.parts), press.body(plan.html.parts)
        return Envelope(specimen, text=text, html=html, seal=seals[relay.name])

    def letter(recipient: Recipient, relay: Relay) -> Parcel | None:
        key = recipient.sections, relay.name
        if key not in envelopes:
            if len(envelopes) >= _KEPT_ENVELOPES:
                envelopes.clear()
            envelopes[key] = made(recipient, relay)
        envelope = envelopes[key]
        if envelope is None:
            return None
        values = reader_values(services, edition.id, recipient.public_id, recipient.name)
        addressing = _addressing(services, newsletter, recipient, values, relay.profile)
        return envelope.address(addressing, of_reader(values, anyone))

    return letter


def specimen(services: Services, newsletter: Newsletter, edition: Edition, rendered: RenderedDigest) -> Email:
    """Return the mail of *rendered* to nobody: whole, with links that open nothing."""
    filled = rendered.fill(None, inert_values(services, edition.id))
    email = _email(services, newsletter, edition, filled.subject, rendered)
    return replace(email, text=filled.text, html=filled.html)


def proof_content(edition: Edition, rendered: RenderedDigest, filled: FilledDigest) -> dict[str, Any]:
    """Return what the test mail of *filled* says: its parts, as readers would get them, under a subject that tells."""
    return {
        "subject": f"{PROOF_MARK} {filled.subject}",
        "text": filled.text,
        "html": filled.html,
        "text_flowed": rendered.is_flowed,
        "edition": _seal_of(edition, rendered),
    }


def _email(
    services: Services,
    newsletter: Newsletter,
    edition: Edition,
    subject: str,
    rendered: RenderedDigest,
    *,
    profile: Profile = Profile.NONE,
) -> Email:
    """Return what all mails of *edition* with this *subject* share, addressed to nobody, with empty parts."""
    sender = newsletter.sender
    nobody = Recipient(
        edition_id=edition.id,
        subscriber_id=SubscriberId(0),
        public_id="",
        address=sender.address,
        name="",
        time_zone=newsletter.schedule.zone.key,
    )
    return Email(
        sender=Mailbox(name=sender.name, address=sender.address),
        addressing=_addressing(services, newsletter, nobody, inert_values(services, edition.id), profile),
        subject=subject,
        text="",
        html="",
        date=edition.approved_at or services.clock.now(),
        language=newsletter.language,
        reply_to=sender.reply_to,
        text_flowed=rendered.is_flowed,
        mailing_list=MailingList(
            list_id=f"{newsletter.slug}.{sender.domain}",
            list_title=newsletter.title,
            help_url=services.links.help(),
            archive_url=services.links.archive(newsletter.slug),
            owner=sender.reply_to or sender.address,
            # The last field must be stable and 5 to 15 characters long.
            feedback_id=f"{edition.id}:{newsletter.language}:{edition.cadence}:{newsletter.slug[:15]:_<5}",
        ),
        edition=_seal_of(edition, rendered),
    )


def _seal_of(edition: Edition, rendered: RenderedDigest) -> tuple[str, str]:
    """Return which Edition this is, and the hash of *rendered*, which its readers' mails are filled from."""
    return (
        f"{edition.newsletter}/{edition.cadence}/{edition.date};",
        f"sha256={edition.rendered_hash or rendered.sha256}",
    )


def _addressing(
    services: Services, newsletter: Newsletter, recipient: Recipient, values: Mapping[str, str], profile: Profile
) -> Addressing:
    """Return how the mail to *recipient* is addressed; replies to it come back where [bounces] says, if it does."""
    key, domain = services.keys.message, newsletter.sender.domain
    token = verp.token((recipient.edition_id, recipient.subscriber_id), secret=key)
    reports = services.settings.bounces.domain
    return Addressing(
        to=Mailbox(name=recipient.name, address=recipient.address),
        message_id=message_id(recipient.edition_id, recipient.subscriber_id, key=key, domain=domain),
        return_path=verp.return_path(token, reports) if reports else newsletter.sender.address,
        token=token,
        unsubscribe_url=values["unsubscribe_url"],
        unsubscribe_address=_way_out(recipient.public_id, key, reports),
        complaint_address=verp.return_path(token, reports) if _is_aligned(reports, domain) else "",
        further=id_headers(profile, token),
    )


def _way_out(public_id: str, key: bytes, reports: str) -> str:
    """Return the address by which a reader leaves; it names the Subscription, so that it works for years."""
    return f"unsub+{verp.leave_token(public_id, secret=key)}@{reports}" if reports else ""


def _is_aligned(reports: str, domain: str) -> bool:
    """Return whether complaints may go to *reports*: the From's domain or one below it (RFC 9477 §3.1.1)."""
    return reports == domain or reports.endswith(f".{domain}")


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
