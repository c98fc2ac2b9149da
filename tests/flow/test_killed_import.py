"""An import that is killed or stopped in the middle keeps what it has, and the same command goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from digest.database import Database
from subscribers.model import ConsentEvent, Subscriber, Subscription
from tests.factories import config_text

COUNT = 20_000
#: The program, in batches small enough for a file of so many rows.
PROGRAM = "from subscribers.import_csv import stage; stage.BATCH = 200; from digest.cli.main import main; main()"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def command(database_url: str, tmp_path: Path) -> list[str]:
    (tmp_path / "news").mkdir()
    config, file = tmp_path / "config.toml", tmp_path / "readers.csv"
    config.write_text(config_text(database_url=database_url), encoding="utf-8")
    rows = "".join(f"r{number}@reader.example,Ana\n" for number in range(COUNT))
    file.write_text(f"email,name\n{rows}R1@reader.example,Ana\nrubbish,\n", encoding="utf-8")
    words = ["--config", str(config), "subscriber", "import", "morning", str(file), "--consent", "asked", "--json"]
    return [sys.executable, "-c", PROGRAM, *words]


def count(database: Database, row: type[Subscriber | Subscription | ConsentEvent]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def stopped(command: list[str], database: Database, number: signal.Signals) -> tuple[int, str]:
    """Run *command*, send it the signal when some batches are in, and return its exit code and complaints."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as import_:
        while count(database, Subscription) < 1000 and import_.poll() is None:
            time.sleep(0.01)
        import_.send_signal(number)
        _, complaints = import_.communicate(timeout=60)
    return import_.returncode, complaints


def test_a_killed_import_goes_on_when_it_is_run_again(database: Database, command: list[str]) -> None:
    code, _ = stopped(command, database, signal.SIGKILL)
    kept = count(database, Subscription)

    again = subprocess.run(command, check=True, capture_output=True, text=True)

    report = json.loads(again.stdout)
    assert code == -signal.SIGKILL
    assert 1000 <= kept < COUNT
    assert kept % 200 == 0
    assert (report["added"], report["unchanged"]) == (COUNT - kept, kept)
    assert report["counts"] == {"duplicate": 1, "bad address": 1}
    assert [count(database, row) for row in (Subscriber, Subscription, ConsentEvent)] == [COUNT] * 3


def test_who_stops_an_import_is_told_that_it_goes_on(database: Database, command: list[str]) -> None:
    code, complaints = stopped(command, database, signal.SIGINT)

    kept = count(database, Subscription)
    assert code == 130
    assert 1000 <= kept < COUNT
    assert "rows, which stay" in complaints
    assert "the same command goes on" in complaints
    assert "Traceback" not in complaints


def test_a_stop_in_whose_wake_the_connection_is_lost_is_still_a_stop(database: Database) -> None:
    def lose_the_connection(*_: object) -> None:
        raise OperationalError("ROLLBACK", {}, ConnectionError("the connection is closed"))

    def work() -> None:
        with database.session() as session:
            session.scalar(select(func.count()).select_from(Subscriber))
            raise KeyboardInterrupt

    event.listen(database.engine, "rollback", lose_the_connection)

    with pytest.raises(KeyboardInterrupt):
        work()
