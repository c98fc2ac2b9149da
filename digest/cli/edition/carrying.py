"""`digest edition send`, `pause`, `resume`, `cancel`, `doubts` and `resolve`: the delivery round of an Edition."""

from enum import StrEnum
from threading import Event
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from digest import sending
from digest.cli.edition.facts import account_line, facts, found, sentence
from digest.cli.output import Json, answer, err, fail, table
from digest.cli.stopping import stoppable
from digest.cli.typed import GREATEST, GREATEST_ID
from digest.cli.wired import CadenceOption, Date, Slug, services
from digest.model.delivery import Account
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId, SubscriberId
from digest.model.newsletter import Approval
from digest.services import Services
from digest.store import deliveries, editions

#: Mails in doubt that `doubts` shows unless it is told otherwise.
SHOWN = 100

app = typer.Typer()


class Decision(StrEnum):
    """What an operator says of mails in doubt."""

    #: They have arrived.
    SENT = "sent"
    #: Send them again; whoever got it already gets it twice.
    AGAIN = "again"


@app.command()
def send(slug: Slug, date: Date = None, cadence: CadenceOption = None, *, as_json: Json = False) -> None:
    """Send the Edition to all its readers now. However often this runs, nobody gets it twice."""
    with services() as given:
        newsletter = given.newsletter(slug)
        edition = found(given, newsletter, date, cadence)
        if edition.state is EditionState.DRAFT and newsletter.approval is Approval.AUTO:
            from digest import pipeline  # noqa: PLC0415 (a process that only sends needs nothing of it)

            pipeline.approve(given, edition.id, by="command line")
        with stoppable() as stop:
            sent = _with_progress(given, edition, stop)
        _tell(given, edition.id, sent.account, as_json=as_json, more=sent.rests)
        for fault in sent.faults if not sent.halted else ():
            err.print(f"[yellow]![/yellow] {escape(fault)}")  # it may name a table of the settings: [smtp]
        if sent.halted:
            fail(sent.halted)


@app.command()
def pause(
    slug: Slug,
    date: Date = None,
    cadence: CadenceOption = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks at it later.")] = "paused on the command line",
    *,
    as_json: Json = False,
) -> None:
    """Let nothing more of the Edition go out; senders at work stop within seconds."""
    with services() as given:
        edition = found(given, given.newsletter(slug), date, cadence)
        sending.pause(given, edition.id, reason=reason, by="command line")
        _tell(given, edition.id, as_json=as_json)


@app.command()
def resume(slug: Slug, date: Date = None, cadence: CadenceOption = None, *, as_json: Json = False) -> None:
    """Let a paused Edition go out again: by `digest run`, or with `digest edition send`."""
    with services() as given:
        edition = found(given, given.newsletter(slug), date, cadence)
        sending.resume(given, edition.id, by="command line")
        _tell(given, edition.id, as_json=as_json)


@app.command()
def cancel(
    slug: Slug,
    date: Date = None,
    cadence: CadenceOption = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks at it later.")] = "called off on the command line",
    *,
    as_json: Json = False,
) -> None:
    """Call an approved Edition off, or a special one before that: nothing more goes out. It cannot be taken back."""
    with services() as given:
        edition = found(given, given.newsletter(slug), date, cadence)
        sending.cancel(given, edition.id, reason=reason, by="command line")
        _tell(given, edition.id, as_json=as_json)


@app.command()
def doubts(
    slug: Slug,
    date: Date = None,
    cadence: CadenceOption = None,
    limit: Annotated[int, typer.Option(min=1, max=GREATEST, help="Show at most so many.")] = SHOWN,
    *,
    as_json: Json = False,
) -> None:
    """List the mails in doubt with all that is known, to look them up in the relay's log by their Message-ID."""
    with services() as given:
        edition = found(given, given.newsletter(slug), date, cadence)
        rows = [
            {
                "subscriber": doubt.subscriber_id,
                "message_id": sending.message_id(given, edition, doubt.subscriber_id),
                "relay": doubt.relay,
                "tried_at": doubt.at,
                "reason": doubt.reason,
                "said": doubt.reply,
            }
            for doubt in sending.doubts(given, edition.id, limit)
        ]
    if as_json:
        answer(rows, as_json=True)
    else:
        lines = [tuple("" if value is None else str(value) for value in row.values()) for row in rows]
        table(("subscriber", "Message-ID", "relay", "tried at", "reason", "said"), lines, empty="None is in doubt.")


@app.command()
def resolve(
    slug: Slug,
    decision: Annotated[Decision, typer.Option("--as", help="They arrived (sent), or send them again (again).")],
    date: Date = None,
    cadence: CadenceOption = None,
    subscriber: Annotated[
        list[int] | None,
        typer.Option(max=GREATEST_ID, help="Only this one, by the number that `doubts` shows; may be repeated."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Decide the mails in doubt, whose fate nobody knows since their sender vanished or the relay fell silent."""
    with services() as given:
        edition = found(given, given.newsletter(slug), date, cadence)
        only = None if subscriber is None else [SubscriberId(number) for number in subscriber]
        decided = sending.resolve_doubt(given, edition.id, arrived=decision is Decision.SENT, only=only)
        with given.reading() as session:
            edition = editions.get(session, edition.id)
            account = deliveries.account(session, edition.id)
            text = f"{decided} mails decided.\n{sentence(edition)}\n{account_line(account)}"
            answer(facts(session, edition) | {"decided": decided}, as_json=as_json, text=text)


def _tell(
    given: Services, edition_id: EditionId, account: Account | None = None, *, as_json: bool, more: str = ""
) -> None:
    """Say how the Edition stands now."""
    with given.reading() as session:
        edition = editions.get(session, edition_id)
        counted = account or deliveries.account(session, edition_id)
        lines = [sentence(edition), account_line(counted), *([more] if more else [])]
        answer(facts(session, edition), as_json=as_json, text="\n".join(lines))


def _with_progress(given: Services, edition: Edition, stop: Event) -> sending.Sent:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("sending", total=None)

        def on_progress(account: Account) -> None:
            done = account.intended - account.waiting - account.deferred
            progress.update(task, total=account.intended, completed=done)

        return sending.send_edition(given, edition.id, every_wave=True, on_progress=on_progress, stop=stop)
