"""The edits of a Draft: done, told, taken back and done again, with nobody's work lost."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from digest.compose.edit.acts import Act, Add, Rewrite, Word
from digest.compose.edit.difference import differences
from digest.compose.edit.following import done, with_pictures
from digest.compose.edit.said import said
from digest.compose.edit.spots import used
from digest.desk.revising import TOGETHER, Deed, Desk, again, goes_on, told_by
from digest.errors import WrongState
from digest.gather.identity import url_key
from digest.model.draft import Draft
from digest.model.ids import EditionId
from digest.model.revision import DraftRevision
from digest.services import Services
from digest.store import articles, revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """It is done: the Draft has this *version* now. *told* says what was done; empty when nothing had to be."""

    version: int
    told: str
    #: What others did since the version that was shown, in sentences.
    meanwhile: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collided:
    """
    Nothing was written: *by* has changed the same since the version that was shown.

    *differences* are between that version and now, none where it is forgotten; *mine* says what was asked for.
    """

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
    """
    Do *act* to the Draft as it is now, of which *by* has seen *version*, and write down who did what.

    Collided when somebody has changed since then what *act* would overwrite. An act that has nothing to do any more,
    for it was done already, changes nothing. WrongState when it makes no sense, or the content is frozen.
    """
    with services.session() as session:
        desk = Desk.open(services, session, edition_id, by)
        draft = desk.edition.draft
        act = _tied(desk, draft, act)
        base = _seen(desk, draft, act, version)
        if base is None or act.touches(base) != act.touches(draft):
            if _is_done(desk, draft, act):
                return Changed(version=desk.edition.draft_version, told="", meanwhile=_meanwhile(desk, version))
            return _collided(desk, draft, base, version, act.told(base or draft))
        fresh = done(act, draft, desk.newsletter)
        meanwhile = _meanwhile(desk, version)
        if fresh == draft:
            return Changed(version=desk.edition.draft_version, told="", meanwhile=meanwhile)
        deed = _deed(desk, draft, act)
        desk.rule(said(draft, fresh))
        return Changed(version=desk.write(fresh, deed), told=deed.told, meanwhile=meanwhile)


def undo(services: Services, edition_id: EditionId, *, by: str, version: int) -> Changed | Collided:
    """
    Take the last change of the Draft back, whoever made it, with the rulings that it has made.

    Collided when there is a change that *by*, who has seen *version*, does not know of. WrongState when there is
    nothing to take back, or the content is frozen.
    """
    with services.session() as session:
        desk = Desk.open(services, session, edition_id, by)
        newest = desk.newest()
        to = desk.kept(newest.before) if newest is not None else None
        if newest is None or to is None:
            raise WrongState(f"there is nothing to take back in {desk.edition}; its history shows what was done")
        told = f"took back: {told_by(session, newest)}"
        if desk.since(version):
            return _collided(desk, desk.edition.draft, desk.seen(version, desk.edition.draft), version, told)
        desk.take_back(said(to.draft, newest.draft))
        deed = Deed(verb="undo", told=told, about=again(to.version), before=to.before, after=newest.version)
        return Changed(version=_brought_back(desk, to, deed), told=told)


def redo(services: Services, edition_id: EditionId, *, by: str, version: int) -> Changed | Collided:
    """Do again what was taken back last, with its rulings; Collided and WrongState as ``undo``."""
    with services.session() as session:
        desk = Desk.open(services, session, edition_id, by)
        newest = desk.newest()
        to = desk.kept(newest.after) if newest is not None else None
        if newest is None or to is None:
            raise WrongState(f"there is nothing to do again in {desk.edition}; its history shows what was done")
        told = f"did again: {told_by(session, to)}"
        if desk.since(version):
            return _collided(desk, desk.edition.draft, desk.seen(version, desk.edition.draft), version, told)
        desk.rule(said(newest.draft, to.draft))
        deed = Deed(verb="redo", told=told, about=again(to.version), before=to.before, after=to.after)
        return Changed(version=_brought_back(desk, to, deed), told=told)


def history(services: Services, edition_id: EditionId, limit: int = 50) -> tuple[Step, ...]:
    """Return what was done to the Draft, the newest first; what is undone as one stands as one."""
    with services.reading() as session:
        rows = revisions.recent(session, edition_id, revisions.KEPT)
    return tuple(
        Step(version=row.version, act=row.act, by=row.by, at=row.at, is_current=next_ is None)
        for next_, row in zip((None, *rows), rows, strict=False)
        if next_ is None or not goes_on(next_, row)
    )[:limit]


def ways(services: Services, edition_id: EditionId) -> Ways:
    """Return what can be undone and done again."""
    with services.reading() as session:
        newest = revisions.newest(session, edition_id)
        if newest is None:
            return Ways(undo=None, redo=None)
        back = revisions.get(session, edition_id, newest.before)
        on = revisions.get(session, edition_id, newest.after)
        return Ways(
            undo=told_by(session, newest) if back is not None else None,
            redo=told_by(session, on) if on is not None else None,
        )


def _tied(desk: Desk, draft: Draft, act: Act) -> Act:
    """Return *act*; an item of an editor's own tied to the Article that we have of its link, if there is one."""
    if not isinstance(act, Add):
        return act
    if act.article_id is not None and not articles.keys_of(desk.session, {act.article_id}):
        act = replace(act, article_id=None)  # the form named one that there is not, and no Edition could remember it
    if act.article_id is not None or not act.url.strip():
        return act
    known = articles.called(desk.session, url_key(act.url))
    here = [article for article in known if article in used(draft)]
    return replace(act, article_id=(*here, *known)[0]) if known else act


def _seen(desk: Desk, draft: Draft, act: Act, version: int) -> Draft | None:
    """Return the Draft that *act* was meant for: *version*, with what its editor went on typing into the same field."""
    if isinstance(act, Rewrite | Word):
        own = list(takewhile(lambda row: (row.by, row.about) == (desk.by, act.about), desk.since(version)))
        version = own[-1].version if own else version
    return desk.seen(version, draft)


def _is_done(desk: Desk, draft: Draft, act: Act) -> bool:
    try:
        return done(act, draft, desk.newsletter) == draft
    except WrongState:
        return False


def _deed(desk: Desk, draft: Draft, act: Act) -> Deed:
    """Return how *act* on *draft* is written down: with what its editor has just done to the same, as one."""
    last = desk.start()
    if (last.by, last.about) == (desk.by, act.about) and desk.now - last.at <= TOGETHER:
        first = desk.kept(last.before)
        if first is not None:
            return Deed(verb="edit", told=act.told(first.draft), about=act.about, before=first.version)
    return Deed(verb="edit", told=act.told(draft), about=act.about, before=last.version)


def _brought_back(desk: Desk, to: DraftRevision, deed: Deed) -> int:
    """Give the Edition the content of *to*, with the pictures that have been fetched since."""
    return desk.write(with_pictures(to.draft, desk.edition.draft), deed)


def _meanwhile(desk: Desk, version: int) -> tuple[str, ...]:
    return tuple(f"{row.by} {row.act}" for row in desk.since(version) if row.by != desk.by)


def _collided(desk: Desk, draft: Draft, base: Draft | None, version: int, mine: str) -> Collided:
    rows = desk.since(version)
    others = [row.by for row in rows if row.by != desk.by]
    return Collided(
        version=desk.edition.draft_version,
        by=(others or [row.by for row in rows])[-1],
        differences=differences(base, draft) if base is not None else (),
        mine=mine,
    )
