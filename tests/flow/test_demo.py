"""`digest demo` brings the sample newspaper to the inbox, once and for all, and fails when the chain does."""

import subprocess
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from digest.demo.day import Day, Outcome
from digest.demo.ports import Ports
from digest.demo.readers import SAMPLE_READERS
from digest.model.edition import EditionState
from tests.fakes import FixedClock
from tests.flow.console import PROGRAM, run

#: Others' demos have the usual ports; each of these tests keeps to ports of its own.
FREE = Ports(0, 0, 0, 0)

Lived = tuple[Path, subprocess.CompletedProcess[str]]


def inbox(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (directory / "inbox").glob("*.eml")}


def mails(directory: Path) -> list[EmailMessage]:
    return [message_from_bytes(content, policy=policy.default) for _, content in sorted(inbox(directory).items())]


def digests(directory: Path) -> list[EmailMessage]:
    return [mail for mail in mails(directory) if mail["List-Unsubscribe-Post"]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Live one day of the sample newspaper in a process of its own."""
    directory = tmp_path_factory.mktemp("demo")
    FREE.keep(directory)
    command = [*PROGRAM, "demo", "--once", "--dir", str(directory)]
    return directory, subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_demo_ends_well_and_says_where_everything_is(lived: Lived) -> None:
    directory, ran = lived

    assert ran.returncode == 0, ran.stderr
    for place in (directory / "inbox", directory / "config.toml"):
        assert str(place) in ran.stdout
        assert place.exists()
    assert "FAULT" not in ran.stderr
    assert "Traceback" not in ran.stderr


def test_every_reader_has_confirmed_been_greeted_and_got_what_they_asked_for(lived: Lived) -> None:
    directory, _ = lived
    addresses = {reader.address for reader in SAMPLE_READERS}

    got = [str(mail["To"].addresses[0].addr_spec) for mail in digests(directory)]
    others = [str(mail["To"].addresses[0].addr_spec) for mail in mails(directory) if not mail["List-Unsubscribe-Post"]]

    assert len(got) == len(set(got)) > 1
    assert set(got) <= addresses
    assert sorted(others) == sorted([*addresses, *addresses])


def test_each_digest_can_be_left_with_one_click_and_has_two_parts(lived: Lived) -> None:
    directory, _ = lived

    for mail in digests(directory):
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["List-Unsubscribe"].startswith("<http")
        parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
        assert all(part is not None and len(part.get_content()) > 500 for part in parts)


def test_the_demos_config_serves_every_other_command(lived: Lived) -> None:
    directory, _ = lived

    shown = run("--config", directory / "config.toml", "edition", "show", "lantern", "--json")

    edition = shown.json
    assert shown.code == 0
    assert (edition["state"], edition["sent"], edition["failed"]) == ("sent", len(digests(directory)), 0)
    assert edition["sources_answered"] == edition["sources_asked"] > 5


def test_a_second_demo_sends_nothing_more_and_one_with_a_lost_mail_fails(lived: Lived) -> None:
    directory, _ = lived
    before = inbox(directory)

    again = run("demo", "--once", "--dir", directory)
    after = inbox(directory)
    lost = next(name for name, content in before.items() if b"List-Unsubscribe-Post" in content)
    (directory / "inbox" / lost).unlink()
    broken = run("demo", "--once", "--dir", directory)
    (directory / "inbox" / lost).write_bytes(before[lost])

    assert (again.code, after == before) == (0, True)
    count = len(digests(directory))
    assert broken.code == 1
    assert f"FAULT: {count} digests were sent but {count - 1} lie in the inbox" in broken.err


def live(directory: Path, clock: FixedClock) -> Outcome:
    """Live one day of the sample newspaper in this process."""
    with Day(directory, clock).open() as day:
        day.sign_up_readers(lambda _: None)
        gathered = day.gather(lambda *_: None)
        clock.advance(timedelta(minutes=1))
        edition_id = day.prepare()
        day.approve(edition_id)
        return day.outcome(gathered, day.send(edition_id, lambda _: None))


def test_a_demo_of_the_next_day_has_no_fresh_news_and_says_so(tmp_path: Path) -> None:
    clock = FixedClock()
    FREE.keep(tmp_path)
    first = live(tmp_path, clock)

    clock.advance(timedelta(days=1))
    second = live(tmp_path, clock)

    assert first.faults == second.faults == ()
    assert first.state is EditionState.SENT
    assert second.state is EditionState.SKIPPED
    assert second.reason.startswith("too little news")
    assert second.mails == first.mails
