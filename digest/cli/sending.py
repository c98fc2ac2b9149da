"""What `digest check --send` looks at: the relay, DNS, and a test mail if one is wished for."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from digest import notices, posture
from digest.clock import SystemClock
from digest.model.delivery import DeliveryState
from digest.model.newsletter import Newsletter
from digest.model.relay import Relay
from digest.posture import Observation, Verdict
from digest.posture.line import observe_line, shake_hands
from digest.posture.resolver import Dns
from digest.services import Services
from digest.settings import Settings

#: Said where something else has to be mended first.
HELD_BACK = Observation(
    what="test mail", verdict=Verdict.FAULT, said="not sent; mend what is at fault above, and ask for it again"
)


def observed(given: Settings, relays: Sequence[Relay]) -> Iterator[Observation]:
    """Give what is to be seen of the relays, and then of our mail in DNS."""
    handshakes = [shake_hands(relay) for relay in relays]
    for handshake in handshakes:
        yield from observe_line(handshake, SystemClock().now())
    yield from posture.look(
        [_domains(given, newsletter) for newsletter in given.newsletters], given.dkim, handshakes, Dns()
    )


def _domains(given: Settings, newsletter: Newsletter) -> posture.Domains:
    sender = newsletter.sender
    domain = sender.domain.lower()
    reply_to = (sender.reply_to or sender.address).rpartition("@")[2].lower()
    return posture.Domains(sender=domain, return_path=given.bounces.domain or domain, reply_to=reply_to)


def tested(given: Settings, address: str) -> Iterator[Observation]:
    """Mail a test to *address* for each domain that mail comes from, and give what the relay answered."""
    by_domain = {newsletter.sender.domain.lower(): newsletter for newsletter in reversed(given.newsletters)}
    with closing(Services.start(given, SystemClock())) as started:
        for domain, newsletter in by_domain.items():
            state, reply = notices.send_test(started, newsletter, address)
            is_sent = state is DeliveryState.SENT
            yield Observation(
                what=f"test mail from {domain}",
                verdict=Verdict.OK if is_sent else Verdict.FAULT,
                said="taken by the relay; look whether it arrives, and for dkim=pass and dmarc=pass in its source"
                if is_sent
                else f"is {state.replace('_', ' ')}; see what was answered, and mend that",
                found=reply,
            )
