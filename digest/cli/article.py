"""`digest article …`: what a page or a dump gives."""

from typing import Annotated

import typer

from digest.cli.inputs import is_address, read
from digest.cli.output import FAILED, Json, answer, complain, out
from digest.clock import SystemClock
from digest.errors import DigestError
from digest.gather.pages.extract import extract_file

app = typer.Typer(help="Articles: what pages and dumps say.", no_args_is_help=True)


@app.callback()
def _article() -> None:
    """Keep `extract` a command of its own, though it is the only one."""


@app.command()
def extract(
    what: Annotated[list[str], typer.Argument(metavar="FILE_OR_URL…", help="HTML pages or plain-text dumps.")],
    *,
    as_json: Json = False,
) -> None:
    """Show every field of each page, and where it came from. One that cannot be read never stops the rest."""
    failed = False
    for one in what:
        try:
            body, _ = read(one)
            url = one if is_address(one) else ""
            found = extract_file(body, fetched_at=SystemClock().now(), url=url).to_json(one)
        except DigestError as fault:
            complain(f"{one}: {fault}")
            failed = True
            continue
        if as_json:
            answer(found, as_json=True)
        else:
            _show(found)
    if failed:
        raise typer.Exit(FAILED)


def _show(found: dict[str, object]) -> None:
    origins = found["origins"]
    assert isinstance(origins, dict)
    out.print(f"\n{found['file']}", style="bold", markup=False)
    for name in ("url", "title", "summary", "authors", "image", "language", "category", "published", "body"):
        if found[name]:
            origin = f"   [{origins[name]}]" if name in origins else ""
            out.print(f"{name:>10}  {found[name]}{origin}", markup=False)
    links = found["links"]
    assert isinstance(links, list)
    for link in links:
        out.print(f"{'link':>10}  {link['title']} {link['url']}", markup=False)
