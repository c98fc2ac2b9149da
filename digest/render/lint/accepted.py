"""Features that some mail programs do not know and that the templates use all the same, each with its reason."""

from collections.abc import Mapping
from difflib import get_close_matches

import jinja2

from digest.errors import TemplateError
from digest.render.lint.clients import features

#: Among the mail templates, so that a newsletter's own folder may hold another.
NAME = "lint/accepted.txt"


def accepted(environment: jinja2.Environment) -> Mapping[str, str]:
    """
    Return the reasons of the accepted features by their slugs, none where there is no list.

    The list has a slug and a reason on each line, and comments after ``#``. TemplateError names the line at fault: a
    slug that the table of features has not, one without a reason, one that comes twice.
    """
    if environment.loader is None:
        return {}
    try:
        text, _, _ = environment.loader.get_source(environment, NAME)
    except jinja2.TemplateNotFound:
        return {}
    reasons: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        slug, _, reason = line.partition("#")[0].strip().partition(" ")
        if not slug:
            continue
        if slug not in features():
            raise TemplateError(f"{NAME}, line {number}: {slug} is no feature that is looked for; {_nearest(slug)}")
        if not reason.strip():
            raise TemplateError(f"{NAME}, line {number}: {slug} has no reason; say how the page reads without it")
        if slug in reasons:
            raise TemplateError(f"{NAME}, line {number}: {slug} is accepted twice; keep one line")
        reasons[slug] = reason.strip()
    return reasons


def _nearest(slug: str) -> str:
    close = get_close_matches(slug, features(), 1)
    return f"did you mean {close[0]}?" if close else "take the line out"
