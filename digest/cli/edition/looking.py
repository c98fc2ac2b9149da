"""`digest edition preview`, `lint` and `show`: look at an Edition."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.edition.facts import account_line, facts, found, sentence
from digest.cli.output import FAILED, Json, answer, err, out, table, usage
from digest.cli.wired import CadenceOption, Date, Slug, services
from digest.desk import proofs
from digest.desk.proofs import Checks
from digest.model.edition import Edition
from digest.model.layout import BUDGET
from digest.model.newsletter import Newsletter
from digest.proof import Viewpoint
from digest.render.lint import Finding, Severity
from digest.store import deliveries, editions

app = typer.Typer()


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
        edition = found(given, newsletter, date, cadence)
        filled = proofs.preview(given, edition.id, viewpoint_of_sections(newsletter, sections))
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
        edition = found(given, newsletter, date, cadence)
        checks = proofs.checks(given, edition.id, viewpoint_of_sections(newsletter, sections), asks_spam_filter=spam)
    findings = [*checks.findings, *(checks.spam or ())]
    if as_json:
        answer(_proof_facts(checks, findings), as_json=True)
    else:
        rows = [(finding.severity, finding.rule, finding.message) for finding in findings]
        table(("", "rule", "finding"), rows, empty="Nothing is wrong with it.")
        out.print(_size_line(checks), markup=False)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(FAILED)


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
        edition_id = found(given, newsletter, date, cadence).id
        with given.reading() as session:
            edition = editions.get(session, edition_id)
            if as_json:
                answer(facts(session, edition) | {"draft": edition.draft_json}, as_json=True)
                return
            out.print(sentence(edition), markup=False)
            if edition.cadence.is_beside:
                out.print(f"For {edition.meant_for}", markup=False)
            if edition.draft_json is not None:
                _print_stories(edition, why=why)
            if edition.approved_at is not None:
                out.print(account_line(deliveries.account(session, edition.id)), markup=False)


def viewpoint_of_sections(newsletter: Newsletter, sections: str) -> Viewpoint:
    """Return that of a reader of the list *sections*, of all if it is empty; ends the command at one that is none."""
    chosen = tuple(part.strip() for part in sections.split(",") if part.strip()) or None
    known = {section.slug for section in newsletter.sections}
    if chosen and not set(chosen) <= known:
        usage(f"unknown sections: {', '.join(sorted(set(chosen) - known))}; there are {', '.join(sorted(known))}")
    return Viewpoint(sections=chosen)


def _proof_facts(checks: Checks, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what machines read of a proof: the documented, stable keys."""
    return {
        "findings": [
            {"severity": finding.severity, "rule": finding.rule, "message": finding.message} for finding in findings
        ],
        "size_bytes": checks.layout.size_bytes,
        "budget_bytes": BUDGET,
        "steps": {slug: step.name.lower() for slug, step in checks.layout.steps.items()},
        "spam_filter": checks.spam is not None,
    }


def _size_line(checks: Checks) -> str:
    size = f"{checks.layout.size_bytes:,} of {BUDGET:,} bytes, encoded, with the longest name"
    steps = ", ".join(f"{slug} {fate}" for slug, fate in checks.given_way.items())
    return f"{size}; for room, {steps}" if steps else size


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
