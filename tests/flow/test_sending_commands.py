"""`digest edition pause`, `resume`, `cancel`, `doubts` and `resolve`: what people and machines are told."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest import resources
from digest.cli import wired
from tests.digest.deliver.scripted_server import RESET, ScriptedServer
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import Ran, run
from tests.flow.test_cli import ACCOUNT, EDITION
from tests.flow.walk import drop_news

Command = Callable[..., Ran]


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, sqlite_url: str, tmp_path: Path) -> Command:
    """Give the function that runs a command, on an approved Edition for three readers."""
    config = tmp_path / "config.toml"
    config.write_text(config_text(database_url=sqlite_url), encoding="utf-8")
    drop_news(tmp_path / "news", "aldmere", "brackwater", at=clock.now())
    monkeypatch.setenv("DIGEST_CONFIG", str(config))
    monkeypatch.setattr(wired, "SystemClock", lambda: clock)
    for name in ("ana", "ben", "cleo"):
        assert run("subscriber", "add", "morning", f"{name}@reader.example", "--consent", "asked").code == 0
    for words in (("gather",), ("edition", "prepare", "morning"), ("edition", "approve", "morning")):
        assert run(*words).code == 0
    return run


def relay_at(tmp_path: Path, port: int, more: str = "") -> None:
    config = tmp_path / "config.toml"
    text = re.sub(
        r"port = \d+(\nconnections = 1)?", f"port = {port}\nconnections = 1", config.read_text(encoding="utf-8")
    )
    config.write_text(text.replace("[[newsletter]]", f"{more}[[newsletter]]"), encoding="utf-8")


def sent_through(digest: Command, tmp_path: Path, script: dict[str, Any]) -> list[str]:
    """Send the Edition through a relay with *script*; return to whom it was asked to send."""
    with ScriptedServer(script) as server:
        relay_at(tmp_path, server.port)
        assert digest("edition", "send", "morning").code == 0
        return [command for command in server.commands if command.startswith("RCPT")]


def adds_up(edition: dict[str, Any]) -> bool:
    return bool(edition["intended"] == sum(edition[name] for name in ACCOUNT[1:]))


def test_a_paused_edition_is_not_sent_until_it_is_resumed(digest: Command, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        relay_at(tmp_path, server.port)
        paused = digest("edition", "pause", "morning", "--reason", "a wrong name in the lead", "--json")
        refused = digest("edition", "send", "morning")
        shown = digest("edition", "show", "morning")
        resumed = digest("edition", "resume", "morning", "--json")
        sent = digest("edition", "send", "morning", "--json")

    assert list(paused.json) == list(resumed.json) == [*EDITION, *ACCOUNT]
    assert (paused.json["state"], paused.json["reason"]) == ("paused", "a wrong name in the lead")
    assert refused.code == 1
    assert "is paused (a wrong name in the lead); resume it first" in refused.err
    assert "paused · No. 1 · a wrong name in the lead" in shown.out
    assert (resumed.json["state"], resumed.json["reason"]) == ("approved", "")
    assert (sent.json["state"], sent.json["sent"]) == ("sent", 3)
    assert all(adds_up(ran.json) for ran in (paused, resumed, sent))


def test_pause_and_resume_tell_people_how_it_stands(digest: Command) -> None:
    paused = digest("edition", "pause", "morning")
    resumed = digest("edition", "resume", "morning")

    account = "3 intended = 0 sent + 0 failed + 0 deferred + 0 suppressed + 0 skipped + 0 in doubt + 3 waiting"
    assert paused.out.splitlines()[0].startswith(
        "morning daily 2026-11-23: paused · No. 1 · paused on the command line"
    )
    assert resumed.out.splitlines()[0].startswith("morning daily 2026-11-23: approved · No. 1 ·")
    assert paused.out.splitlines()[1] == resumed.out.splitlines()[1] == account


def test_a_cancelled_edition_is_never_sent(digest: Command, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        relay_at(tmp_path, server.port)
        cancelled = digest("edition", "cancel", "morning", "--reason", "the lead is withdrawn", "--json")
        told = digest("edition", "show", "morning")
        resumed = digest("edition", "resume", "morning")
        sent = digest("edition", "send", "morning")

    assert list(cancelled.json) == [*EDITION, *ACCOUNT]
    assert (cancelled.json["state"], cancelled.json["reason"]) == ("cancelled", "the lead is withdrawn")
    assert (cancelled.json["skipped"], cancelled.json["waiting"], adds_up(cancelled.json)) == (3, 0, True)
    assert "0 sent + 0 failed + 0 deferred + 0 suppressed + 3 skipped + 0 in doubt + 0 waiting" in told.out
    assert (resumed.code, sent.code) == (1, 1)
    assert "cancelled" in resumed.err
    assert "cancelled" in sent.err
    assert server.commands == []


def test_what_is_over_can_be_neither_paused_nor_cancelled(digest: Command, tmp_path: Path) -> None:
    sent_through(digest, tmp_path, {})

    for verb in ("pause", "resume", "cancel"):
        refused = digest("edition", verb, "morning")
        assert refused.code == 1
        assert "sent" in refused.err
        assert "Traceback" not in refused.err


def test_mails_in_doubt_are_listed_with_all_that_is_known(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    sent_through(digest, tmp_path, {"DOT": [RESET, "250 ok", RESET]})

    listed = digest("edition", "doubts", "morning", "--json")
    first = digest("edition", "doubts", "morning", "--limit", "1", "--json")
    shown = digest("edition", "doubts", "morning")

    assert [list(row) for row in listed.json] == [
        ["subscriber", "message_id", "relay", "tried_at", "reason", "said"]
    ] * 2
    numbers = [row["subscriber"] for row in listed.json]
    assert numbers == sorted(numbers)
    for row in listed.json:
        assert re.fullmatch(rf"<1\.{row['subscriber']}\.[a-z2-7]{{8}}@news\.example\.org>", row["message_id"])
        assert (row["relay"], row["reason"]) == ("main", "no reply")
        assert row["tried_at"].startswith(clock.now().isoformat()[:16])
        assert row["said"]
        assert row["message_id"] in shown.out
    assert first.json == listed.json[:1]
    assert shown.out.split("\n", maxsplit=1)[0].split() == [
        "subscriber",
        "Message-ID",
        "relay",
        "tried",
        "at",
        "reason",
        "said",
    ]


def test_where_none_is_in_doubt_that_is_said(digest: Command, tmp_path: Path) -> None:
    sent_through(digest, tmp_path, {})

    assert digest("edition", "doubts", "morning").out == "None is in doubt.\n"
    assert digest("edition", "doubts", "morning", "--json").json == []


def test_mails_in_doubt_are_decided_one_by_one_or_all_at_once(digest: Command, tmp_path: Path) -> None:
    sent_through(digest, tmp_path, {"DOT": RESET})
    numbers = [row["subscriber"] for row in digest("edition", "doubts", "morning", "--json").json]

    arrived = digest("edition", "resolve", "morning", "--as", "sent", "--subscriber", str(numbers[0]), "--json")
    unknown = digest("edition", "resolve", "morning", "--as", "sent", "--subscriber", "999", "--json")
    again = digest("edition", "resolve", "morning", "--as", "again")
    to = sent_through(digest, tmp_path, {})
    shown = digest("edition", "show", "morning", "--json")

    assert list(arrived.json) == [*EDITION, *ACCOUNT, "decided"]
    assert (arrived.json["decided"], arrived.json["sent"], arrived.json["in_doubt"]) == (1, 1, 2)
    assert (unknown.json["decided"], unknown.json["in_doubt"]) == (0, 2)
    assert again.out.splitlines()[0] == "2 mails decided."
    assert "1 sent + 0 failed + 0 deferred + 0 suppressed + 0 skipped + 0 in doubt + 2 waiting" in again.out
    assert len(to) == 2
    assert list(shown.json) == [*EDITION, *ACCOUNT, "draft"]
    assert (shown.json["state"], shown.json["sent"], adds_up(shown.json)) == ("sent", 3, True)


def test_a_newsletter_that_is_spread_goes_out_to_all_when_it_is_sent_by_hand(
    digest: Command, tmp_path: Path, clock: FixedClock
) -> None:
    config = tmp_path / "config.toml"
    text = config.read_text(encoding="utf-8")
    evening = text[text.index("[[newsletter]]") :].replace("Morning", "Evening").replace('"morning"', '"evening"')
    config.write_text(text + evening.replace('zone = "', 'spread_minutes = 60\nzone = "'), encoding="utf-8")
    for number in range(3):
        digest("subscriber", "add", "evening", f"reader{number}@reader.example", "--consent", "asked")
    for words in (("gather",), ("edition", "prepare", "evening"), ("edition", "approve", "evening")):
        assert digest(*words).code == 0

    with ScriptedServer() as server:
        relay_at(tmp_path, server.port)
        sent = digest("edition", "send", "evening", "--json")

    assert (sent.json["state"], sent.json["sent"]) == ("sent", 3)


@pytest.mark.parametrize("words", [["resolve", "morning"], ["resolve", "morning", "--as", "lost"], ["doubts"]])
def test_a_decision_that_is_none_ends_with_code_2(digest: Command, words: list[str]) -> None:
    assert digest("edition", *words).code == 2


def test_a_pace_that_was_set_is_told_and_the_rest_waits(digest: Command, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        relay_at(tmp_path, server.port)
        config = tmp_path / "config.toml"
        config.write_text(
            config.read_text(encoding="utf-8").replace("connections = 1", "connections = 1\nper_day = 2"),
            encoding="utf-8",
        )
        sent = digest("edition", "send", "morning")

    assert sent.code == 0
    assert "2 sent + 0 failed + 0 deferred + 0 suppressed + 0 skipped + 0 in doubt + 1 waiting" in sent.out
    assert "the pace that was set lets nothing through until 2026-11-24 00:00 UTC" in sent.out


def test_a_relay_that_is_left_is_told_in_full_where_another_took_all(digest: Command, tmp_path: Path) -> None:
    with ScriptedServer({"MAIL": "550 5.7.1 who are you"}) as strict, ScriptedServer() as kind:
        second = f'[[relay]]\nname = "kind"\nhost = "127.0.0.1"\nport = {kind.port}\nsecurity = "none"\n\n'
        relay_at(tmp_path, strict.port, second)
        sent = digest("edition", "send", "morning", "--json")

    assert (sent.code, sent.json["sent"]) == (0, 3)
    (told,) = (line for line in sent.err.splitlines() if line.startswith("! "))
    assert "refuses our mail as a whole" in told
    assert "check [smtp] username and password" in told


def test_the_page_of_commands_names_all_of_them_with_their_options() -> None:
    page = (Path(resources.__file__).parent.parent / "docs" / "commands.md").read_text(encoding="utf-8")

    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `edition ")}
    for command, words in {
        "edition test SLUG": ["--to", "--sections", "--as", "`mails`", "`state`", "`said`"],
        "edition pause SLUG": ["--reason", "edition |"],
        "edition resume SLUG": ["edition |"],
        "edition cancel SLUG": ["--reason", "skipped", "edition |"],
        "edition doubts SLUG": [
            "--limit",
            "`subscriber`",
            "`message_id`",
            "`relay`",
            "`tried_at`",
            "`reason`",
            "`said`",
        ],
        "edition resolve SLUG --as sent\\|again": ["--subscriber", "`decided`"],
    }.items():
        assert [word for word in words if word not in rows[command]] == []
