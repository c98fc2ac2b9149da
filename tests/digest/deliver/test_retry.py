"""When a mail is tried again, and when it is given up."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.retry import Judge, anonymous, next_try, put_back
from digest.model.delivery import MOVES, Claimed, DeliveryState, Reason
from digest.model.message import Accepted, Deferred, InDoubt, NotTried, Outcome, Rejected
from tests.digest.deliver.planned import NOW

MINUTE = timedelta(minutes=1)
JUDGE = Judge(chance=Random(1))


def claimed(**traits: Any) -> Claimed[int, str]:
    usual = {"key": 1, "item": "", "domain": "mail.example", "lease_no": 3, "attempts": 0}
    return Claimed(**{**usual, "due_at": NOW, "next_at": NOW, **traits})


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(0, 5), (1, 15), (2, 30), (3, 60), (4, 120), (5, 240), (6, 240), (99, 240)]
)
@given(seed=st.integers())
def test_each_wait_is_longer_and_varies_by_a_fifth(attempts: int, minutes: int, seed: int) -> None:
    wait = next_try(attempts, NOW, Random(seed)) - NOW

    assert minutes * 0.8 * MINUTE <= wait <= minutes * 1.2 * MINUTE


def test_the_waits_of_many_mails_do_not_fall_together() -> None:
    chance = Random(1)

    waits = {next_try(0, NOW, chance) for _ in range(100)}

    assert len(waits) > 90


@pytest.mark.parametrize(
    ("outcome", "state", "reason", "is_attempt"),
    [
        (Accepted(code=250, reply="ok"), DeliveryState.SENT, None, True),
        (Deferred(code=450, reply="later"), DeliveryState.DEFERRED, None, True),
        (Rejected(code=550, reply="no"), DeliveryState.FAILED, Reason.REJECTED, True),
        (InDoubt(reason="reset"), DeliveryState.IN_DOUBT, Reason.NO_REPLY, True),
        (NotTried(reason="reset"), DeliveryState.PLANNED, None, False),
    ],
)
def test_each_outcome_leads_to_its_state(
    outcome: Outcome, state: DeliveryState, reason: Reason | None, is_attempt: bool
) -> None:
    settlement = JUDGE.verdict(outcome, claimed(), NOW, "main")

    assert (settlement.state, settlement.reason, settlement.is_attempt) == (state, reason, is_attempt)
    assert (settlement.key, settlement.lease_no) == (1, 3)
    assert state in MOVES[DeliveryState.CLAIMED]


def test_a_mail_is_given_up_after_two_days() -> None:
    old = claimed(attempts=9, due_at=NOW - timedelta(hours=46))

    settlement = JUDGE.verdict(Deferred(code=450, reply="later"), old, NOW, "main")

    assert (settlement.state, settlement.reason) == (DeliveryState.FAILED, Reason.EXPIRED)


def test_a_mail_is_given_up_sooner_when_it_expires_sooner() -> None:
    brief = claimed(attempts=1, expires_at=NOW + 10 * MINUTE)

    settlement = JUDGE.verdict(Deferred(code=450, reply="later"), brief, NOW, "main")

    assert settlement.reason == Reason.EXPIRED


def test_a_connection_fault_waits_a_minute_and_counts_for_nothing() -> None:
    settlement = JUDGE.verdict(NotTried(reason="reset"), claimed(attempts=2), NOW, "main")

    assert settlement.next_at == NOW + MINUTE
    assert not settlement.is_attempt


def test_a_mail_that_is_put_back_keeps_its_hour() -> None:
    settlement = put_back(claimed(next_at=NOW - MINUTE), next_at=NOW - MINUTE)

    assert (settlement.state, settlement.next_at) == (DeliveryState.PLANNED, NOW - MINUTE)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("5.1.1 <ana@mail.example>: unknown", "5.1.1 <…@…>: unknown"),
        ("user ana.maria+x@mail.example,\r\n is full", "user …@…, is full"),
        ("jörg@müller.example", "…@…"),
        ("(a@b)\0 c", "(…@…) c"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_what_is_kept_of_a_reply_names_nobody(said: str, kept: str) -> None:
    assert anonymous(said) == kept
