"""
Run every program that measures sending, one after another; their options are passed on. Five runs of each.

The reading of bounces needs a set of them: it is measured where ``--data FOLDER`` names one.
"""

import sys

from benchmarks.program import run_all

#: In the order in which docs/benchmarks.md tells of them. The killing of senders, which takes longer, is apart.
PROGRAMS = ("throughput", "postfix", "planning", "memory", "signing")
RUNS = ("--runs", "5")


def main() -> int:
    """Return 1 when a program could not finish."""
    words = sys.argv[1:]
    data = ["--data", words[words.index("--data") + 1]] if "--data" in words else []
    rest = [word for place, word in enumerate(words) if word != "--data" and words[place - 1 : place] != ["--data"]]
    sys.argv[1:] = [*RUNS, *rest]  # the last word counts, so that a wish on the command line wins
    failed = run_all("send", PROGRAMS)
    if data:
        sys.argv[1:] = [*data, *rest]
        failed |= run_all("send", ["bounces"])
    return failed


if __name__ == "__main__":
    sys.exit(main())
