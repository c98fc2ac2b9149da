"""The journal: what was written down is read back after a kill, and nothing is claimed that was not done."""

import fcntl
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver import journal as journals
from digest.deliver import retry
from digest.deliver.journal import Journal, JournalFailed, Left, Told, left_behind
from digest.model.delivery import MOVES, OPEN, DeliveryState, Reason, Settlement

NEXT = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)
#: What relays say, as it comes to the journal: on one line, but else whatever they like.
REPLIES = (
    "",
    "2.0.0 queued as 4F",
    "-",
    "R 1.1 1 sent",
    "  two  blanks ",
    "é 漢字 🙂 \u202e",
    "x" * 500,
    "1 2 3 4 5 6 7 8 9",
)


def settlement(state: DeliveryState, key: str = "1.7", **traits: Any) -> Settlement[str]:
    usual = {"next_at": NEXT if state in OPEN else None, "is_attempt": True, "lease_no": 3}
    return Settlement(**{**usual, "key": key, "state": state, **traits})


def told(path: Path) -> dict[str, Told]:
    """Return what the file at *path* tells, by key; its sender need not have gone."""
    with Left(path, os.open(path, os.O_RDWR)) as left:
        found = left.told()
    by_key = {each.key: each for each in found}
    assert len(by_key) == len(found)
    return by_key


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, "host:1:digests:abcd", "deliveries")


@pytest.mark.parametrize("reply", REPLIES, ids=ascii)
@pytest.mark.parametrize("state", sorted(MOVES[DeliveryState.CLAIMED]))
def test_every_state_is_read_back_as_it_was_written(journal: Journal, state: DeliveryState, reply: str) -> None:
    fate = settlement(state, reply=reply, code=250, relay="main", reason=Reason.NO_REPLY)

    journal.began("1.7", 3)
    journal.ended("1.7", fate)

    assert told(journal.path) == {"1.7": Told(key="1.7", lease_no=3, settlement=settlement(state, **_kept(fate)))}


def _kept(fate: Settlement[str]) -> dict[str, Any]:
    return {"reply": fate.reply[:200], "code": fate.code, "relay": fate.relay, "reason": fate.reason}


@settings(max_examples=200, deadline=None)
@given(
    reply=st.text().map(retry.anonymous),
    reason=st.none() | st.sampled_from(Reason),
    code=st.none() | st.integers(200, 599),
    is_attempt=st.booleans(),
    relay=st.sampled_from(["", "main", "relay-2"]),
)
def test_whatever_a_relay_said_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    reply: str,
    reason: Reason | None,
    code: int | None,
    is_attempt: bool,
    relay: str,
) -> None:
    path = tmp_path_factory.mktemp("journals")
    journal = Journal(path, "one", "deliveries")
    fate = settlement(DeliveryState.FAILED, reply=reply, reason=reason, code=code, is_attempt=is_attempt, relay=relay)

    journal.ended("1.7", fate)
    journal.close(is_settled=False)

    assert told(journal.path)["1.7"].settlement == fate


def test_the_last_word_on_a_mail_counts(journal: Journal) -> None:
    journal.began("1.7", 3)
    journal.ended("1.7", settlement(DeliveryState.PLANNED, is_attempt=False))
    journal.began("1.7", 3)
    journal.began("1.8", 1)
    journal.ended("1.8", settlement(DeliveryState.DEFERRED, "1.8", lease_no=1))
    journal.ended("1.8", settlement(DeliveryState.SENT, "1.8", lease_no=2))

    found = told(journal.path)

    assert found["1.7"].settlement is None
    sent = found["1.8"].settlement
    assert sent is not None
    assert (sent.state, sent.lease_no) == (DeliveryState.SENT, 2)


