"""One fake per port: the clock, DNS. Everything else runs with its real parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from digest.posture.resolver import DnsSilent, RecordType


@dataclass
class FixedClock:
    """A clock that stands until somebody moves it."""

    at: datetime = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by

    def set(self, at: datetime) -> None:
        self.at = at


@dataclass
class FakeDns:
    """
    Answers from *zone*, which holds what stands under "TXT example.org"; everything else does not exist.

    About *silent* names it says nothing, about ``*`` of none at all.
    """

    zone: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)

    def ask(self, name: str, kind: RecordType) -> tuple[str, ...]:
        self.asked.append(f"{kind} {name}")
        if name in self.silent or "*" in self.silent:
            raise DnsSilent("no answer")
        found = self.zone.get(f"{kind} {name}", ())
        return (found,) if isinstance(found, str) else found
