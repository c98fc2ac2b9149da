"""The mailbox of reports: read in slices, recorded before it is marked, and stopped by no single mail."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from digest import jobs, report_box, returns
from digest.database import Session
from digest.deliver import verp
from digest.deliver.bounce import Report, mailbox
from digest.deliver.bounce.mailbox import MailboxFailed
from digest.deliver.bounce.parsing import LARGEST, WINDOW
from digest.model.bounces import AfterReading, ReportBox
from digest.model.ids import EditionId, SubscriberId
from digest.model.relay import Security
from digest.services import Services
from subscribers import bounces
from tests.conftest import MakeServices
from tests.digest.deliver.bounce import returned
from tests.digest.deliver.scripted_imap import ScriptedImap


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str) -> Services:
    return make_services(sqlite_url)


def report(services: Services, number: int) -> bytes:
    """Return a bounce of Edition 1 for the reader *number*."""
    token = verp.token((EditionId(1), SubscriberId(number)), secret=services.keys.message)
    return returned.notification().replace(returned.TOKEN.encode(), token.encode())


def box(server: ScriptedImap, **traits: Any) -> ReportBox:
    values: dict[str, Any] = {"security": Security.NONE, "username": "reports", "password": "secret", **traits}
    return ReportBox(host="127.0.0.1", port=server.port, timeout=timedelta(seconds=5), **values)


def look(services: Services, server: ScriptedImap, **traits: Any) -> Counter[str]:
    counts: Counter[str] = Counter()
    report_box.look_through(services, box(server, **traits), counts, threading.Event())
    return counts


def recorded(services: Services) -> int:
    with services.reading() as session:
        return sum(bounces.counts(session, services.clock.now() - timedelta(days=1)).values())


def failing(verb: str, *, times: int = 1, after: int = 0, reply: str | None = None) -> Callable[[str, str], str | None]:
    """Break the connection at *verb*, or answer *reply*, so many *times*, *after* so many commands of that name."""
    seen: Counter[str] = Counter()

    def decide(name: str, _rest: str) -> str | None:
        seen[name] += 1
        if name == verb and after < seen[name] <= after + times:
            if reply is None:
                raise ConnectionError
            return reply
        return None

    return decide


def test_a_mailbox_of_a_thousand_reports_is_read_in_slices(services: Services) -> None:
    with ScriptedImap.holding(*(report(services, number) for number in range(1000))) as server:
        counts = look(services, server)

        assert counts == {"unknown_reader": 1000, "unreadable": 0}
        assert server.unseen == []
        stores = [command for command in server.commands if command.startswith("STORE")]
        assert len(stores) == 1000 / mailbox.SLICE
    assert recorded(services) == 1000


@pytest.mark.parametrize("after", list(AfterReading))
@pytest.mark.parametrize("capabilities", ["IMAP4rev1", "IMAP4rev1 UIDPLUS", "IMAP4rev1 UIDPLUS MOVE"])
def test_read_mails_are_left_moved_or_deleted_as_the_settings_say(
    services: Services, monkeypatch: pytest.MonkeyPatch, after: AfterReading, capabilities: str
) -> None:
    monkeypatch.setattr(mailbox, "SPAN", 7)
    monkeypatch.setattr(mailbox, "SLICE", 3)
    raws = [report(services, number) for number in range(20)]
    with ScriptedImap.holding(*raws, capabilities=capabilities) as server:
        look(services, server, after=after)

        left = {AfterReading.SEEN: 20, AfterReading.MOVE: 0, AfterReading.DELETE: 0}[after]
        assert len(server.mails) == left
        assert server.unseen == []
        moved = len(server.folders.get('"Read"', []))
        assert moved == (20 if after is AfterReading.MOVE else 0)
    assert recorded(services) == 20


def test_a_second_look_reads_nothing_again(services: Services) -> None:
    with ScriptedImap.holding(report(services, 1)) as server:
        look(services, server)
        server.commands.clear()

        assert look(services, server).total() == 0
        assert not [command for command in server.commands if command.startswith("FETCH")]


def test_one_poison_mail_stops_no_other_and_is_kept_for_a_person(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = returns.record

    def stumble(services: Services, session: Session, report: Report) -> returns.Taken:
        if report.token is not None and report.token.startswith("1.3."):
            raise RuntimeError("this one")
        return record(services, session, report)

    monkeypatch.setattr(returns, "record", stumble)
    with ScriptedImap.holding(*(report(services, number) for number in range(6))) as server:
        counts = look(services, server, after=AfterReading.DELETE)

        assert (counts["unknown_reader"], counts["unreadable"]) == (5, 1)
        (kept,) = server.mails
        assert kept.flags == {"\\Seen", "\\Flagged"}
    assert recorded(services) == 5


def test_what_cannot_be_read_is_flagged_and_the_rest_goes_on(services: Services) -> None:
    raws = [b"\r\n", report(services, 1), b"x" * (LARGEST + 1)]
    with ScriptedImap.holding(*raws) as server:
        counts = look(services, server, after=AfterReading.DELETE)

        assert (counts["unknown_reader"], counts["unreadable"]) == (1, 2)
        assert [mail.flags for mail in server.mails] == [{"\\Seen", "\\Flagged"}] * 2


def test_of_a_large_mail_only_the_beginning_is_fetched(services: Services) -> None:
    raw = report(services, 1) + b"the mail that came back\r\n" * 100_000
    with ScriptedImap.holding(raw) as server:
        assert look(services, server)["unknown_reader"] == 1
        assert f"FETCH 3 (RFC822.SIZE BODY.PEEK[]<0.{WINDOW}>)" in server.commands


@pytest.mark.parametrize("verb", ["SEARCH", "FETCH", "STORE"])
def test_after_a_lost_connection_the_next_look_ends_the_work_and_counts_nothing_twice(
    services: Services, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(mailbox, "SLICE", 5)
    with ScriptedImap.holding(*(report(services, number) for number in range(20))) as server:
        server.on_command = failing(verb, after=1)
        with pytest.raises(MailboxFailed, match=r"the mailbox INBOX at 127\.0\.0\.1"):
            look(services, server)
        server.on_command = lambda _name, _rest: None

        look(services, server)

        assert server.unseen == []
    assert recorded(services) == 20


def test_a_mail_that_the_server_does_not_give_is_passed_over(services: Services) -> None:
    with ScriptedImap.holding(*(report(services, number) for number in range(3))) as server:
        server.on_command = failing("FETCH", after=1, reply="NO it is gone")

        counts = look(services, server)

    assert (counts["unknown_reader"], counts["unreadable"]) == (2, 1)


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({"password": "wrong"}, "check .* imap_username and imap_password"),
        ({"folder": "Nowhere"}, "open the folder Nowhere"),
        ({"folder": "Zürich"}, "in ASCII"),
        ({"security": Security.STARTTLS}, "the mailbox INBOX"),
    ],
)
def test_a_mailbox_that_cannot_be_opened_says_why_without_the_password(
    services: Services, traits: dict[str, Any], words: str
) -> None:
    with ScriptedImap.holding(report(services, 1)) as server:
        with pytest.raises(MailboxFailed, match=words) as fault:
            look(services, server, **traits)

        assert "secret" not in str(fault.value)
        assert server.unseen == [3]


def test_a_server_that_is_not_there_is_told_in_one_sentence(services: Services) -> None:
    with ScriptedImap() as server:
        gone = box(server)

    with pytest.raises(MailboxFailed, match="refused"):
        report_box.look_through(services, gone, Counter(), threading.Event())


def test_a_look_that_is_told_to_stop_ends_after_its_slice(services: Services) -> None:
    stop = threading.Event()
    stop.set()
    with ScriptedImap.holding(*(report(services, number) for number in range(200))) as server:
        report_box.look_through(services, box(server), Counter(), stop)

        assert len(server.unseen) == 200 - mailbox.SLICE


def test_the_job_looks_into_the_mailbox_of_the_settings(make_services: MakeServices, sqlite_url: str) -> None:
    with ScriptedImap() as server:
        settings = f"""
            [bounces]
            imap_host = "127.0.0.1"
            imap_port = {server.port}
            imap_security = "none"
            imap_username = "reports"
            imap_password = "secret"
        """
        services = make_services(sqlite_url, more_site=settings)
        server.mails += ScriptedImap.holding(report(services, 1), returned.notification()).mails

        assert jobs.run("bounces", services)["unknown_reader"] == 1
        assert server.unseen == []


def test_the_job_has_nothing_to_do_without_a_mailbox(services: Services) -> None:
    assert jobs.run("bounces", services) == {"faults": 0}
