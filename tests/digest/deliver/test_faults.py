"""Faults of relays and recipients, each in every mode: the right state, and no other mail touched."""

import re
import ssl
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from digest.database import Database
from digest.deliver import deliver
from digest.deliver.courier import Courier, DeliverReport
from digest.deliver.envelope import parcel
from digest.deliver.outbox import EditionOutbox
from digest.deliver.pace import SharedPace
from digest.deliver.relays import WATCHED, Standing
from digest.deliver.transaction import Parcel
from digest.errors import DatabaseNotReady
from digest.model.delivery import Account, Delivery, DeliveryState
from digest.model.ids import EditionId
from digest.model.message import Recipient
from digest.model.pace import DomainHold
from digest.model.relay import Conduct, Relay, Security
from subscribers.model import Bounce, BounceKind
from tests.digest.deliver.conftest import relay_to
from tests.digest.deliver.planned import NOW, new_edition, new_readers, plan
from tests.digest.deliver.scripted_server import RESET, SILENT, ScriptedServer
from tests.digest.deliver.test_stage import account, email, letter, rows
from tests.fakes import FixedClock

CourierTo = Callable[..., Courier]


@dataclass(frozen=True)
class Mode:
    """How far we run ahead, because of what the relay offers or what its settings say."""

    name: str
    conduct: Conduct
    is_offered: bool

    @property
    def is_ahead(self) -> bool:
        return self.is_offered and self.conduct is not Conduct.LOCK_STEP


MODES = [
    Mode("lock-step", Conduct.PIPELINED, is_offered=False),
    Mode("pipelined", Conduct.PIPELINED, is_offered=True),
    Mode("eager", Conduct.EAGER, is_offered=True),
]


@pytest.fixture(params=MODES, ids=[mode.name for mode in MODES])
def mode(request: pytest.FixtureRequest) -> Mode:
    assert isinstance(request.param, Mode)
    return request.param


@dataclass
class Case:
    """A planned Edition, a server with a script, and what a round came to."""

    database: Database
    server: ScriptedServer
    courier: Courier
    edition_id: EditionId

    def run(self, write: Callable[[Recipient, Relay], Parcel | None] = letter) -> DeliverReport:
        return deliver(self.courier, EditionOutbox(database=self.database, edition_id=self.edition_id), write)

    @property
    def account(self) -> Account:
        return account(self.database, self.edition_id)

    @property
    def rows(self) -> list[Delivery]:
        with self.database.reading() as session:
            return rows(session)

    @property
    def standing(self) -> Standing:
        return self.courier.standings[0]

    @property
    def verbs(self) -> list[str]:
        return [command.split(" ")[0].split(":")[0].upper() for command in self.server.commands]

    def recipients(self) -> list[str]:
        return [command.split("<")[1].rstrip(">") for command in self.server.commands if command.startswith("RCPT")]


Given = Callable[..., Case]


@pytest.fixture
def given(database: Database, serve: Callable[..., ScriptedServer], courier_to: CourierTo, mode: Mode) -> Given:
    """Give a function that plans *readers* and starts a server that plays *script* in the mode of the test."""

    def make(script: dict[str, Any], readers: int = 3, relay: dict[str, Any] | None = None, **traits: Any) -> Case:
        served = {
            trait: traits.pop(trait) for trait in ("tls", "tls_at_once", "answers", "keeps_all") if trait in traits
        }
        ehlo = script.get("EHLO", "250-relay.example\r\n250 SIZE 1000000")
        if mode.is_offered and isinstance(ehlo, str) and ehlo.startswith("250"):
            ehlo = f"250-relay.example\r\n250-PIPELINING\r\n{ehlo.removeprefix('250-relay.example').lstrip()}"
        server = serve({**script, "EHLO": ehlo}, **served)
        domains = traits.pop("readers_at", {"mail.example": readers})
        with database.session() as session:
            for domain, count in domains.items():
                new_readers(session, count, domain=domain)
            edition_id = new_edition(session)
            plan(session, edition_id)
        courier = courier_to(relay_to(server, conduct=mode.conduct, **(relay or {})), **traits)
        return Case(database, server, courier, edition_id)

    return make


# -- one mail ------------------------------------------------------------------------------------------------------

