"""Run every program that measures the desk; their options are passed on."""

import sys

from benchmarks.program import run_all

PROGRAMS = ("desk",)

if __name__ == "__main__":
    sys.exit(run_all("desk", PROGRAMS))
