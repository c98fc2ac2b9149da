"""Faults in words: what pydantic found, told as place, value and remedy."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from digest.settings import variables
from digest.settings.shape import COLOUR, FONTS, LANGUAGE, LOCALE, SLUG, WEB

#: Remedies by pydantic's error type; {…} are taken from the error's context.
_REMEDIES = {
    "extra_forbidden": "is not a setting; check the spelling against docs/settings.md",
    "missing": "is missing; add it",
    "int_parsing": "give a whole number",
    "int_type": "give a whole number",
    "int_from_float": "give a whole number",
    "float_parsing": "give a number",
    "float_type": "give a number",
    "bool_parsing": "give true or false",
    "bool_type": "give true or false",
    "string_type": "give a text in quotes",
    "greater_than_equal": "give a number of at least {ge}",
    "greater_than": "give a number above {gt}",
    "less_than_equal": "give a number of at most {le}",
    "less_than": "give a number below {lt}",
    "finite_number": "give a number",
    "enum": "give {expected}",
    "literal_error": "give {expected}",
    "string_pattern_mismatch": "it must match {pattern}",
    "string_too_short": "it must not be empty",
    "string_too_long": "use at most {max_length} characters",
    "too_short": "give at least {min_length}",
    "path_type": "give a path in quotes",
    "model_type": "write it as a table",
    "tuple_type": "write it as a list",
}

#: What no message may show.
_SECRETS = {
    ("smtp", "password"),
    ("relay", "password"),
    ("database", "url"),
    ("bounces", "imap_password"),
    ("bounces", "mailgun_signing_key"),
    ("bounces", "postmark_password"),
}

_PATTERNS = {
    SLUG: "use lower-case letters and digits joined by hyphens, such as auto-daily",
    COLOUR: "give a colour such as #a4262c",
    LANGUAGE: "give a language code such as en",
    LOCALE: "give a language code such as en, or with its country en-GB",
    FONTS: "give names of fonts, without quotes, with commas between: Palatino, serif",
    WEB: "give a web address such as https://news.example.org/logo.png",
}
#: How pydantic writes a member of an enumeration: <Cadence.DAILY: 'daily'>.
_MEMBER = re.compile(r"<[^:>]+: ('[^']*')>")


def in_words(fault: ValidationError, file: str, names: Collection[str]) -> list[str]:
    """
    Return one sentence for each error of *fault*, each naming place, value and remedy.

    The place is a table of *file*, or one of *names*, the variables of the environment that are set.
    """
    errors = fault.errors()
    return [_sentence(error, file, names) for error in errors if not _is_echo(error, errors)]


def _is_echo(error: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Return whether *error* calls a list too short only because its items have faults of their own."""
    place = error["loc"]
    return error["type"] == "too_short" and any(
        other["loc"][: len(place)] == place for other in errors if other is not error
    )


def _sentence(error: ErrorDetails, file: str, names: Collection[str]) -> str:
    variable = variables.name_of(error["loc"][:2])
    place = f"environment: {variable}" if variable in names else f"{file}: {_place(error['loc'])}"
    kind, context = error["type"], error.get("ctx", {})
    where = error["loc"]
    value = "" if {tuple(where[:2]), (where[0], where[-1])} & _SECRETS else _value(error["input"])
    if kind == "value_error":
        words = str(context.get("error", error["msg"]))
        return f"{place} {words}" if _is_table(error["input"]) else f"{place} {value}{words}"
    if kind in {"extra_forbidden", "missing"}:
        return f"{place} {_REMEDIES[kind]}"
    remedy = _PATTERNS.get(str(context.get("pattern"))) or _REMEDIES.get(kind)
    words = _MEMBER.sub(r"\1", remedy.format(**context)) if remedy else error["msg"]
    return f"{place} is {value.strip() or 'hidden'}; {words}"


def _place(where: Sequence[int | str]) -> str:
    """Turn ("newsletter", 0, "source", 2, "feed") into ``[newsletter 1, source 3] feed``."""
    tables: list[str] = []
    for step in where[:-1]:
        if isinstance(step, int):
            tables[-1] += f" {step + 1}"
        else:
            tables.append(step)
    last = where[-1] if where else ""
    if isinstance(last, int):
        tables[-1] += f" {last + 1}"
        return f"[{', '.join(tables)}]"
    return f"[{', '.join(tables)}] {last}" if tables else f"[{last}]"


def _value(value: Any) -> str:
    text = " ".join(str(value).split())
    return f'"{text[:80]}" ' if isinstance(value, str) else f"{text[:80]} "


def _is_table(value: object) -> bool:
    return isinstance(value, dict)
