"""Why readers have left: reasons."""

import datetime as dt
from typing import Annotated

import typer

from digest.cli.output import Json, answer, out, table
from digest.cli.typed import GREATEST
from digest.cli.wired import services
from subscribers import unsubscribe
from subscribers.model import LeavingCause
from subscribers.unsubscribe import Reasons

app = typer.Typer()


@app.command()
def reasons(
    slug: Annotated[str | None, typer.Argument(help="Of this newsletter; of all without it.", metavar="SLUG")] = None,
    since: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only who left on that date (UTC) or later.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, max=GREATEST, help="At most so many of their words.")] = 20,
    *,
    as_json: Json = False,
) -> None:
    """Show how readers have left and why, as far as they said; whoever came back counts no more."""
    with services() as given, given.reading() as session:
        if slug is not None:
            given.newsletter(slug)
        start = None if since is None else since.replace(tzinfo=dt.UTC)
        found = unsubscribe.reasons(session, slug, since=start, newest=limit)
    if as_json:
        answer(
            {
                "ends": {reason.value: count for reason, count in found.ends.items()},
                "causes": {cause.value: count for cause, count in found.causes.items()},
                "said": found.said,
            },
            as_json=True,
        )
        return
    _show(found)


def _show(found: Reasons) -> None:
    ends = sorted(found.ends, key=lambda reason: found.ends[reason], reverse=True)
    table(("left by", "readers"), [(reason, found.ends[reason]) for reason in ends], empty="Nobody has left.")
    if not found.ends:
        return
    silent = sum(found.ends.values()) - sum(found.causes.values())
    causes = [(cause, found.causes.get(cause, 0)) for cause in LeavingCause]
    out.print()
    table(("because", "readers"), [*causes, ("they did not say", silent)], empty="")
    if found.said:
        out.print()
        table(
            ("when", "newsletter", "because", "in their words"),
            [(said.at.date(), said.newsletter, said.cause or "", said.words) for said in found.said],
            empty="",
        )
