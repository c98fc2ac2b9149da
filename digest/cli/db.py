"""`digest db …`: the schema of the database."""

import typer

from digest.cli.output import Json, answer
from digest.cli.wired import settings
from digest.database import Database

app = typer.Typer(help="Look after the database.", no_args_is_help=True)


@app.command()
def upgrade(*, as_json: Json = False) -> None:
    """Bring the schema to the newest version; safe to repeat. Make a copy first."""
    database = Database(settings().database_url)
    try:
        database.upgrade()
    finally:
        database.close()
    answer({"upgraded": True}, as_json=as_json, text="The database has the newest schema.")
