"""`digest edition …`: make, look at, send and settle an Edition. Each command is loaded when it is asked for."""

import typer

from digest.cli.late import late

app = typer.Typer(
    cls=late(
        "digest.cli.edition",
        {
            "prepare": "making",
            "special": "making",
            "preview": "looking",
            "lint": "looking",
            "approve": "making",
            "send": "carrying",
            "show": "looking",
            "test": "trying",
            "pause": "carrying",
            "resume": "carrying",
            "cancel": "carrying",
            "doubts": "carrying",
            "resolve": "carrying",
        },
    ),
    help="Make, look at, approve and send an Edition.",
    no_args_is_help=True,
)


@app.callback()
def _edition() -> None:
    pass
