"""`digest subscriber …`: readers, one by one and by the list. Each command is loaded when it is asked for."""

import typer

from digest.cli.late import late

app = typer.Typer(
    cls=late(
        "digest.cli.subscriber",
        {
            "add": "one",
            "end": "one",
            "form": "form",
            "import": "files",
            "list": "lists",
        },
    ),
    help="Readers: add, import, list, end; a sign-up form for other sites.",
    no_args_is_help=True,
)


@app.callback()
def _subscriber() -> None:
    pass
