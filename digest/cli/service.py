"""`digest init`, `run`, `tick` and `status`: the service as a whole."""

import signal
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from digest import jobs, resources
from digest.cli.edition.facts import account_line
from digest.cli.output import FAILED, Json, answer, err, fail, out, table, usage
from digest.cli.wired import services
from digest.desk import listing
from digest.scheduler import Scheduler
from digest.store import job_runs, pace, sources
from digest.store import notices as notice_store
from digest.web.app import create_app
from subscribers import bounces
from subscribers.model import BounceKind

#: How long open pages may take to end when the service is stopped.
PATIENCE_SECONDS = 5
#: So far back `status` counts what came back.
LATELY = timedelta(days=7)


app = typer.Typer()


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    template: Annotated[
        str, typer.Option(help="Instead, copy this mail template, such as digest/body.mjml, into DIR for editing.")
    ] = "",
    *,
    as_json: Json = False,
) -> None:
    """Write a config.toml that runs as it is; or copy one template out, so that later fixes reach the others."""
    if template:
        packaged = resources.templates() / "email"
        known = sorted(str(path.relative_to(packaged)) for path in packaged.rglob("*") if path.is_file())
        if template not in known:
            usage(f'there is no template "{template}"; there are: {", ".join(known)}')
        target, text = directory / template, (packaged / template).read_text(encoding="utf-8")
    else:
        target, text = directory / "config.toml", resources.example_config()
    if target.exists():
        fail(f"{target} is there already and is left alone; name another folder, or move it away")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as fault:
        fail(f"{target} cannot be written: {fault.strerror}; check the folder")
    hint = (
        f'Point to it with templates = "{directory.resolve()}" in your newsletter.'
        if template
        else f"Edit it, look it over with `digest --config {target} check`, then `digest --config {target} run`."
    )
    answer({"written": str(target)}, as_json=as_json, text=f"Wrote {target}. {hint}")


@app.command()
def run() -> None:
    """Run it all in one process: pages, scheduler and sender, until it is stopped."""
    with services() as given:
        settings = given.settings
        scheduler = Scheduler(given)
        app = create_app(given, since_last_tick=scheduler.since_last_tick)
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=PATIENCE_SECONDS,
        )
        err.print(f"Pages at {settings.base_url} · desk at {given.links.desk()} · stop with Ctrl-C", markup=False)
        # uvicorn catches it all the same, and raises it again when its pages have ended: the sender has to finish yet.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server = uvicorn.Server(config)
        app.state.gallery.is_ending = lambda: server.should_exit  # or whoever watches would keep us for the whole wait
        scheduler.start()
        try:
            server.run()
        finally:
            err.print("Finishing what has begun …")
            scheduler.stop()


@app.command()
def tick(*, as_json: Json = False) -> None:
    """Do all that is due now, once: for cron, in place of `digest run`."""
    with services() as given:
        counts = {name: dict(counted) for name, counted in jobs.tick(given).items()}
    told = [
        f"{name}: " + ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in counted.items() if number)
        for name, counted in counts.items()
        if any(counted.values())
    ]
    answer(counts, as_json=as_json, text="\n".join(told) or "Nothing was due.")
    if any(counted["faults"] for counted in counts.values()):
        raise typer.Exit(FAILED)


@app.command()
def status(*, as_json: Json = False) -> None:
    """Say how everything stands: Editions, Sources in trouble, mails that wait, last runs."""
    with services() as given:
        rows = listing.todays(given)
        with given.reading() as session:
            letters = [sources.complete(session, letter) for letter in given.settings.newsletters]
            keys = [plan.address for letter in letters for plan in letter.sources]
            known = sources.listing(session, keys)
            waiting = notice_store.waiting(session)
            alone = pace.listing(session, given.clock.now())
            returned = bounces.counts(session, given.clock.now() - LATELY)
            runs = job_runs.last_of_each(session)
        if as_json:
            answer(
                {
                    "editions": [
                        {
                            "newsletter": row.newsletter.slug,
                            "cadence": row.cadence,
                            "date": row.date,
                            "state": row.state,
                            "reason": row.reason,
                            "due_at": row.due_at,
                            "account": row.account,
                        }
                        for row in rows
                    ],
                    "sources": [
                        {"source": s.key, "state": s.state, "failures": s.failures, "fault": s.last_fault}
                        for s in known
                    ],
                    "notices_waiting": waiting,
                    "bounces": {kind.value: returned.get(kind, 0) for kind in BounceKind},
                    "domains_left_alone": [
                        {"domain": hold.domain, "until": hold.until, "said": hold.reply} for hold in alone
                    ],
                    "jobs": [
                        {
                            "job": r.job,
                            "state": r.state,
                            "started_at": r.started_at,
                            "counts": r.counts,
                            "fault": r.fault,
                        }
                        for r in runs
                    ],
                },
                as_json=True,
            )
            return
        out.print("Editions", style="bold")
        for row in rows:
            out.print(f"  {row.newsletter.slug} {row.cadence} {row.date}: {row.will_happen or 'not planned yet'}")
            if row.account is not None:
                out.print(f"    {account_line(row.account)}")
        troubled = [source for source in known if source.last_fault]
        out.print(f"\nSources: {len(known)} known, {len(troubled)} in trouble", style="bold")
        for source in troubled:
            out.print(f"  {source.key} ({source.state}): {source.last_fault}", markup=False)
        out.print(f"\nSingle mails waiting: {waiting}", style="bold")
        for hold in alone:
            out.print(f"  {hold.domain} asked us to slow down: until {hold.until:%H:%M}Z ({hold.reply})", markup=False)
        told = ", ".join(f"{count} {kind}" for kind, count in returned.items()) or "none"
        out.print(f"\nReturned in {LATELY.days} days: {told}", style="bold")
        out.print("\nLast runs", style="bold")
        table(
            ("job", "when", "how", "what"),
            [(r.job, f"{r.started_at:%Y-%m-%d %H:%M:%S}Z", r.state, r.fault or _counts(r.counts)) for r in runs],
            empty="  none yet",
        )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.items() if number)
