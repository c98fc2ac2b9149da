"""Run a command of the program in this process, just as its entry point does."""

import json
import logging
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

import pytest
import structlog

from digest.cli import main

#: Does the same in a process of its own.
PROGRAM = [sys.executable, "-c", "from digest.cli.main import main; main()"]


@dataclass(frozen=True)
class Ran:
    """What a command came to: its exit code, and what it said on standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def run(*words: str | Path, typed: str | TextIO | None = "") -> Ran:
    """Run `digest` with *words*, and *typed* or an open file as standard input; logging is left as it was."""
    out, err, code, root = StringIO(), StringIO(), 0, logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["digest", *map(str, words)])
        stdin = TextIOWrapper(BytesIO(typed.encode()), encoding="utf-8") if isinstance(typed, str) else typed
        patch.setattr(sys, "stdin", stdin)
        patch.setenv("DIGEST_CONFIG", os.environ.get("DIGEST_CONFIG", ""))
        try:
            main.main()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            root.handlers, root.level = handlers, level
            structlog.reset_defaults()
    return Ran(code, out.getvalue(), err.getvalue())
