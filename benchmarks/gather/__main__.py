"""Run every program that measures gathering and ranking, one after another; their options are passed on."""

import subprocess
import sys

#: In the order in which docs/benchmarks.md tells of them.
PROGRAMS = (
    "feeds", "hostile", "pages", "fields", "dumps", "summaries", "stories", "ranking", "replay", "fetching",
)  # fmt: skip


def main() -> int:
    """Run all, each in a process of its own; return 1 when one could not finish."""
    failed = [
        program
        for program in PROGRAMS
        if subprocess.run([sys.executable, "-m", f"benchmarks.gather.{program}", *sys.argv[1:]], check=False).returncode
    ]
    if failed:
        print(f"These could not finish: {', '.join(failed)}.", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
