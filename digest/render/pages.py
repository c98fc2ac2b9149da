"""Where templates are found, and what every one of them may use."""

import traceback
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jinja2

from digest.errors import TemplateError
from digest.model.look import Theme
from digest.model.text import columns, shorten, wrap
from digest.render.languages import catalogues, translations
from digest.render.sentence import briefly

#: Below this name a template of the newsletter's own finds the one that it stands in for, to extend it; and below the
#: other a theme's.
PACKAGED, CLASSIC = "packaged", "classic"
THEMES = "themes"

_KINDS = (".mjml", ".txt")
#: What a mistake in an expression of a template may raise, besides Jinja's own errors.
_MISTAKES = (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


def environment(
    packaged: Path,
    *,
    own: Path | None = None,
    theme: Theme = Theme.CLASSIC,
    language: str = "en",
    is_flowed: bool = False,
) -> jinja2.Environment:
    """
    Return the environment that reads the mail templates in *packaged*, those of its *theme* first.

    A template or catalogue in the folder *own* comes before both; there ``packaged/NAME`` names the one that it stands
    in for. Everything is escaped but ``.txt``; a name that is not there is an error. Changed files are read anew.
    """
    folders = [folder for folder in (packaged / THEMES / theme, packaged) if folder.is_dir()]
    every = [*([own] if own is not None else []), *folders]
    changed = tuple((path, path.stat().st_mtime_ns) for path in catalogues(every, language))
    return _environment(tuple(every), tuple(folders), language, changed, is_flowed=is_flowed)


@lru_cache(maxsize=32)
def _environment(
    every: tuple[Path, ...],
    packaged: tuple[Path, ...],
    language: str,
    _changed: tuple[tuple[Path, int], ...],
    *,
    is_flowed: bool,
) -> jinja2.Environment:
    """Return the environment; kept, since compiling the templates takes longer than filling them a hundred times."""
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.FileSystemLoader(every),
                jinja2.PrefixLoader(
                    {
                        PACKAGED: jinja2.FileSystemLoader(packaged),
                        CLASSIC: jinja2.FileSystemLoader(packaged[-1:]),
                    }
                ),
            ]
        ),
        extensions=["jinja2.ext.i18n"],
        # Its defaults do not know .mjml and would leave it open.
        autoescape=jinja2.select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = translations(every, language)
    made.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]  # of the extension
    made.filters.update(briefly=briefly, shorten=shorten, wrap=partial(wrap, is_flowed=is_flowed))
    made.globals.update(columns=columns)
    return made


def render_template(environment: jinja2.Environment, name: str, context: Mapping[str, Any]) -> str:
    """Return the template *name* filled with *context*; TemplateError names the file, the line and the fault."""
    try:
        return environment.get_template(name).render(context)
    except _MISTAKES as fault:
        raise _explained(name, fault) from fault


def template_module(environment: jinja2.Environment, name: str) -> Any:
    """Return what the template *name* sets and defines, as attributes; TemplateError as ``render_template`` says."""
    try:
        template = environment.get_template(name)
        try:
            return template.module
        except _MISTAKES:
            environment.handle_exception()  # gives the lines of the template, as rendering does
    except _MISTAKES as fault:
        raise _explained(name, fault) from fault


def _explained(name: str, fault: Exception) -> TemplateError:
    if isinstance(fault, jinja2.TemplateNotFound):
        if fault.name == name:
            return TemplateError(f"template {name} is missing; put it into one of the template folders")
        return TemplateError(f"{name} asks for the template {fault.name}, which is missing; mend the name or add it")
    if isinstance(fault, jinja2.TemplateSyntaxError):
        return TemplateError(f"{fault.name or name}, line {fault.lineno}: {fault.message}; mend the template")
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if frame.filename.endswith(_KINDS)]
    place = f"{_short(frames[-1].filename)}, line {frames[-1].lineno}" if frames else name
    return TemplateError(f"{place}: {fault}; mend the template or give what it asks for")


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])
