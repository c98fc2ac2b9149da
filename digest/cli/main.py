"""The entry point: the global option, the commands, and the exit codes."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.late import late
from digest.cli.output import FAILED, USAGE, complain
from digest.errors import DigestError, SettingsError, UnknownNewsletter
from subscribers.errors import SubscriberError

#: Where each command lives; loaded when it is asked for, since the whole service takes seconds to load.
COMMANDS = {
    "init": "service",
    "check": "check",
    "run": "service",
    "tick": "service",
    "status": "service",
    "gather": "gather",
    "source": "source",
    "article": "article",
    "story": "story",
    "edition": "edition",
    "search": "search",
    "subscriber": "subscriber",
    "bounce": "bounce",
    "staff": "staff",
    "dkim": "dkim",
    "keys": "keys",
    "db": "db",
    "demo": "demo",
}


app = typer.Typer(
    name="digest",
    cls=late("digest.cli", COMMANDS),
    help="A self-hosted daily news digest: gathers, groups, ranks, lays out and mails the day's stories.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _global(
    config: Annotated[
        Path | None, typer.Option("--config", help="The config.toml to use [default: $DIGEST_CONFIG or ./config.toml]")
    ] = None,
) -> None:
    if config is not None:
        os.environ["DIGEST_CONFIG"] = str(config)


def main() -> None:
    """Run the command line; exit with 0 when done, 1 when it failed, 2 for wrong usage or settings."""
    try:
        app()
    except (SettingsError, UnknownNewsletter) as fault:
        complain(str(fault))
        sys.exit(USAGE)
    except (DigestError, SubscriberError) as fault:
        complain(str(fault))
        sys.exit(FAILED)
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        sys.stderr.close()
        sys.exit(FAILED)
