"""The environment: which variables are settings, and which are mistyped."""

from collections.abc import Collection, Mapping

PREFIX = "DIGEST__"


def name_of(place: Collection[int | str]) -> str:
    """Return the variable that stands for the setting at *place*: ("smtp", "port") is DIGEST__SMTP__PORT."""
    return PREFIX + "__".join(str(step).upper() for step in place)


def given(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the names in *environment* that are meant for us, in capitals: letters count as the same in any case."""
    return frozenset(name.upper() for name in environment if name.upper().startswith(PREFIX))


def faults(names: Collection[str], tables: Collection[str]) -> list[str]:
    """Return one sentence for each of *names* that is no ``DIGEST__TABLE__NAME`` of one of *tables*."""
    known = ", ".join(sorted(tables))
    return [
        f"environment: {name} is not a setting; write DIGEST__TABLE__NAME with one of the tables {known}"
        for name in sorted(names)
        if not _is_setting(name, tables)
    ]


def _is_setting(name: str, tables: Collection[str]) -> bool:
    table, _, setting = name.removeprefix(PREFIX).lower().partition("__")
    return table in tables and bool(setting) and "__" not in setting
