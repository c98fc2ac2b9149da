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
            "count": "lists",
            "reasons": "leaving",
            "data": "rights",
            "erase": "rights",
        },
    ),
    help="Readers: add, import, list, count, end, why they left; their data, their erasure; a form for other sites.",
    no_args_is_help=True,
)


@app.callback()
def _subscriber() -> None:
    pass
