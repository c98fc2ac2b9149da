"""Who there is: list."""

from typing import Annotated

import typer

from digest.cli.output import Json, answer, table
from digest.cli.wired import services
from subscribers import audience
from subscribers.model import SubscriptionState

app = typer.Typer()


@app.command(name="list")
def list_(
    newsletter: Annotated[str | None, typer.Option(help="Only of this newsletter.")] = None,
    state: Annotated[SubscriptionState | None, typer.Option(help="Only in this state.")] = None,
    search: Annotated[str, typer.Option(help="Only those whose address or name holds this.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    *,
    as_json: Json = False,
) -> None:
    """Show readers, the oldest first."""
    with services() as given, given.reading() as session:
        if newsletter is not None:
            given.newsletter(newsletter)
        found = audience.listing(session, newsletter=newsletter, state=state, search=search, limit=limit)
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
