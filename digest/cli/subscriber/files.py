"""Lists of readers in files: import."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from digest.cli.output import FAILED, Json, answer, complain, err, fail, table, usage
from digest.cli.subscriber.ground import Consent
from digest.cli.wired import Slug, services
from digest.model.newsletter import Newsletter
from digest.services import Services
from subscribers.cadence import WISHES
from subscribers.consent import Evidence
from subscribers.import_csv import FIELDS, ImportPlan, ImportReport, Onlooker, Refusal, import_readers
from subscribers.text import guarded

app = typer.Typer()

Mapped = Annotated[
    list[str],
    typer.Option(
        "--map",
        metavar="HEADING=FIELD",
        help=f"What a column holds: {', '.join(FIELDS)}, or - for nothing of use. May be repeated.",
    ),
]


@app.command(name="import")
def import_(
    slug: Slug,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header: email, name, language, …")],
    consent: Consent,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    mapped: Mapped = [],  # noqa: B006 (typer's way; it is only read)
    refusals: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every refusal there as CSV: line, reason, fact.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Bring in a list of readers; every row ends in a count, or in a reason with its line. Safe to repeat."""
    mapping = _mapping(mapped)
    with services() as given:
        plan = _plan(given, given.newsletter(slug), Evidence(wording=consent, source=_source(file)), mapping)
        with _written(refusals) as refused:
            report = _import(given, plan, file, refused, dry_run=dry_run)
    _tell(report, dry_run=dry_run, as_json=as_json)
    if report.refused and not report.added and not report.unchanged:
        raise typer.Exit(FAILED)


def _source(file: Path) -> str:
    return f"digest subscriber import: {file.name}"


def _mapping(words: Sequence[str]) -> dict[str, str]:
    mapping = {}
    for word in words:
        heading, sign, column = word.rpartition("=")
        if not sign or not heading.strip():
            usage(f'--map "{word}" is no HEADING=FIELD; give one such as --map "E-Post=address"')
        mapping[heading] = column.strip()
    return mapping


def _plan(given: Services, newsletter: Newsletter, ground: Evidence, mapping: Mapping[str, str]) -> ImportPlan:
    return ImportPlan(
        newsletter=newsletter.slug,
        ground=ground,
        fingerprint_key=given.keys.fingerprint,
        sections=frozenset(section.slug for section in newsletter.sections),
        language=newsletter.language,
        time_zone=newsletter.schedule.zone.key,
        cadences=tuple(c for c in WISHES if c.edition in newsletter.schedule.cadences),
        allow_special=given.settings.is_local,
        mapping=mapping,
    )


@contextmanager
def _written(path: Path | None) -> Iterator[Callable[[Refusal], None]]:
    """Give what writes each Refusal to the file *path*, or nothing without one."""
    if path is None:
        yield lambda _refusal: None
        return
    try:
        stream = path.open("w", encoding="utf-8", newline="")
    except OSError as fault:
        fail(f"{path} cannot be written: {fault.strerror}; name a file in a folder that you may write to")
    with stream:
        writer = csv.writer(stream)
        writer.writerow(("line", "reason", "fact"))
        yield lambda refusal: writer.writerow((refusal.line, refusal.reason.value, guarded(refusal.fact)))


def _import(
    given: Services, plan: ImportPlan, file: Path, refused: Callable[[Refusal], None], *, dry_run: bool
) -> ImportReport:
    columns = (TextColumn("{task.description}"), BarColumn(), _Pace())
    with Progress(*columns, console=err, transient=True) as progress:
        reading, placing = progress.add_task("reading", rows=0), progress.add_task("taking in", start=False, rows=0)

        def read(rows: int) -> None:
            progress.update(reading, completed=stream.tell(), rows=rows)

        def placed(rows: int) -> None:
            progress.start_task(placing)
            progress.update(placing, completed=rows, rows=rows, total=progress.tasks[reading].fields["rows"])

        try:
            with file.open("rb") as stream:
                progress.update(reading, total=file.stat().st_size)
                return import_readers(
                    given.reading if dry_run else given.session,
                    stream,
                    plan,
                    now=given.clock.now(),
                    dry_run=dry_run,
                    onlooker=Onlooker(read=read, progress=placed, refused=refused),
                )
        except OSError as fault:
            fail(f"{file} cannot be read: {fault.strerror}; name a readable CSV file")
        except KeyboardInterrupt:
            rows = progress.tasks[placing].fields["rows"]
            complain(
                f"Stopped after {rows} rows; nothing was written."
                if dry_run
                else f"Stopped after {rows} rows, which stay; the same command goes on with the rest."
            )
            raise


class _Pace(ProgressColumn):
    """How many rows are done, and how many a second."""

    def render(self, task: Task) -> Text:
        """Return both in words."""
        rows = task.fields["rows"]
        pace = rows / task.elapsed if task.elapsed else 0
        return Text(f"{rows:,} rows, {pace:,.0f} rows/s")


def _tell(report: ImportReport, *, dry_run: bool, as_json: bool) -> None:
    counts = ", ".join(f"{number} {reason}" for reason, number in report.counts.items())
    answer(
        {
            "dry_run": dry_run,
            "format": report.format,
            "added": report.added,
            "unchanged": report.unchanged,
            "counts": dict(report.counts),
            "refused": [{"line": r.line, "reason": r.reason, "fact": r.fact} for r in report.refused],
            "ignored_columns": report.ignored_columns,
        },
        as_json=as_json,
        text=f"{'Would add' if dry_run else 'Added'} {report.added}, {report.unchanged} unchanged"
        + (f"; refused: {counts}" if counts else "")
        + f". Read as: {report.format}.",
    )
    if as_json:
        return
    if report.ignored_columns:
        complain(f"Columns that mean nothing to us: {', '.join(report.ignored_columns)}.")
    for refusal in report.refused:
        complain(f"line {refusal.line}: {refusal.reason}: {refusal.fact}")
    if report.refused_count > len(report.refused):
        complain(f"… and {report.refused_count - len(report.refused)} more; --refusals FILE writes them all down.")
    if len(report.counts) > 1:
        table(("refused because", "rows"), Counter(report.counts).most_common(), empty="")