FAULTS: list[tuple[str, dict[str, Any], Account]] = [
    ("450 at RCPT", {"RCPT": ["450 4.2.0 greylisted", "250 ok"]}, Account(intended=3, sent=2, deferred=1)),
    ("552 at RCPT", {"RCPT": ["552 5.2.2 too much", "250 ok"]}, Account(intended=3, sent=2, deferred=1)),
    ("550 at RCPT", {"RCPT": ["550 5.1.1 nobody here", "250 ok"]}, Account(intended=3, sent=2, failed=1)),
    ("451 at DATA", {"DATA": ["451 4.3.0 not now", "354 go"]}, Account(intended=3, sent=2, deferred=1)),
    ("554 at DATA", {"DATA": ["554 5.5.1 no", "354 go"]}, Account(intended=3, sent=2, failed=1)),
    ("451 at the dot", {"DOT": ["451 4.3.0 not now", "250 ok"]}, Account(intended=3, sent=2, deferred=1)),
    ("421 at the dot", {"DOT": ["421 4.3.2 closing", "250 ok"]}, Account(intended=3, sent=2, deferred=1)),
    ("552 at the dot", {"DOT": ["552 5.2.2 mailbox full", "250 ok"]}, Account(intended=3, sent=2, failed=1)),
    ("reset at the dot", {"DOT": ["250 ok", RESET, "250 ok"]}, Account(intended=3, sent=2, in_doubt=1)),
    ("rubbish at the dot", {"DOT": ["hello", "250 ok"]}, Account(intended=3, sent=2, in_doubt=1)),
    ("354 at the dot", {"DOT": ["354 more", "250 ok"]}, Account(intended=3, sent=2, in_doubt=1)),
    ("421 at the second MAIL", {"MAIL": ["250 ok", "421 enough", "250 ok"]}, Account(intended=3, sent=3)),
    ("reset at the second MAIL", {"MAIL": ["250 ok", RESET, "250 ok"]}, Account(intended=3, sent=3)),
    ("reset at the second RCPT", {"RCPT": ["250 ok", RESET, "250 ok"]}, Account(intended=3, sent=3)),
    ("reset at the second DATA", {"DATA": ["354 go", RESET, "354 go"]}, Account(intended=3, sent=3)),
    ("421 at the first RCPT", {"RCPT": ["421 busy", "250 ok"]}, Account(intended=3, sent=2, waiting=1)),
    ("reset at the first DATA", {"DATA": [RESET, "354 go"]}, Account(intended=3, sent=2, waiting=1)),
    ("rubbish at RCPT", {"RCPT": ["hello", "250 ok"]}, Account(intended=3, sent=2, waiting=1)),
    ("503 at RCPT", {"RCPT": ["503 5.5.1 MAIL first", "250 ok"]}, Account(intended=3, sent=2, waiting=1)),
    ("250 at DATA", {"DATA": ["250 what", "354 go"]}, Account(intended=3, sent=2, waiting=1)),
    ("452 at the dot", {"DOT": ["452 4.3.1 full", "250 ok"]}, Account(intended=3, sent=2, deferred=1)),
    ("550 5.7.1 at RCPT", {"RCPT": ["550 5.7.1 policy", "250 ok"]}, Account(intended=3, sent=2, failed=1)),
    ("421 at the second RCPT", {"RCPT": ["250 ok", "421 enough", "250 ok"]}, Account(intended=3, sent=3)),
    ("421 at the second DATA", {"DATA": ["354 go", "421 enough", "354 go"]}, Account(intended=3, sent=3)),
    ("no RSET", {"RCPT": ["550 no", "250 ok"], "RSET": RESET}, Account(intended=3, sent=2, failed=1)),
]


def named(cases: list[Any]) -> dict[str, Any]:
    """Return the values and ids of *cases*, whose first member is the name."""
    return {"argvalues": [case[1:] for case in cases], "ids": [case[0] for case in cases]}


@pytest.mark.parametrize(("script", "expected"), **named(FAULTS))
def test_a_fault_of_one_mail_touches_no_other_and_its_state_is_true(
    given: Given, script: dict[str, Any], expected: Account
) -> None:
    case = given(script)

    report = case.run()

    assert case.account == expected
    assert report.halted is None
    assert len([message for message in case.server.messages if message]) == expected.sent
    assert len(set(case.recipients())) == 3
    charged = [row.attempts for row in case.rows]
    assert charged == [0 if row.state == DeliveryState.PLANNED else 1 for row in case.rows]


