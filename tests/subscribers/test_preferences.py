from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from subscribers import consent, preferences, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadWish, UnknownSubscriber, WrongState
from subscribers.model import ConsentKind, Subscription
from subscribers.signup import ConfirmationDue
from subscribers.wishes import Wishes

AddOne = Callable[..., Subscription]


def wanted(**changes: Any) -> Wishes:
    values: dict[str, Any] = {
        "sections": None,
        "cadence": Cadence.DAILY,
        "hour": None,
        "time_zone": "Europe/Paris",
        "language": "en",
    }
    return Wishes(**(values | changes))


def test_a_reader_gets_what_they_choose_and_the_ledger_says_so(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    wish = wanted(
        name="Ana María",
        sections=("world",),
        cadence=Cadence.WEEKDAYS,
        hour=time(6, 30),
        time_zone="America/Lima",
        language="pt-BR",
    )

    preferences.choose(session, subscription.public_id, wish, evidence, now=now + timedelta(days=1))
    session.expire_all()

    assert preferences.of(subscription) == wish
    last = consent.history(session, subscription.subscriber.fingerprint)[-1]
    assert (last.kind, last.at) == (ConsentKind.CHANGED, now + timedelta(days=1))
    assert (last.source, last.network_address) == (evidence.source, evidence.network_address)


def test_name_language_and_zone_hold_for_all_that_a_person_reads_and_the_rest_for_one(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    daily, other = add_one(), add_one(newsletter="other")

    preferences.choose(
        session,
        daily.public_id,
        wanted(name="A.", language="de", time_zone="Asia/Tokyo", sections=("world",), hour=time(9)),
        evidence,
        now=now,
    )

    assert preferences.of(other) == wanted(name="A.", language="de", time_zone="Asia/Tokyo")


def test_a_wish_that_changes_nothing_leaves_no_trace(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    before = len(consent.history(session, subscription.subscriber.fingerprint))

    preferences.choose(session, subscription.public_id, preferences.of(subscription), evidence, now=now)

    assert len(consent.history(session, subscription.subscriber.fingerprint)) == before


def test_a_paused_reader_may_choose_and_stays_paused(
    session: Session, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    subscription.pause()
    session.flush()

    preferences.choose(session, subscription.public_id, wanted(hour=time(9)), evidence, now=now)

    assert (subscription.state, subscription.hour) == ("paused", time(9))


def test_who_has_left_or_never_confirmed_changes_nothing(
    session: Session, add_one: AddOne, request_one: Callable[..., ConfirmationDue], evidence: Evidence, now: datetime
) -> None:
    left = add_one()
    unsubscribe.one_click(session, left.public_id, evidence, now=now)
    pending = request_one("bea@reader.example").subscription

    for subscription in (left, pending):
        with pytest.raises(WrongState, match="only a confirmed one can be changed"):
            preferences.choose(session, subscription.public_id, wanted(hour=time(9)), evidence, now=now)
        assert subscription.hour is None


def test_an_unknown_subscription_is_said_to_be_unknown(session: Session, evidence: Evidence, now: datetime) -> None:
    with pytest.raises(UnknownSubscriber):
        preferences.choose(session, "aaaaaaaaaaaaa", wanted(), evidence, now=now)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("sections", {"sections": ()}),
        ("sections", {"sections": ("world", "no such\nthing")}),
        ("hour", {"hour": time(7, 0, 30)}),
        ("hour", {"hour": time(7, 0, tzinfo=UTC)}),
        ("time zone", {"time_zone": "../../etc/passwd"}),
        ("time zone", {"time_zone": ""}),
        ("time zone", {"time_zone": "Factory"}),
        ("language", {"language": "<script>"}),
        ("cadence", {"cadence": Cadence.SPECIAL}),
        ("name", {"name": "n" * 201}),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(BadWish) as refused:
        wanted(**changes)

    assert refused.value.field == field


def test_a_section_named_twice_is_chosen_once() -> None:
    assert wanted(sections=("world", "science", "world")).sections == ("world", "science")


def test_a_reader_whose_time_zone_is_no_longer_known_still_sees_what_they_chose(
    session: Session, add_one: Callable[..., Subscription]
) -> None:
    subscription = add_one()
    subscription.subscriber.time_zone = "Europe/Gone"

    assert preferences.of(subscription).time_zone == "UTC"
