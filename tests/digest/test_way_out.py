"""Leavings of the same moment go through one transaction, each is answered for itself, and none is lost."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection

import pytest
from sqlalchemy import event, select

from digest.database import Database, Session
from digest.demo.background import Background, listening
from digest.errors import DatabaseNotReady
from digest.readers.way_out import LARGEST_GROUP, WayOut
from digest.services import Services
from digest.web.app import create_app
from subscribers import unsubscribe
from subscribers.consent import Evidence
from subscribers.model import ConsentEvent, ConsentKind, EndReason, Subscription, SubscriptionState
from subscribers.tokens import Claim, Purpose, sign
from subscribers.unsubscribe import Leaving
from tests.conftest import MakeServices
from tests.digest.deliver.planned import new_readers

EVIDENCE = Evidence(wording="Unsubscribe", source="a test")
SHORT = timedelta(milliseconds=200)
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


def readers(services: Services, count: int) -> list[str]:
    with services.session() as session:
        return [subscription.public_id for subscription in new_readers(session, count)]


def wishes(public_ids: Sequence[str]) -> list[Leaving]:
    return [Leaving(public_id=public_id, evidence=EVIDENCE) for public_id in public_ids]


def leave(way_out: WayOut, leavings: Sequence[Leaving]) -> list[BaseException | None]:
    """Let *leavings* come at the same moment, and return what was raised for each."""

    async def together() -> list[BaseException | None]:
        return await asyncio.gather(*map(way_out.leave, leavings), return_exceptions=True)

    return asyncio.run(together())


def states(services: Services) -> Counter[SubscriptionState]:
    with services.reading() as session:
        return Counter(session.scalars(select(Subscription.state)))


def proofs(services: Services) -> Counter[int]:
    with services.reading() as session:
        told = select(ConsentEvent.subscriber_id).where(ConsentEvent.kind == ConsentKind.WITHDRAWN)
        return Counter(session.scalars(told))


@contextmanager
def counted_commits(database: Database) -> Iterator[list[None]]:
    commits: list[None] = []

    def count(_connection: object) -> None:
        commits.append(None)

    event.listen(database.engine, "commit", count)
    yield commits
    event.remove(database.engine, "commit", count)


@contextmanager
def served(services: Services, way_out: WayOut | None = None) -> Iterator[int]:
    app, socket = create_app(services), listening(0)
    if way_out is not None:
        app.state.way_out = way_out
    with Background(app, [socket]):
        yield socket.getsockname()[1]


def post(port: int, services: Services, public_id: str) -> tuple[int, str, str | None]:
    """Press the button of a mail program; return status, body and Retry-After."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    token = sign(Purpose.UNSUBSCRIBE, Claim(public_id), services.keys.tokens)
    connection.request("POST", f"/u/{token}", b"List-Unsubscribe=One-Click", URLENCODED)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, answer.getheader("Retry-After")


def test_those_who_leave_together_are_written_together_and_once_each(services: Services) -> None:
    public_ids = readers(services, 300)

    with counted_commits(services.database) as commits:
        faults = leave(WayOut(services), wishes([*public_ids, *public_ids[:50]]))

    assert faults == [None] * 350
    assert states(services) == {SubscriptionState.ENDED: 300}
    assert (len(proofs(services)), proofs(services).total()) == (300, 300)
    assert len(commits) == 350 // LARGEST_GROUP + 1