def test_a_journal_cut_at_any_byte_is_read_and_claims_no_more_than_it_says(journal: Journal, tmp_path: Path) -> None:
    head = journal.path.stat().st_size
    journal.began("1.7", 13)
    begun = journal.path.stat().st_size
    journal.ended("1.7", settlement(DeliveryState.SENT, lease_no=13, code=250, reply="2.0.0 queued é as 4F"))
    whole = journal.path.read_bytes()

    for length in range(len(whole) + 1):
        cut = tmp_path / "cut.journal"
        cut.write_bytes(whole[:length])

        found = told(cut)

        if length < begun:
            assert found == {}
        elif length < len(whole):
            assert found["1.7"].settlement is None
        else:
            fate = found["1.7"].settlement
            assert fate is not None
            assert fate.state is DeliveryState.SENT
        with Left(cut, os.open(cut, os.O_RDWR)) as left:
            assert (left.kind == "deliveries") == (length >= head)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"S",
        b"S 1.8",
        b"S 1.8 x",
        b"S 1.8 1 1",
        b"R 1.8",
        b"R 1.8 1 claimed - - 1 250 main ok",
        b"R 1.8 1 sent - - 1",
        b"R 1.8 1 sent no_such_reason - 1 250 main ok",
        b"R 1.8 1 sent - 1763880000 1 250 main ok",
        b"R 1.8 1 deferred - - 1 450 main later",
        b"R 1.8 1 deferred - never 1 450 main later",
        b"R 1.8 1 deferred - 99999999999999999 1 450 main later",
        b"T 1.8 1",
        b"\xff\xfe\0\x80",
        b"digest-journal 1 deliveries one",
    ],
    ids=ascii,
)
def test_a_line_of_rubbish_tells_nothing_and_those_around_it_are_read(journal: Journal, line: bytes) -> None:
    journal.began("1.7", 3)
    with journal.path.open("ab") as file:
        file.write(line + b"\n")
    journal.began("1.9", 1)

    assert told(journal.path).keys() == {"1.7", "1.9"}


@pytest.mark.parametrize("head", [b"", b"\n", b"digest-journal 2 deliveries one\n", b"hello\n", b"\xff\0\n"], ids=ascii)
def test_a_file_that_is_none_of_ours_has_no_kind(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "one.journal").write_bytes(head + b"S 1.7 1\n")

    (left,) = ((left.kind, left.owner) for left in left_behind(tmp_path))

    assert left == ("", "")


def test_the_journal_of_a_living_sender_is_left_alone(journal: Journal, tmp_path: Path) -> None:
    journal.began("1.7", 3)

    while_it_lives = [left.path for left in left_behind(tmp_path)]
    journal.close(is_settled=False)
    after_that = [(left.kind, left.owner, [each.key for each in left.told()]) for left in left_behind(tmp_path)]

    assert while_it_lives == []
    assert after_that == [("deliveries", "host:1:digests:abcd", ["1.7"])]


def test_a_journal_is_deleted_when_all_of_it_stands_in_the_database(journal: Journal, tmp_path: Path) -> None:
    journal.began("1.7", 3)

    journal.close(is_settled=True)

    assert list(tmp_path.iterdir()) == []


def test_a_long_journal_is_begun_anew_with_what_is_still_open(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "LONGEST", 2000)
    journal.began("9.1", 1)
    journal.ended("9.2", settlement(DeliveryState.FAILED, "9.2", reply="é no"))
    for number in range(100):
        key = f"1.{number}"
        journal.began(key, 1)
        journal.ended(key, settlement(DeliveryState.SENT, key, lease_no=1))
        journal.committed([key])
    journal.began("9.3", 1)

    assert [path.name for path in tmp_path.iterdir()] == [journal.path.name]
    assert journal.path.stat().st_size < 2200
    assert {"9.1", "9.2", "9.3"} <= told(journal.path).keys()
    assert list(left_behind(tmp_path)) == []


