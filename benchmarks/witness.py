"""
Runs the command that it is given, and prints the seconds that it took and the most memory that it held, in MB.

A program of its own that loads nothing: by getrusage a child begins with the peak of its parent.
"""

import os
import subprocess
import sys
import time


def main() -> None:
    """Run the command, and fail as it does."""
    began = time.perf_counter()
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    print(seconds, used.ru_maxrss * unit / 1e6)
    sys.exit(process.returncode)


if __name__ == "__main__":
    main()
