"""`digest edition …`: make an Edition, look at it, decide about it, send it. Each command is loaded when asked for."""

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
            "hold": "deciding",
            "release": "deciding",
            "skip": "deciding",
            "correct": "deciding",
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
    help="Make, look at, approve, send and correct an Edition.",
    no_args_is_help=True,
)


@app.callback()
def _edition() -> None:
    pass
