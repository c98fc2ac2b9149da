"""Run every program that measures sending, one after another; their options are passed on. Five runs of each."""

import sys

from benchmarks.program import run_all

#: In the order in which docs/benchmarks.md tells of them. The killing of senders, which takes longer, is apart.
PROGRAMS = ("throughput", "postfix", "planning", "memory")
RUNS = ("--runs", "5")

if __name__ == "__main__":
    sys.argv[1:1] = RUNS  # the last word counts, so that a wish on the command line wins
    sys.exit(run_all("send", PROGRAMS))
