"""Leaving: what the page shows, the one click, and taking it back."""

from digest.readers.opening import LinkView, Standing, behind, link_view
from digest.services import Services
from subscribers import unsubscribe
from subscribers.consent import Evidence
from subscribers.model import EndReason, SubscriptionState
from subscribers.tokens import Purpose


def leave_page(services: Services, token: str) -> LinkView:
    """Return what the unsubscribe page shows; changes nothing."""
    with services.reading() as session:
        subscription = behind(services, session, token, Purpose.UNSUBSCRIBE)
        if subscription is None:
            return LinkView(Standing.UNKNOWN)
        ended = subscription.state is SubscriptionState.ENDED
        return link_view(services, subscription, Standing.DONE if ended else Standing.OPEN)


def leave(services: Services, token: str, *, by_page: bool, network: str) -> LinkView:
    """End the Subscription behind *token*; safe to repeat, and nothing at all for a token that is none of ours."""
    now = services.clock.now()
    with services.session() as session:
        found = behind(services, session, token, Purpose.UNSUBSCRIBE)
        if found is None:
            return LinkView(Standing.UNKNOWN)
        evidence = Evidence(
            wording="Unsubscribe",
            source="unsubscribe page" if by_page else "one-click unsubscribe (RFC 8058)",
            network_address=network,
        )
        reason = EndReason.PAGE if by_page else EndReason.ONE_CLICK
        outcome = unsubscribe.one_click(session, found.public_id, evidence, now=now, reason=reason)
        return link_view(services, outcome.subscription, Standing.DONE)


def undo_leave(services: Services, token: str, *, network: str) -> LinkView:
    """Take back the end of the Subscription behind *token*; SubscriberError says why it cannot be."""
    now = services.clock.now()
    with services.session() as session:
        found = behind(services, session, token, Purpose.UNSUBSCRIBE)
        if found is None:
            return LinkView(Standing.UNKNOWN)
        evidence = Evidence(wording="Keep sending it to me", source="unsubscribe page", network_address=network)
        return link_view(services, unsubscribe.undo(session, found.public_id, evidence, now=now), Standing.OPEN)
