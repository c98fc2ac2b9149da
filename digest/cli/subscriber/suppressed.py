"""Addresses that get no mail: suppressions, suppress, lift."""

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.output import Json, answer, fail, table, usage
from digest.cli.subscriber.exports import write
from digest.cli.wired import services
from digest.store import audit
from subscribers import consent, export_csv, suppression
from subscribers.address import fingerprint, parse
from subscribers.model import SuppressionReason
from subscribers.text import one_line

app = typer.Typer()


@app.command()
def suppressions(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write them all as CSV; - is standard output.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show how many addresses get no mail, and why; or write down which, by their fingerprints."""
    with services() as given, given.reading() as session:
        if out is not None:
            write(out, export_csv.SUPPRESSIONS, export_csv.suppressions(session))
            return
        counts = export_csv.suppression_counts(session)
    if as_json:
        answer(counts, as_json=True)
        return
    table(("reason", "addresses"), list(counts.items()), empty="No address is suppressed.")


@app.command()
def suppress(
    address: str,
    note: Annotated[
        str, typer.Option("--reason-note", help="Why, in your words, without the address. Kept with it.")
    ] = "",
    *,
    as_json: Json = False,
) -> None:
    """Send nothing more to an address, whatever newsletter, until `digest subscriber lift`."""
    reader = parse(address, allow_special=True)
    consent.refuse_named(note, reader, "reason-note")
    with services() as given, given.session() as session:
        mark = fingerprint(reader.key, given.keys.fingerprint)
        held = suppression.suppress(session, mark, SuppressionReason.OPERATOR, at=given.clock.now(), note=note)
        reason = held.reason
    answer({"reason": reason}, as_json=as_json, text=f"{address} gets no mail from now on ({reason}).")


@app.command()
def lift(
    address: str,
    ground: Annotated[
        str,
        typer.Option("--ground", help="When and how its owner agreed: 'by letter, 3 May'. Kept in the audit trail."),
    ] = "",
    *,
    as_json: Json = False,
) -> None:
    """Let an address get mail again. Its owner must have agreed."""
    reader = parse(address, allow_special=True)
    if not ground.strip():
        usage("--ground is missing; say when and how the owner of the address agreed: 'by letter, 3 May'")
    consent.refuse_named(ground, reader, "ground")
    with services() as given, given.session() as session:
        mark = fingerprint(reader.key, given.keys.fingerprint)
        reason = suppression.reason_for(session, mark)
        if suppression.lift(session, mark):
            told, now = f"{reason}; {one_line(ground)}", given.clock.now()
            audit.write(session, by="command line", act="lift suppression", at=now, about=mark, detail=told)
    if reason is None:
        fail(f"{address} is not suppressed; `digest subscriber suppressions` shows how many are, and why")
    answer({"lifted": reason}, as_json=as_json, text=f"{address} may get mail again; it was suppressed ({reason}).")
