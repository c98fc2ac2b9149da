"""SPF: whether a domain lets an address send for it, and what it costs to find out (RFC 7208)."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from digest.posture.resolver import RecordType, Resolver

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: RFC 7208 §4.6.4.
MOST_LOOKUPS = 10
MOST_VOIDS = 2
#: Where counting ends: a record that includes itself has no end.
_ENOUGH = 40


class Result(StrEnum):
    """What SPF says of an address: RFC 7208 §2.6, but for temperror, which is DnsSilent."""

    #: It may send.
    PASS = "pass"  # noqa: S105 (a result of SPF)
    #: It may not.
    FAIL = "fail"
    #: It probably may not.
    SOFTFAIL = "softfail"
    #: Nothing is said of it.
    NEUTRAL = "neutral"
    #: There is no record.
    NONE = "none"
    #: The record is broken, so none of it counts.
    PERMERROR = "permerror"


_RESULTS = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}


class BrokenSpf(Exception):
    """A record does not say anything that counts; the message says why."""


@dataclass(slots=True)
class Walk:
    """One reading of a domain's SPF with all that it includes. Without an *address* nothing matches: all is read."""

    resolver: Resolver
    address: Address | None = None
    lookups: int = 0
    voids: int = 0
    #: How the domain's own record ends: "+", "-", "~" or "?" before ``all``; empty without one.
    ends_with: str = ""
    #: Whether something was met that depends on the mail (macros), which cannot be told beforehand.
    is_partial: bool = False
    _within: list[str] = field(default_factory=list)

    def check(self, domain: str) -> Result:
        """Return what the record of *domain* says; BrokenSpf when that is nothing, DnsSilent when DNS says nothing."""
        record = record_of(self.resolver.ask(domain, RecordType.TXT), domain)
        if record is None:
            return Result.NONE
        self._within.append(domain)
        if len(self._within) > MOST_LOOKUPS + 1 or self.lookups > _ENOUGH:
            raise BrokenSpf(f"{' → '.join(self._within[:4])} … has no end")
        redirect, has_all = "", False
        for term in record.split()[1:]:
            name, is_modifier, value = term.partition("=")
            if is_modifier and name.isalnum():
                redirect = value if name.lower() == "redirect" else redirect
                continue
            sign, mechanism = (term[0], term[1:]) if term[0] in _RESULTS else ("+", term)
            if mechanism.lower() == "all":
                has_all = True
                self.ends_with = sign if len(self._within) == 1 else self.ends_with
                if self.address is not None:
                    self._within.pop()
                    return _RESULTS[sign]
            elif self._matches(mechanism, domain):
                self._within.pop()
                return _RESULTS[sign]
        result = self._redirected(redirect) if redirect and not has_all else Result.NEUTRAL
        self._within.pop()
        return result

    def _redirected(self, domain: str) -> Result:
        self._count()
        if "%" in domain:
            self.is_partial = True
            return Result.NEUTRAL
        depth, self._within = self._within, []  # the record in whose place it stands: its ``all`` is ours
        result = self.check(domain)
        self._within = depth
        if result is Result.NONE:
            raise BrokenSpf(f"it redirects to {domain}, which has no SPF record")
        return result

    def _matches(self, mechanism: str, domain: str) -> bool:
        kind, colon, rest = mechanism.partition(":")
        kind, _, prefix = kind.partition("/")
        kind = kind.lower()
        if kind in {"ip4", "ip6"} and colon:
            return self._is_in(rest)
        if kind not in {"include", "a", "mx", "ptr", "exists"} or (kind in {"include", "exists"} and not rest):
            raise BrokenSpf(f'it holds "{mechanism[:40]}", which SPF does not know')
        self._count()
        target, _, behind = rest.partition("/")
        target, prefix = target or domain, behind or prefix
        if "%" in target or kind == "ptr":
            self.is_partial = True
            return False
        if kind == "include":
            return self._includes(target)
        return self.address is not None and kind in {"a", "mx"} and self._is_at(kind, target, prefix, self.address)

    def _includes(self, domain: str) -> bool:
        result = self.check(domain)
        if result is Result.NONE:
            raise BrokenSpf(f"it includes {domain}, which has no SPF record")
        return result is Result.PASS

    def _is_at(self, kind: str, name: str, prefix: str, address: Address) -> bool:
        own, _, other = prefix.partition("//") if not prefix.startswith("/") else ("", "", prefix.removeprefix("/"))
        width = own if address.version == 4 else other
        names: Sequence[str] = (name,)
        if kind == "mx":
            names = [record.split()[-1] for record in self._ask(name, RecordType.MX)]
            if len(names) > MOST_LOOKUPS:
                raise BrokenSpf(f"{name} has more than {MOST_LOOKUPS} MX records")
        record_type = RecordType.A if address.version == 4 else RecordType.AAAA
        return any(
            _holds(f"{found}/{width}" if width else found, address)
            for n in names
            for found in self._ask(n, record_type)
        )

    def _ask(self, name: str, kind: RecordType) -> tuple[str, ...]:
        found = self.resolver.ask(name, kind)
        if not found:
            self.voids += 1
            if self.voids > MOST_VOIDS:
                raise BrokenSpf(f"more than {MOST_VOIDS} of its names lead nowhere, {name} among them")
        return found

    def _is_in(self, network: str) -> bool:
        if self.address is None:
            _holds(network, ipaddress.IPv4Address(0))  # only to see that it can be read
            return False
        return _holds(network, self.address)

    def _count(self) -> None:
        self.lookups += 1
        if self.address is not None and self.lookups > MOST_LOOKUPS:
            raise BrokenSpf(f"it takes more than {MOST_LOOKUPS} lookups")


def record_of(texts: Sequence[str], domain: str) -> str | None:
    """Return the SPF record among the TXT records of *domain*, None without one; BrokenSpf when there are several."""
    found = [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if len(found) > 1:
        raise BrokenSpf(f"{domain} has {len(found)} SPF records, and one is the most that counts")
    return found[0] if found else None


def _holds(network: str, address: Address) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise BrokenSpf(f'it holds "{network[:40]}", which is no address') from None
