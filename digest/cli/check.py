"""`digest check`: whether everything is in order, before anything is started."""

import datetime as dt
from collections.abc import Callable
from functools import partial

import typer

from digest.cli.output import FAILED, Json, answer, out
from digest.cli.wired import settings
from digest.clock import SystemClock
from digest.deliver import smtp
from digest.errors import DigestError
from digest.links import Links
from digest.model.candidate import Score
from digest.model.draft import Draft, Section, Story
from digest.model.ids import ArticleId, EditionId
from digest.model.newsletter import Newsletter
from digest.render import render
from digest.services import Services, press
from digest.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command()
def check(*, as_json: Json = False) -> None:
    """Check settings, database, templates and relay, and tell all faults; nothing is started, no mail is sent."""
    given = settings()  # faulty settings end here, with exit code 2
    results = [("settings", "", f"{len(given.newsletters)} newsletters")]
    results.append(_tried("database", lambda: Services.start(given, SystemClock()).close()))
    results += [
        _tried(f"templates of {newsletter.slug}", partial(_render_sample, given, newsletter))
        for newsletter in given.newsletters
    ]
    results.append(_tried(str(given.relay).removeprefix("the "), lambda: smtp.connect(given.relay).close()))
    faults = [fault for _, fault, _ in results if fault]
    if as_json:
        answer(
            [{"what": what, "ok": not fault, "message": fault or told} for what, fault, told in results], as_json=True
        )
    else:
        for what, fault, told in results:
            out.print(f"{'FAULT' if fault else 'ok':<6} {what}: {fault or told}", markup=False)
    if faults:
        raise typer.Exit(FAILED)


def _tried(what: str, act: Callable[[], object]) -> tuple[str, str, str]:
    """Return what was tried, its fault in words or nothing, and what to say when all is well."""
    try:
        act()
    except DigestError as fault:
        return what, str(fault), ""
    return what, "", "in order"


def _render_sample(given: Settings, newsletter: Newsletter) -> None:
    now = SystemClock().now()
    story = Story(
        article_id=ArticleId(0),
        headline="A headline for the templates",
        url=Links(given.base_url).help(),
        source="The check",
        summary="One sentence of a summary, long enough to be laid out.",
        published=now - dt.timedelta(hours=1),
        score=Score(parts=(), decay=1.0),
    )
    plan = newsletter.sections[0]
    draft = Draft(
        newsletter=newsletter.slug,
        cadence=newsletter.schedule.cadences[0],
        date=now.date(),
        number=1,
        subject=story.headline,
        preheader="",
        sections=(Section(slug=plan.slug, title=plan.title, stories=(story,)),),
    )
    render(draft, newsletter, press(newsletter, Links(given.base_url), EditionId(1), now))
