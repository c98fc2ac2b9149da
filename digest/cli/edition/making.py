"""`digest edition prepare`, `special` and `approve`: make an Edition."""

import datetime as dt
from typing import Annotated

import typer

from digest import notices, pipeline
from digest import special as special_editions
from digest.cli import segment_options as only
from digest.cli.edition.facts import facts, found, sentence
from digest.cli.output import Json, answer, usage
from digest.cli.wired import CadenceOption, Date, Slug, services, which_edition
from digest.desk import listing, releasing
from digest.model.newsletter import Newsletter
from digest.special import SpecialWish
from digest.store import editions
from subscribers.cadence import Cadence

#: Of so many days a special Edition tells, unless it is asked for others.
WEEK = dt.timedelta(days=7)

app = typer.Typer()


@app.command()
def prepare(slug: Slug, date: Date = None, cadence: CadenceOption = None, *, as_json: Json = False) -> None:
    """Rank and lay out what has been gathered. Safe to repeat: a Draft that is there stays."""
    if cadence is Cadence.SPECIAL:
        usage(f"a special Edition is made for some readers: `digest edition special {slug}`")
    if cadence is Cadence.CORRECTION:
        usage(f"a correction is made of an Edition that went out: `digest edition correct {slug}`")
    with services() as given:
        newsletter = given.newsletter(slug)
        which = which_edition(newsletter, date, cadence, given.clock.now())
        result = pipeline.prepare_edition(given, newsletter, *which)
        notices.tell_editors(given, newsletter, result.edition_id)
        with given.reading() as session:
            edition = editions.get(session, result.edition_id)
            answer(facts(session, edition), as_json=as_json, text=sentence(edition))


@app.command()
def special(
    slug: Slug,
    date: Date = None,
    days: Annotated[int | None, typer.Option(min=1, help="Tell the news of so many days; 7 by default.")] = None,
    sections: only.Sections = None,
    languages: only.Languages = None,
    zones: only.Zones = None,
    cadences: only.Wishes = None,
    joined_since: only.JoinedSince = None,
    joined_before: only.JoinedBefore = None,
    *,
    as_json: Json = False,
) -> None:
    """Make a special Edition now, for some readers or for all; it goes out at once when an editor approves it."""
    with services() as given:
        newsletter = given.newsletter(slug)
        _, day = which_edition(newsletter, date, Cadence.SPECIAL, given.clock.now())
        segment = only.segment(
            [newsletter],
            sections=sections,
            languages=languages,
            time_zones=zones,
            cadences=cadences,
            joined_since=joined_since,
            joined_before=joined_before,
        )
        wish = SpecialWish(date=day, audience=segment, span=_span(newsletter, days))
        result = special_editions.prepare(given, newsletter, wish)
        notices.tell_editors(given, newsletter, result.edition_id)
        with given.reading() as session:
            edition = editions.get(session, result.edition_id)
            readers = listing.readers_of(session, edition)
            text = f"{sentence(edition)}\nFor {edition.audience}: {readers} now"
            if edition.is_open:
                text += f"; approve it with `digest edition approve {slug} --cadence special --date {day}`"
            answer(facts(session, edition) | {"readers": readers}, as_json=as_json, text=text)


def _span(newsletter: Newsletter, days: int | None) -> dt.timedelta:
    """Return how much time *days* are, a week if not given; ends the command where news is never so old."""
    if days is None:
        return min(WEEK, newsletter.max_age)
    if (span := dt.timedelta(days=days)) > newsletter.max_age:
        limit = newsletter.max_age / dt.timedelta(days=1)
        usage(f"news of {newsletter.slug} is at most {limit:g} days old; give fewer --days, or raise max_age_days")
    return span


@app.command()
def approve(
    slug: Slug,
    date: Date = None,
    cadence: CadenceOption = None,
    not_before: Annotated[
        str, typer.Option(help="Let nothing go out before this local time: 2026-11-23T07:30. Moves what waits, too.")
    ] = "",
    now: Annotated[bool, typer.Option("--now", help="Let it go out at once, whatever the readers' hours.")] = False,
    *,
    as_json: Json = False,
) -> None:
    """Freeze the Edition and plan one Delivery per reader, at the reader's hour; a special one goes out at once."""
    if now and not_before:
        usage("it goes out at once, or not before a time; give one of --now and --not-before")
    with services() as given:
        newsletter = given.newsletter(slug)
        edition = found(given, newsletter, date, cadence)
        if now:
            releasing.send_now(given, edition.id, by="command line")
        elif not_before:
            at = releasing.local_instant(not_before, newsletter.schedule)
            releasing.schedule(given, edition.id, by="command line", at=at)
        else:
            releasing.approve(given, edition.id, by="command line")  # one that is approved stands
        with given.reading() as session:
            edition = editions.get(session, edition.id)
            answer(facts(session, edition), as_json=as_json, text=sentence(edition))
