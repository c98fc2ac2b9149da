"""Shelf: the last few things that take long to make, kept in this process for whoever asks again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Shelf(Generic[Thing]):
    """
    Room for so many things by their keys; the one that nobody has asked for longest makes room.

    Each is made once, however many ask for it at the same time: the others wait. What could not be made is not kept.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._things: OrderedDict[Hashable, Future[Thing]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """Return what is kept under *key*, or what *make* gives; raises what *make* raises."""
        with self._lock:
            kept = self._things.get(key)
            if kept is not None:
                self._things.move_to_end(key)
            else:
                coming = self._things[key] = Future()
                while len(self._things) > self._room:
                    self._things.popitem(last=False)
        if kept is not None:
            return kept.result()
        try:
            coming.set_result(make())
        except BaseException as fault:
            with self._lock:
                self._things.pop(key, None)
            coming.set_exception(fault)
            raise
        return coming.result()
