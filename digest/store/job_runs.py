"""Queries about JobRuns."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from digest.model.job_run import JobRun


def begin(session: Session, job: str, now: datetime) -> JobRun:
    """Open a JobRun."""
    run = JobRun(job=job, started_at=now, counts={})
    session.add(run)
    session.flush()
    return run


def recent(session: Session, limit: int = 30) -> Sequence[JobRun]:
    """Return the newest runs, the newest first."""
    return session.scalars(select(JobRun).order_by(JobRun.started_at.desc(), JobRun.id.desc()).limit(limit)).all()


def last_of_each(session: Session) -> Sequence[JobRun]:
    """Return the newest run of every job, by the job's name."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.job)
    return session.scalars(select(JobRun).where(JobRun.id.in_(newest)).order_by(JobRun.job)).all()


def forget_before(session: Session, instant: datetime) -> int:
    """Delete the runs begun before *instant* and return how many they were."""
    forgotten = session.scalars(delete(JobRun).where(JobRun.started_at < instant).returning(JobRun.id))
    return len(forgotten.all())
