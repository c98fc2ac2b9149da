"""The options that name some of the readers; they combine, and each may be repeated where it says so."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from digest import special
from digest.cli.output import usage
from digest.model.newsletter import Newsletter
from subscribers.cadence import WISHES
from subscribers.errors import BadWish
from subscribers.segments import Segment

_DAY = ["%Y-%m-%d"]

Sections = Annotated[
    list[str] | None, typer.Option("--section", help="Only who gets this section, by its slug; repeat it for more.")
]
Languages = Annotated[
    list[str] | None, typer.Option("--language", help="Only with this language: de is also de-AT; repeat it for more.")
]
Zones = Annotated[
    list[str] | None,
    typer.Option(
        "--zone", help="Only in this time zone, such as Europe/Paris, or Europe/ for all; repeat it for more."
    ),
]
Wishes = Annotated[
    list[str] | None,
    typer.Option(
        "--cadence", metavar="|".join(WISHES), help="Only who wants daily, weekdays or weekly; repeat it for more."
    ),
]
JoinedSince = Annotated[
    dt.datetime | None,
    typer.Option("--joined-since", formats=_DAY, help="Only who confirmed on this day (UTC) or later."),
]
JoinedBefore = Annotated[
    dt.datetime | None, typer.Option("--joined-before", formats=_DAY, help="Only who confirmed before this day (UTC).")
]


def segment(newsletters: Sequence[Newsletter], **filters: Any) -> Segment:
    """Return the Segment of *newsletters* whose fields are *filters*; ends the command at a value that cannot be."""
    dates = {name: value.date() for name, value in filters.items() if isinstance(value, dt.datetime)}
    lists = {name: tuple(value) for name, value in filters.items() if isinstance(value, list)}
    values: dict[str, Any] = lists | dates
    try:
        made = Segment(**values)
        special.check_sections(newsletters, made)
    except BadWish as fault:
        usage(str(fault))
    return made
