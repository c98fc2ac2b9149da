"""How long short work takes: contenders in turn, many times, the median of each."""

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median


def medians(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each contender over so many *rounds*; one run of each before does not count."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for work in contenders.values():
        work()
    gc.collect()
    for _ in range(rounds):
        for name, work in contenders.items():
            began = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - began)
    return {name: median(seconds) for name, seconds in taken.items()}
