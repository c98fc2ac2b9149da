"""`digest edition test`: mail an Edition to a few addresses, to look at it in real mail programs."""

from typing import Annotated

import typer

from digest import notices, proof
from digest.cli.edition.facts import found
from digest.cli.edition.looking import viewpoint_of_sections
from digest.cli.output import FAILED, Json, answer
from digest.cli.wired import CadenceOption, Date, Slug, services
from digest.desk import mailing_proofs, proofs
from digest.model.delivery import DeliveryState
from digest.store import notices as store

app = typer.Typer()


@app.command("test")
def mail_test(
    slug: Slug,
    to: Annotated[str, typer.Option(help="The addresses, with commas between; 10 at most.")],
    date: Date = None,
    cadence: CadenceOption = None,
    sections: Annotated[str, typer.Option(help="Only these section slugs, as a reader would have it: a,b,c")] = "",
    reader: Annotated[str, typer.Option("--as", help="As the reader with this address gets it.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """Mail the Edition as readers would get it, with links that open nothing; exit code 1 when one was not sent."""
    with services() as given:
        newsletter = given.newsletter(slug)
        edition, here = found(given, newsletter, date, cadence), mailing_proofs.COMMAND_LINE
        viewpoint = (
            proof.viewpoint_of(given, edition.id, proofs.find_reader(given, edition.id, reader, by=here))
            if reader
            else viewpoint_of_sections(newsletter, sections)
        )
        ids = mailing_proofs.mail_proof(given, edition.id, viewpoint, to, by=here)
        report = notices.send(given)
        with given.reading() as session:
            fates = [store.fate(session, notice_id) for notice_id in ids]
    lines = [{"state": state, "said": said or report.halted or ""} for state, said in fates]
    answer(
        {"mails": lines},
        as_json=as_json,
        text="\n".join(f"{line['state']}: {line['said']}" for line in lines),
    )
    if any(state is not DeliveryState.SENT for state, _ in fates):
        raise typer.Exit(FAILED)
