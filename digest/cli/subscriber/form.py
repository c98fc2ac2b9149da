"""The sign-up form for other sites: form."""

from typing import Annotated

import typer

from digest.cli.output import Json, answer
from digest.cli.wired import Slug, services
from digest.web.pages import Pages

app = typer.Typer()


@app.command()
def form(
    slug: Slug,
    *,
    iframe: Annotated[bool, typer.Option("--iframe", help="A frame that shows our form instead.")] = False,
    as_json: Json = False,
) -> None:
    """Print HTML to paste into any page: a form with which its visitors sign up."""
    with services() as given:
        newsletter = given.newsletter(slug)
        template = "public/pasted_frame.html" if iframe else "public/pasted_form.html"
        html = Pages(given).fill(template, language=newsletter.language, newsletter=newsletter).strip()
    answer({"html": html, "newsletter": slug}, as_json=as_json, text=html)
