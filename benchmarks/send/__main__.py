"""All measurements of sending, one after another: ``python -m benchmarks.send --data FOLDER``."""

import sys

from benchmarks.program import run_all

#: In the order in which docs/benchmarks.md tells of them.
PROGRAMS = ("bounces",)

if __name__ == "__main__":
    sys.exit(run_all("send", PROGRAMS))
