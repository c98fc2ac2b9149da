"""What the decision box and the account of an Edition show, on its page and alone."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from digest.desk import progress
from digest.desk.outlook import outlook
from digest.desk.releasing import FURTHEST
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.services import Services
from digest.store.editions import UNDERWAY

#: As a field for date and time has it.
LOCAL = "%Y-%m-%dT%H:%M"


class Decision(StrEnum):
    """What an editor may decide about an Edition, as its address says it."""

    APPROVE = "approve"
    SCHEDULE = "schedule"
    SEND_NOW = "send-now"
    HOLD = "hold"
    RELEASE = "release"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"

    @property
    def is_grave(self) -> bool:
        """Return whether it cannot be taken back, so that it is asked for in two steps."""
        return self in {Decision.SEND_NOW, Decision.SKIP, Decision.CANCEL}


class Done(StrEnum):
    """What an act has come to, in words for the page after it."""

    APPROVE = "Approved. From now on this is what readers get, what the archive keeps and what the preview shows."
    SCHEDULE = "Approved and scheduled. Nothing goes out before the time that you named."
    SEND_NOW = "It goes out now, to everybody for whom it waited."
    HOLD = "Held. It stays here until somebody approves it or takes the hold back."
    RELEASE = "The hold is taken back."
    SKIP = "Skipped. There is no edition of this date; its news waits for the next one."
    PAUSE = "Paused. Senders at work stop within seconds; it goes on when somebody resumes it."
    RESUME = "It goes on."
    CANCEL = "Called off. Who has it keeps it; nobody else gets it."
    CORRECT = "Corrected. The web shows it as it is now; what was sent stays on record."

    @classmethod
    def said(cls, name: str) -> str:
        """Return what the act called *name* has come to; nothing for any other text."""
        key = name.upper().replace("-", "_")
        return cls[key].value if key in cls.__members__ else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A decision that could not be carried out: what was asked for with which words, and why not."""

    decision: Decision
    fault: str
    at: str = ""
    reason: str = ""


def release_values(services: Services, edition_id: EditionId, refused: Refused | None = None) -> dict[str, Any]:
    """Return what ``_release.html`` and ``_progress.html`` show of an Edition."""
    ahead = outlook(services, edition_id)
    now = services.clock.now()
    going = progress.look(services, edition_id) if ahead.readers or ahead.have_it or ahead.waiting else None
    shown = going if going is not None and going.state not in _NOT_YET else None
    return {
        "ahead": ahead,
        "decisions": ahead.decisions,
        "undone": refused,
        "progress": shown,
        "is_live": shown is not None and shown.state in UNDERWAY,
        "furthest": now + FURTHEST,
        "minute": dt.timedelta(minutes=1),
        "local": LOCAL,
    }


_NOT_YET = frozenset({EditionState.PLANNED, EditionState.DRAFT, EditionState.HELD, EditionState.SKIPPED})
