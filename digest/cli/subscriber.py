"""`digest subscriber …`: add one, import many, list them, end one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from digest import readers
from digest.cli.output import FAILED, Json, answer, complain, err, fail, table, usage
from digest.cli.wired import Slug, services
from digest.model.newsletter import Newsletter
from digest.services import Services
from subscribers import audience, signup, unsubscribe
from subscribers.address import parse
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.import_csv import ImportPlan, ImportReport, import_readers
from subscribers.model import EndReason, SubscriptionState

app = typer.Typer(help="Readers: add, import, list, end.", no_args_is_help=True)

Consent = Annotated[
    str, typer.Option("--consent", help="When and how they agreed: 'asked at the fair, 3 May'. Kept as evidence.")
]


@app.command()
def add(
    slug: Slug,
    address: str,
    consent: Consent,
    name: str = "",
    sections: Annotated[str, typer.Option(help="Section slugs, a,b,c; all by default.")] = "",
    cadence: Cadence = Cadence.DAILY,
    time_zone: Annotated[str, typer.Option(help="Such as Europe/Berlin; the newsletter's by default.")] = "",
    language: str = "",
    *,
    as_json: Json = False,
) -> None:
    """Add one reader by hand, active at once. You must be able to say how they agreed."""
    with services() as given:
        newsletter = given.newsletter(slug)
        wish = readers.SignUp(
            newsletter=slug,
            address=address,
            name=name,
            sections=tuple(part.strip() for part in sections.split(",") if part.strip()) or None,
            cadence=cadence,
            time_zone=time_zone or None,
            language=language or None,
        )
        with given.session() as session:
            outcome = signup.add(
                session,
                readers.signup_wish(given, newsletter, wish),
                Evidence(wording=consent, source="digest subscriber add"),
                fingerprint_key=given.keys.fingerprint,
                now=given.clock.now(),
            )
            added, public_id = isinstance(outcome, signup.Begun), outcome.subscription.public_id
    answer(
        {"added": added, "public_id": public_id, "newsletter": slug},
        as_json=as_json,
        text=f"{address} {'now gets' if added else 'already gets'} {newsletter.title}.",
    )


@app.command(name="import")
def import_(
    slug: Slug,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header: email, name, language, …")],
    consent: Consent,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    *,
    as_json: Json = False,
) -> None:
    """Bring in a list of readers; every row ends in a count, or in a reason with its line."""
    with services() as given:
        newsletter = given.newsletter(slug)
        report = _import(given, newsletter, file, consent, dry_run=dry_run)
    counts = ", ".join(f"{number} {reason}" for reason, number in report.counts.items())
    answer(
        {
            "dry_run": dry_run,
            "added": report.added,
            "unchanged": report.unchanged,
            "counts": dict(report.counts),
            "refused": [{"line": r.line, "reason": r.reason, "fact": r.fact} for r in report.refused],
            "ignored_columns": report.ignored_columns,
        },
        as_json=as_json,
        text=f"{'Would add' if dry_run else 'Added'} {report.added}, {report.unchanged} unchanged"
        + (f"; refused: {counts}" if counts else ""),
    )
    if not as_json:
        for refusal in report.refused:
            complain(f"line {refusal.line}: {refusal.reason}: {refusal.fact}")
    if report.refused and not report.added and not report.unchanged:
        raise typer.Exit(FAILED)


def _import(given: Services, newsletter: Newsletter, file: Path, consent: str, *, dry_run: bool) -> ImportReport:
    plan = ImportPlan(
        newsletter=newsletter.slug,
        ground=Evidence(wording=consent, source=f"digest subscriber import: {file.name}"),
        fingerprint_key=given.keys.fingerprint,
        sections=frozenset(section.slug for section in newsletter.sections),
        language=newsletter.language,
        time_zone=newsletter.schedule.zone.key,
        cadences=tuple(c for c in Cadence if c.edition in newsletter.schedule.cadences),
        allow_special=given.settings.is_local,
    )
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
    )
    try:
        with (
            file.open("rb") as stream,
            Progress(*columns, console=err, transient=True) as progress,
            given.session() as session,
        ):
            task = progress.add_task("reading", total=file.stat().st_size, rows=0)
            return import_readers(
                session,
                stream,
                plan,
                now=given.clock.now(),
                dry_run=dry_run,
                progress=lambda rows: progress.update(task, completed=stream.tell(), rows=rows),
            )
    except OSError as fault:
        fail(f"{file} cannot be read: {fault.strerror}; name a readable CSV file")


@app.command()
def end(
    slug: Slug,
    address: Annotated[str | None, typer.Argument(help="Whose subscription; or --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="End those of every reader of the newsletter.")] = False,
    *,
    as_json: Json = False,
) -> None:
    """End a reader's subscription by hand, also for Deliveries already planned; ended ones stay ended."""
    if (address is None) != every:
        usage("give either the address of one reader, or --all")
    ended = 0
    with services() as given, given.session() as session:
        given.newsletter(slug)
        for public_id in audience.live_ids(
            session, slug, None if address is None else parse(address, allow_special=True)
        ):
            unsubscribe.one_click(
                session,
                public_id,
                Evidence(wording="ended by the operator", source="digest subscriber end"),
                now=given.clock.now(),
                reason=EndReason.OPERATOR,
            )
            ended += 1
    answer({"ended": ended}, as_json=as_json, text=f"{ended} subscriptions ended.")
    if address is not None and not ended:
        fail(f"{address} has no live subscription to {slug}; `digest subscriber list --newsletter {slug}` shows all")


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
