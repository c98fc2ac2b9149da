"""Logs: what went wrong is told in full, and what people have entrusted to us is not."""

import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from digest import logs
from digest.database import Database


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def refuse(address: str) -> None:
    raise ValueError(f"no room for {len(address)} characters")


def fail_with(address: str) -> None:
    try:
        refuse(address)
    except ValueError:
        logs.logger("test").exception("it failed")


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_traceback_tells_where_and_why_but_no_value_of_a_variable(
    capsys: pytest.CaptureFixture[str], style: Literal["text", "json"]
) -> None:
    logs.configure("info", style)

    fail_with("ana@reader.example")

    told = capsys.readouterr().err
    assert "no room for 18 characters" in told
    assert "fail_with" in told
    assert "ana@reader.example" not in told


def test_a_statement_that_failed_is_told_without_its_values(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    with pytest.raises(StatementError) as failed, database.engine.connect() as connection:
        connection.execute(text("SELECT :address FROM nowhere"), {"address": "ana@reader.example"})
    database.close()

    assert "nowhere" in str(failed.value)
    assert "ana@reader.example" not in str(failed.value)
