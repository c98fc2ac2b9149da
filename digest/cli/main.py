"""The entry point: the global option, the commands, and the exit codes."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

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
    "subscriber": "subscriber",
    "bounce": "bounce",
    "staff": "staff",
    "dkim": "dkim",
    "db": "db",
    "demo": "demo",
}


class Commands(TyperGroup):
    """All commands, by the files that they live in."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (Typer's signature)
        """Return the names in the order that people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 (Typer's signature)
        """Load the file of the command called *cmd_name*; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        group = typer.main.get_group(import_module(f"digest.cli.{COMMANDS[cmd_name]}").app)
        return group.commands.get(cmd_name) or _named(group, cmd_name)


def _named(group: Any, name: str) -> Any:
    group.name = name
    return group


app = typer.Typer(
    name="digest",
    cls=Commands,
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
