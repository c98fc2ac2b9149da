"""What an unlucky machine does to a sending: killed in the middle, it loses no mail unnoticed and sends none twice."""

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from email.parser import BytesHeaderParser
from pathlib import Path

import pytest

from digest import calendar, jobs, pipeline, sending
from digest.clock import SystemClock
from digest.demo.inbox import Inbox
from digest.model.delivery import Account
from digest.model.ids import EditionId
from digest.services import Services
from digest.store import deliveries
from subscribers import address, signup
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.signup import SignupWish
from tests.conftest import MakeServices
from tests.factories import write_feed
from tests.fakes import FixedClock

READERS = 240
DAY = date(2026, 11, 23)
#: Longer than a sender holds its mails without a word.
LEASE_OVER = timedelta(minutes=31)
#: Within which a real process must have sent what a test waits for.
PATIENCE_SECONDS = 120


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path / "inbox", port=0, keep=10 * READERS) as started:
        yield started


def subscribe_readers(services: Services) -> None:
    with services.session() as session:
        for number in range(READERS):
            wish = SignupWish(
                newsletter="morning",
                address=address.parse(f"reader{number}@reader.example", allow_special=True),
                language="en",
                time_zone="Europe/Berlin",
            )
            signup.add(
                session,
                wish,
                Evidence(wording="asked in person", source="test"),
                fingerprint_key=services.keys.fingerprint,
                now=services.clock.now(),
            )


def approved_edition(services: Services, tmp_path: Path) -> EditionId:
    story = ("Aldmere council settles the quarry dispute", "https://aldmere.example/quarry")
    write_feed(tmp_path / "news", story, published=services.clock.now() - timedelta(hours=2))
    subscribe_readers(services)
    pipeline.gather_due(services)
    newsletter = services.newsletter("morning")
    today = calendar.local_date(services.clock.now(), newsletter.schedule.zone)
    made = pipeline.prepare_edition(services, newsletter, Cadence.DAILY, today)
    pipeline.approve(services, made.edition_id, by="anna@desk.example")
    return made.edition_id


def ended_by(number: signal.Signals, *command: str, inbox: Inbox, after: int) -> int:
    """Run the real *command* in a process of its own, end it once *after* mails have arrived; return its exit code."""
    with subprocess.Popen(
        [sys.executable, "-c", "from digest.cli.main import main; main()", *command],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as sender:
        until = time.monotonic() + PATIENCE_SECONDS
        while len(inbox.files()) < after and sender.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        enough = len(inbox.files()) >= after
        sender.send_signal(number if enough else signal.SIGKILL)
    assert enough, f"only {len(inbox.files())} mails had arrived after {PATIENCE_SECONDS} seconds"
    return sender.returncode


def arrived(inbox: Inbox) -> Counter[str]:
    """Count the mails by Message-ID, which is one and the same on every attempt."""
    return Counter(str(BytesHeaderParser().parsebytes(path.read_bytes())["Message-ID"]) for path in inbox.files())


def account(services: Services, edition_id: EditionId) -> Account:
    with services.reading() as session:
        return deliveries.account(session, edition_id)


def test_a_sender_killed_again_and_again_loses_nothing_unnoticed_and_sends_nothing_twice(
    make_services: MakeServices, database_url: str, clock: FixedClock, inbox: Inbox, tmp_path: Path
) -> None:
    services = make_services(database_url, smtp_port=inbox.port)
    edition_id = approved_edition(services, tmp_path)

    send = ("--config", str(tmp_path / "config.toml"), "edition", "send", "morning", "--date", DAY.isoformat())
    ends = [ended_by(signal.SIGKILL, *send, inbox=inbox, after=len(inbox.files()) + more) for more in (30, 60)]
    meanwhile = account(services, edition_id)
    clock.set(SystemClock().now() + LEASE_OVER)
    jobs.run("leases", services)
    sending.send_edition(services, edition_id, every_wave=True)

    ended = account(services, edition_id)
    assert ends == [-signal.SIGKILL, -signal.SIGKILL]
    assert meanwhile.adds_up
    assert meanwhile.waiting > 0
    assert ended == Account(intended=READERS, sent=ended.sent, in_doubt=READERS - ended.sent)
    assert 0 < ended.in_doubt <= 2 * 50  # what a sender holds at once
    assert set(arrived(inbox).values()) == {1}
    assert ended.sent <= len(arrived(inbox)) <= READERS


def test_a_service_that_is_asked_to_end_settles_what_it_has_sent_and_leaves_nothing_in_doubt(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox, tmp_path: Path
) -> None:
    clock.set(SystemClock().now())
    services = make_services(
        sqlite_url, smtp_port=inbox.port, at="00:00", zone="UTC", more_site='listen = "127.0.0.1:0"'
    )
    edition_id = approved_edition(services, tmp_path)

    end = ended_by(signal.SIGTERM, "--config", str(tmp_path / "config.toml"), "run", inbox=inbox, after=30)
    meanwhile = account(services, edition_id)
    rest = sending.send_edition(services, edition_id, every_wave=True)

    assert end == 0
    assert meanwhile == Account(intended=READERS, sent=meanwhile.sent, waiting=READERS - meanwhile.sent)
    assert 30 <= meanwhile.sent < READERS
    assert rest.account == Account(intended=READERS, sent=READERS)
    assert set(arrived(inbox).values()) == {1}
