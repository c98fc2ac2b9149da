"""`digest demo`: the whole main job on the sample newspaper, on this machine, with nothing to install."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from digest import logs
from digest.cli.edition.facts import account_line
from digest.cli.output import complain, err, out
from digest.clock import SystemClock
from digest.demo.day import EDITOR, SLUG, Day, Outcome
from digest.demo.readers import SAMPLE_READERS

app = typer.Typer(no_args_is_help=True)


@app.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End when the mails are in the inbox.")] = False,
    directory: Annotated[Path, typer.Option("--dir", help="Where config, database and mails are kept.")] = Path(
        "demo-data"
    ),
) -> None:
    """Gather, rank, lay out and mail the bundled sample newspaper by real SMTP; then keep serving to look at it."""
    logs.configure("warning")
    with Day(directory, SystemClock()).open() as day:
        outcome = _live(day)
        _sum_up(day, outcome)
        if outcome.faults:
            for fault in outcome.faults:
                complain(f"FAULT: {fault}")
            raise typer.Exit(1)
        if once:
            return
        _serve(day)


def _live(day: Day) -> Outcome:
    columns = (TextColumn("{task.description:<44}"), BarColumn(bar_width=32), MofNCompleteColumn())
    with Progress(*columns, console=err) as progress:
        joining = progress.add_task("Readers sign up and confirm by mail", total=len(SAMPLE_READERS))
        day.hire_an_editor()
        day.sign_up_readers(lambda _: progress.advance(joining))
        progress.update(joining, completed=len(SAMPLE_READERS))

        asking = progress.add_task("Sources are asked", total=len(day.newsletter.sources))
        gathered = day.gather(lambda *_: progress.advance(asking))
        progress.update(asking, completed=len(day.newsletter.sources))

        making = progress.add_task("The Edition is ranked, laid out, approved", total=2)
        edition_id = day.prepare()
        progress.advance(making)
        day.approve(edition_id)
        progress.advance(making)

        sending = progress.add_task("Digests go out by SMTP", total=None)
        sent = day.send(
            edition_id,
            lambda account: progress.update(
                sending, total=account.intended, completed=account.intended - account.waiting
            ),
        )
        progress.update(sending, total=sent.account.intended, completed=sent.account.intended - sent.account.waiting)
    return day.outcome(gathered, sent)


def _sum_up(day: Day, outcome: Outcome) -> None:
    gathered = outcome.gathered
    links = day.services.links
    answered = f"{gathered.answered} of {gathered.asked} sources answered"
    reason = f" ({outcome.reason}; for a fresh start name another --dir)" if outcome.reason else ""
    lines = [
        "",
        f"Gathered   {gathered.new} new and {gathered.known + gathered.changed} known articles, {answered}",
        f"Edition    {outcome.stories} stories, {outcome.state}{reason}",
        f"Account    {account_line(outcome.account)}",
        f"Inbox      {outcome.mails} mails in {day.inbox.directory}",
        "",
        f"Inbox      {day.inbox_url}",
        f"Desk       {links.desk()}    sign in as {EDITOR} with {day.password}",
        f"Archive    {links.archive(SLUG)}",
        f"Sign up    {links.subscribe(SLUG)}",
        f"Sources    {day.site.url}",
        f"Config     {day.directory / 'config.toml'}",
    ]
    out.print("\n".join(lines), markup=False)


def _serve(day: Day) -> None:
    """Keep the pages, the inbox and the scheduler going until Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    day.scheduler.start()
    err.print("\nServing until Ctrl-C …")
    stop.wait()
    err.print("Finishing …")
    day.scheduler.stop()
