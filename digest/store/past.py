"""Queries about the Editions that are past their making: what the archive at the desk lists."""

import datetime as dt
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, extract, func, select
from sqlalchemy.orm import Session

from digest.model.edition import Edition, EditionState
from subscribers.cadence import Cadence

#: From the decision on: an open one stands at the desk's first page.
DECIDED = (
    EditionState.APPROVED,
    EditionState.SENDING,
    EditionState.PAUSED,
    EditionState.SENT,
    EditionState.SKIPPED,
    EditionState.CANCELLED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which Editions are listed: those of a *newsletter*, a *cadence*, in a *state*; None is any."""

    newsletter: str | None = None
    cadence: Cadence | None = None
    state: EditionState | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """Return it as SQL."""
        chosen: list[ColumnElement[bool]] = [Edition.state.in_(DECIDED)]
        if self.newsletter is not None:
            chosen.append(Edition.newsletter == self.newsletter)
        if self.cadence is not None:
            chosen.append(Edition.cadence == self.cadence)
        if self.state is not None:
            chosen.append(Edition.state == self.state)
        return chosen


def months(session: Session, choice: Choice) -> Mapping[dt.date, int]:
    """Return how many Editions each month has that has any, by its first day, the newest month first."""
    year, month = extract("year", Edition.date), extract("month", Edition.date)
    rows = session.execute(
        select(year, month, func.count())
        .where(*choice.conditions)
        .group_by(year, month)
        .order_by(year.desc(), month.desc())
    )
    return {dt.date(int(y), int(m), 1): count for y, m, count in rows}


def of_month(session: Session, choice: Choice, month: dt.date) -> Sequence[tuple[Edition, str]]:
    """Return the Editions of the month in which *month* lies, the newest first, each with its subject."""
    _, days = monthrange(month.year, month.month)
    in_month = Edition.date.between(month.replace(day=1), month.replace(day=days))
    subject = Edition.draft_json["subject"].as_string()
    rows = session.execute(
        select(Edition, subject)
        .where(in_month, *choice.conditions)
        .order_by(Edition.date.desc(), Edition.newsletter, Edition.id.desc())
    )
    return [(edition, text or "") for edition, text in rows]
