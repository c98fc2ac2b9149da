"""Which mail programs do not know what a page uses, by the facts in ``clients.tsv``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from digest.render.lint.finding import Finding, Rule, Severity
from digest.render.lint.page import Page
from digest.render.lint.uses import Finder, Uses, finder

#: A row for each feature: its slug, the pattern by which it is found (``uses``), and a letter for each mail program.
_TABLE = Path(__file__).with_name("clients.tsv")
#: The programs of so many makers are named; the other makers are counted.
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Feature:
    """Something of HTML or CSS, the mail programs without it, and those that know it in part."""

    slug: str
    find: Finder
    unknown_to: tuple[str, ...]
    partly_known_to: tuple[str, ...]


def support(page: Page) -> Iterator[Finding]:
    """Tell of what *page* uses and some mail programs do not know, unless that is accepted."""
    for slug, used in used_features(page).items():
        if slug not in page.yardstick.accepted:
            feature = features()[slug]
            lacks = [f"not known to {_some(feature.unknown_to)}"] if feature.unknown_to else []
            parts = [f"only partly known to {_some(feature.partly_known_to)}"] if feature.partly_known_to else []
            message = f"{used} ({slug}) is {' and '.join([*lacks, *parts])}"
            remedy = f"do without it, or accept {slug} in lint/accepted.txt with the reason"
            yield Finding(Severity.WARNING, Rule.CLIENT_SUPPORT, f"{message}; {remedy}")


def used_features(page: Page) -> Mapping[str, str]:
    """Return how *page* uses what some mail programs do not know, by the slugs of the features."""
    uses = Uses(page)
    lacking = (feature for feature in features().values() if feature.unknown_to or feature.partly_known_to)
    return {feature.slug: used for feature in lacking if (used := feature.find(uses))}


@cache
def features() -> Mapping[str, Feature]:
    """Return the table by the slugs of its features."""
    clients = _clients()
    return {
        slug: Feature(
            slug,
            finder(pattern),
            tuple(client for client, fact in zip(clients, facts, strict=True) if fact == "n"),
            tuple(client for client, fact in zip(clients, facts, strict=True) if fact == "a"),
        )
        for slug, pattern, *facts in _lines()[1:]
    }


def _clients() -> tuple[str, ...]:
    return tuple(_lines()[0][2:])


@cache
def _lines() -> tuple[list[str], ...]:
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    return tuple(line.split("\t") for line in lines if not line.startswith("#"))


def _some(clients: tuple[str, ...]) -> str:
    """Return the makers of *clients*, each with its platforms unless these are all that it has."""
    named = [
        maker if platforms == _platforms(_clients())[maker] else f"{maker} ({', '.join(platforms)})"
        for maker, platforms in _platforms(clients).items()
    ]
    more = len(named) - _NAMED
    # One more name is as short as its count.
    return ", ".join(named) if more <= 1 else f"{', '.join(named[:_NAMED])} and {more} more"


def _platforms(clients: tuple[str, ...]) -> dict[str, list[str]]:
    platforms: dict[str, list[str]] = {}
    for client in clients:
        maker, _, platform = client.rstrip(")").rpartition(" (")
        platforms.setdefault(maker, []).append(platform)
    return platforms