def test_a_journal_that_was_begun_anew_in_this_moment_belongs_to_a_living_sender(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "LONGEST", 0)
    lock = fcntl.flock

    def lock_after_it_was_begun_anew(file: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        journal.committed([])
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", lock_after_it_was_begun_anew)

    found = [left.path for left in left_behind(tmp_path)]

    assert found == []
    assert journal.path.exists()


def test_a_file_that_cannot_be_opened_keeps_no_other_from_being_read(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "a-folder.journal").mkdir()
    journal.close(is_settled=False)

    assert [left.owner for left in left_behind(tmp_path)] == ["host:1:digests:abcd"]


def full(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Let the disk take *room* bytes of each write."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:room]))


@pytest.mark.parametrize("room", [0, 1, 5, 7])
def test_a_full_disk_is_told_and_the_torn_line_claims_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    with monkeypatch.context() as patch:
        full(patch, room)
        with pytest.raises(JournalFailed, match=r"No space left on device.*make room"):
            journal.began("1.7", 3)
    assert told(journal.path) == {}

    journal.ended("1.9", settlement(DeliveryState.SENT, "1.9"))

    assert told(journal.path).keys() == {"1.9"}


@pytest.mark.parametrize("room", range(1, 43, 4))
def test_a_torn_reply_leaves_its_mail_in_doubt_until_it_is_told_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    journal.began("1.7", 3)
    with monkeypatch.context() as patch:
        full(patch, room)
        with pytest.raises(JournalFailed):
            journal.ended("1.7", settlement(DeliveryState.SENT, code=250, relay="main", reply="2.0.0 ok, got it"))
    journal.began("1.9", 1)

    assert {key: each.settlement for key, each in told(journal.path).items()} == {"1.7": None, "1.9": None}


def test_a_mail_whose_beginning_was_not_written_is_not_open_when_the_journal_is_begun_anew(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        full(patch, 3)
        with pytest.raises(JournalFailed):
            journal.began("1.7", 3)
    monkeypatch.setattr(journals, "LONGEST", 0)

    journal.committed([])

    assert told(journal.path) == {}


def test_a_journal_that_cannot_be_begun_anew_goes_on_as_it_is(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "LONGEST", 0)
    journal.began("1.7", 3)
    with monkeypatch.context() as patch:
        full(patch, 3)
        journal.committed([])
    journal.began("1.8", 1)

    assert told(journal.path).keys() == {"1.7", "1.8"}
    assert [path.name for path in tmp_path.iterdir()] == [journal.path.name]


def test_a_disk_that_does_not_take_what_is_synced_is_told(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(file: int) -> None:
        raise OSError(5, "Input/output error")

    journal.began("1.7", 3)
    monkeypatch.setattr(os, "fdatasync", fails)

    with pytest.raises(JournalFailed, match="Input/output error"):
        journal.sync(now=float("inf"))


def test_a_journal_is_synced_once_for_what_was_appended(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    journal.sync(now=1e9)
    journal.began("1.7", 3)

    journal.sync(now=1e9)
    journal.sync(now=2e9)

    assert len(synced) == 1


def test_a_folder_that_cannot_hold_a_journal_is_told_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(JournalFailed, match=r"cannot be made .* check the folder"):
        Journal(tmp_path / "file" / "journals", "one", "deliveries")


@pytest.mark.parametrize("owner", ["", "a b", "a/b", "a\nb", "x" * 101])
def test_a_name_that_would_break_the_head_is_refused(tmp_path: Path, owner: str) -> None:
    with pytest.raises(ValueError, match="cannot name a journal"):
        Journal(tmp_path, owner, "deliveries")


def test_a_real_limit_of_file_size_is_a_full_disk(tmp_path: Path) -> None:
    program = """
import resource, signal, sys
from pathlib import Path
from digest.deliver.journal import Journal, JournalFailed
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]), "one", "deliveries")
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
done = 0
try:
    for done in range(100):
        journal.began(f"1.{done}", 1)
except JournalFailed:
    print(done)
"""

    ran = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)

    assert ran.stderr == ""
    assert told(tmp_path / "one.journal").keys() == {f"1.{number}" for number in range(int(ran.stdout))}
