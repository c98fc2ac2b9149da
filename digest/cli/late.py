"""Commands that are loaded when they are asked for: the whole service takes seconds and much memory to load."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup


def late(package: str, commands: Mapping[str, str]) -> type[TyperGroup]:
    """Return the group of *commands*, each by its name and the module in *package* that it lives in."""

    class Late(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (Typer's signature)
            """Return the names in the order that people meet them."""
            return list(commands)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 (Typer's signature)
            """Load the module of the command called *cmd_name*; None when there is none."""
            if cmd_name not in commands:
                return None
            group = typer.main.get_group(import_module(f"{package}.{commands[cmd_name]}").app)
            return group.commands.get(cmd_name) or _named(group, cmd_name)

    return Late


def _named(group: Any, name: str) -> Any:
    group.name = name
    return group
