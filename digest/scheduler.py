"""
The scheduler: a few fixed ticks from memory. It decides when; what is due stands in the database.

The only file that knows APScheduler.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from digest import jobs
from digest.logs import logger
from digest.services import Services

log = logger(__name__)

#: How often each job looks whether there is something to do.
TICKS: dict[str, timedelta] = {
    "leases": timedelta(seconds=30),
    "gather": timedelta(seconds=60),
    "plan": timedelta(minutes=5),
    "prepare": timedelta(seconds=20),
    "approve": timedelta(seconds=20),
    "notices": timedelta(seconds=10),
    "send": timedelta(seconds=20),
    "bounces": timedelta(minutes=5),
    "upkeep": timedelta(days=1),
}
#: How often the watch looks whether the wall clock has been set back.
WATCH = timedelta(seconds=15)


class Scheduler:
    """Ticks in threads of this process until it is stopped."""

    def __init__(self, services: Services) -> None:
        """Make ready to tick for *services*; nothing runs before ``start``."""
        self._services = services
        self._stop = threading.Event()
        self._last_tick = time.monotonic()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(TICKS))},
            # The default grace of one second drops a run that comes five seconds late.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._watch = threading.Thread(target=self._watch_the_clock, name="scheduler-watch", daemon=True)

    def start(self) -> None:
        """Begin to tick, with every job once at the start."""
        self._scheduler.add_listener(self._on_event, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        self._scheduler.add_listener(self._on_overlap, EVENT_JOB_MAX_INSTANCES)
        for name, every in TICKS.items():
            self._scheduler.add_job(
                self._tick(name), "interval", seconds=every.total_seconds(), id=name, next_run_time=datetime.now(UTC)
            )
        self._scheduler.start()
        self._watch.start()

    def stop(self) -> None:
        """Ask running jobs to finish what they have begun, wait for them, and end."""
        self._stop.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def since_last_tick(self) -> timedelta:
        """Return how long ago a tick last ended, by a clock that nobody can set."""
        return timedelta(seconds=time.monotonic() - self._last_tick)

    def _tick(self, name: str) -> Callable[[], None]:
        def run() -> None:
            jobs.run(name, self._services, self._stop)

        return run

    def _on_event(self, event: JobEvent) -> None:
        self._last_tick = time.monotonic()
        if event.code == EVENT_JOB_MISSED:
            log.warning("tick missed", job=event.job_id)

    def _on_overlap(self, event: JobEvent) -> None:
        # A long send is still going on: the next tick will look again.
        self._last_tick = time.monotonic()
        log.debug("tick passed over, the one before is still running", job=event.job_id)

    def _watch_the_clock(self) -> None:
        """Wake jobs whose next run is further away than their interval: the wall clock was set back."""
        while not self._stop.wait(WATCH.total_seconds()):
            now = datetime.now(UTC)
            for job in self._scheduler.get_jobs():
                if job.next_run_time is not None and job.next_run_time - now > TICKS[job.id] + WATCH:
                    log.warning("the clock was set back; ticking on", job=job.id)
                    job.modify(next_run_time=now)
