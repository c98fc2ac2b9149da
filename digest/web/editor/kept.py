"""What somebody was saving when their sign-in had ended: carried through the sign-in page and offered after it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import FastAPI, HTTPException, Request
from starlette.responses import Response

from digest.staff.sessions import Visitor
from digest.web import door, faults, forms
from digest.web.door import StaleForm
from digest.web.forms import Fields
from digest.web.pages import Pages, pages_of

#: Before the names of the kept fields on the sign-in page, whose own they must not be taken for.
_MARK = "kept."
_TO = "kept_to"
#: Only forms of a Draft hold what somebody has typed; no address of another kind is ever posted to.
_PATH = re.compile(r"/desk/edition/[0-9]{1,10}/(?:edit|correct)")
#: What belongs to the sign-in that has ended.
_OF_THE_PAST = frozenset({"csrf"})


@dataclass(frozen=True, slots=True)
class Kept:
    """The *pairs* of a form that was posted to *path*."""

    path: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def carried(self) -> tuple[tuple[str, str], ...]:
        """Return the fields that carry this through another form."""
        return ((_TO, self.path), *((f"{_MARK}{name}", value) for name, value in self.pairs))

    def one(self, name: str) -> str:
        """Return the field *name*, empty when it is missing."""
        return Fields(self.pairs).one(name)


def carried(fields: Fields) -> Kept | None:
    """Return what a form carries from before the sign-in, or None when it carries nothing."""
    path = fields.one(_TO)
    if not _PATH.fullmatch(path):
        return None
    pairs = ((name.removeprefix(_MARK), value) for name, value in fields.pairs if name.startswith(_MARK))
    return Kept(path, _lasting(pairs))


async def posted(request: Request) -> Kept | None:
    """Return what *request*, which nobody has read yet, posts to a Draft from a page of ours; None for all else."""
    if request.method != "POST":
        return None
    try:
        door.require_own_form(request)
        return _of(request, await forms.read_at_desk(request))
    except HTTPException:
        return None


def install(app: FastAPI) -> None:
    """Let *app* offer a form that is older than its sign-in once more, instead of losing what it holds."""

    async def offer_again(request: Request, stale: Exception) -> Response:
        assert isinstance(stale, StaleForm)
        kept = _of(request, stale.fields)
        return faults.refused(request, stale) if kept is None else shown(pages_of(request), kept, stale.staff, 403)

    app.add_exception_handler(StaleForm, offer_again)


def shown(pages: Pages, kept: Kept, staff: Visitor, status: int = 200) -> Response:
    """Show what was kept, with a button that saves it under the sign-in of *staff*."""
    return pages.show("editor/kept.html", status=status, staff=staff, here="edition", kept=kept, pairs=kept.pairs)


def _of(request: Request, fields: Fields) -> Kept | None:
    path: str = request.scope["path"]
    return Kept(path, _lasting(fields.pairs)) if fields.pairs and _PATH.fullmatch(path) else None


def _lasting(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in pairs if name not in _OF_THE_PAST)
