"""The option by which an operator says how readers agreed."""

from typing import Annotated

import typer

Consent = Annotated[
    str, typer.Option("--consent", help="When and how they agreed: 'asked at the fair, 3 May'. Kept as evidence.")
]
