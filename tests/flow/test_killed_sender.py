"""A sender that is killed: nobody gets the mail twice, nobody is left out, and few are in doubt."""

import json
import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest

from digest.services import Services
from tests.conftest import MakeServices
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import PROGRAM
from tests.flow.walk import approved, drop_news, subscribe

READERS = 60
CONNECTIONS = 4


class SlowRelay(socketserver.ThreadingTCPServer):
    """A relay that takes its time over each message, and counts the messages that it took, by Message-ID."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.took: Counter[str] = Counter()
        self.enough = threading.Event()
        #: How many messages a test waits for.
        self.wanted = 10
        self.delay = 0.02

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_fault: object) -> None:
        self.shutdown()
        self.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    server: SlowRelay
    answers: ClassVar = {b"EHLO": b"250-relay.example\r\n250 PIPELINING", b"DATA": b"354 go", b"QUIT": b"221 bye"}

    def handle(self) -> None:
        try:
            self.say(b"220 relay.example")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                self.say(self.answers.get(verb, b"250 ok"))
                if verb == b"DATA":
                    self.take()
        except OSError:
            pass

    def take(self) -> None:
        message = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            message += line
        found = re.search(rb"^Message-ID: <(.*)>", message, re.MULTILINE)
        assert found is not None
        self.server.took[found[1].decode()] += 1
        if self.server.took.total() >= self.server.wanted:
            self.server.enough.set()
        time.sleep(self.server.delay)
        self.say(b"250 2.0.0 queued")

    def say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


@pytest.fixture
def relay() -> Iterator[SlowRelay]:
    with SlowRelay() as started:
        yield started


@pytest.fixture
def services(
    make_services: MakeServices, database_url: str, clock: FixedClock, relay: SlowRelay, tmp_path: Path
) -> Services:
    """Give services with an approved Edition for so many readers; its config.toml names the slow relay."""
    services = make_services(database_url)
    drop_news(tmp_path / "news", "aldmere", "corvane", at=clock.now())
    for number in range(READERS):
        subscribe(services, f"reader{number}")
    approved(services)
    config = config_text(database_url=database_url, smtp_port=relay.server_address[1])
    (tmp_path / "config.toml").write_text(
        config.replace("timeout_seconds = 5", f"timeout_seconds = 5\nconnections = {CONNECTIONS}"), encoding="utf-8"
    )
    return services


def sender(tmp_path: Path, day: str) -> subprocess.Popen[str]:
    """Start `digest edition send` in a process of its own."""
    words = [*PROGRAM, "--config", str(tmp_path / "config.toml"), "edition", "send", "morning", "--date", day, "--json"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    )


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    told: dict[str, Any] = json.loads(out)
    return told


def test_after_kills_nobody_gets_it_twice_nobody_is_left_out_and_few_are_in_doubt(
    services: Services, clock: FixedClock, relay: SlowRelay, tmp_path: Path
) -> None:
    day, kills = str(clock.now().date()), 2
    for kill in range(kills):
        relay.wanted = 10 * (kill + 1)
        relay.enough.clear()
        process = sender(tmp_path, day)
        assert relay.enough.wait(30), process.communicate()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    relay.delay = 0

    told = ended(sender(tmp_path, day))

    assert told["intended"] == READERS
    assert told["sent"] + told["in_doubt"] == READERS
    assert told["in_doubt"] <= CONNECTIONS * kills
    assert set(relay.took.values()) == {1}
    assert told["sent"] <= relay.took.total() <= READERS
    assert list((tmp_path / "state" / "journals").iterdir()) == []


def test_a_sender_that_is_asked_to_end_finishes_what_is_in_flight_and_leaves_nothing_in_doubt(
    services: Services, clock: FixedClock, relay: SlowRelay, tmp_path: Path
) -> None:
    day = str(clock.now().date())
    process = sender(tmp_path, day)
    assert relay.enough.wait(30), process.communicate()
    process.send_signal(signal.SIGTERM)

    stopped = ended(process)
    taken = relay.took.total()
    relay.delay = 0
    told = ended(sender(tmp_path, day))

    assert (stopped["in_doubt"], stopped["sent"]) == (0, taken)
    assert 10 <= taken < READERS
    assert stopped["waiting"] == READERS - taken
    assert (told["sent"], told["state"]) == (READERS, "sent")
    assert len(relay.took) == relay.took.total() == READERS
    assert list((tmp_path / "state" / "journals").iterdir()) == []
