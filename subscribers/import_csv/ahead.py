"""One step ahead: the next thing is made while the one before is in use."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")


def ahead(things: Iterator[Thing]) -> Generator[Thing]:
    """
    Yield *things*, each made in a second thread while the one before is in use, so that never more than two exist.

    What making one raises is raised here. Close this before *things*.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as second:
        coming = second.submit(next, things, None)
        while (thing := coming.result()) is not None:
            coming = second.submit(next, things, None)
            yield thing
