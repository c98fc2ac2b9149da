"""The archive at the desk: past Editions by month, and search through Articles and Editions."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from digest.desk import past, searching
from digest.desk.searching import Among, Asked
from digest.model.edition import EditionState
from digest.model.wanted import LONGEST_QUERY
from digest.store.past import DECIDED, Choice
from digest.web.door import Staff
from digest.web.pages import READ, Templates, Wired
from subscribers.cadence import Cadence

router = APIRouter()
_MONTH, _DATE = re.compile("[0-9]{4}-[0-9]{2}"), re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: What stands in an address; more is rubbish.
_LONGEST_FIELD = 2000
Field = Annotated[str, Query(max_length=_LONGEST_FIELD)]


@router.api_route("/desk/archive", methods=READ)
def archive(  # noqa: PLR0913, PLR0917 (FastAPI gives what is asked for by name)
    staff: Staff,
    services: Wired,
    pages: Templates,
    newsletter: Field = "",
    cadence: Field = "",
    state: Field = "",
    month: Field = "",
) -> Response:
    """List past Editions: of the newest month, or of *month*."""
    choice = Choice(
        newsletter=newsletter or None,
        cadence=Cadence(cadence) if cadence in set(Cadence) else None,
        state=EditionState(state) if state in set(DECIDED) else None,
    )
    chosen = {"newsletter": choice.newsletter, "cadence": choice.cadence, "state": choice.state}
    return pages.show(
        "editor/archive.html",
        staff=staff,
        here="archive",
        newsletters=services.settings.newsletters,
        cadences=list(Cadence),
        states=DECIDED,
        choice=choice,
        shown=past.month(services, choice, _month(month)),
        query=_query(chosen),
        asked=Asked(typed=""),
        faults={},
    )


@router.api_route("/desk/archive/search", methods=READ)
def search(  # noqa: PLR0913, PLR0917 (as above)
    staff: Staff,
    services: Wired,
    pages: Templates,
    q: Field = "",
    among: Annotated[Field, Query(alias="in")] = "",
    since: Annotated[Field, Query(alias="from")] = "",
    until: Annotated[Field, Query(alias="to")] = "",
    newsletter: Field = "",
    page: Field = "",
) -> Response:
    """Show a page of what was found."""
    days = _Days.read(since, until)
    asked = Asked(
        typed=q[:LONGEST_QUERY],
        among=Among(among) if among in set(Among) else Among.ARTICLES,
        since=days.since,
        until=days.until,
        newsletter=newsletter or None,
        page=min(max(int(page), 1), searching.LAST_PAGE) if re.fullmatch("[0-9]{1,4}", page) else 1,
    )
    found = searching.Found(asked=asked) if days.faults else searching.search(services, asked)
    values = {"q": asked.typed, "in": asked.among, "from": since, "to": until, "newsletter": newsletter}
    return pages.show(
        "editor/found.html",
        status=422 if days.faults else 200,
        staff=staff,
        here="archive",
        newsletters=services.settings.newsletters,
        asked=asked,
        found=found,
        faults=days.faults,
        query=_query(values),
        others=_query(values | {"in": Among.EDITIONS if asked.among is Among.ARTICLES else Among.ARTICLES}),
        now=services.clock.now(),
    )


@dataclass(frozen=True, slots=True)
class _Days:
    """The days that were asked for, and what is wrong with them, by field."""

    since: dt.date | None
    until: dt.date | None
    faults: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, since: str, until: str) -> "_Days":
        """Return the days that the fields hold."""
        found: dict[str, dt.date | None] = {}
        faults: dict[str, str] = {}
        for name, written in (("from", since.strip()), ("to", until.strip())):
            found[name] = _date(written)
            if written and found[name] is None:
                faults[name] = "This is no date; write it as 2026-11-23."
        first, last = found["from"], found["to"]
        if first is not None and last is not None and first > last:
            faults["to"] = "This is before the first day; give the same or a later one."
        return cls(first, last, faults)


def _date(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written) if _DATE.fullmatch(written) else None
    except ValueError:
        return None


def _month(written: str) -> dt.date | None:
    return _date(f"{written}-01") if _MONTH.fullmatch(written) else None


def _query(values: Mapping[str, str | None]) -> str:
    """Return *values* as the query of an address, without the empty ones."""
    return urlencode({name: str(value) for name, value in values.items() if value}, errors="replace")
