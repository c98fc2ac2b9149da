"""
Renew the facts in digest/render/lint/clients.tsv, by ``python docs/clients.py caniemail.json``.

The file given is the data of Can I email (https://www.caniemail.com/api/data.json, or that of the package caniemail).
Of each feature and program it takes yes, in part, no or unknown. Which features are looked for, and how, stands in the
table's own first two columns, which stay; features of the file without a row are printed, so that somebody writes one
or knows why not.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "digest" / "render" / "lint" / "clients.tsv"
HEAD = """\
# Which HTML and CSS each mail program knows in its newest version: y yes, a in part, n no, u nobody has tried.
# Facts of Can I email (https://www.caniemail.com), state of {state}, by way of the package caniemail.
# MIT License, © 2019 Rémi Parmentier (caniemail.com) and © Avi Goldman, Andrew Powell (the package caniemail); neither
# states a separate licence for the data. The patterns are this project's own: uses.py tells how they are read.
"""
#: The programs that most readers use come first, for messages name the first few.
FIRST = ("gmail", "apple-mail", "outlook", "yahoo", "samsung-email", "thunderbird", "gmx", "web-de")


def newest(versions: dict[str, str]) -> str:
    """
    Return the letter of the newest version.

    The file lists versions from old to new, but for some dates; dates mixed with numbers cannot be told apart.
    """
    if all(re.fullmatch(r"\d{4}-\d\d", version) for version in versions):
        return versions[max(versions)][0]
    if all(re.fullmatch(r"\d{1,3}(\.\d+)*", version) for version in versions):
        return versions[max(versions, key=lambda version: [int(part) for part in version.split(".")])][0]
    return list(versions.values())[-1][0]


def clients(data: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Return the name of each mail program by its family and platform, in the order of the columns."""
    names = data["nicenames"]
    pairs = {
        (family, platform)
        for feature in data["data"]
        for family, platforms in feature["stats"].items()
        for platform in platforms
    }
    rank = {family: place for place, family in enumerate(FIRST)}
    ordered = sorted(pairs, key=lambda pair: (rank.get(pair[0], len(rank)), pair))
    return {
        (family, platform): f"{names['family'][family]} ({names['platform'][platform]})" for family, platform in ordered
    }


def patterns() -> dict[str, str]:
    """Return how each feature of the table is found, by its slug."""
    lines = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {slug: pattern for slug, pattern, *_ in lines[1:]}


def main(source: Path) -> None:
    """Write the table anew with the facts of *source*."""
    data = json.loads(source.read_text(encoding="utf-8"))
    columns, found = clients(data), patterns()
    stats = {feature["slug"]: feature["stats"] for feature in data["data"]}
    if gone := sorted(set(found) - set(stats)):
        sys.exit(f"{source} has no {', '.join(gone)}; take the rows out of {TABLE.name} or mend their names")
    rows = [["slug", "pattern", *columns.values()]]
    for slug, pattern in sorted(found.items()):
        known = stats[slug]
        facts = [
            newest(known[family][platform]) if platform in known.get(family, {}) else "u"
            for family, platform in columns
        ]
        rows.append([slug, pattern, *facts])
    text = HEAD.format(state=data["last_update_date"][:10]) + "".join("\t".join(row) + "\n" for row in rows)
    TABLE.write_text(text, encoding="utf-8")
    print(f"{len(found)} features, {len(columns)} mail programs")
    print("not looked for:", ", ".join(sorted(set(stats) - set(found))) or "none")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