HALTS: list[tuple[str, dict[str, Any], dict[str, Any], str, bool]] = [
    ("421 at connect", {"BANNER": "421 4.3.2 busy"}, {}, "takes no mail now", False),
    ("554 banner", {"BANNER": "554 5.7.1 go away"}, {}, "takes no mail from this machine", True),
    ("reset at connect", {"BANNER": RESET}, {}, "it is tried again later|cannot be reached", False),
    ("silence at connect", {"BANNER": SILENT}, {"timeout": timedelta(seconds=0.3)}, "cannot be reached", False),
    ("reset at EHLO", {"EHLO": RESET}, {}, "broke off before we could mail", False),
    ("EHLO and HELO refused", {"EHLO": "550 no", "HELO": "550 no"}, {}, "refuses our greeting", True),
    ("no STARTTLS", {}, {"security": Security.STARTTLS}, "offers no STARTTLS", True),
    (
        "454 at STARTTLS",
        {"EHLO": "250-relay.example\r\n250 STARTTLS", "STARTTLS": "454 4.7.0 not available"},
        {"security": Security.STARTTLS},
        "refuses to encrypt",
        True,
    ),
    (
        "AUTH 535",
        {"EHLO": "250-relay.example\r\n250 AUTH PLAIN LOGIN", "AUTH": "535 5.7.8 wrong"},
        {"username": "morning", "password": "secret"},
        "refuses our sign-in",
        True,
    ),
    (
        "AUTH 454",
        {"EHLO": "250-relay.example\r\n250 AUTH PLAIN", "AUTH": "454 4.7.0 later"},
        {"username": "morning", "password": "secret"},
        "cannot check our password now",
        False,
    ),
    ("no AUTH", {}, {"username": "morning", "password": "secret"}, "offers no sign-in", True),
    ("421 at EHLO", {"EHLO": "421 4.3.2 busy"}, {}, "broke off before we could mail", False),
    ("rubbish at connect", {"BANNER": "hello"}, {}, "takes no mail now", False),
    ("552 at MAIL", {"MAIL": "552 5.3.4 too big"}, {}, "make the newsletter shorter", True),
    ("550 at MAIL", {"MAIL": "550 5.7.1 who are you"}, {}, "refuses our mail as a whole", True),
    ("530 at RCPT", {"RCPT": "530 5.7.0 sign in first"}, {}, "refuses our mail as a whole", True),
    ("451 at MAIL", {"MAIL": "451 4.3.0 disk full"}, {}, "takes no mail from us now", False),
    ("too big", {"EHLO": "250-relay.example\r\n250 SIZE 100"}, {}, "at most 100 bytes", True),
    ("421 at every MAIL", {"MAIL": "421 4.3.2 busy"}, {}, "broke off 3 new connections", False),
    ("silence at RCPT", {"RCPT": SILENT}, {"timeout": timedelta(seconds=0.3)}, "broke off 3 new connections", False),
]


@pytest.mark.parametrize(("script", "traits", "sentence", "needs_operator"), **named(HALTS))
def test_when_the_relay_refuses_us_as_a_whole_no_mail_is_to_blame(
    given: Given, script: dict[str, Any], traits: dict[str, Any], sentence: str, *, needs_operator: bool
) -> None:
    case = given(script, readers=4, relay=traits)

    report = case.run()

    assert case.account == Account(intended=4, waiting=4)
    assert {(row.state, row.attempts, row.reason) for row in case.rows} == {(DeliveryState.PLANNED, 0, None)}
    assert report.halted is not None
    assert report.needs_operator == needs_operator
    assert re.search(sentence, report.halted), report.halted
    assert "secret" not in report.halted
    assert not any(case.server.messages)  # a sender refused, but DATA let through, is ended by a lone dot


SIGN_IN: dict[str, Any] = {"username": "morning", "password": "secret", "security": Security.STARTTLS}


@pytest.mark.parametrize(
    "script",
    [
        {"EHLO": "250-relay.example\r\n250 AUTH PLAIN LOGIN"},
        {"EHLO": "250-relay.example\r\n250-STARTTLS\r\n250 AUTH PLAIN", "STARTTLS": "454 4.7.0 not now"},
        {"EHLO": "250-relay.example\r\n250-STARTTLS\r\n250 AUTH PLAIN", "STARTTLS": RESET},
        {"EHLO": "250-relay.example\r\n250-STARTTLS\r\n250 AUTH PLAIN", "STARTTLS": "220 but no TLS follows"},
    ],
    ids=["not offered", "454", "reset", "no handshake"],
)
def test_without_encryption_no_password_is_sent_and_no_mail(given: Given, script: dict[str, Any]) -> None:
    case = given(script, relay={**SIGN_IN, "timeout": timedelta(seconds=0.5)})

    report = case.run()

    assert report.halted is not None
    assert not {"AUTH", "MAIL", "RCPT", "DATA"} & set(case.verbs)
    assert case.account == Account(intended=3, waiting=3)


