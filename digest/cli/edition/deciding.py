"""`digest edition hold`, `release`, `skip` and `correct`: what editors decide, on the command line."""

from typing import Annotated

import typer

from digest.cli.edition.facts import facts, found, sentence
from digest.cli.output import Json, answer, usage
from digest.cli.wired import CadenceOption, Date, Slug, services
from digest.desk import correcting, releasing
from digest.desk.correcting import CorrectionWish, Words
from digest.model.draft import Story
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import editions

#: Who did it, in the audit trail.
HERE = "command line"

app = typer.Typer()


@app.command()
def hold(
    slug: Slug,
    date: Date = None,
    cadence: CadenceOption = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks at it later.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """Keep a drafted Edition from going out until somebody approves or releases it."""
    with services() as given:
        edition = found(given, given.newsletter(slug), date, cadence)
        releasing.hold(given, edition.id, by=HERE, reason=reason)
        _tell(given, edition.id, as_json=as_json)


@app.command()
def release(slug: Slug, date: Date = None, cadence: CadenceOption = None, *, as_json: Json = False) -> None:
    """Take a hold back: the Edition goes out as its newsletter says."""
    with services() as given:
        edition = found(given, given.newsletter(slug), date, cadence)
        releasing.release(given, edition.id, by=HERE)
        _tell(given, edition.id, as_json=as_json)


@app.command()
def skip(
    slug: Slug,
    reason: Annotated[str, typer.Option(help="Why there is none.")],
    date: Date = None,
    cadence: CadenceOption = None,
    *,
    as_json: Json = False,
) -> None:
    """Decide that there is no Edition of this date. It cannot be taken back; the news waits for the next one."""
    with services() as given:
        edition = found(given, given.newsletter(slug), date, cadence)
        releasing.skip(given, edition.id, by=HERE, reason=reason)
        _tell(given, edition.id, as_json=as_json)


@app.command()
def correct(
    slug: Slug,
    said: Annotated[str, typer.Option(help="One sentence for readers that says what was wrong.")],
    date: Date = None,
    cadence: CadenceOption = None,
    story: Annotated[str, typer.Option(help="The Story to put right, by its headline as it stands.")] = "",
    headline: Annotated[str | None, typer.Option(help="Its headline as it should have been.")] = None,
    summary: Annotated[str | None, typer.Option(help="Its summary as it should have been.")] = None,
    note: Annotated[str | None, typer.Option(help="Its note as it should have been.")] = None,
    link: Annotated[str | None, typer.Option(help="Its link as it should have been.")] = None,
    mail: Annotated[bool, typer.Option("--mail", help="Make a mail for those who got it, which waits.")] = False,
    *,
    as_json: Json = False,
) -> None:
    """Put an Edition that went out right on the web, and by mail if wished; what was sent stays on record."""
    with services() as given:
        edition = found(given, given.newsletter(slug), date, cadence)
        stories = {}
        if story:
            before = _story(edition.draft.stories, story)
            stories[before.key] = Words(
                headline=before.headline if headline is None else headline,
                summary=before.summary if summary is None else summary,
                note=before.note if note is None else note,
                url=before.url if link is None else link,
            )
        wish = CorrectionWish(said=said, stories=stories, mails=mail)
        mailed = correcting.correct(given, edition.id, wish, by=HERE)
        _tell(given, mailed or edition.id, as_json=as_json)


def _story(stories: tuple[Story, ...], headline: str) -> Story:
    """Return the Story with that *headline*; ends the command where there is none, or more than one."""
    same = [story for story in stories if story.headline == headline]
    if len(same) != 1:
        usage(f'{len(same)} stories are called "{headline}"; `digest edition show` lists how they are called')
    return same[0]


def _tell(given: Services, edition_id: EditionId, *, as_json: bool) -> None:
    """Say how the Edition stands now."""
    with given.reading() as session:
        edition = editions.get(session, edition_id)
        answer(facts(session, edition), as_json=as_json, text=sentence(edition))
