"""Whose turn it is: a pause between two requests to a host, few of them at once, and nobody waits for another host."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from digest.http.turns import Turns

PAUSE = timedelta(seconds=1)
HERE, THERE = ("here.example", 443), ("there.example", 443)
Story = Callable[["Time"], Coroutine[Any, Any, None]]


class Time:
    """A time that stands while anybody has something to do, and then leaps to the next who has slept enough."""

    def __init__(self) -> None:
        self.at = 100.0
        self._number = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.at + seconds, next(self._number), woken))
        await woken

    async def pass_until(self, done: Awaitable[object]) -> None:
        waiting = asyncio.ensure_future(done)
        while True:
            for _ in range(50):
                await asyncio.sleep(0)
            if waiting.done() or not self._sleepers:
                break
            self.at, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
        assert waiting.done(), "everybody waits, and nobody sleeps"
        await waiting


class Asked:
    """Requests that take *takes* seconds each; keeps who began when, and how many ran at once."""

    def __init__(self, time: Time, *, connections: int = 32, per_host: int = 2, takes: float = 0.0) -> None:
        self.time, self.takes = time, takes
        self.turns = Turns(connections=connections, per_host=per_host, now=time.now, sleep=time.sleep)
        self.began: list[tuple[str, float]] = []
        self.running = self.most = 0

    async def ask(self, name: str, host: tuple[str, int] = HERE, pause: timedelta = PAUSE) -> None:
        async with self.turns.turn(host, pause):
            self.began.append((name, self.time.at - 100))
            self.running += 1
            self.most = max(self.most, self.running)
            if self.takes:
                await self.time.sleep(self.takes)
            self.running -= 1


def live(story: Story) -> None:
    async def main() -> None:
        await story(Time())

    asyncio.run(main())


def test_two_requests_to_a_host_begin_a_second_apart_in_the_order_of_coming() -> None:
    async def story(time: Time) -> None:
        asked = Asked(time)

        await time.pass_until(asyncio.gather(*(asked.ask(name) for name in "abcd")))

        assert asked.began == [("a", 0), ("b", 1), ("c", 2), ("d", 3)]

    live(story)


def test_another_host_and_another_port_need_not_wait() -> None:
    async def story(time: Time) -> None:
        asked = Asked(time)
        hosts = (HERE, HERE, THERE, ("here.example", 8080))

        await time.pass_until(asyncio.gather(*(asked.ask(f"{n}", host) for n, host in enumerate(hosts))))

        assert sorted(asked.began) == [("0", 0), ("1", 1), ("2", 0), ("3", 0)]

    live(story)


def test_a_host_that_wants_longer_pauses_gets_them() -> None:
    async def story(time: Time) -> None:
        asked = Asked(time)

        await time.pass_until(asyncio.gather(*(asked.ask(name, pause=5 * PAUSE) for name in "abc")))

        assert [at for _, at in asked.began] == [0, 5, 10]

    live(story)


def test_slow_answers_of_one_host_never_run_more_than_two_at_once() -> None:
    async def story(time: Time) -> None:
        asked = Asked(time, takes=10)

        await time.pass_until(asyncio.gather(*(asked.ask(name) for name in "abcd")))

        assert asked.most == 2
        assert [at for _, at in asked.began] == [0, 1, 10, 11]

    live(story)


def test_the_pause_counts_from_the_real_start_when_all_connections_are_taken() -> None:
    async def story(time: Time) -> None:
        asked = Asked(time, connections=1, takes=10)

        await time.pass_until(
            asyncio.gather(asked.ask("other", THERE), asked.ask("a"), asked.ask("b", pause=15 * PAUSE))
        )

        assert asked.began == [("other", 0), ("a", 10), ("b", 25)]
        assert asked.most == 1

    live(story)


def test_hosts_that_wait_for_each_other_never_lock_up() -> None:
    async def story(time: Time) -> None:
        asked = Asked(time, connections=2, per_host=1, takes=1)

        async def redirected(first: tuple[str, int], second: tuple[str, int]) -> None:
            await asked.ask("first", first)
            await asked.ask("second", second)

        pairs = [(HERE, THERE), (THERE, HERE)] * 10
        await time.pass_until(asyncio.gather(*(redirected(*pair) for pair in pairs)))

        assert len(asked.began) == 40

    live(story)


@pytest.mark.parametrize("who", [0, 1, 2], ids=["who is being served", "who is next", "who waits longer"])
def test_one_that_is_cancelled_gives_its_turn_to_the_next(who: int) -> None:
    async def story(time: Time) -> None:
        asked = Asked(time, connections=1, per_host=1, takes=3)
        tasks = [asyncio.ensure_future(asked.ask(name)) for name in "abc"]
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        tasks[who].cancel()
        await time.pass_until(asyncio.gather(*tasks, return_exceptions=True))
        await time.pass_until(asyncio.gather(*(asked.ask(name) for name in "de")))

        assert [name for name, _ in asked.began][-2:] == ["d", "e"]
        assert {"a", "b", "c"} - {"abc"[who]} <= {name for name, _ in asked.began}

    live(story)
