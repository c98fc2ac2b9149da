"""What no single value can show: names that are used twice."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

#: The settings that name where a source is.
SOURCE_KINDS = ("feed", "sitemap", "page", "folder")


def faults(raw: Mapping[str, Any]) -> list[str]:
    """
    Return one sentence for each name that is used twice in *raw*, the whole of config.toml.

    It is looked at before it is checked, so that these faults are told together with all others.
    """
    signed = [str(table.get("domain", "")).lower() for table in _tables(raw.get("dkim"))]
    limited = [str(table.get("name", "")).lower() for table in _tables(raw.get("domain"))]
    return [
        *(f"[domain] name {domain} has two tables; keep one, with all its limits" for domain in _twice(limited)),
        *(f"[dkim] domain {domain} has two tables; keep one, with the key that signs now" for domain in _twice(signed)),
        *_newsletter_faults(raw.get("newsletter")),
    ]


def _newsletter_faults(newsletters: Any) -> list[str]:
    tables = _tables(newsletters)
    found = [
        f'[newsletter] slug "{slug}" is used twice; give each newsletter its own'
        for slug in _twice(table.get("slug") for table in tables)
    ]
    for number, table in enumerate(tables, 1):
        sources = _tables(table.get("source"))
        found += [
            f"[newsletter {number}] lists the source {address} twice; keep one"
            for address in _twice(source.get(kind) for source in sources for kind in SOURCE_KINDS)
        ]
        found += [
            f'[newsletter {number}] has two sections with the slug "{slug}"; give each its own'
            for slug in _twice(
                section.get("slug") or slugify(str(section.get("title", "")))
                for section in _tables(table.get("section"))
            )
        ]
    return found


def slugify(title: str) -> str:
    """Return *title* as a short name for links: lower-case letters and digits joined by hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return slug or "section-" + "-".join(f"{ord(c):x}" for c in title[:6])


def _tables(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _twice(names: Iterable[object]) -> list[str]:
    counts = Counter(name for name in names if isinstance(name, str) and name)
    return sorted(name for name, count in counts.items() if count > 1)
