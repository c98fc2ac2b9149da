"""Logs: what went wrong is told in full, and what people have entrusted to us is not."""

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError, StatementError

from digest import logs
from digest.database import Database
from digest.jobs import Tally
from subscribers.model import Subscriber
from tests.fakes import FixedClock


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


@pytest.mark.parametrize("style", ["text", "json"])
def test_what_a_database_says_of_a_broken_rule_is_told_without_the_row(
    capsys: pytest.CaptureFixture[str], database_url: str, style: Literal["text", "json"], clock: FixedClock
) -> None:
    logs.configure("info", style)
    database = Database(database_url)
    written = {"address": "änne@reader.example", "address_key": "änne@reader.example", "language": None}

    try:
        with database.session() as session:
            session.execute(insert(Subscriber).values(**written, fingerprint="a", time_zone="UTC", created_at=clock.at))
    except IntegrityError:
        logs.logger("test").exception("it failed")
    database.close()

    told = capsys.readouterr().err
    assert "language" in told
    assert "reader.example" not in told


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(
    "said",
    [
        "550 5.1.1 <ana@reader.example> unknown",
        "Key (address)=(ana+news@reader.example) exists",
        "to: ana@reader.example, bea@reader.example",
        "mailto:%61na@reader.example?subject=x",
        "POST /u/mfrggzdfmztwq.j8mQ7oLVr6KYtWfHurCb8Ub-2cmm6iygu3ycvq1EssU 500",
        "GET /confirm/mfrggzdfmztwq.nonce.1795900000.j8mQ7oLVr6KYtWfHurCb8Ub-2cmm6iygu3ycvq1EssU",
    ],
)
def test_what_others_say_is_told_without_addresses_and_tokens(
    capsys: pytest.CaptureFixture[str], style: Literal["text", "json"], said: str
) -> None:
    logs.configure("info", style)

    logging.getLogger("a.library").error('it said "%s"', said)
    logs.logger("test").warning("refused", reply={"said": [f"'{said}'"]}, fault=ValueError(said))

    told = capsys.readouterr().err
    assert style == "text" or len([json.loads(line) for line in told.splitlines()]) == 2
    assert "it said" in told
    assert "refused" in told
    assert "reader.example" not in told
    assert "mfrggzdfmztwq" not in told


def test_what_only_looks_like_an_address_or_a_token_stays(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    kept = f"digest.readers.way_out at 12:30, {sha}, https://news.example.org/a/b.html?x=1"

    logs.logger("test").info("kept", about=kept)

    assert kept in capsys.readouterr().err


def test_the_record_of_a_job_that_failed_holds_no_address() -> None:
    tally = Tally("upkeep")

    with tally.each("upkeep"):
        int("ana@reader.example")

    assert tally.faults == ["upkeep: ValueError: invalid literal for int() with base 10: '…@…'"]


def test_the_record_of_a_fault_of_ours_holds_no_address_of_what_others_said() -> None:
    tally = Tally("send")

    tally.blame("send", "the relay says: no such mailbox ana@reader.example")

    assert tally.faults == ["send: the relay says: no such mailbox …@…"]


def test_a_word_without_end_is_read_once_and_not_from_each_of_its_letters() -> None:
    word = "a" * 300_000  # for which half an hour would not do

    assert logs.without_names(f"{word} ana@reader.example") == f"{word} …@…"
