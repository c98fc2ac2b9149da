"""Readers and their consent, out into files: export, ledger."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from digest.cli import segment_options as only
from digest.cli.output import complain, fail
from digest.cli.whole import whole
from digest.cli.wired import Slug, services
from subscribers import export_csv
from subscribers.model import SubscriptionState

app = typer.Typer()

Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to; - is standard output.")]
STANDARD_OUTPUT = Path("-")


@app.command()
def export(
    slug: Slug,
    state: Annotated[SubscriptionState | None, typer.Option(help="Only in this state.")] = None,
    sections: only.Sections = None,
    languages: only.Languages = None,
    zones: only.Zones = None,
    cadences: only.Wishes = None,
    joined_since: only.JoinedSince = None,
    joined_before: only.JoinedBefore = None,
    out: Out = STANDARD_OUTPUT,
) -> None:
    """Write the readers of a newsletter as CSV, which `digest subscriber import` reads back."""
    with services() as given, given.reading() as session:
        segment = only.segment(
            [given.newsletter(slug)],
            sections=sections,
            languages=languages,
            time_zones=zones,
            cadences=cadences,
            joined_since=joined_since,
            joined_before=joined_before,
        )
        found = export_csv.rows(session, slug, state=state, where=segment.clauses())
        write(out, export_csv.READERS, found)


@app.command()
def ledger(
    slug: Annotated[str | None, typer.Argument(help="Only of this newsletter.", metavar="[SLUG]")] = None,
    out: Out = STANDARD_OUTPUT,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object on each line instead of CSV.")] = False,
) -> None:
    """Write the ledger of consent: who agreed to what, when and how, and who left."""
    with services() as given, given.reading() as session:
        if slug is not None:
            given.newsletter(slug)
        found = export_csv.ledger(session, slug)
        write(out, export_csv.LEDGER, found, as_json=as_json)


def write(out: Path, headings: tuple[str, ...], found: Iterator[export_csv.Cells], *, as_json: bool = False) -> None:
    """Write *found* to *out*; say on standard error how many there were. An unfinished file is taken away."""
    writer = export_csv.write_json_lines if as_json else export_csv.write_csv
    if out == STANDARD_OUTPUT:
        writer(sys.stdout, headings, found)
        return
    try:
        with whole(out) as stream:
            number = writer(stream, headings, found)
    except OSError as fault:
        fail(f"{out} cannot be written: {fault.strerror}; name a file in a folder that you may write to")
    complain(f"{number} rows written to {out}.")
