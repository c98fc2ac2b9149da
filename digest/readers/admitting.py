"""Admitting: whose addresses are taken where anybody may type one in, as [readers] of config.toml says."""

from digest.model.keeping import Admission
from digest.posture.hosts import addresses_of
from digest.posture.resolver import DnsSilent, RecordType, Resolver
from subscribers.address import Address
from subscribers.errors import BadAddress


def admit(address: Address, admission: Admission, resolver: Resolver) -> None:
    """
    Let *address* pass, or raise BadAddress: its domain is refused here, or DNS says for certain that it takes no mail.

    Only for what strangers type. An operator who adds or imports a reader has decided already.
    """
    labels = address.domain.split(".")
    if any(".".join(labels[start:]) in admission.refused_domains for start in range(len(labels))):
        raise BadAddress("Addresses at %(domain)s are not taken here; give another.", {"domain": address.domain})
    if admission.asks_dns and not _may_take_mail(address.domain, resolver):
        raise BadAddress(
            "No mail server takes mail for %(domain)s; check what stands behind the @-sign.",
            {"domain": address.domain},
        )


def _may_take_mail(domain: str, resolver: Resolver) -> bool:
    """Return whether *domain* takes mail (RFC 5321 §5.1) or DNS does not say; a null MX says no (RFC 7505)."""
    try:
        servers = resolver.ask(domain, RecordType.MX)
        if servers:
            return any(server.split()[-1] != "." for server in servers)
        return bool(addresses_of(domain, resolver))
    except DnsSilent:
        return True  # trouble on the way to DNS is no fault of whoever signs up
