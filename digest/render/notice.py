"""Render one single mail: confirmation, welcome, request for review, test, link for the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2

from digest.errors import TemplateError
from digest.model.newsletter import Newsletter
from digest.model.text import printable
from digest.render import view
from digest.render.markup import compile_markup
from digest.render.pages import render_template

#: The kinds, and the values that the packaged templates ask for besides the recipient's ``name``.
KINDS: Mapping[str, frozenset[str]] = {
    "confirm": frozenset({"confirm_url", "valid_days"}),
    "welcome": frozenset({"latest_url", "archive_url", "preferences_url", "unsubscribe_url"}),
    "address": frozenset({"confirm_url", "valid_days"}),
    "moved": frozenset({"masked_address", "write_to", "back_url", "valid_days"}),
    "own_data": frozenset({"confirm_url", "valid_days"}),
    "erase": frozenset({"confirm_url", "valid_days"}),
    "review": frozenset(
        {"number", "subject", "stories", "fate", "reason", "at", "sources_answered", "sources_asked", "desk_url"}
    ),
    "reminder": frozenset({"number", "subject", "fate", "reason", "at", "desk_url"}),
    "alert": frozenset({"number", "subject", "fate", "reason", "sent", "intended", "desk_url"}),
    "test": frozenset({"relay", "at"}),
    "sign_in": frozenset({"link_url", "valid_minutes"}),
    "invitation": frozenset({"link_url", "valid_days", "invited_by", "is_new"}),
}
#: There is none on the day of the first sign-up, and none from a way back.
_MAY_BE_EMPTY = frozenset({"latest_url", "back_url"})
#: What a notice may do without: the latest Edition as a welcome shows it, with the language of its words.
_ELSE: Mapping[str, Any] = {"name": "", "latest_subject": "", "latest_headlines": (), "latest_language": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedNotice:
    """One single mail, complete."""

    subject: str
    html: str
    text: str


def render_notice(
    kind: str, values: Mapping[str, Any], newsletter: Newsletter, environment: jinja2.Environment
) -> RenderedNotice:
    """
    Return the mail of *kind* from ``notices/<kind>/`` in the name of *newsletter*.

    *values* are those of ``KINDS``: text or lists of it, and addresses where the name ends in ``_url``. A ``name`` is
    welcome; for a welcome also ``latest_subject``, ``latest_headlines`` and ``latest_language``, their language. The
    ``fate`` of an Edition under review is ``auto``, ``waits`` or ``held``, and of one that has stopped going out
    ``paused`` or ``halted``; ``is_new`` is ``yes`` where somebody is invited, and ``no`` where they only get another
    password.
    TemplateError names a kind or value that is not there, and a URL that is no http(s) address.
    """
    missing = sorted(KINDS.get(kind, frozenset()) - set(values))
    if missing:
        raise TemplateError(
            f"a notice of kind {kind} needs {', '.join(missing)}; give {'them' if missing[1:] else 'it'}"
        )
    paper = view.paper(newsletter)
    context = {"paper": paper, **_ELSE, **{name: _safe(name, value) for name, value in values.items()}}
    page = f"notices/{kind}/body.mjml"
    return RenderedNotice(
        subject=printable(render_template(environment, f"notices/{kind}/subject.txt", context)),
        html=compile_markup(page, render_template(environment, page, context), environment),
        text=render_template(environment, f"notices/{kind}/body.txt", context).strip() + "\n",
    )


def _safe(name: str, value: Any) -> str | list[str]:
    if isinstance(value, list):
        return [printable(each) for each in value]
    if not name.endswith("_url") or (name in _MAY_BE_EMPTY and not value):
        return printable(value)
    address = view.web_address(value)
    if not address:
        raise TemplateError(f"{name} of a notice is {value[:80]!r}; give an absolute http(s) URL")
    return address
