"""`digest staff …` as somebody at a terminal uses it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from digest.cli import wired
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import Ran, run

PASSWORD = "correct horse battery\n"
Command = Callable[..., Ran]


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, sqlite_url: str, tmp_path: Path) -> Command:
    """Give the function that runs a command, with a config.toml of its own and the fixed clock."""
    (tmp_path / "news").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(config_text(database_url=sqlite_url), encoding="utf-8")
    monkeypatch.setenv("DIGEST_CONFIG", str(config))
    monkeypatch.setattr(wired, "SystemClock", lambda: clock)
    return run


def test_an_operator_runs_the_whole_life_of_an_account(digest: Command) -> None:
    digest("staff", "add", "otto@desk.example", "--role", "operator", "--password-stdin", typed=PASSWORD)
    invited = digest("staff", "invite", "Ina@desk.example", "--name", "Ina", "--json")
    promoted = digest("staff", "role", "ina@desk.example", "operator", "--json")
    renewed = digest("staff", "password", "ina@desk.example", "--password-stdin", "--json", typed=PASSWORD)
    removed = digest("staff", "remove", "ina@desk.example", "--yes", "--json")
    listed = digest("staff", "list", "--json")
    trail = digest("staff", "audit", "--json")

    assert {done.code for done in (invited, promoted, renewed, removed)} == {0}
    assert renewed.json == {"changed": True, "email": "ina@desk.example"}
    assert "horse" not in renewed.out + renewed.err
    assert listed.json == [
        {
            "email": "otto@desk.example",
            "name": "",
            "role": "operator",
            "second_factor": False,
            "last_sign_in": None,
        }
    ]
    assert [(entry["by"], entry["act"], entry["about"]) for entry in trail.json] == [
        ("command line", "remove account", "ina@desk.example"),
        ("command line", "set password", "ina@desk.example"),
        ("command line", "change role", "ina@desk.example"),
        ("command line", "invite", "ina@desk.example"),
        ("command line", "add account", "otto@desk.example"),
    ]


def test_what_cannot_be_is_told_and_nothing_is_done(digest: Command) -> None:
    digest("staff", "add", "otto@desk.example", "--role", "operator", "--password-stdin", typed=PASSWORD)

    last = digest("staff", "remove", "otto@desk.example", "--yes")
    demoted = digest("staff", "role", "otto@desk.example", "editor")
    unknown = digest("staff", "password", "nobody@desk.example", "--password-stdin", typed=PASSWORD)
    without = digest("staff", "reset-second-factor", "otto@desk.example")
    refused = digest("staff", "remove", "otto@desk.example", typed="n\n")

    assert [ran.code for ran in (last, demoted, unknown, without, refused)] == [1, 1, 1, 1, 0]
    assert "last operator" in last.err
    assert "last operator" in demoted.err
    assert "has no account" in unknown.err
    assert "nothing to reset" in without.err
    assert "Nothing was removed" in refused.err
    assert len(digest("staff", "list", "--json").json) == 1
    assert "command line" in digest("staff", "audit").out