def test_a_bad_certificate_halts_before_the_password(given: Given, server_tls: ssl.SSLContext) -> None:
    case = given({"EHLO": "250-relay.example\r\n250-STARTTLS\r\n250 AUTH PLAIN"}, relay=SIGN_IN, tls=server_tls)

    report = case.run()

    assert report.needs_operator
    assert "certificate that we do not trust" in (report.halted or "")
    assert not {"AUTH", "MAIL"} & set(case.verbs)
    assert case.account == Account(intended=3, waiting=3)


# -- what is on the wire -------------------------------------------------------------------------------------------


def test_a_refused_recipient_is_followed_by_a_reset_on_the_same_connection(given: Given) -> None:
    case = given({"RCPT": ["450 4.2.0 greylisted", "250 ok"]})

    case.run()

    assert case.server.connections == 1
    assert case.verbs.count("RSET") == 1
    assert case.verbs.index("RSET") < [place for place, verb in enumerate(case.verbs) if verb == "MAIL"][1]


def test_a_message_for_nobody_is_a_lone_dot_whose_reply_is_nobodys(given: Given, mode: Mode) -> None:
    case = given({"RCPT": ["550 5.1.1 nobody", "250 ok"], "DATA": "354 go"}, keeps_all=True)

    case.run()

    assert case.account == Account(intended=3, sent=2, failed=1)
    empty = [message for message in case.server.messages if not message]
    assert len(empty) == (1 if mode.is_ahead else 0)
    assert len(case.server.messages) == 2 + len(empty)
    assert case.server.connections == 1


def test_commands_run_ahead_only_in_the_modes_that_say_so(given: Given, mode: Mode) -> None:
    seen: list[tuple[str, bool]] = []

    def answers(command: str) -> None:
        seen.append((command.split(" ", maxsplit=1)[0], case.server.peek()))

    case = given({}, answers=answers)

    case.run()

    after_mail = {is_more for verb, is_more in seen if verb == "MAIL"}
    after_dot = [is_more for verb, is_more in seen if verb == "DOT"]
    assert after_mail == {mode.is_ahead}
    assert after_dot == [mode.name == "eager", mode.name == "eager", False]


def test_leave_is_taken_before_the_number_of_messages_after_which_the_relay_closed(given: Given) -> None:
    case = given({"MAIL": ["250 ok", "250 ok", "421 4.7.0 enough", "250 ok"]}, readers=6)

    case.run()

    assert case.account == Account(intended=6, sent=6)
    assert case.standing.learned == 2
    assert case.server.connections == 3
    assert case.verbs.count("MAIL") == 7
    assert case.verbs.count("QUIT") == 2
    assert {row.attempts for row in case.rows} == {1}


def test_a_relay_that_takes_no_connection_is_left_for_a_while_with_half_of_the_connections(given: Given) -> None:
    case = given({"BANNER": "421 4.3.2 busy"}, relay={"connections": 8})
    case.standing.target = 8.0

    case.run()

    assert case.standing.target == 4.0
    assert case.standing.not_before > 0
    assert case.server.connections == 1
    assert case.account == Account(intended=3, waiting=3)


def test_some_connections_refused_halve_their_number_and_the_others_carry_all(given: Given) -> None:
    case = given({"BANNER": ["421 too many", "421 too many", "220 ready"]}, readers=30, relay={"connections": 4})
    case.standing.target, case.standing.is_proven = 4.0, True

    report = case.run()

    assert report.halted is None
    assert case.account == Account(intended=30, sent=30)
    assert case.server.connections <= 4


def test_where_most_is_refused_one_connection_goes_on(given: Given) -> None:
    case = given({"RCPT": "450 4.2.0 later"}, readers=60, relay={"connections": 3})
    case.standing.target, case.standing.is_proven = 3.0, True
    case.standing._replies.extend([True] * 90 + [False] * (WATCHED - 91))
    lines: list[int] = []

    def watched(recipient: Recipient, relay: Relay) -> Parcel | None:
        lines.append(case.standing.lines)
        return letter(recipient, relay)

    case.run(watched)

    assert max(lines) > 1
    assert set(lines[-10:]) == {1}
    assert case.standing.target == 1.0
    assert case.account == Account(intended=60, deferred=60)


# -- domains -------------------------------------------------------------------------------------------------------


