"""Write the tables of docs/benchmarks.md anew, between their marks, from what the programs have measured."""

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.program import RESULTS, Report

PAGE = Path("docs/benchmarks.md")
MARKED = re.compile(r"<!-- measured: (?P<name>\w+) -->\n.*?<!-- end -->", re.DOTALL)
FLOORS = ("claim", "measured", "floor", "")


def main() -> None:
    """Renew what was measured; what was not keeps its tables."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(MARKED.sub(_renewed, page), encoding="utf-8")


def _renewed(found: re.Match[str]) -> str:
    path = RESULTS / f"{found['name']}.json"
    if not path.exists():
        return found[0]
    tables = as_markdown(json.loads(path.read_text(encoding="utf-8")))
    return f"<!-- measured: {found['name']} -->\n{tables}\n\n<!-- end -->"


def as_markdown(said: dict[str, Any]) -> str:
    """Return the tables and floors of one program's JSON, and the conditions under which it was measured."""
    report = Report.read(said)
    parts = [" · ".join(f"{name} {value}" for name, value in said["conditions"].items())]
    for table in report.tables:
        parts.append(f"**{table.title}**")
        parts.append(_drawn(list(table.columns), [bool(spec) for spec in table.columns.values()], table.cells()))
        parts += [table.note] if table.note else []
    if report.floors:
        parts.append(_drawn(list(FLOORS), [False, True, True, False], [floor.cells for floor in report.floors]))
    return "\n\n".join(parts)


def _drawn(headings: list[str], is_number: list[bool], rows: list[list[str]]) -> str:
    lines = [headings, ["--:" if number else "---" for number in is_number], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    main()
