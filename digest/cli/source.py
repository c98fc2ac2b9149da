"""`digest source …`: what we read, and what a feed gives."""

from typing import Annotated

import typer

from digest.cli.inputs import is_address, read
from digest.cli.output import Json, answer, fail, out, table
from digest.cli.wired import services
from digest.clock import SystemClock
from digest.errors import DigestError
from digest.gather import feed
from digest.store import sources

app = typer.Typer(help="Sources: how they are doing, and what they say.", no_args_is_help=True)


@app.command(name="list")
def list_(*, as_json: Json = False) -> None:
    """Show every Source of config.toml: its state, its last answer and what is wrong with it."""
    with services() as given:
        newsletters = given.settings.newsletters
        with given.session() as session:
            sources.enlist(session, newsletters, given.clock.now())
            known = sources.listing(session, [plan.address for letter in newsletters for plan in letter.sources])
        uses = {
            source.key: [
                f"{letter.slug}/{plan.section}"
                for letter in newsletters
                for plan in letter.sources
                if plan.address == source.key
            ]
            for source in known
        }
    if as_json:
        answer(
            [
                {
                    "source": source.key,
                    "kind": source.kind,
                    "state": source.state,
                    "sections": uses[source.key],
                    "last_answered_at": source.last_answered_at,
                    "next_check_at": source.next_check_at,
                    "failures": source.failures,
                    "fault": source.last_fault,
                }
                for source in known
            ],
            as_json=True,
        )
        return
    rows = [
        (
            source.key,
            source.state,
            ", ".join(uses[source.key]),
            f"{source.last_answered_at:%Y-%m-%d %H:%M}Z" if source.last_answered_at else "never",
            source.last_fault,
        )
        for source in known
    ]
    table(("source", "state", "sections", "last answer", "fault"), rows, empty="config.toml names no sources.")


@app.command()
def parse(
    what: Annotated[str, typer.Argument(metavar="FILE_OR_URL", help="An RSS, Atom or JSON feed.")],
    *,
    as_json: Json = False,
) -> None:
    """Show the entries of a feed as they would be taken."""
    url = what if is_address(what) else ""
    try:
        body, content_type = read(what)
        entries = feed.parse(body, url=url, content_type=content_type, fetched_at=SystemClock().now())
    except DigestError as fault:
        fail(f"{what}: {fault}")
    for entry in entries:
        answer(
            {
                "title": entry.title,
                "link": entry.link,
                "id": entry.guid,
                "summary": entry.summary,
                "published": entry.published,
                "categories": list(entry.labels),
            },
            as_json=as_json,
        )
        if not as_json:
            when = f"{entry.published:%Y-%m-%d %H:%M}Z" if entry.published else "no date"
            out.print(f"{entry.title}\n  {entry.link or 'no link'} · {when}\n  {entry.summary}", markup=False)
