"""Reading on the web: an Edition as one reader got it."""

from digest import letters
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId, SubscriberId
from digest.model.rendered import FilledDigest
from digest.readers.opening import behind
from digest.services import Services
from digest.store import deliveries
from subscribers.tokens import Purpose


def view(services: Services, edition_id: EditionId, token: str) -> FilledDigest | None:
    """Return an Edition as the reader behind *token* gets it, or as corrected since; None where there is none."""
    with services.reading() as session:
        subscription = behind(services, session, token, Purpose.VIEW)
        edition = session.get(Edition, edition_id)
        if subscription is None or edition is None or edition.newsletter != subscription.newsletter:
            return None
        if edition.rendered_bytes is None or edition.state == EditionState.CANCELLED:
            return None
        if edition.audience_json is not None or edition.corrects_id is not None:
            key = edition.id, SubscriberId(subscription.subscriber_id)
            if deliveries.public_id(session, key) is None:
                return None  # it was for others
        rendered = edition.shown
        chosen = subscription.sections if rendered.has_news_for(subscription.sections) else None
        values = letters.reader_values(services, edition.id, subscription.public_id, subscription.subscriber.name)
        return letters.for_the_web(rendered, chosen, values)
