"""The verb: look at everything that receivers will look at."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from digest.model.dkim import DkimKey, covers
from digest.posture.alignment import observe_dmarc
from digest.posture.allowed import observe_spf
from digest.posture.hosts import observe_mx, observe_reverse
from digest.posture.keys import observe_keys
from digest.posture.line import Handshake
from digest.posture.observation import Observation
from digest.posture.resolver import Resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class Domains:
    """The domains of a newsletter's mail: of its From, of its return path, and of where replies go."""

    sender: str
    return_path: str
    reply_to: str


def look(
    domains: Iterable[Domains], keys: Iterable[DkimKey], handshakes: Iterable[Handshake], resolver: Resolver
) -> Iterator[Observation]:
    """Give an Observation for each thing that DNS says of the mail from *domains*, each domain once."""
    known, keys, handshakes = list(dict.fromkeys(domains)), tuple(keys), tuple(handshakes)
    for return_path in dict.fromkeys(one.return_path for one in known):
        yield observe_spf(return_path, handshakes, resolver)
    for sender in dict.fromkeys(one.sender for one in known):
        yield from observe_keys(sender, signing_key(sender, keys), resolver)
    for one in dict.fromkeys((one.sender, one.return_path) for one in known):
        yield observe_dmarc(*one, signing_key(one[0], keys), resolver)
    for handshake in handshakes:
        if handshake.is_direct:
            yield observe_reverse(handshake.greeting, resolver)
    for domain in dict.fromkeys(domain for one in known for domain in (one.sender, one.reply_to)):
        yield observe_mx(domain, resolver)


def signing_key(domain: str, keys: Iterable[DkimKey]) -> DkimKey | None:
    """Return the key that signs mail from *domain*: that of the nearest domain above it; None for the relay's."""
    return max((key for key in keys if covers(key.domain, domain)), key=lambda key: len(key.domain), default=None)
