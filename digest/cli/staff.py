"""`digest staff …`: who may sign in at the desk, and what they did there."""

import sys
from typing import Annotated

import typer

from digest.cli.output import Json, answer, complain, table, usage
from digest.cli.typed import legible
from digest.cli.wired import services
from digest.desk import staffing
from digest.desk.staffing import Invitation
from digest.model.staff import Role
from digest.staff import accounts, sessions
from digest.store import audit as trail
from digest.store import staff as store

app = typer.Typer(help="Accounts of editors and operators.", no_args_is_help=True)
#: Who does what a command does, in the audit trail.
COMMAND = "command line"

FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, for scripts.")
]


@app.command()
def add(
    email: str,
    name: str = "",
    role: Role = Role.EDITOR,
    password_stdin: FromStdin = False,
    *,
    as_json: Json = False,
) -> None:
    """Let somebody sign in. Asks for a password of at least ten characters."""
    password = _password(from_stdin=password_stdin)
    with services() as given:
        now = given.clock.now()
        with given.session() as session:
            staff = accounts.add(session, email=email, name=name, role=role, password=password, now=now)
            trail.write(session, by=COMMAND, act="add account", at=now, about=staff.email, detail=f"as {role}")
        answer(
            {"added": True, "email": email, "role": role},
            as_json=as_json,
            text=f"{email} may sign in as {role} at {given.links.desk()}",
        )


@app.command()
def invite(email: str, name: str = "", role: Role = Role.EDITOR, *, as_json: Json = False) -> None:
    """Let somebody choose a password by a link in a mail: once, within seven days. `digest run` sends it."""
    with services() as given:
        staffing.invite(given, Invitation(email=email, name=name, role=role), by=COMMAND)
    _tell(email, "invited", f"{email} gets a mail with a link, with the next single mails that go out", as_json=as_json)


@app.command("list")
def listing(*, as_json: Json = False) -> None:
    """List the accounts, and when each last came in as far as the audit trail goes back."""
    with services() as given, given.reading() as session:
        came = trail.last_by(session, sessions.SIGN_IN)
        told = [
            {
                "email": staff.email,
                "name": staff.name,
                "role": staff.role,
                "second_factor": staff.has_second_factor,
                "last_sign_in": came.get(staff.email),
            }
            for staff in store.listing(session)
        ]
    if as_json:
        answer(told, as_json=True)
        return
    rows = [
        (one["email"], one["name"], one["role"], "yes" if one["second_factor"] else "no", one["last_sign_in"] or "-")
        for one in told
    ]
    table(("e-mail", "name", "role", "second factor", "last sign-in"), rows, empty="Nobody may sign in yet.")


@app.command()
def role(email: str, role: Role, *, as_json: Json = False) -> None:
    """Let an account do what another role may: editor or operator."""
    with services() as given, given.session() as session:
        accounts.change_role(session, email, role, by=COMMAND, now=given.clock.now())
    _tell(email, "changed", f"{email} is {role} now", as_json=as_json)


@app.command()
def password(email: str, password_stdin: FromStdin = False, *, as_json: Json = False) -> None:
    """Give an account another password, and sign it out everywhere."""
    new = _password(from_stdin=password_stdin)
    with services() as given, given.session() as session:
        staff = accounts.replace_password(session, email, new)
        trail.write(session, by=COMMAND, act="set password", at=given.clock.now(), about=staff.email)
    _tell(email, "changed", f"{email} has a new password, and is signed out everywhere", as_json=as_json)


@app.command("reset-second-factor")
def reset_second_factor(email: str, *, as_json: Json = False) -> None:
    """Turn the second factor of an account off, whose owner has lost phone and recovery codes; sign it out."""
    with services() as given, given.session() as session:
        accounts.reset_second_factor(session, email, by=COMMAND, now=given.clock.now())
    _tell(email, "reset", f"{email} has no second factor any more, and is signed out everywhere", as_json=as_json)


@app.command()
def remove(
    email: str,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask once more.")] = False,
    *,
    as_json: Json = False,
) -> None:
    """Delete an account; it is signed out at once. The last operator stays."""
    if not yes and not typer.confirm(f"Remove the account of {email}?", err=True):
        complain("Nothing was removed.")
        return
    with services() as given, given.session() as session:
        accounts.remove(session, email, by=COMMAND, now=given.clock.now())
    _tell(email, "removed", f"{email} may not sign in any more", as_json=as_json)


@app.command()
def audit(
    by: Annotated[str, typer.Option(help="Only of this person, by their e-mail.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    *,
    as_json: Json = False,
) -> None:
    """Tell who did what at the desk, the newest first."""
    with services() as given, given.reading() as session:
        entries = trail.recent(session, by=accounts.normal(legible(by)), limit=limit)
    if as_json:
        told = [{"at": e.at, "by": e.by, "act": e.act, "about": e.about, "detail": e.detail} for e in entries]
        answer(told, as_json=True)
        return
    rows = [(f"{e.at:%Y-%m-%d %H:%M:%S}", e.by, e.act, e.about, e.detail) for e in entries]
    table(("at (UTC)", "by", "did", "to", "detail"), rows, empty="Nothing is written down.")


def _password(*, from_stdin: bool) -> str:
    if not from_stdin:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    given = sys.stdin.readline().rstrip("\n")
    if not given:
        usage("no password came from standard input; write it there, with a line end")
    return given


def _tell(email: str, done: str, text: str, *, as_json: bool) -> None:
    answer({done: True, "email": email}, as_json=as_json, text=text)
