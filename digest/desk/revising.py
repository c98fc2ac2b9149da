"""How the edits of a Draft are written down: one revision each, its audit line, and what it says of articles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.compose.edit.said import Said
from digest.database import Session
from digest.errors import WrongState
from digest.model.candidate import Ruling
from digest.model.draft import Draft
from digest.model.edition import Edition
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.model.revision import DraftRevision
from digest.services import Services
from digest.store import articles, audit, editions, revisions, rulings

#: What the program itself has done.
MADE = "made the draft"
#: Acts of one editor on the same that follow one another so closely are undone as one.
TOGETHER = timedelta(seconds=60)
#: Leads ``about`` of a revision that an undo or redo has made: the version whose content it has brought back follows.
_AGAIN = "version "


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is about to be written down: an act in words, on what, and the versions that undo and redo lead to."""

    verb: str
    told: str
    about: str
    before: int | None
    after: int | None = None


@dataclass(slots=True, kw_only=True)
class Desk:
    """One open Edition under the hand of *by*, locked until the transaction ends."""

    session: Session
    edition: Edition
    newsletter: Newsletter
    by: str
    now: datetime

    @classmethod
    def open(cls, services: Services, session: Session, edition_id: EditionId, by: str) -> "Desk":
        """Lock the Edition; WrongState when its content is frozen."""
        edition = editions.get(session, edition_id, lock=True)
        if not edition.is_open:
            raise WrongState(f"{edition} is {edition.state}; only one that is draft or held can be edited")
        return cls(
            session=session,
            edition=edition,
            newsletter=services.newsletter(edition.newsletter),
            by=by,
            now=services.clock.now(),
        )

    def newest(self) -> DraftRevision | None:
        """Return the newest revision; None while nobody has edited."""
        return revisions.newest(self.session, self.edition.id)

    def kept(self, version: int | None) -> DraftRevision | None:
        """Return the revision with just that *version*, if it is kept."""
        return revisions.get(self.session, self.edition.id, version)

    def since(self, version: int) -> Sequence[DraftRevision]:
        """Return what was written down after *version*, the earliest first."""
        return [row for row in revisions.since(self.session, self.edition.id, version) if row.by]

    def seen(self, version: int, current: Draft) -> Draft | None:
        """Return the Draft as *version* has shown it, but for pictures; None when that is forgotten."""
        if not self.since(version):
            return current
        row = revisions.shown(self.session, self.edition.id, version)
        if row is None:  # shown before the program fetched pictures, and those before anybody edited
            first = revisions.oldest(self.session, self.edition.id)
            row = first if first is not None and not first.by else None
        return row.draft if row is not None else None

    def start(self) -> DraftRevision:
        """Return the newest revision; the program's own Draft is written down as one before the first edit."""
        return self.newest() or self._keep(
            Deed(verb="", told=MADE, about="", before=None), by="", at=self.edition.period_end or self.now
        )

    def write(self, draft: Draft, deed: Deed) -> int:
        """Give the Edition *draft*, write *deed* down, and return the version that it has now."""
        self.edition.edit(draft)
        self._keep(deed, by=self.by, at=self.now)
        audit.write(self.session, by=self.by, act=deed.verb, at=self.now, about=str(self.edition), detail=deed.told)
        return self.edition.draft_version

    def rule(self, sayings: Sequence[Said]) -> None:
        """Have ranking respect *sayings* in the next Editions."""
        for ruling in self._rulings(sayings):
            rulings.add(self.session, self.newsletter.slug, ruling, by=self.by, at=self.now)

    def take_back(self, sayings: Sequence[Said]) -> None:
        """Lift the rulings that *sayings* have made."""
        for ruling in self._rulings(sayings):
            rulings.take_back(self.session, self.newsletter.slug, ruling, self.now)

    def _keep(self, deed: Deed, *, by: str, at: datetime) -> DraftRevision:
        row = DraftRevision(
            edition_id=self.edition.id,
            version=self.edition.draft_version,
            act=deed.told[:500],
            about=deed.about[:200],
            by=by,
            at=at,
            before=deed.before,
            after=deed.after,
            content=DraftRevision.packed(self.edition.draft_json or {}),
        )
        return revisions.keep(self.session, row)

    def _rulings(self, sayings: Sequence[Said]) -> Sequence[Ruling]:
        keys = articles.keys_of(self.session, {article for one in sayings for article in (one.lead, one.other)})
        return [
            Ruling(kind=one.kind, url_key=keys[one.lead], other_key=keys[one.other])
            for one in sayings
            if one.lead in keys and one.other in keys and keys[one.lead] != keys[one.other]
        ]


def again(version: int) -> str:
    """Return what a revision that brings back the content of *version* is about."""
    return f"{_AGAIN}{version}"


def told_by(session: Session, row: DraftRevision) -> str:
    """Return what has led to the content of *row* in the first place, in words."""
    found: DraftRevision | None = row
    while found is not None and found.about.startswith(_AGAIN):
        found = revisions.get(session, row.edition_id, int(found.about.removeprefix(_AGAIN)))
    return found.act if found is not None else "an earlier change"


def goes_on(row: DraftRevision, earlier: DraftRevision) -> bool:
    """Return whether *row* is undone together with *earlier*, the revision before it."""
    is_same = (row.by, row.about, row.before) == (earlier.by, earlier.about, earlier.before)
    return is_same and row.before is not None and not row.about.startswith(_AGAIN)
