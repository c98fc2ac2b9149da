"""Lists of readers in files: import."""

import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from digest.cli.output import FAILED, Json, answer, complain, err, fail, table, usage
from digest.cli.stopping import stoppable
from digest.cli.subscriber import list_file, refusals
from digest.cli.wired import Slug, services
from digest.logs import without_names
from digest.model.newsletter import Newsletter
from digest.services import Services
from subscribers.cadence import WISHES
from subscribers.consent import Evidence
from subscribers.import_csv import FIELDS, Format, ImportPlan, ImportReport, Onlooker, Reason, Refusal, import_readers

app = typer.Typer()

#: Said of every list of listmonk's that is taken for one of readers.
_LISTMONK = (
    "listmonk's file does not tell who unsubscribed from a list. If you exported more than the confirmed ones, export "
    "the unsubscribed ones of each list too, and import those with --left."
)
#: So many headings that mean nothing to us are named.
_MOST_HEADINGS = 30
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
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV with a header: email, name, language, …; - is standard input.")
    ],
    consent: Annotated[
        str, typer.Option("--consent", help="When and how they agreed: 'asked at the fair, 3 May'. Kept as evidence.")
    ] = "",
    left: Annotated[
        bool, typer.Option("--left", help="All of them have left: nobody comes in, none gets mail.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    mapped: Mapped = [],  # noqa: B006 (typer's way; it is only read)
    refused: Annotated[
        Path | None,
        typer.Option(
            "--refusals", metavar="FILE", help="Write every refused row there, with its line, reason and fact."
        ),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Bring in a list of readers; every row ends in a count, or in a reason with its line. Safe to repeat."""
    mapping = _mapping(mapped)
    if not left:
        list_file.check_name(file)
        if not consent.strip():
            usage("give --consent: when and how they agreed; or --left, when all of them have left")
    if without_names(consent) != consent:
        usage("--consent holds an address, and is kept when that is erased; say it without")
    ground = Evidence(wording=consent or "had left", source=_source(file))
    with list_file.opened(file) as stream, services() as given:
        plan = replace(_plan(given, given.newsletter(slug), ground, mapping), everybody_left=left)
        with refusals.written(refused, file, stream) as take:
            report = _import(given, plan, stream, take, dry_run=dry_run)
    _tell(report, dry_run=dry_run, is_written=refused is not None, as_json=as_json)
    if report.format is Format.LISTMONK and not left:
        complain(_LISTMONK)
    if report.refused and not (report.added or report.unchanged or report.counts.get(Reason.LEFT_ELSEWHERE)):
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


def _import(
    given: Services, plan: ImportPlan, stream: BinaryIO, refused: Callable[[Refusal], None], *, dry_run: bool
) -> ImportReport:
    progress = Progress(
        *(TextColumn("{task.description}"), BarColumn(), _Pace()),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with stoppable() as stop, progress:
        reading = progress.add_task("reading", total=stream.seek(0, io.SEEK_END), rows=0)
        placing = progress.add_task("taking in", start=False, rows=0)
        stream.seek(0)

        def read(rows: int) -> None:
            progress.update(reading, completed=stream.tell(), rows=rows)
            if stop.is_set():
                raise KeyboardInterrupt

        def placed(rows: int) -> None:
            progress.start_task(placing)
            progress.update(placing, completed=rows, rows=rows, total=progress.tasks[reading].fields["rows"])
            if stop.is_set():
                raise KeyboardInterrupt

        try:
            return import_readers(
                given.reading if dry_run else given.session,
                stream,
                plan,
                now=given.clock.now(),
                dry_run=dry_run,
                onlooker=Onlooker(read=read, progress=placed, refused=refused),
            )
        except OSError as fault:
            fail(f"the list cannot be read to its end: {fault.strerror}; what came in stays, the same command goes on")
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


def _tell(report: ImportReport, *, dry_run: bool, is_written: bool, as_json: bool) -> None:
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
        named, more = report.ignored_columns[:_MOST_HEADINGS], len(report.ignored_columns) - _MOST_HEADINGS
        complain(f"Columns that mean nothing to us: {', '.join(named)}{f' and {more} more' if more > 0 else ''}.")
    for refusal in report.refused:
        complain(f"line {refusal.line}: {refusal.reason}: {refusal.fact}")
    if report.refused_count > len(report.refused):
        where = "all are in the file of --refusals" if is_written else "--refusals FILE writes them all down"
        complain(f"… and {report.refused_count - len(report.refused)} more; {where}.")
    if len(report.counts) > 1:
        table(("refused because", "rows"), Counter(report.counts).most_common(), empty="")
