"""Several relays and several connections: who carries what, how many at once, and who is left alone."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from digest.database import Database
from digest.deliver import deliver
from digest.deliver.courier import Courier, DeliverReport
from digest.deliver.outbox import EditionOutbox
from digest.deliver.relays import FRUITLESS_CONNECTIONS, WATCHED, Fleet, Standing
from digest.model.delivery import Account
from digest.model.relay import Conduct, Relay
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.scripted_server import ScriptedServer
from tests.digest.deliver.test_stage import account, letter, new_edition

Serve = Callable[..., ScriptedServer]
CourierTo = Callable[..., Courier]
AUTH = "250-relay.example\r\n250-PIPELINING\r\n250 AUTH PLAIN"


def standing(connections: int = 16, per_connection: int = 100) -> Standing:
    return Standing(Relay(host="relay.example", port=25, connections=connections, per_connection=per_connection))


# -- one relay, as it becomes known --------------------------------------------------------------------------------


def test_connections_begin_with_two_and_each_round_of_accepted_mails_adds_one() -> None:
    relay = standing()
    rooms = [relay.room]

    for _ in range(2):
        relay.accepted()
    rooms.append(relay.room)
    for _ in range(60):
        relay.accepted()
    rooms.append(relay.room)

    assert rooms[:2] == [2, 2]
    assert 2 < rooms[2] < 16


def test_connections_never_grow_beyond_what_the_settings_allow() -> None:
    relay = standing(connections=3)

    for _ in range(1000):
        relay.accepted()

    assert relay.room == 3


def test_a_relay_for_one_connection_gets_one_from_the_beginning() -> None:
    assert standing(connections=1).room == 1


def test_each_back_off_halves_the_connections_and_waits_twice_as_long_up_to_a_minute() -> None:
    relay = standing()
    relay.target, now, waits, targets = 16.0, 1000.0, [], []

    for _ in range(8):
        relay.back_off(now)
        waits.append(relay.not_before - now)
        targets.append(relay.target)
        now = relay.not_before

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert targets == [8, 4, 2, 1, 1, 1, 1, 1]


def test_connections_refused_at_the_same_time_are_one_refusal() -> None:
    relay = standing()
    relay.target = 16.0

    for late in range(5):
        relay.back_off(1000.0 + late / 100)

    assert relay.not_before == 1001.0
    assert relay.target == 8


def test_a_mail_that_is_taken_ends_the_back_off() -> None:
    relay = standing()
    relay.back_off(1000.0)
    relay.back_off(1001.0)

    relay.accepted()
    relay.back_off(2000.0)

    assert relay.not_before == 2001.0


def test_the_number_of_messages_learned_is_the_least_seen_and_never_above_the_settings() -> None:
    relay, small = standing(), standing(per_connection=5)

    told = []
    for number in (40, 60, 20):
        relay.closed_after(number)
        small.closed_after(number)
        told.append((relay.per_connection, small.per_connection))

    assert told == [(40, 5), (40, 5), (20, 5)]


def test_a_relay_that_closes_before_any_message_teaches_no_number_but_gets_half_of_the_connections() -> None:
    relay = standing()
    relay.target = 8.0

    relay.closed_after(0)

    assert relay.learned is None
    assert relay.target == 4


def test_connections_that_broke_in_a_row_leave_the_relay_alone_and_any_answer_begins_the_row_anew() -> None:
    relay = standing()

    told = [relay.fruitless() for _ in range(FRUITLESS_CONNECTIONS - 1)]
    relay.refused()
    told += [relay.fruitless() for _ in range(FRUITLESS_CONNECTIONS)]

    assert told == [False] * (2 * FRUITLESS_CONNECTIONS - 2) + [True]


@pytest.mark.parametrize(("refusals", "is_one_left"), [(WATCHED // 2, False), (WATCHED // 2 + 1, True)])
def test_one_connection_is_left_only_where_more_than_half_of_the_last_replies_refuse(
    refusals: int, *, is_one_left: bool
) -> None:
    relay = standing()
    relay.target = 10.0

    for _ in range(WATCHED - refusals):
        relay.accepted()
    told = [relay.refused() for _ in range(refusals)]

    assert told == [False] * (refusals - 1) + [is_one_left]
    assert (relay.target == 1.0) == is_one_left


def test_a_newsletter_without_a_choice_uses_all_relays_and_one_with_a_choice_those() -> None:
    fleet = Fleet.of([Relay(host="relay.example", port=25, name=name) for name in ("a", "b", "c")])

    chosen = {wish: [one.relay.name for one in fleet.called(wish)] for wish in [(), ("b",), ("c", "a"), ("x",)]}

    assert chosen == {(): ["a", "b", "c"], ("b",): ["b"], ("c", "a"): ["a", "c"], ("x",): []}


# -- several relays ------------------------------------------------------------------------------------------------


def through(courier: Courier, *relays: Relay) -> Courier:
    return replace(courier, standings=Fleet.of(relays).standings)


class Both:
    """Two servers: the good one ends no message before the bad one was told *command*."""

    def __init__(self, serve: Serve, script: dict[str, str], command: str) -> None:
        told = threading.Event()
        self.bad = serve(script, answers=lambda said: told.set() if said.upper().startswith(command) else None)
        self.good = serve(answers=lambda said: self._wait(told) if said == "DOT" else None)

    @staticmethod
    def _wait(told: threading.Event) -> None:
        assert told.wait(5), "the test has waited for too long"


def carry(database: Database, courier: Courier, readers: int) -> tuple[DeliverReport, Account]:
    edition_id = new_edition(database, readers)
    report = deliver(courier, EditionOutbox(database=database, edition_id=edition_id), letter)
    return report, account(database, edition_id)


@pytest.mark.parametrize("conduct", list(Conduct))
def test_the_mail_goes_through_all_relays_by_their_weights(
    database: Database, serve: Serve, courier_to: CourierTo, conduct: Conduct
) -> None:
    ehlo = {"EHLO": "250-relay.example\r\n250 PIPELINING"}
    large, small = serve(ehlo), serve(ehlo)
    relays = [
        relay_to(large, name="large", weight=3.0, conduct=conduct),
        relay_to(small, name="small", weight=1.0, conduct=conduct),
    ]

    report, came = carry(database, through(courier_to(relays[0]), *relays), 120)

    assert came == Account(intended=120, sent=120)
    assert report.faults == []
    assert 80 <= len(large.messages) <= 96
    assert len(large.messages) + len(small.messages) == 120


def test_one_relay_that_refuses_our_password_leaves_all_to_the_other_and_is_named(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    both = Both(serve, {"EHLO": AUTH, "AUTH": "535 5.7.8 wrong"}, "AUTH")
    first = relay_to(both.bad, name="first", username="morning", password="secret")
    courier = through(courier_to(first), first, relay_to(both.good, name="second"))

    report, came = carry(database, courier, 20)

    assert came == Account(intended=20, sent=20)
    assert len(both.good.messages) == 20
    assert report.halted is None
    assert [str(first) in fault and "refuses our sign-in" in fault for fault in report.faults] == [True]
    assert not any("secret" in fault for fault in report.faults)


@pytest.mark.parametrize(
    "script",
    [{"BANNER": "421 busy"}, {"BANNER": "554 go away"}, {"MAIL": "451 not now"}, {"MAIL": "550 5.7.1 who are you"}],
)
def test_one_relay_that_takes_nothing_leaves_all_to_the_other(
    database: Database, serve: Serve, courier_to: CourierTo, script: dict[str, str]
) -> None:
    both = Both(serve, script, *script)
    bad, good = relay_to(both.bad, name="bad"), relay_to(both.good, name="good")

    report, came = carry(database, through(courier_to(bad), bad, good), 20)

    assert came == Account(intended=20, sent=20)
    assert len(both.good.messages) == 20
    assert report.halted is None
    assert len(report.faults) == 1


def test_a_relay_that_takes_smaller_messages_only_leaves_them_to_the_other(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    both = Both(serve, {"EHLO": "250-relay.example\r\n250 SIZE 100"}, "EHLO")
    relays = [relay_to(both.bad, name="small"), relay_to(both.good, name="large")]

    report, came = carry(database, through(courier_to(relays[0]), *relays), 10)

    assert came == Account(intended=10, sent=10)
    assert len(both.good.messages) == 10
    assert "at most 100 bytes" in report.faults[0]


def test_when_no_relay_takes_anything_each_is_named(database: Database, serve: Serve, courier_to: CourierTo) -> None:
    relays = [relay_to(serve({"BANNER": "554 no"}), name=name) for name in ("a", "b")]

    report, came = carry(database, through(courier_to(relays[0]), *relays), 5)

    assert came == Account(intended=5, waiting=5)
    assert report.needs_operator
    assert all(str(relay) in (report.halted or "") for relay in relays)


def test_a_wrong_password_is_tried_once_only_however_many_connections_are_allowed(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    server = serve({"EHLO": AUTH, "AUTH": "535 5.7.8 wrong"})
    relay = relay_to(server, connections=16, username="morning", password="secret")
    courier = courier_to(relay)
    courier.standings[0].target = 16.0

    report, came = carry(database, courier, 200)

    assert report.needs_operator
    assert sum(command.startswith("AUTH") for command in server.commands) == 1
    assert server.connections == 1
    assert came == Account(intended=200, waiting=200)


def test_a_relay_that_let_us_in_gets_more_connections_up_to_the_limit_and_all_are_closed(
    database: Database, serve: Serve, courier_to: CourierTo
) -> None:
    server = serve({"EHLO": "250-relay.example\r\n250 PIPELINING"})
    courier = courier_to(relay_to(server, connections=4))

    _, came = carry(database, courier, 200)

    assert came == Account(intended=200, sent=200)
    assert 2 <= server.connections <= 4
    assert courier.standings[0].is_proven
    assert courier.standings[0].lines == 0
    assert server.commands.count("QUIT") == server.connections
