"""`digest check`: whether everything is in order, before anything is started."""

import datetime as dt
from collections.abc import Callable

import typer

from digest import proof
from digest.cli.output import FAILED, Json, answer, out
from digest.cli.wired import settings
from digest.clock import SystemClock
from digest.deliver import smtp
from digest.errors import DigestError
from digest.links import Links
from digest.model.candidate import Score
from digest.model.draft import Draft, Section, SourceLink, Story
from digest.model.ids import ArticleId, EditionId
from digest.model.newsletter import Newsletter
from digest.model.relay import Relay
from digest.services import Services, press
from digest.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command()
def check(*, as_json: Json = False) -> None:
    """Check settings, database, templates and relay, and tell all faults; nothing is started, no mail is sent."""
    given = settings()  # faulty settings end here, with exit code 2
    results = [("settings", "", f"{len(given.newsletters)} newsletters")]
    results.append(_tried("database", lambda: Services.start(given, SystemClock()).close()))
    results += [_tried_mail(given, newsletter) for newsletter in given.newsletters]
    results += [_tried_relay(relay) for relay in given.relays]
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


def _tried_relay(relay: Relay) -> tuple[str, str, str]:
    return _tried(str(relay).removeprefix("the "), lambda: smtp.connect(relay).close())


def _tried_mail(given: Settings, newsletter: Newsletter) -> tuple[str, str, str]:
    """Return what is wrong with a sample mail of *newsletter*, from which none of its editions would be free."""
    links, now = Links(given.base_url), SystemClock().now()
    draft = _sample(newsletter, links.help(), now)
    printed = press(newsletter, links, EditionId(1), now)
    what, fault, told = _tried(
        f"templates of {newsletter.slug}", lambda: proof.fit(draft, newsletter, printed, EditionId(1))
    )
    if not fault and not newsletter.sender.postal_address:
        told += "; without a postal_address, which many countries ask for by law"
    return what, fault, told


def _sample(newsletter: Newsletter, url: str, now: dt.datetime) -> Draft:
    """Return a Draft that shows a Story in each of its sizes, and whatever may stand by it."""
    stories = tuple(
        Story(
            article_id=ArticleId(number),
            headline=f"Headline {number} for the templates",
            url=url,
            source="The check",
            summary="One sentence of a summary, long enough to be laid out.",
            published=now - dt.timedelta(hours=number),
            score=Score(parts=(), decay=1.0),
            also=(SourceLink(article_id=ArticleId(100 + number), name="Another", url=url, title="Another"),),
            is_update=number % 2 == 0,
            note="A note of the editors.",
        )
        for number in range(1, 6)
    )
    plan = newsletter.sections[0]
    return Draft(
        newsletter=newsletter.slug,
        cadence=newsletter.schedule.cadences[0],
        date=now.date(),
        number=1,
        subject=stories[0].headline,
        preheader="",
        sections=(Section(slug=plan.slug, title=plan.title, stories=stories),),
        intro="A word of the editors.",
    )
