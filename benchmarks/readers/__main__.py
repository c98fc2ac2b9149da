"""Run every program that measures what is done with readers; their options are passed on."""

import sys

from benchmarks.program import run_all

PROGRAMS = ("imports", "one_click")

if __name__ == "__main__":
    sys.exit(run_all("readers", PROGRAMS))
