"""Lists of readers in files: import."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from digest.cli.output import FAILED, Json, answer, complain, err, fail
from digest.cli.subscriber.ground import Consent
from digest.cli.wired import Slug, services
from digest.model.newsletter import Newsletter
from digest.services import Services
from subscribers.cadence import WISHES
from subscribers.consent import Evidence
from subscribers.import_csv import ImportPlan, ImportReport, import_readers

app = typer.Typer()


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
        cadences=tuple(c for c in WISHES if c.edition in newsletter.schedule.cadences),
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
