"""Observation: one thing that was looked up, what was found, whether that is well, and what would mend it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from digest.deliver.dkim_keys import zone_line
from digest.posture.resolver import DnsSilent

#: So much of a stranger's text is shown.
SHOWN = 200


class Verdict(StrEnum):
    """Whether what was found is well."""

    #: Receivers have nothing against it.
    OK = "ok"
    #: Mail goes out, but this should be mended or cannot be told.
    WARN = "warn"
    #: Receivers will refuse mail, or take it for spam.
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    What was *asked* under which name, what was *found* there, and what is *said* of it in a sentence with a remedy.

    *publish* is the record that would put it right, as a line of a zone file; empty when there is nothing to publish.
    """

    what: str
    verdict: Verdict
    said: str
    asked: str = ""
    found: str = ""
    publish: str = ""


def clean(text: str) -> str:
    """Return a text that may hold strangers' words on one line, without control characters."""
    return "".join(c if c.isprintable() else " " for c in text)


def shown(texts: Iterable[str]) -> str:
    """Return strangers' *texts* fit to print: clean, and cut."""
    return clean(" | ".join(texts))[:SHOWN]


def txt(name: str, value: str) -> str:
    """Return the TXT record of *value* at *name* as a line of a zone file, in ASCII."""
    return zone_line(name, clean(value).encode("ascii", "replace").decode())


def where_dns_answers(what: str, asked: str, look: Callable[[], Observation]) -> Observation:
    """Return what *look* sees; when DNS does not answer, that nothing can be said, which is no fault of ours."""
    try:
        return look()
    except DnsSilent as silence:
        return Observation(
            what=what, verdict=Verdict.WARN, asked=asked, said=f"DNS did not answer ({silence}); try again later"
        )


def worst(*found: tuple[Verdict, str]) -> tuple[Verdict, str]:
    """Return the worst verdict of *found*, and all that is said but for what is well, unless everything is."""
    rank = list(Verdict)
    verdict = max((verdict for verdict, _ in found), key=rank.index)
    said = [words for each, words in found if verdict is Verdict.OK or each is not Verdict.OK]
    return verdict, "; ".join(said)
