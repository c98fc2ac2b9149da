"""The reference compiler: JavaScript MJML, run by Node where both are installed (`make bench-render` sees to it)."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

HOME = Path("build/node")
_PROGRAM = """
import mjml2html from 'mjml'
import { readFileSync } from 'node:fs'
const source = readFileSync(0, 'utf8')
const options = { fonts: {}, keepComments: true, validationLevel: 'skip', minify: false }
const taken = []
let html = ''
for (let round = 0; round < ROUNDS; round++) {
  const began = process.hrtime.bigint()
  html = (await mjml2html(source, options)).html
  taken.push(Number(process.hrtime.bigint() - began) / 1e6)
}
taken.sort((a, b) => a - b)
console.log(JSON.stringify({ html, milliseconds: taken[Math.floor(taken.length / 2)] }))
"""


@cache
def version() -> str:
    """Return the version of JavaScript MJML that is installed, or nothing."""
    package = HOME / "node_modules" / "mjml" / "package.json"
    if shutil.which("node") is None or not package.exists():
        return ""
    return str(json.loads(package.read_text(encoding="utf-8"))["version"])


def html(source: str) -> str | None:
    """Return what JavaScript MJML makes of *source*; None where it is not installed."""
    said = _run(source, rounds=1)
    return str(said["html"]) if said else None


def milliseconds(source: str) -> float | None:
    """Return how long JavaScript MJML takes, warm, median of 15; None where it is not installed."""
    said = _run(source, rounds=15)
    return float(said["milliseconds"]) if said else None


def _run(source: str, rounds: int) -> dict[str, Any] | None:
    if not version():
        return None
    program = HOME / "reference.mjs"
    program.write_text(_PROGRAM.replace("ROUNDS", str(rounds)), encoding="utf-8")
    done = subprocess.run(
        ["node", program.name], cwd=HOME, input=source, capture_output=True, text=True, check=True, timeout=120
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said
