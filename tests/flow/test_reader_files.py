"""Readers go in and out by files, from the command line."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.cli import wired
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import Ran, run

Command = Callable[..., Ran]
ADDED = ("subscriber", "add", "morning", "ana@reader.example", "--consent", "asked", "--name", "=Ana")


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, sqlite_url: str, tmp_path: Path) -> Command:
    (tmp_path / "news").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(config_text(database_url=sqlite_url), encoding="utf-8")
    monkeypatch.setenv("DIGEST_CONFIG", str(config))
    monkeypatch.setattr(wired, "SystemClock", lambda: clock)
    return run


def test_readers_are_exported_to_a_file_or_to_standard_output(digest: Command, tmp_path: Path) -> None:
    digest(*ADDED)
    out = tmp_path / "out.csv"

    shown, written = digest("subscriber", "export", "morning"), digest("subscriber", "export", "morning", "--out", out)
    paused = digest("subscriber", "export", "morning", "--state", "paused")

    assert (shown.code, written.code, written.out) == (0, 0, "")
    assert "1 rows written" in written.err
    assert shown.out.splitlines() == out.read_text(encoding="utf-8").splitlines()
    assert "ana@reader.example,'=Ana," in shown.out
    assert len(paused.out.splitlines()) == 1
    assert out.stat().st_mode & 0o077 == 0


def test_an_export_that_cannot_be_written_says_so(digest: Command, tmp_path: Path) -> None:
    ran = digest("subscriber", "export", "morning", "--out", tmp_path / "none" / "out.csv")

    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_the_ledger_is_written_as_csv_or_json_lines(digest: Command) -> None:
    digest(*ADDED)

    assert [row["kind"] for row in csv.DictReader(digest("subscriber", "ledger").out.splitlines())] == ["added"]
    assert digest("subscriber", "ledger", "morning", "--json").lines[0]["wording"] == "asked"


def test_an_address_is_suppressed_and_lifted_by_hand(digest: Command) -> None:
    none = digest("subscriber", "lift", "ana@reader.example")
    held = digest("subscriber", "suppress", "ana@reader.example", "--reason-note", "wrote to us", "--json")
    counts, all_ = digest("subscriber", "suppressions", "--json"), digest("subscriber", "suppressions", "--out", "-")
    refused = digest(*ADDED)
    lifted = digest("subscriber", "lift", "ANA@reader.example", "--json")

    assert (none.code, refused.code) == (1, 1)
    assert (held.json, counts.json, lifted.json) == ({"reason": "operator"}, {"operator": 1}, {"lifted": "operator"})
    assert "wrote to us" in all_.out
    assert "ana@" not in all_.out
    assert "No address" in digest("subscriber", "suppressions").out


def test_every_refusal_is_written_down(digest: Command, tmp_path: Path) -> None:
    file, refusals = tmp_path / "readers.csv", tmp_path / "refusals.csv"
    file.write_text("Post,status\nana@reader.example,\n" + "rubbish,\n" * 1200 + "b@b.example,left\n", encoding="utf-8")
    words = ["subscriber", "import", "morning", file, "--consent", "asked", "--map", "Post=address"]

    ran = digest(*words, "--refusals", refusals)

    rows = list(csv.reader(refusals.read_text(encoding="utf-8").splitlines()))
    assert ran.code == 0
    assert rows[0] == ["line", "reason", "fact"]
    assert len(rows) == 1202
    assert rows[-1][:2] == ["1203", "left elsewhere"]
    assert "201 more" in ran.err
    assert "Read as: table" in ran.out
    assert digest(*words, "--refusals", tmp_path / "none" / "x.csv").code == 1


@pytest.mark.parametrize(("word", "code"), [("Post", 2), ("=address", 2), ("None=address", 1), ("Post=shoe", 1)])
def test_a_mapping_that_cannot_be_says_what_there_is(digest: Command, tmp_path: Path, word: str, code: int) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("Post\nana@reader.example\n", encoding="utf-8")

    ran = digest("subscriber", "import", "morning", file, "--consent", "asked", "--map", word)

    assert ran.code == code
    assert ran.err.strip()