def hold_of(case: Case) -> tuple[timedelta, int] | None:
    """Return how long slow.example is left alone from NOW on, and how often it asked for it."""
    with case.database.reading() as session:
        held = session.get(DomainHold, "slow.example")
        return None if held is None else (held.until - NOW, held.strikes)


def test_a_domain_that_asks_to_slow_down_is_left_alone_for_longer_each_time_until_it_takes_mail(given: Given) -> None:
    clock, is_slow = FixedClock(NOW), True

    def answers(command: str) -> str | None:
        return "450 4.7.1 too fast" if is_slow and command.endswith("@slow.example>") else None

    case = given({}, readers_at={"slow.example": 3, "mail.example": 4}, answers=answers, clock=clock)

    case.run()
    first, held = case.account, hold_of(case)
    clock.advance(timedelta(minutes=2))
    case.run()
    second, held_again = case.account, hold_of(case)
    clock.advance(timedelta(minutes=1))
    case.run()
    third, asked = case.account, len(case.recipients())
    is_slow = False
    clock.advance(timedelta(minutes=20))
    case.run()

    assert first == Account(intended=7, sent=4, deferred=1, waiting=2)
    assert held == (timedelta(minutes=1), 1)
    assert second == Account(intended=7, sent=4, deferred=2, waiting=1)
    assert held_again == (timedelta(minutes=4), 2)
    assert (third, asked) == (second, 6)
    assert case.account == Account(intended=7, sent=7)
    assert hold_of(case) is None


def test_a_domain_that_fails_twice_in_a_row_is_left_alone_and_once_is_not(given: Given) -> None:
    replies = iter(["451 4.3.0 not now", "250 ok", "451 4.3.0 not now", "451 4.3.0 not now", "250 ok"])
    case = given(
        {},
        answers=lambda command: next(replies) if command.endswith("@slow.example>") else None,
        readers_at={"slow.example": 6},
    )

    case.run()

    assert case.account == Account(intended=6, sent=1, deferred=3, waiting=2)
    assert hold_of(case) == (timedelta(minutes=1), 1)


@dataclass(frozen=True, slots=True)
class PaceGone(SharedPace):
    """A pace whose database fails when a domain's holds are to be forgotten."""

    def release(self, domains: Collection[str], now: datetime) -> None:
        raise DatabaseNotReady("the database did not do its work: database or disk is full")


def test_a_mail_that_was_taken_is_sent_also_when_the_hold_of_its_domain_cannot_be_forgotten(given: Given) -> None:
    clock = FixedClock(NOW)
    script = {"RCPT": ["450 4.7.1 too fast", "250 ok"]}
    case = given(script, readers_at={"slow.example": 2}, clock=clock)
    case.run()
    clock.advance(timedelta(minutes=10))
    case.courier = replace(case.courier, pace=PaceGone(case.database))

    with suppress(DatabaseNotReady):
        case.run()
    case.courier = replace(case.courier, pace=SharedPace(case.database))
    case.run()

    assert case.account == Account(intended=2, sent=2)
    assert len(case.server.messages) == 2


# -- policy, size, characters --------------------------------------------------------------------------------------


def test_refusals_for_policy_above_the_set_share_stop_the_round(given: Given) -> None:
    case = given({"RCPT": ["250 ok"] * 15 + ["550 5.7.1 looks like spam"]}, readers=60, policy_share=0.2)

    report = case.run()

    assert report.refused is not None
    assert "5 of 20 mails were refused for policy" in report.refused
    assert "550 5.7.1 looks like spam" in report.refused
    assert case.account == Account(intended=60, sent=15, failed=5, waiting=40)


def test_refusals_for_policy_below_the_set_share_stop_nothing(given: Given) -> None:
    replies = (["250 ok"] * 9 + ["550 5.7.1 looks like spam"]) * 3
    case = given({"RCPT": [*replies, "250 ok"]}, readers=30, policy_share=0.2)

    report = case.run()

    assert report.refused is None
    assert case.account == Account(intended=30, sent=27, failed=3)


def test_a_message_larger_than_the_relay_takes_is_not_begun(given: Given) -> None:
    case = given({"EHLO": "250-relay.example\r\n250 SIZE 100"})

    report = case.run()

    assert report.needs_operator
    assert "MAIL" not in case.verbs
    assert DeliveryState.FAILED not in {row.state for row in case.rows}


def joerg(_recipient: Recipient, _relay: Relay) -> Parcel | None:
    return parcel(email("jörg@mail.example"))


