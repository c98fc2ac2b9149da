"""Where templates are found, and what every one of them may use."""

import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from digest.errors import TemplateError
from digest.model.rendered import shorten
from digest.render.plain import columns, wrap
from digest.render.sentence import briefly

_KINDS = (".mjml", ".txt", ".jinja", ".html")
#: What a mistake in an expression of a template may raise, besides Jinja's own errors.
_MISTAKES = (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


def environment(directories: Sequence[Path]) -> jinja2.Environment:
    """
    Return the environment that reads templates from *directories*, the first that has one wins.

    Everything is escaped but ``.txt``; a name that is not there is an error.
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(directories),
        # Its defaults do not know .mjml and would leave it open.
        autoescape=jinja2.select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(briefly=briefly, shorten=shorten, wrap=wrap)
    made.globals.update(columns=columns)
    return made


def localised(environment: jinja2.Environment, name: str, language: str) -> jinja2.Template:
    """Return the template *name* in *language* (``body.de.mjml``) if there is one, else in English (``body.mjml``)."""
    stem, _, kind = name.rpartition(".")
    spoken = language.replace("_", "-").split("-")[0].lower()
    try:
        return environment.select_template([f"{stem}.{language}.{kind}", f"{stem}.{spoken}.{kind}", name])
    except _MISTAKES as fault:
        raise _explained(name, fault) from fault


def render_template(template: jinja2.Template, context: Mapping[str, Any]) -> str:
    """Return *template* filled with *context*; TemplateError names the file, the line and the fault."""
    try:
        return template.render(context)
    except _MISTAKES as fault:
        raise _explained(template.name or "a template", fault) from fault


def _explained(name: str, fault: Exception) -> TemplateError:
    if isinstance(fault, jinja2.TemplatesNotFound):
        return TemplateError(f"template {name} is missing; put it into one of the template folders")
    if isinstance(fault, jinja2.TemplateNotFound):
        return TemplateError(f"{name} asks for the template {fault.name}, which is missing; mend the name or add it")
    if isinstance(fault, jinja2.TemplateSyntaxError):
        return TemplateError(f"{fault.name or name}, line {fault.lineno}: {fault.message}; mend the template")
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if frame.filename.endswith(_KINDS)]
    place = f"{_short(frames[-1].filename)}, line {frames[-1].lineno}" if frames else name
    return TemplateError(f"{place}: {fault}; mend the template or give what it asks for")


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])
