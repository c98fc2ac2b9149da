"""Run every program that measures rendering, one after another; their options are passed on."""

import sys

from benchmarks.program import run_all

#: In the order in which docs/benchmarks.md tells of them.
PROGRAMS = ("mail_size", "mail_compile", "mail_splice", "mail_pixels", "mail_checks")

if __name__ == "__main__":
    sys.exit(run_all("render", PROGRAMS))
