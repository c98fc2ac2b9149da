"""JobRun: one run of one job, with its counts and its outcome."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.base import Base, one_of


class JobState(StrEnum):
    """How a run of a job stands."""

    #: It has begun and not ended; if its process has died, it stays so.
    RUNNING = "running"
    #: It came to its end.
    DONE = "done"
    #: It stopped with a fault.
    FAILED = "failed"


class JobRun(Base):
    """One run of one job."""

    __tablename__ = "job_run"
    __table_args__ = (Index("ix_job_run_job_started_at", "job", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(50))
    state: Mapped[JobState] = mapped_column(one_of(JobState), default=JobState.RUNNING)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    fault: Mapped[str] = mapped_column(String(1000), default="")

    def finish(self, counts: dict[str, int], at: datetime) -> None:
        """Mark the run as done, with what it came to."""
        self.state, self.counts, self.finished_at = JobState.DONE, dict(counts), at

    def fail(self, fault: str, counts: dict[str, int], at: datetime) -> None:
        """Mark the run as failed, with its fault in words and what it came to all the same."""
        self.state, self.fault, self.counts, self.finished_at = JobState.FAILED, fault[:1000], dict(counts), at
