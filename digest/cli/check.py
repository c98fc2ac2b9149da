"""`digest check`: whether everything is in order, before anything is started."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from digest import proof
from digest.cli import sending
from digest.cli.output import FAILED, Json, answer, out, usage
from digest.cli.wired import settings
from digest.clock import SystemClock
from digest.deliver import dkim_keys, smtp
from digest.errors import DigestError
from digest.links import Links
from digest.model.candidate import Score
from digest.model.dkim import DkimKey
from digest.model.draft import Draft, Section, SourceLink, Story
from digest.model.ids import ArticleId, EditionId
from digest.model.newsletter import Newsletter
from digest.model.relay import Relay
from digest.posture import Observation, Verdict
from digest.services import Services, press
from digest.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command()
def check(
    send: Annotated[
        bool, typer.Option("--send", help="Look closely at the relay, and at what DNS says of our mail.")
    ] = False,
    to: Annotated[str, typer.Option(help="With --send: mail a test to this address.", metavar="ADDRESS")] = "",
    *,
    as_json: Json = False,
) -> None:
    """Check settings, database, templates and relay, and tell all faults; nothing is started."""
    if to and not send:
        usage("--to mails a test, which belongs to --send; give both")
    given = settings()  # faulty settings end here, with exit code 2
    results = [("settings", "", f"{len(given.newsletters)} newsletters")]
    results += [_tried_key(key) for key in given.dkim]
    without_keys = dataclasses.replace(given, dkim=())  # what is wrong with those has been told
    results.append(_tried("database", lambda: Services.start(without_keys, SystemClock()).close()))
    results += [_tried_mail(given, newsletter) for newsletter in given.newsletters]
    relays = given.relays
    if not send:
        results += [_tried_relay(relay) for relay in relays]
    rows = [_row(what, fault, told) for what, fault, told in results]
    has_faults = any(fault for _, fault, _ in results)
    if send:
        seen = list(sending.observed(given, relays))
        if to:
            seen += [sending.HELD_BACK] if has_faults else sending.tested(given, to)
        has_faults |= any(one.verdict is Verdict.FAULT for one in seen)
        rows = [{**row, **_nothing_seen(row)} for row in rows] + [_seen(one) for one in seen]
    if as_json:
        answer(rows, as_json=True)
    else:
        _print(rows)
    if has_faults:
        raise typer.Exit(FAILED)


def _row(what: str, fault: str, told: str) -> dict[str, Any]:
    return {"what": what, "ok": not fault, "message": fault or told}


def _nothing_seen(row: dict[str, Any]) -> dict[str, Any]:
    return {"verdict": Verdict.OK if row["ok"] else Verdict.FAULT, "asked": "", "found": "", "publish": ""}


def _seen(one: Observation) -> dict[str, Any]:
    return {
        "what": one.what,
        "ok": one.verdict is not Verdict.FAULT,
        "message": one.said,
        "verdict": one.verdict,
        "asked": one.asked,
        "found": one.found,
        "publish": one.publish,
    }


def _print(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        verdict = row.get("verdict", Verdict.OK if row["ok"] else Verdict.FAULT)
        mark = verdict if verdict is Verdict.OK else verdict.upper()
        out.print(f"{mark:<6} {row['what']}: {row['message']}", markup=False)
        for name in ("found", "publish"):
            if row.get(name):
                out.print(f"{'':<6}   {name + ':':<8} {row[name]}", markup=False)


def _tried_key(key: DkimKey) -> tuple[str, str, str]:
    """Return what is wrong with the keys of a domain; what should not stay so is no fault."""
    _, faults = dkim_keys.open_signing([key])
    return f"DKIM keys of {key.domain}", "; ".join(faults), "; ".join(["in order", *dkim_keys.remarks(key)])


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
