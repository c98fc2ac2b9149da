"""`digest staff …`: who may sign in at the desk."""

import sys
from typing import Annotated

import typer

from digest.cli.output import Json, answer
from digest.cli.wired import services
from digest.model.staff import Role
from digest.staff import accounts

app = typer.Typer(help="Accounts of editors and operators.", no_args_is_help=True)


@app.command()
def add(
    email: str,
    name: str = "",
    role: Role = Role.EDITOR,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input, for scripts.")
    ] = False,
    *,
    as_json: Json = False,
) -> None:
    """Let somebody sign in. Asks for a password of at least ten characters."""
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    )
    with services() as given:
        with given.session() as session:
            accounts.add(session, email=email, name=name, role=role, password=password, now=given.clock.now())
        answer(
            {"added": True, "email": email, "role": role},
            as_json=as_json,
            text=f"{email} may sign in as {role} at {given.links.desk()}",
        )
