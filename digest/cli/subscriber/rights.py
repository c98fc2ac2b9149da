"""What a reader may ask of whoever runs the service: data, erase."""

import os
import sys
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from digest.cli.output import Json, answer, err, fail
from digest.cli.wired import services
from digest.readers import own
from subscribers import own_data
from subscribers.address import Address, masked, parse

app = typer.Typer()


class Format(StrEnum):
    """How a reader's data are written."""

    #: Names and values, for machines and for people.
    JSON = "json"
    #: One table, for spreadsheets.
    CSV = "csv"


@app.command()
def data(
    address: str,
    form: Annotated[Format, typer.Option("--format", help="json, or csv for spreadsheets.")] = Format.JSON,
    file: Annotated[str, typer.Option("--out", metavar="FILE", help="Where to; - for standard output.")] = "-",
) -> None:
    """Write down everything that is kept about an address, reader or not, to be handed out to its owner."""
    with services() as given:
        found = own.data_of(given, _parsed(address))
    if found is None:
        _unknown()
    text = own_data.as_csv(found) if form is Format.CSV else own_data.as_json(found)
    if file == "-":
        sys.stdout.write(text)
        return
    try:
        with open(file, "x", encoding="utf-8", newline="", opener=_for_its_owner) as written:
            written.write(text)
    except FileExistsError:
        fail(f"{file} is there already and is left alone; give another --out, or move it away")
    except OSError as fault:
        fail(f"{file} cannot be written: {fault.strerror}; check the folder")
    err.print(f"Written to {file}. Delete it when it has been handed out.", markup=False)


@app.command()
def erase(
    address: str,
    ground: Annotated[
        str, typer.Option("--ground", help="Why: 'asked by letter, 3 May'. Kept as evidence, without the address.")
    ] = "asked the operator",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask once more.")] = False,
    *,
    as_json: Json = False,
) -> None:
    """Erase an address, reader or not, with everything that is kept about it. It cannot be taken back."""
    reader = _parsed(address)
    with services() as given:
        if own.data_of(given, reader) is None:
            _unknown()
        if not yes and not typer.confirm(f"Erase {masked(reader.text)}? It cannot be taken back.", err=True):
            fail("nothing was erased")
        if not own.erase_by_hand(given, reader, ground):
            fail("nothing is left to erase: `digest subscriber data` shows what is kept as proof, and stays")
    answer(
        {"erased": True},
        as_json=as_json,
        text="Erased. No import brings the address back; its owner may sign up anew.",
    )


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _parsed(address: str) -> Address:
    return parse(address, allow_special=True)


def _unknown() -> NoReturn:
    fail("nothing is kept of this address; `digest subscriber list --search PART` shows who there is")
