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
            "export": "exports",
            "list": "lists",
            "count": "lists",
            "reasons": "leaving",
            "data": "rights",
            "erase": "rights",
            "ledger": "exports",
            "suppressions": "suppressed",
            "suppress": "suppressed",
            "lift": "suppressed",
        },
    ),
    help="Readers: add, import, export, list, count, end; their consent, their data; who gets no mail; a form.",
    no_args_is_help=True,
)


@app.callback()
def _subscriber() -> None:
    pass
