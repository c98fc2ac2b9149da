"""The shelf: made once, kept for a while, and what could not be made is made anew."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from digest.shelf import Shelf


def test_what_is_kept_is_not_made_again() -> None:
    shelf: Shelf[object] = Shelf(2)

    first = shelf.get("a", object)

    assert shelf.get("a", object) is first


def test_what_nobody_has_asked_for_longest_makes_room() -> None:
    shelf: Shelf[object] = Shelf(2)
    a, b = shelf.get("a", object), shelf.get("b", object)
    shelf.get("a", object)

    shelf.get("c", object)

    assert shelf.get("a", object) is a
    assert shelf.get("b", object) is not b


def test_it_is_made_once_for_all_who_ask_at_the_same_time() -> None:
    shelf: Shelf[int] = Shelf(2)
    made: list[int] = []
    together, begun = Barrier(4), Event()

    def make() -> int:
        begun.wait(10)
        made.append(1)
        return len(made)

    def ask() -> int:
        together.wait(10)
        begun.set()
        return shelf.get("a", make)

    with ThreadPoolExecutor(4) as pool:
        got = [future.result() for future in [pool.submit(ask) for _ in range(4)]]

    assert got == [1, 1, 1, 1]
    assert made == [1]


def test_what_could_not_be_made_is_made_anew() -> None:
    shelf: Shelf[int] = Shelf(2)

    def fail() -> int:
        raise OSError("no ink")

    with pytest.raises(OSError, match="no ink"):
        shelf.get("a", fail)

    assert shelf.get("a", lambda: 7) == 7
