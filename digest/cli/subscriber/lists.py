"""Who there is: list, count."""

from typing import Annotated

import typer

from digest.cli import segment_options as only
from digest.cli.output import Json, answer, out, table
from digest.cli.typed import GREATEST, legible
from digest.cli.wired import services
from subscribers import audience, segments
from subscribers.model import SubscriptionState
from subscribers.segments import Trait

app = typer.Typer()

State = Annotated[SubscriptionState | None, typer.Option(help="Only in this state.")]


@app.command(name="list")
def list_(
    newsletter: Annotated[str | None, typer.Option(help="Only of this newsletter.")] = None,
    state: State = None,
    search: Annotated[str, typer.Option(help="Only those whose address or name holds this.")] = "",
    sections: only.Sections = None,
    languages: only.Languages = None,
    zones: only.Zones = None,
    cadences: only.Wishes = None,
    joined_since: only.JoinedSince = None,
    joined_before: only.JoinedBefore = None,
    limit: Annotated[int, typer.Option(min=1, max=GREATEST, help="At most so many.")] = 100,
    *,
    as_json: Json = False,
) -> None:
    """Show readers, the oldest first."""
    with services() as given, given.reading() as session:
        segment = only.segment(
            [given.newsletter(newsletter)] if newsletter is not None else given.settings.newsletters,
            sections=sections,
            languages=languages,
            time_zones=zones,
            cadences=cadences,
            joined_since=joined_since,
            joined_before=joined_before,
        )
        found = audience.listing(
            session, newsletter=newsletter, state=state, search=legible(search), limit=limit, segment=segment
        )
    if as_json:
        answer(found, as_json=True)
        return
    table(
        ("address", "name", "newsletter", "state", "cadence", "since"),
        [
            (
                one.address,
                one.name,
                one.newsletter,
                f"{one.state}, suppressed" if one.suppressed else one.state,
                one.cadence,
                one.created_at.date(),
            )
            for one in found
        ],
        empty="No reader fits. `digest subscriber add` adds one.",
    )


@app.command()
def count(
    slug: Annotated[str | None, typer.Argument(help="Only of this newsletter.", metavar="[SLUG]")] = None,
    state: State = None,
    by: Annotated[Trait | None, typer.Option(help="Count apart by this.")] = None,
    sections: only.Sections = None,
    languages: only.Languages = None,
    zones: only.Zones = None,
    cadences: only.Wishes = None,
    joined_since: only.JoinedSince = None,
    joined_before: only.JoinedBefore = None,
    *,
    as_json: Json = False,
) -> None:
    """Say how many subscriptions there are, in whatever state, and how many of each kind with --by."""
    with services() as given, given.reading() as session:
        segment = only.segment(
            [given.newsletter(slug)] if slug is not None else given.settings.newsletters,
            sections=sections,
            languages=languages,
            time_zones=zones,
            cadences=cadences,
            joined_since=joined_since,
            joined_before=joined_before,
        )
        rows = segments.tally(session, by or Trait.STATE, newsletter=slug, state=state, segment=segment)
    number = sum(counted for _, counted in rows)
    if as_json:
        answer({"count": number, "by": dict(rows) if by is not None else None}, as_json=True)
        return
    if by is not None:
        table((by, "count"), rows, empty="No subscription fits.")
    else:
        states = f": {', '.join(f'{counted} {word}' for word, counted in rows)}" if rows else ""
        out.print(f"{number} subscription{'' if number == 1 else 's'}{states}", markup=False)