def test_an_address_beyond_ascii_fails_with_its_status_where_the_relay_cannot_carry_it(given: Given) -> None:
    case = given({}, readers=1)

    case.run(joerg)

    (row,) = case.rows
    assert (row.state, row.last_code, row.last_status) == (DeliveryState.FAILED, 553, "5.6.7")
    assert "MAIL" not in case.verbs


def test_smtputf8_is_said_where_it_is_offered_and_needed_and_only_there(given: Given) -> None:
    case = given({"EHLO": "250-relay.example\r\n250 SMTPUTF8"}, readers=2)

    case.run(lambda recipient, relay: (joerg if recipient.address.startswith("reader0@") else letter)(recipient, relay))

    mails = [command for command in case.server.commands if command.startswith("MAIL")]
    assert [mail.endswith(" SMTPUTF8") for mail in mails] == [True, False]
    assert case.recipients()[0] == "jörg@mail.example"
    assert case.account == Account(intended=2, sent=2)


@pytest.mark.parametrize("offers", ["250 HELP", "250 8BITMIME"])
def test_whether_the_relay_takes_eight_bits_changes_nothing(given: Given, offers: str) -> None:
    case = given({"EHLO": f"250-relay.example\r\n{offers}"})

    case.run()

    assert case.account == Account(intended=3, sent=3)
    assert all(message.isascii() for message in case.server.messages)
    assert not any("BODY=" in command for command in case.server.commands)


# -- bounces -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "kind", "status"),
    [
        ({"RCPT": "550 5.1.1 nobody here"}, BounceKind.HARD, "5.1.1"),
        ({"DOT": "552 5.2.2 mailbox full"}, BounceKind.SOFT, "5.2.2"),
    ],
    ids=["550 at RCPT", "552 at the dot"],
)
def test_a_refusal_for_good_is_a_bounce(given: Given, script: dict[str, Any], kind: BounceKind, status: str) -> None:
    case = given(script, readers=1)

    case.run()

    with case.database.reading() as session:
        (bounce,) = session.scalars(select(Bounce))
        assert (bounce.kind, bounce.status) == (kind, status)
    assert case.account == Account(intended=1, failed=1)


@pytest.mark.parametrize("script", [{"RCPT": "450 4.2.0 later"}, {"DOT": RESET}, {"MAIL": "550 5.1.1 x"}])
def test_what_is_not_for_good_is_no_bounce(given: Given, script: dict[str, Any]) -> None:
    case = given(script, readers=1)

    case.run()

    with case.database.reading() as session:
        assert not session.scalars(select(Bounce)).all()


# -- lost connections and the dot ----------------------------------------------------------------------------------


def test_silence_after_the_dot_leaves_that_mail_in_doubt_and_no_other(given: Given) -> None:
    brief = timedelta(seconds=0.3)
    case = given({"DOT": ["250 ok", SILENT, "250 ok"]}, relay={"timeout": brief, "dot_timeout": brief})

    case.run()

    assert case.account == Account(intended=3, sent=2, in_doubt=1)


def test_what_the_relay_said_before_it_broke_an_idle_connection_is_heard(given: Given) -> None:
    is_offered = threading.Event()
    case = given({}, readers=2, relay={"per_connection": 100})

    def late(recipient: Recipient, relay: Relay) -> Parcel | None:
        if recipient.address.startswith("reader1@") and not is_offered.is_set():
            is_offered.set()
            case.server.break_off("421 4.4.2 idle for too long")
        return letter(recipient, relay)

    case.run(late)

    assert case.account == Account(intended=2, sent=2)


def test_a_stop_with_354_in_hand_closes_the_connection_and_sends_no_empty_mail(given: Given) -> None:
    stop = threading.Event()
    case = given({}, stop=stop, answers=lambda command: stop.set() if command == "DATA" else None, keeps_all=True)

    report = case.run()

    assert case.account == Account(intended=3, waiting=3)
    assert dict(report.counts) == {"put_back": 3}
    assert case.server.messages == []
    assert {row.attempts for row in case.rows} == {0}


def test_a_stop_lets_a_message_whose_dot_is_written_get_its_reply(given: Given) -> None:
    stop, server = threading.Event(), threading.Event()

    def answers(command: str) -> str | None:
        if command == "DOT":
            stop.set()
            server.wait(0.3)  # the relay takes its time
        return None

    case = given({}, stop=stop, answers=answers)

    report = case.run()

    assert case.account == Account(intended=3, sent=1, waiting=2)
    assert dict(report.counts) == {"sent": 1, "put_back": 2}
