"""What DMARC asks of our mail, and whether return path and signature belong to the From that readers see."""

import re
from collections.abc import Iterator

from digest.model.dkim import DkimKey
from digest.posture.dmarc import Policy, walk
from digest.posture.observation import Observation, Verdict, clean, shown, txt, where_dns_answers, worst
from digest.posture.resolver import RecordType, Resolver

_POLICIES = ("none", "quarantine", "reject")
_REPORTS_TO = re.compile(r"mailto:[^,!\s]+@([^,!\s]+)", re.IGNORECASE)


def observe_dmarc(sender: str, return_path: str, key: DkimKey | None, resolver: Resolver) -> Observation:
    """Return what DMARC says of mail from the domain *sender*, with its *return_path* and the *key* that signs it."""
    what, asked = f"DMARC of {sender}", f"TXT _dmarc.{sender}, and above"
    return where_dns_answers(what, asked, lambda: _dmarc(what, asked, (sender, return_path, key), resolver))


def _dmarc(what: str, asked: str, mail: tuple[str, str, DkimKey | None], resolver: Resolver) -> Observation:
    sender, return_path, key = mail
    found = walk(sender, resolver)
    wanted = txt(f"_dmarc.{sender}", f"v=DMARC1; p=none; rua=mailto:dmarc@{sender}")
    if found.crowded:
        said = f"{found.crowded} has several records, and so none that counts; keep one"
        return Observation(what=what, verdict=Verdict.FAULT, asked=asked, said=said, publish=wanted)
    if found.policy is None:
        said = "there is none, which large mailbox providers ask of whoever sends much; publish one"
        return Observation(what=what, verdict=Verdict.FAULT, asked=asked, said=said, publish=wanted)
    policy = found.policy
    verdict, said = worst(
        *_policy(policy, sender),
        *_reports(policy, sender, resolver),
        _aligned(policy, sender, [return_path, *([key.domain] if key else [])], resolver),
    )
    return Observation(
        what=what,
        verdict=verdict,
        asked=asked,
        found=shown([f"_dmarc.{policy.domain}: {policy.text}"]),
        said=clean(said),
        publish="" if verdict is Verdict.OK else txt(f"_dmarc.{policy.domain}", _mended(policy)),
    )


def _policy(policy: Policy, sender: str) -> Iterator[tuple[Verdict, str]]:
    given = policy.tags.get("p", "")
    asked = given if policy.domain == sender else policy.tags.get("sp", given)
    if asked not in _POLICIES:
        yield Verdict.WARN, f'its policy "{asked}" is none of {", ".join(_POLICIES)}; mend it'
    elif asked == "none":
        yield Verdict.OK, "p=none: receivers only report; later ask for quarantine, then reject"
    else:
        yield Verdict.OK, f"receivers {asked} what fails"
    if policy.tags.get("t") == "y":
        yield Verdict.WARN, "t=y asks receivers to be milder than its policy says; take it out when you are sure"
    if "pct" in policy.tags:
        yield Verdict.WARN, "pct is no longer known (RFC 9989); take it out"


def _reports(policy: Policy, sender: str, resolver: Resolver) -> Iterator[tuple[Verdict, str]]:
    hosts = [host.lower() for host in _REPORTS_TO.findall(policy.tags.get("rua", ""))]
    if not hosts:
        yield Verdict.WARN, "it has no rua=mailto:…, so nobody tells you of mail in your name that fails; add one"
    for host in dict.fromkeys(hosts):
        if walk(host, resolver).organisation == walk(sender, resolver).organisation:
            continue
        # RFC 9990: whoever gets reports on others has to agree.
        name = f"{policy.domain}._report._dmarc.{host}"
        if not any(text.startswith("v=DMARC1") for text in resolver.ask(name, RecordType.TXT)):
            yield Verdict.WARN, f"{host} has not agreed to get its reports (TXT {name} with v=DMARC1); ask it to"


def _aligned(policy: Policy, sender: str, domains: list[str], resolver: Resolver) -> tuple[Verdict, str]:
    """Return whether return path (SPF) or signature (DKIM) belongs to *sender*; one of them is enough for DMARC."""
    strict = [policy.tags.get("aspf") == "s", policy.tags.get("adkim") == "s"]
    home = walk(sender, resolver).organisation
    lost = [
        domain
        for domain, is_strict in zip(domains, strict, strict=False)
        if domain != sender and (is_strict or walk(domain, resolver).organisation != home)
    ]
    if not lost:
        return Verdict.OK, "aligned with From"
    told = f"{' and '.join(lost)} {'does' if len(lost) == 1 else 'do'} not align with From at {sender}"
    if len(lost) == len(domains):
        return Verdict.FAULT, f"{told}; sign with its own domain, or take aspf=s and adkim=s out"
    return Verdict.WARN, f"{told}, so that it all hangs on the other one"


def _mended(policy: Policy) -> str:
    given = policy.tags.get("p", "")
    kept = {
        name: value for name, value in policy.tags.items() if name not in {"v", "p", "rua", "pct", "t", "aspf", "adkim"}
    }
    tags = {
        "v": "DMARC1",
        "p": given if given in _POLICIES else "none",
        "rua": policy.tags.get("rua") or f"mailto:dmarc@{policy.domain}",
        **kept,
    }
    return "; ".join(f"{name}={value}" for name, value in tags.items())
