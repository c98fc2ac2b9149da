"""`digest bounce read`: files, mailboxes and a pipe; one object per mail, and no mail stops another."""

import datetime as dt
import mailbox
from pathlib import Path

import pytest

from digest.deliver import verp
from digest.deliver.bounce import parsing
from digest.model.ids import EditionId, SubscriberId
from digest.services import Services
from subscribers import bounces
from subscribers.model import BounceKind
from tests.conftest import MakeServices
from tests.digest.deliver.bounce import returned
from tests.flow.console import run

KEYS = {"file", "kind", "status", "recipients", "token", "verified"}


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    made = make_services(sqlite_url)
    monkeypatch.setenv("DIGEST_CONFIG", str(tmp_path / "config.toml"))
    return made


@pytest.fixture
def ours(services: Services) -> bytes:
    """A hard bounce with a token of ours."""
    token = verp.token((EditionId(42), SubscriberId(7)), secret=services.keys.message)
    return returned.notification().replace(returned.TOKEN.encode(), token.encode())


def kept(services: Services) -> dict[BounceKind, int]:
    with services.reading() as session:
        return dict(bounces.counts(session, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)))


def test_a_bounce_of_ours_is_counted_once(services: Services, ours: bytes, tmp_path: Path) -> None:
    file = tmp_path / "bounce.eml"
    file.write_bytes(ours)

    first, again = run("bounce", "read", file, "--json"), run("bounce", "read", file, "--json")

    assert first.code == 0
    assert first.json == {
        "file": str(file),
        "kind": "hard",
        "status": "5.1.1",
        "recipients": [returned.READER],
        "token": first.json["token"],
        "verified": True,
        "outcome": "unknown_reader",
    }
    assert again.json["outcome"] == "repeated"
    assert kept(services) == {BounceKind.HARD: 1}


def test_a_forged_bounce_is_told_and_not_counted(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "forged.eml"
    file.write_bytes(returned.notification())

    ran = run("bounce", "read", file, "--json")

    assert (ran.json["token"], ran.json["verified"], ran.json["outcome"]) == (returned.TOKEN, False, "not_ours")
    assert kept(services) == {}


def test_a_dry_run_knows_our_tokens_and_counts_nothing(services: Services, ours: bytes, tmp_path: Path) -> None:
    file = tmp_path / "bounce.eml"
    file.write_bytes(ours)

    ran = run("bounce", "read", file, "--json", "--dry-run")

    assert (ran.code, ran.json["verified"]) == (0, True)
    assert kept(services) == {}


def test_a_dry_run_needs_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIGEST_CONFIG", raising=False)
    (tmp_path / "a.eml").write_bytes(returned.complaint())

    ran = run("bounce", "read", "a.eml", "--json", "--dry-run")

    assert ran.code == 0
    assert set(ran.json) == KEYS
    assert (ran.json["kind"], ran.json["verified"]) == ("complaint", None)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.eml"]
    assert run("bounce", "read", "a.eml").code == 2


def test_what_is_logged_never_stands_between_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(_message: object) -> None:
        raise RuntimeError("a detector stumbled")

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIGEST_CONFIG", raising=False)
    monkeypatch.setattr(parsing, "_mended", stumble)
    (tmp_path / "a.eml").write_bytes(returned.notification())

    ran = run("bounce", "read", "a.eml", "--json", "--dry-run")

    assert (ran.code, ran.json["kind"]) == (1, "none")
    assert "RuntimeError" in ran.json["error"]
    assert "could not be read" in ran.err


def test_mails_of_a_mailbox_file_and_a_folder_are_read_one_by_one(tmp_path: Path, services: Services) -> None:
    box, folder = mailbox.mbox(tmp_path / "box"), mailbox.Maildir(tmp_path / "folder")
    for raw in (returned.notification(), returned.complaint(), returned.vacation(Precedence="bulk")):
        box.add(raw)
        folder.add(raw)
    box.close()

    ran = run("bounce", "read", tmp_path / "box", tmp_path / "folder", "--json", "--dry-run")

    kinds = [line["kind"] for line in ran.lines]
    assert kinds[:3] == ["hard", "complaint", "auto-reply"]
    assert sorted(kinds[3:]) == ["auto-reply", "complaint", "hard"]
    assert ran.lines[1]["file"] == f"{tmp_path / 'box'}#2"


def test_a_pipe_gives_the_mail_and_its_recipient(services: Services, ours: bytes) -> None:
    token = verp.token((EditionId(42), SubscriberId(7)), secret=services.keys.message)
    raw = returned.notification(to="postmaster@news.example.org", original="Subject: x\n").decode()

    ran = run("bounce", "read", "-", "--recipient", f"b+{token}@bounce.example.org", "--json", typed=raw)

    assert (ran.json["file"], ran.json["token"], ran.json["verified"]) == ("-", token, True)
    assert kept(services) == {BounceKind.HARD: 1}


def test_one_bad_file_never_stops_the_rest(services: Services, tmp_path: Path) -> None:
    (tmp_path / "empty.eml").write_bytes(b"")
    (tmp_path / "good.eml").write_bytes(returned.notification())

    ran = run("bounce", "read", tmp_path / "none.eml", tmp_path / "empty.eml", tmp_path / "good.eml", "--json")

    assert ran.code == 1
    assert [(line["kind"], "error" in line) for line in ran.lines] == [("none", True), ("none", True), ("hard", False)]
    assert all(set(line) >= KEYS for line in ran.lines)


def test_people_read_one_line_per_mail(services: Services, ours: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(ours)

    ran = run("bounce", "read", tmp_path / "a.eml", tmp_path / "none.eml", "--dry-run")

    assert "hard · 5.1.1 · ana@reader.example · a mail of ours" in ran.out
    assert "none.eml: cannot be read" in ran.err
