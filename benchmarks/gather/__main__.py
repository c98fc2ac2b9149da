"""Run every program that measures gathering and ranking, one after another; their options are passed on."""

import sys

from benchmarks.program import run_all

#: In the order in which docs/benchmarks.md tells of them.
PROGRAMS = (
    "feeds", "hostile", "pages", "fields", "dumps", "summaries", "stories", "ranking", "replay", "fetching",
)  # fmt: skip

if __name__ == "__main__":
    sys.exit(run_all("gather", PROGRAMS))