def test_300_mail_programs_at_once_are_all_answered_and_each_reader_left_once(services: Services) -> None:
    public_ids = readers(services, 300)
    answers: list[tuple[int, str, str | None]] = []

    with served(services) as port:

        def press(own: Sequence[str]) -> None:
            answers.extend(post(port, services, public_id) for public_id in own)

        threads = [threading.Thread(target=press, args=(public_ids[n::30],)) for n in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert Counter(answers) == {(200, "You are unsubscribed.\n", None): 300}
    assert states(services) == {SubscriptionState.ENDED: 300}
    assert (len(proofs(services)), proofs(services).total()) == (300, 300)


def test_each_keeps_its_own_reason_and_evidence(services: Services) -> None:
    first, second, gone = readers(services, 3)
    seen = replace(EVIDENCE, network_address="192.0.2.9")
    leave(WayOut(services), wishes([gone]))

    faults = leave(
        WayOut(services),
        [
            Leaving(public_id=first, evidence=seen, reason=EndReason.PAGE),
            *wishes([second, gone, "zzzzzzzzzzzzz"]),
        ],
    )

    assert faults == [None] * 4
    with services.reading() as session:
        found = session.scalars(select(Subscription).order_by(Subscription.id)).all()
        networks = session.scalars(select(ConsentEvent.network_address).order_by(ConsentEvent.subscriber_id)).all()
    assert [one.end_reason for one in found] == [EndReason.PAGE, EndReason.ONE_CLICK, EndReason.ONE_CLICK]
    assert networks == ["192.0.2.9", "", ""]


def test_one_that_fails_leaves_the_others_done(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    public_ids = readers(services, 5)
    end_all = unsubscribe.one_click_all

    def stumble(session: Session, leavings: Sequence[Leaving], **more: object) -> set[str]:
        ended = end_all(session, leavings, now=services.clock.now())
        if public_ids[2] in ended:
            raise ValueError("this row is broken")
        return ended

    monkeypatch.setattr(unsubscribe, "one_click_all", stumble)

    faults = leave(WayOut(services), wishes(public_ids))

    assert [type(fault) for fault in faults] == [type(None)] * 2 + [ValueError] + [type(None)] * 2
    assert states(services) == {SubscriptionState.ENDED: 4, SubscriptionState.ACTIVE: 1}
    assert proofs(services).total() == 4


def test_a_locked_database_acknowledges_nothing_and_a_later_try_works(
    make_services: MakeServices, sqlite_url: str
) -> None:
    services = make_services(sqlite_url)
    [public_id] = readers(services, 1)

    with served(services, WayOut(services, patience=SHORT)) as port:
        with services.session() as holding:
            holding.connection()
            refused = post(port, services, public_id)
        accepted = post(port, services, public_id)

    assert (refused[0], refused[2]) == (503, "60")
    assert accepted[0] == 200
    assert states(services) == {SubscriptionState.ENDED: 1}
    assert proofs(services).total() == 1


def test_a_database_that_is_away_is_told_to_everybody_in_the_group(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_ids = readers(services, 3)

    def away(*_given: object, **_more: object) -> set[str]:
        raise DatabaseNotReady("the database is away; start it")

    way_out = WayOut(services)
    with monkeypatch.context() as patched:
        patched.setattr(unsubscribe, "one_click_all", away)
        refused = leave(way_out, wishes(public_ids))
    accepted = leave(way_out, wishes(public_ids))

    assert [type(fault) for fault in refused] == [DatabaseNotReady] * 3
    assert accepted == [None] * 3
    assert states(services) == {SubscriptionState.ENDED: 3}


def test_a_full_queue_refuses_more(services: Services) -> None:
    public_ids = readers(services, 8)

    faults = leave(WayOut(services, longest_queue=5), wishes(public_ids))

    assert faults[:5] == [None] * 5
    assert all(isinstance(fault, DatabaseNotReady) for fault in faults[5:])
    assert states(services) == {SubscriptionState.ENDED: 5, SubscriptionState.ACTIVE: 3}


def test_a_server_that_stops_answers_those_who_wait(make_services: MakeServices, sqlite_url: str) -> None:
    services = make_services(sqlite_url)
    [public_id] = readers(services, 1)
    answers: list[int] = []
    is_queued = threading.Event()

    class Heard(WayOut):
        async def leave(self, leaving: Leaving) -> None:
            is_queued.set()
            await super().leave(leaving)

    app, socket = create_app(services), listening(0)
    app.state.way_out = Heard(services)
    port = socket.getsockname()[1]
    before = set(threading.enumerate())
    server = Background(app, [socket])
    server.start()
    pressing = threading.Thread(target=lambda: answers.append(post(port, services, public_id)[0]))
    with services.session() as holding:
        holding.connection()
        pressing.start()
        assert is_queued.wait(10)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
    stopping.join()
    pressing.join()

    assert answers == [200]
    assert states(services) == {SubscriptionState.ENDED: 1}
    assert set(threading.enumerate()) <= before


def test_no_address_and_no_token_stands_in_what_is_raised(services: Services) -> None:
    public_ids = readers(services, 2)

    faults = leave(WayOut(services, longest_queue=1), wishes(public_ids))

    assert re.search(r"@|" + public_ids[1], str(faults[1])) is None
