"""`digest gather`: ask every source now."""

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from digest import pipeline
from digest.cli.output import FAILED, Json, answer, complain, err
from digest.cli.wired import services
from digest.store import sources

app = typer.Typer(no_args_is_help=True)


@app.command()
def gather(*, as_json: Json = False) -> None:
    """Ask every source now, whatever its own pace, and keep what is new. One bad source never stops the rest."""
    with services() as given:
        with given.reading() as session:
            letters = [sources.complete(session, letter) for letter in given.settings.newsletters]
        total = len({plan.address for letter in letters for plan in letter.sources})
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=err, transient=True) as progress:
            task = progress.add_task("asking sources", total=total)
            report = pipeline.gather_afresh(
                given, given.settings.newsletters, on_done=lambda *_: progress.advance(task)
            )
    answer(
        {
            "asked": report.asked,
            "answered": report.answered,
            "new": report.new,
            "changed": report.changed,
            "known": report.known,
            "pages": report.pages,
            "failures": [{"source": source, "reason": reason} for source, reason in report.failures],
            "faults": [{"source": source, "fault": fault} for source, fault in report.faults],
        },
        as_json=as_json,
        text=f"{report.answered} of {report.asked} sources answered: "
        f"{report.new} new articles, {report.changed} changed, {report.known} known"
        + (f"; {report.pages} pages read" if report.pages else ""),
    )
    for source, words in [*report.failures, *report.faults]:
        complain(f"{source}: {words}")
    if report.asked and not report.answered:
        raise typer.Exit(FAILED)
