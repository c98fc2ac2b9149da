"""`digest edition prepare` and `approve`: make an Edition."""

import typer

from digest import notices, pipeline
from digest.cli.edition.facts import facts, found, sentence
from digest.cli.output import Json, answer
from digest.cli.wired import CadenceOption, Date, Slug, services, which_edition
from digest.store import editions

app = typer.Typer()


@app.command()
def prepare(slug: Slug, date: Date = None, cadence: CadenceOption = None, *, as_json: Json = False) -> None:
    """Rank and lay out what has been gathered. Safe to repeat: a Draft that is there stays."""
    with services() as given:
        newsletter = given.newsletter(slug)
        which = which_edition(newsletter, date, cadence, given.clock.now())
        result = pipeline.prepare_edition(given, newsletter, *which)
        notices.tell_editors(given, newsletter, result.edition_id)
        with given.reading() as session:
            edition = editions.get(session, result.edition_id)
            answer(facts(session, edition), as_json=as_json, text=sentence(edition))


@app.command()
def approve(slug: Slug, date: Date = None, cadence: CadenceOption = None, *, as_json: Json = False) -> None:
    """Freeze the Edition and plan one Delivery per reader; each goes out at its reader's hour."""
    with services() as given:
        newsletter = given.newsletter(slug)
        edition = found(given, newsletter, date, cadence)
        if edition.approved_at is None:  # else that stands
            pipeline.approve(given, edition.id, by="command line")
        with given.reading() as session:
            edition = editions.get(session, edition.id)
            answer(facts(session, edition), as_json=as_json, text=sentence(edition))
