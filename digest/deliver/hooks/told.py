"""What providers tell, in our words, and safe ways to look into their JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from digest.deliver.bounce import Kind, Report
from digest.deliver.bounce.judging import judged
from digest.errors import DigestError


class Forged(DigestError):
    """The request does not prove that the provider sent it; nothing of it is believed."""


class Unreadable(DigestError):
    """The request is not what the provider documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One report of a provider, and when it happened, where that is told."""

    report: Report
    at: datetime | None = None


def read_json(body: bytes) -> Any:
    """Return the JSON in *body*; Unreadable when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("the body is not JSON") from None


def table(value: Any, *path: str) -> Mapping[str, Any]:
    """Return the object at *path* below *value*; an empty one where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text(value: Any, name: str) -> str:
    """Return what *value* says under *name* as text, at most a thousand characters; empty for nothing."""
    found = value.get(name) if isinstance(value, dict) else None
    return str(found)[:1000] if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def told(kind: Kind, token: str, *, status: str = "", diagnostic: str = "", at: datetime | None = None) -> Told:
    """Return a report about the mail that *token* names."""
    tokens = (token.lower(),) if token else ()
    return Told(report=Report(kind=kind, status=status[:40], diagnostic=diagnostic[:500], tokens=tokens), at=at)


def dead_unless_doubtful(words: str) -> Kind:
    """Return hard for an address that the provider calls invalid, unless the server's *words* tell otherwise."""
    return judged("5.1.1", words)


def from_timestamp(value: str) -> datetime | None:
    """Return the instant that *value*, seconds since 1970, names; None when it is none."""
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def from_iso(value: str) -> datetime | None:
    """Return the instant that *value*, ISO 8601, names; None when it is none or has no zone."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
