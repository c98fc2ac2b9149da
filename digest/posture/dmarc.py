"""DMARC records and the tree walk that finds them (RFC 9989, which replaces RFC 7489)."""

from collections.abc import Iterator
from dataclasses import dataclass

from digest.posture.resolver import RecordType, Resolver
from digest.posture.tags import tags

#: RFC 9989 §4.10: so many labels at most are asked about one by one.
_LABELS = 8


@dataclass(frozen=True, slots=True)
class Policy:
    """A DMARC record, where it stands, and its tags."""

    domain: str
    text: str
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What the tree walk met: the Policy that holds for a domain, and the organisational domain that it belongs to."""

    policy: Policy | None
    organisation: str
    #: A name with several records, which count as none.
    crowded: str = ""


def walk(domain: str, resolver: Resolver) -> Found:
    """Return what holds for mail from *domain*; DnsSilent when DNS did not answer."""
    met: list[Policy] = []
    crowded = ""
    for name in _up(domain):
        texts = [text for text in resolver.ask(f"_dmarc.{name}", RecordType.TXT) if _is_dmarc(text)]
        if len(texts) > 1:
            crowded = crowded or f"_dmarc.{name}"
        elif texts:
            policy = Policy(name, texts[0], tags(texts[0]))
            met.append(policy)
            if policy.tags.get("psd") in {"y", "n"}:
                break
    organisation = _organisation(domain, met)
    own = next((policy for policy in met if policy.domain == domain), None)
    above = next((policy for policy in met if policy.domain == organisation), met[-1] if met else None)
    return Found(own or above, organisation, crowded)


def _organisation(domain: str, met: list[Policy]) -> str:
    for policy in met:
        if policy.tags.get("psd") == "n":
            return policy.domain
        if policy.tags.get("psd") == "y" and policy.domain != domain:
            return ".".join(domain.split(".")[-len(policy.domain.split(".")) - 1 :])
    return met[-1].domain if met else domain


def _up(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    yield domain
    labels = labels[1:] if len(labels) < _LABELS else labels[-_LABELS + 1 :]
    while labels:
        yield ".".join(labels)
        labels = labels[1:]


def _is_dmarc(text: str) -> bool:
    return text.partition(";")[0].replace(" ", "") == "v=DMARC1"
