"""`digest edition …`: prepare, preview, lint, approve, send, show and resolve."""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from digest import desk, notices, pipeline, sending
from digest.cli.output import FAILED, Json, answer, err, fail, out, table, usage
from digest.cli.wired import CadenceOption, Date, Slug, services, which_edition
from digest.database import Session
from digest.desk import DeskEdition
from digest.model.delivery import Account
from digest.model.edition import Edition, EditionState
from digest.model.layout import BUDGET
from digest.model.newsletter import Approval, Newsletter
from digest.render.lint import Finding, Severity
from digest.services import Services
from digest.store import deliveries, editions
from subscribers.cadence import Cadence


class Decision(StrEnum):
    """What an operator says of mails in doubt."""

    #: They have arrived.
    SENT = "sent"
    #: Send them again; whoever got it already gets it twice.
    AGAIN = "again"


app = typer.Typer(help="Make, look at, approve and send an Edition.", no_args_is_help=True)


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
            answer(_facts(session, edition), as_json=as_json, text=_sentence(edition))


@app.command()
def preview(
    slug: Slug,
    date: Date = None,
    cadence: CadenceOption = None,
    sections: Annotated[str, typer.Option(help="Only these section slugs, as a reader would have it: a,b,c")] = "",
    html: Annotated[Path | None, typer.Option(help="Write the HTML part to this file.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show the mail as readers will get it: its text part here, its HTML part in a file."""
    with services() as given:
        newsletter = given.newsletter(slug)
        with given.reading() as session:
            edition = _found(session, newsletter, date, cadence, given.clock.now())
        filled = desk.preview(given, edition.id, sections=_chosen(newsletter, sections))
    if html is not None:
        html.write_text(filled.html, encoding="utf-8")
    answer(
        {"subject": filled.subject, "html": filled.html, "text": filled.text, "size_bytes": len(filled.html_bytes)},
        as_json=as_json,
        text=f"Subject: {filled.subject}\n\n{filled.text}",
    )
    if html is not None:
        err.print(f"HTML part: {html} ({len(filled.html_bytes):,} bytes)")


@app.command()
def lint(
    slug: Slug,
    date: Date = None,
    cadence: CadenceOption = None,
    sections: Annotated[str, typer.Option(help="Only these section slugs, as a reader would have it: a,b,c")] = "",
    spam: Annotated[bool, typer.Option(help="Ask SpamAssassin too, where it is installed.")] = True,
    *,
    as_json: Json = False,
) -> None:
    """Say what is wrong with the mail: errors, for which it is held (exit code 1), and warnings."""
    with services() as given:
        newsletter = given.newsletter(slug)
        with given.reading() as session:
            edition = _found(session, newsletter, date, cadence, given.clock.now())
        chosen = _chosen(newsletter, sections)
        opened = desk.open_edition(given, edition.id, sections=chosen, asks_spam_filter=spam)
    findings = [*opened.findings, *(opened.spam or ())]
    if as_json:
        answer(_proof_facts(opened, findings), as_json=True)
    else:
        rows = [(finding.severity, finding.rule, finding.message) for finding in findings]
        table(("", "rule", "finding"), rows, empty="Nothing is wrong with it.")
        out.print(_size_line(opened), markup=False)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(FAILED)


@app.command()
def approve(slug: Slug, date: Date = None, cadence: CadenceOption = None, *, as_json: Json = False) -> None:
    """Freeze the Edition and plan one Delivery per reader; each goes out at its reader's hour."""
    with services() as given:
        newsletter = given.newsletter(slug)
        with given.reading() as session:
            edition = _found(session, newsletter, date, cadence, given.clock.now())
        if edition.approved_at is None:  # else that stands
            pipeline.approve(given, edition.id, by="command line")
        with given.reading() as session:
            edition = editions.get(session, edition.id)
            answer(_facts(session, edition), as_json=as_json, text=_sentence(edition))


@app.command()
def send(slug: Slug, date: Date = None, cadence: CadenceOption = None, *, as_json: Json = False) -> None:
    """Send the Edition to all its readers now. However often this runs, nobody gets it twice."""
    with services() as given:
        newsletter = given.newsletter(slug)
        with given.reading() as session:
            edition = _found(session, newsletter, date, cadence, given.clock.now())
        if edition.state is EditionState.DRAFT and newsletter.approval is Approval.AUTO:
            pipeline.approve(given, edition.id, by="command line")
        sent = _with_progress(given, edition)
        with given.reading() as session:
            edition = editions.get(session, edition.id)
            answer(
                _facts(session, edition), as_json=as_json, text=f"{_sentence(edition)}\n{account_line(sent.account)}"
            )
        if sent.halted:
            fail(sent.halted)


@app.command()
def show(
    slug: Slug,
    date: Date = None,
    cadence: CadenceOption = None,
    why: Annotated[bool, typer.Option("--why", help="Show the parts of each Story's score.")] = False,
    *,
    as_json: Json = False,
) -> None:
    """Say how the Edition stands: its Stories, why each is there, and the account of its Deliveries."""
    with services() as given:
        newsletter = given.newsletter(slug)
        with given.reading() as session:
            edition = _found(session, newsletter, date, cadence, given.clock.now())
            facts = _facts(session, edition)
            if as_json:
                answer(facts | {"draft": edition.draft_json}, as_json=True)
                return
            out.print(_sentence(edition), markup=False)
            if edition.draft_json is not None:
                _print_stories(edition, why=why)
            if edition.approved_at is not None:
                out.print(account_line(deliveries.account(session, edition.id)), markup=False)


@app.command()
def resolve(
    slug: Slug,
    decision: Annotated[Decision, typer.Option("--as", help="They arrived (sent), or send them again (again).")],
    date: Date = None,
    cadence: CadenceOption = None,
    *,
    as_json: Json = False,
) -> None:
    """Decide the mails in doubt, whose fate nobody knows since their sender vanished or the relay fell silent."""
    with services() as given:
        newsletter = given.newsletter(slug)
        with given.reading() as session:
            edition = _found(session, newsletter, date, cadence, given.clock.now())
        decided = sending.resolve_doubt(given, edition.id, arrived=decision is Decision.SENT)
        with given.reading() as session:
            edition = editions.get(session, edition.id)
            account = deliveries.account(session, edition.id)
            text = f"{decided} mails decided.\n{_sentence(edition)}\n{account_line(account)}"
            answer(_facts(session, edition) | {"decided": decided}, as_json=as_json, text=text)


def account_line(account: Account) -> str:
    """Return the account as one line that adds up."""
    return (
        f"{account.intended} intended = {account.sent} sent + {account.failed} failed + {account.deferred} deferred"
        f" + {account.suppressed} suppressed + {account.skipped} skipped + {account.in_doubt} in doubt"
        f" + {account.waiting} waiting"
    )


def _with_progress(given: Services, edition: Edition) -> sending.Sent:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("sending", total=None)

        def on_progress(account: Account) -> None:
            done = account.intended - account.waiting - account.deferred
            progress.update(task, total=account.intended, completed=done)

        return sending.send_edition(given, edition.id, every_wave=True, on_progress=on_progress)


def _found(
    session: Session, newsletter: Newsletter, date: dt.datetime | None, cadence: Cadence | None, now: dt.datetime
) -> Edition:
    which = which_edition(newsletter, date, cadence, now)
    edition = editions.find(session, newsletter.slug, *which)
    if edition is None:
        fail(
            f"there is no {which[0]} edition of {newsletter.slug} for {which[1]}; "
            f"make it with `digest edition prepare {newsletter.slug}`"
        )
    return edition


def _chosen(newsletter: Newsletter, sections: str) -> list[str] | None:
    """Return the section slugs in the list *sections*, None for all; ends the command at one that does not exist."""
    chosen = [part.strip() for part in sections.split(",") if part.strip()] or None
    known = {section.slug for section in newsletter.sections}
    if chosen and not set(chosen) <= known:
        usage(f"unknown sections: {', '.join(sorted(set(chosen) - known))}; there are {', '.join(sorted(known))}")
    return chosen


def _proof_facts(opened: DeskEdition, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what machines read of a proof: the documented, stable keys."""
    return {
        "findings": [
            {"severity": finding.severity, "rule": finding.rule, "message": finding.message} for finding in findings
        ],
        "size_bytes": opened.layout.size_bytes,
        "budget_bytes": BUDGET,
        "steps": {slug: step.name.lower() for slug, step in opened.layout.steps.items()},
        "spam_filter": opened.spam is not None,
    }


def _size_line(opened: DeskEdition) -> str:
    size = f"{opened.layout.size_bytes:,} of {BUDGET:,} bytes, encoded, with the longest name"
    steps = ", ".join(f"{slug} {fate}" for slug, fate in opened.given_way.items())
    return f"{size}; for room, {steps}" if steps else size


def _facts(session: Session, edition: Edition) -> dict[str, Any]:
    """Return what machines read: the documented, stable keys."""
    account = deliveries.account(session, edition.id)
    return {
        "newsletter": edition.newsletter,
        "cadence": edition.cadence,
        "date": edition.date,
        "number": edition.number,
        "state": edition.state,
        "reason": edition.reason,
        "due_at": edition.due_at,
        "stories": len(edition.draft.stories) if edition.draft_json is not None else 0,
        "sources_answered": edition.sources_answered,
        "sources_asked": edition.sources_asked,
        "hash": edition.rendered_hash,
        "intended": account.intended,
        "sent": account.sent,
        "failed": account.failed,
        "deferred": account.deferred,
        "suppressed": account.suppressed,
        "skipped": account.skipped,
        "in_doubt": account.in_doubt,
        "waiting": account.waiting,
    }


def _sentence(edition: Edition) -> str:
    parts = [f"{edition.newsletter} {edition.cadence} {edition.date}: {edition.state}"]
    if edition.number:
        parts.append(f"No. {edition.number}")
    if edition.reason:
        parts.append(edition.reason)
    if edition.draft_json is not None:
        parts.append(f"{len(edition.draft.stories)} stories in {len(edition.draft.sections)} sections")
    if edition.coverage:
        parts.append(edition.coverage)
    return " · ".join(parts)


def _print_stories(edition: Edition, *, why: bool) -> None:
    for section in edition.draft.sections:
        out.print(f"\n{section.title}", style="bold", markup=False)
        for story in section.stories:
            also = f" — also in {', '.join(link.name for link in story.also)}" if story.also else ""
            out.print(f"  {story.headline}\n    {story.source}{also}", markup=False)
            out.print(f"    why: {story.score.why}", markup=False, style="dim")
            if why:
                rows = [
                    (f"    {part.name}", f"{part.weight:g}", f"{part.value:.2f}", f"{part.amount:.2f}", part.fact)
                    for part in story.score.parts
                ]
                rows.append(("    decay", "", f"\u00d7 {story.score.decay:.2f}", "", story.score.age))
                if story.score.boost != 1:
                    rows.append(("    boost", "", f"\u00d7 {story.score.boost:g}", "", "an editor's word"))
                rows.append(("    total", "", "", f"= {story.score.total:.2f}", ""))
                table(("    part", "weight", "value", "amount", "because"), rows, empty="")
    if edition.draft.bench:
        out.print("\nOn the bench", style="bold")
        for benched in edition.draft.bench:
            out.print(f"  {benched.headline} ({benched.source}): {benched.reason}", markup=False)
    out.print("")
