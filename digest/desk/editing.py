"""The edits of a Draft: done, told, taken back and done again, with nobody's work lost."""

from dataclasses import dataclass
from datetime import datetime

from digest.compose.edit.acts import Act
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import editions


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """It is done: the Draft has this *version* now. *told* says what was done; empty when nothing had to be."""

    version: int
    told: str
    #: What others did since the version that was shown, in sentences.
    meanwhile: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collided:
    """Nothing was written: *by* has changed the same since the version that was shown. *mine* says what was asked."""

    version: int
    by: str
    differences: tuple[str, ...]
    mine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the history of a Draft; *by* is empty for the program itself."""

    version: int
    act: str
    by: str
    at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What undo would take back and redo would do again, in words; None where there is nothing."""

    undo: str | None
    redo: str | None


def change(services: Services, edition_id: EditionId, act: Act, *, by: str, version: int) -> Changed | Collided:
    """Do *act* to the Draft, of which *by* has seen *version*; WrongState when its content is frozen."""
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        draft = edition.draft
        told = act.told(draft)
        edition.edit(act.apply(draft, services.newsletter(edition.newsletter)))
        return Changed(version=edition.draft_version, told=told)


def undo(services: Services, edition_id: EditionId, *, by: str, version: int) -> Changed | Collided:
    """Take the last change of the Draft back; WrongState when there is none, or the content is frozen."""
    raise NotImplementedError


def redo(services: Services, edition_id: EditionId, *, by: str, version: int) -> Changed | Collided:
    """Do again what was taken back last; WrongState when there is nothing, or the content is frozen."""
    raise NotImplementedError


def history(services: Services, edition_id: EditionId, limit: int = 50) -> tuple[Step, ...]:
    """Return what was done to the Draft, the newest first."""
    return ()


def ways(services: Services, edition_id: EditionId) -> Ways:
    """Return what can be undone and done again."""
    return Ways(undo=None, redo=None)
