from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers import consent, erasure, signup, suppression, tokens, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import AddressSuppressed, BadToken, BadWish, UnknownSubscriber, WrongState
from subscribers.model import (
    ConsentEvent,
    ConsentKind,
    EndReason,
    SignupRequest,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from subscribers.signup import (
    AlreadySubscribed,
    Begun,
    ConfirmationDue,
    Later,
    SignupWish,
    Suppressed,
    TooMany,
    TooSoon,
)
from subscribers.tokens import Claim, Keys, Purpose

RequestOne = Callable[..., signup.SignupOutcome]
TakeOne = Callable[..., signup.SignupOutcome | None]
AddOne = Callable[..., Subscription]
HOUR = timedelta(hours=1)
PAPERS = ("daily", "weekly", "paper-0", "paper-1", "paper-2")


def pending(outcome: signup.SignupOutcome | None) -> Subscription:
    assert isinstance(outcome, ConfirmationDue)
    return outcome.subscription


def link(subscription: Subscription, keys: Keys, issued: datetime) -> str:
    claim = Claim(subscription.public_id, subscription.confirmation_nonce)
    return tokens.sign(Purpose.CONFIRM, claim, keys, issued=issued)


def test_a_wish_waits_for_its_confirmation(session: Session, request_one: RequestOne, now: datetime) -> None:
    subscription = pending(request_one(sections=("world",), hour=time(7, 30)))

    assert subscription.state is SubscriptionState.PENDING
    assert subscription.sections == ("world",)
    assert subscription.hour == time(7, 30)
    assert subscription.confirmation_sent_at == now
    kinds = [event.kind for event in consent.history(session, subscription.subscriber.fingerprint)]
    assert kinds == [ConsentKind.REQUESTED]


def test_confirming_begins_the_subscription_once(
    session: Session, request_one: RequestOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    subscription = pending(request_one())
    token = link(subscription, keys, now)

    first = signup.confirm(session, token, evidence, keys=keys, now=now)
    again = signup.confirm(session, token, evidence, keys=keys, now=now + HOUR)

    assert isinstance(first, Begun)
    assert isinstance(again, AlreadySubscribed)
    assert subscription.state is SubscriptionState.ACTIVE
    assert subscription.confirmed_at == now
    kinds = [event.kind for event in consent.history(session, subscription.subscriber.fingerprint)]
    assert kinds == [ConsentKind.REQUESTED, ConsentKind.CONFIRMED]


def test_a_used_link_does_not_revive_a_subscription_that_has_ended(
    session: Session, request_one: RequestOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    subscription = pending(request_one())
    token = link(subscription, keys, now)
    signup.confirm(session, token, evidence, keys=keys, now=now)
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now)

    with pytest.raises(BadToken):
        signup.confirm(session, token, evidence, keys=keys, now=now)
    pending(request_one())
    with pytest.raises(BadToken):
        signup.confirm(session, token, evidence, keys=keys, now=now)
    assert subscription.state is SubscriptionState.PENDING


def test_an_old_link_does_not_confirm(
    session: Session, request_one: RequestOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    subscription = pending(request_one())

    with pytest.raises(BadToken, match="7 days"):
        signup.confirm(session, link(subscription, keys, now), evidence, keys=keys, now=now + timedelta(days=8))
    assert subscription.state is SubscriptionState.PENDING


def test_an_unsubscribe_link_does_not_confirm(
    session: Session, request_one: RequestOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    subscription = pending(request_one())
    token = tokens.sign(Purpose.UNSUBSCRIBE, Claim(subscription.public_id), keys)

    with pytest.raises(BadToken):
        signup.confirm(session, token, evidence, keys=keys, now=now)


def test_a_link_of_an_erased_reader_names_nobody(
    session: Session, request_one: RequestOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    subscription = pending(request_one())
    token = link(subscription, keys, now)
    session.delete(subscription.subscriber)
    session.flush()

    with pytest.raises(UnknownSubscriber):
        signup.confirm(session, token, evidence, keys=keys, now=now)


def test_an_address_gets_one_unanswered_confirmation_an_hour(
    session: Session, request_one: RequestOne, now: datetime
) -> None:
    pending(request_one())

    soon = request_one("ANA@Reader.Example", at=now + HOUR - timedelta(seconds=1))
    other_newsletter = request_one(newsletter="weekly", at=now + HOUR / 2)
    later = request_one(at=now + HOUR)

    assert isinstance(soon, TooSoon)
    assert isinstance(other_newsletter, Later)
    assert isinstance(later, ConfirmationDue)
    assert session.scalar(select(func.count(Subscriber.id))) == 1
    assert session.scalar(select(func.count(ConsentEvent.id))) == 2


def test_both_confirmations_of_one_wish_work(
    session: Session, request_one: RequestOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    first = link(pending(request_one()), keys, now)
    pending(request_one(at=now + HOUR))

    assert isinstance(signup.confirm(session, first, evidence, keys=keys, now=now + HOUR), Begun)


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_sign_up_for_another_newsletter_waits_for_the_answer_or_the_hour(
    session: Session,
    wish: Callable[..., SignupWish],
    evidence: Evidence,
    keys: Keys,
    fingerprint_key: bytes,
    now: datetime,
    *,
    is_answered: bool,
) -> None:
    def taken_up(at: datetime) -> list[signup.SignupOutcome | None]:
        found = signup.waiting(session, fingerprint_key=fingerprint_key, now=at, limit=10)
        grounds: dict[str, Any] = {"newsletters": PAPERS, "fingerprint_key": fingerprint_key, "now": at}
        return [signup.take_up(session, request_id, **grounds) for request_id in found]

    for newsletter in ("daily", "weekly"):
        signup.take_down(session, wish(newsletter=newsletter), evidence, now=now)

    first, second = taken_up(now)
    nothing = taken_up(now + HOUR / 2)
    if is_answered:
        token = link(pending(first), keys, now)
        signup.confirm(session, token, evidence, keys=keys, now=now + HOUR / 2)
    (third,) = taken_up(now + (HOUR / 2 if is_answered else HOUR))

    assert (second, nothing) == (Later(), [])
    assert pending(third).newsletter == "weekly"
    assert session.scalar(select(func.count(SignupRequest.id))) == 0


def test_three_unanswered_confirmations_in_seven_days_are_all_that_an_address_gets(
    session: Session, request_one: RequestOne, now: datetime
) -> None:
    times = [now + HOUR * n for n in range(4)]
    outcomes = [
        request_one(at=at, newsletter=newsletter)
        for at, newsletter in zip(times, ("daily", "weekly", "daily", "monthly"), strict=True)
    ]
    rows = session.scalar(select(func.count(Subscription.id)))

    before = request_one(at=now + timedelta(days=7) - timedelta(seconds=1))
    after = request_one(at=now + timedelta(days=7))

    assert [type(outcome) for outcome in outcomes] == [ConfirmationDue, ConfirmationDue, ConfirmationDue, TooMany]
    assert (before, type(after)) == (TooMany(), ConfirmationDue)
    assert rows == 2, "what comes too often leaves no row"


def test_an_answer_lets_an_address_be_asked_again(
    session: Session, request_one: RequestOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    subscription = pending([request_one(at=now + HOUR * n) for n in range(3)][-1])
    signup.confirm(session, link(subscription, keys, now), evidence, keys=keys, now=now + 3 * HOUR)

    assert isinstance(request_one(newsletter="weekly", at=now + 3 * HOUR), ConfirmationDue)


def test_a_request_beyond_the_limit_changes_nothing(request_one: RequestOne, now: datetime) -> None:
    subscription = pending([request_one(at=now + HOUR * n, name="Ana") for n in range(3)][-1])

    request_one(at=now + 4 * HOUR, name="Mallory", sections=("sports",))

    assert (subscription.subscriber.name, subscription.sections) == ("Ana", None)


def test_a_thousand_sign_ups_of_one_address_in_two_days_come_to_three_confirmations(
    session: Session, wish: Callable[..., SignupWish], evidence: Evidence, fingerprint_key: bytes, now: datetime
) -> None:
    outcomes: Counter[str] = Counter()
    most_waiting = 0
    for n in range(1000):
        at = now + timedelta(hours=48) * n / 1000
        signup.take_down(session, wish(newsletter=f"paper-{n % 3}"), evidence, now=at)
        if n % 10 == 9:
            waiting = signup.waiting(session, fingerprint_key=fingerprint_key, now=at, limit=1000)
            most_waiting = max(most_waiting, len(waiting))
            for request_id in waiting:
                outcome = signup.take_up(
                    session, request_id, newsletters=PAPERS, fingerprint_key=fingerprint_key, now=at
                )
                outcomes[type(outcome).__name__] += 1

    assert outcomes["ConfirmationDue"] == 3
    assert most_waiting == 3
    for row, most in ((SignupRequest, 0), (Subscriber, 1), (Subscription, 3), (ConsentEvent, 3)):
        assert (session.scalar(select(func.count()).select_from(row)) or 0) <= most


@pytest.fixture
def take_one(
    session: Session, wish: Callable[..., SignupWish], evidence: Evidence, fingerprint_key: bytes, now: datetime
) -> TakeOne:
    """Give a function that has a sign-up taken down and taken up, as the form and the job do."""

    def make(text: str, *, at: datetime = now, **changes: Any) -> signup.SignupOutcome | None:
        signup.take_down(session, wish(text, **changes), evidence, now=at)
        (request_id,) = signup.waiting(session, fingerprint_key=fingerprint_key, now=at, limit=2)
        return signup.take_up(session, request_id, newsletters=PAPERS, fingerprint_key=fingerprint_key, now=at)

    return make


@pytest.mark.parametrize(
    "aliases",
    [
        ("ana@reader.example", "ana+1@reader.example", "Ana+2@reader.example", "ana+2+3@reader.example"),
        ("ana+1@reader.example", "ana@reader.example", "ana+2@reader.example", "ana+3@reader.example"),
        ("ana.p@gmail.com", "anap@gmail.com", "a.n.a.p+1@gmail.com", "an.ap@googlemail.com"),
    ],
)
def test_the_addresses_of_one_mailbox_share_what_it_gets(
    session: Session, take_one: TakeOne, now: datetime, aliases: tuple[str, ...]
) -> None:
    first = take_one(aliases[0])
    soon = take_one(aliases[1], at=now + HOUR / 2, newsletter="weekly")
    third = [take_one(alias, at=now + HOUR * n) for n, alias in ((1, aliases[1]), (2, aliases[2]))]
    beyond = [take_one(alias, at=now + HOUR * (3 + n)) for n, alias in enumerate(aliases)]
    later = take_one(aliases[3], at=now + timedelta(days=7, hours=1))

    assert [type(outcome) for outcome in (first, soon, *third)] == [
        ConfirmationDue,
        TooSoon,
        ConfirmationDue,
        ConfirmationDue,
    ]
    assert beyond == [TooMany()] * 4
    assert isinstance(later, ConfirmationDue)


@pytest.mark.parametrize(
    "other",
    [
        "anna@reader.example",
        "a.na@reader.example",
        "ana@mail.reader.example",
        "+ana@reader.example",
        "a_na@reader.example",
    ],
)
def test_neighbours_with_like_addresses_share_nothing(take_one: TakeOne, other: str) -> None:
    take_one("ana@reader.example")

    assert isinstance(take_one(other), ConfirmationDue)


def test_who_waits_for_their_turn_keeps_nobody_from_theirs(
    session: Session,
    wish: Callable[..., SignupWish],
    take_one: TakeOne,
    evidence: Evidence,
    fingerprint_key: bytes,
    now: datetime,
) -> None:
    take_one("ana@reader.example")
    for newsletter in ("weekly", "monthly"):
        signup.take_down(session, wish("ana@reader.example", newsletter=newsletter), evidence, now=now)
    for address in ("ben@reader.example", "cem@reader.example"):
        signup.take_down(session, wish(address), evidence, now=now)

    found = signup.waiting(session, fingerprint_key=fingerprint_key, now=now, limit=1)

    theirs = session.scalars(select(SignupRequest.address_key).where(SignupRequest.id.in_(found))).all()
    assert theirs == ["ben@reader.example"]


def test_what_was_answered_at_one_address_of_a_mailbox_keeps_none_from_another(
    session: Session, take_one: TakeOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    for n in range(3):
        subscription = pending(take_one(f"ana+{n}@reader.example", at=now + HOUR * n))
        token = link(subscription, keys, now + HOUR * n)
        signup.confirm(session, token, evidence, keys=keys, now=now + HOUR * n)

    assert isinstance(take_one("ana@reader.example", at=now + HOUR * 2), ConfirmationDue)


def test_a_sign_up_that_waits_becomes_what_was_asked_for(
    session: Session, wish: Callable[..., SignupWish], evidence: Evidence, fingerprint_key: bytes, now: datetime
) -> None:
    asked = wish("Ana@Reader.example", sections=("world",), hour=time(7, 30), cadence=Cadence.WEEKDAYS)
    signup.take_down(session, asked, evidence, now=now)
    (request_id,) = signup.waiting(session, fingerprint_key=fingerprint_key, now=now, limit=10)

    subscription = pending(
        signup.take_up(
            session, request_id, newsletters=PAPERS, fingerprint_key=fingerprint_key, now=now + timedelta(seconds=10)
        )
    )

    subscriber = subscription.subscriber
    assert (subscription.sections, subscription.hour, subscription.cadence) == (
        asked.sections,
        asked.hour,
        asked.cadence,
    )
    assert (subscriber.address, subscriber.name, subscriber.time_zone) == (
        "Ana@reader.example",
        asked.name,
        asked.time_zone,
    )
    (event,) = consent.history(session, subscriber.fingerprint)
    assert (event.wording, event.source, event.network_address) == (
        evidence.wording,
        evidence.source,
        evidence.network_address,
    )


def test_of_the_same_asked_twice_the_newest_waits_and_of_others_each(
    session: Session, wish: Callable[..., SignupWish], evidence: Evidence, now: datetime
) -> None:
    for asked in (
        wish(name="Aan"),
        wish("ANA@reader.example", name="Ana"),
        wish(newsletter="weekly"),
        wish("ben@reader.example"),
    ):
        signup.take_down(session, asked, evidence, now=now)

    kept = session.execute(
        select(SignupRequest.newsletter, SignupRequest.address, SignupRequest.name).order_by(SignupRequest.id)
    ).all()
    assert kept == [
        ("daily", "ANA@reader.example", "Ana"),
        ("weekly", "ana@reader.example", "Ana Pérez"),
        ("daily", "ben@reader.example", "Ana Pérez"),
    ]


def test_a_sign_up_is_taken_up_once(
    session: Session, wish: Callable[..., SignupWish], evidence: Evidence, fingerprint_key: bytes, now: datetime
) -> None:
    signup.take_down(session, wish(), evidence, now=now)
    (request_id,) = signup.waiting(session, fingerprint_key=fingerprint_key, now=now, limit=10)

    outcomes = [
        signup.take_up(session, request_id, newsletters=PAPERS, fingerprint_key=fingerprint_key, now=now + HOUR * n)
        for n in range(2)
    ]

    assert isinstance(outcomes[0], ConfirmationDue)
    assert outcomes[1] is None
    assert signup.waiting(session, fingerprint_key=fingerprint_key, now=now, limit=10) == []


def test_who_has_confirmed_may_ask_for_the_next_newsletter_at_once(
    session: Session, request_one: RequestOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    subscription = pending(request_one())
    signup.confirm(session, link(subscription, keys, now), evidence, keys=keys, now=now)

    assert isinstance(request_one(newsletter="weekly"), ConfirmationDue)


def test_a_refused_confirmation_counts_against_the_next(
    session: Session, request_one: RequestOne, evidence: Evidence, now: datetime
) -> None:
    subscription = pending(request_one())
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now)

    assert isinstance(request_one(), TooSoon)


def test_a_request_too_soon_after_another_changes_nothing(
    session: Session, request_one: RequestOne, now: datetime
) -> None:
    subscription = pending(request_one(sections=("world",), name="Ana"))

    outcomes = [
        request_one(newsletter=newsletter, sections=("science",), name="Mallory", at=now + HOUR / 2)
        for newsletter in ("daily", "weekly")
    ]

    assert outcomes == [TooSoon(), Later()]
    assert (subscription.sections, subscription.subscriber.name) == (("world",), "Ana")
    assert session.scalar(select(func.count(Subscription.id))) == 1


def test_a_later_request_before_confirming_corrects_the_first(request_one: RequestOne, now: datetime) -> None:
    pending(request_one(sections=("world",), name="Aan"))

    corrected = pending(request_one(sections=("science",), name="Ana", at=now + HOUR))

    assert corrected.sections == ("science",)
    assert corrected.subscriber.name == "Ana"


def test_a_request_nobody_confirms_leaves_an_end_as_it_was(
    session: Session, request_one: RequestOne, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now)
    unsubscribe.tell_why(session, subscription.public_id, None, "Too much sport")

    pending(request_one(at=now + HOUR, name="Mallory", language="ja"))
    waiting = (subscription.state, subscription.ended_at, subscription.leaving_words, subscription.confirmed_at)
    forgotten = erasure.forget_unconfirmed(session, now + timedelta(days=14), limit=10)

    assert waiting == (SubscriptionState.PENDING, now, "Too much sport", now)
    assert forgotten == 1
    assert (subscription.state, subscription.ended_at) == (SubscriptionState.ENDED, now)
    assert (subscription.end_reason, subscription.leaving_words) == (EndReason.ONE_CLICK, "Too much sport")
    assert (subscription.subscriber.name, subscription.subscriber.language) == ("Ana Pérez", "en")


def test_a_request_nobody_confirms_leaves_the_way_back_open(
    session: Session, request_one: RequestOne, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = add_one()
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now)
    pending(request_one(at=now + HOUR))

    with pytest.raises(WrongState, match="more than 7 days"):
        unsubscribe.undo(session, subscription.public_id, evidence, now=now + timedelta(days=8))
    unsubscribe.undo(session, subscription.public_id, evidence, now=now + 2 * HOUR)

    assert subscription.state is SubscriptionState.ACTIVE
    assert (subscription.ended_at, subscription.confirmation_sent_at) == (None, None)


@pytest.mark.parametrize("newsletter", ["daily", "weekly"])
def test_a_request_changes_nothing_that_its_owner_has_confirmed(
    request_one: RequestOne, add_one: AddOne, newsletter: str
) -> None:
    subscription = add_one(sections=("world",))

    request_one(newsletter=newsletter, name="Mallory", time_zone="Asia/Tokyo", language="ja", sections=("sports",))

    assert subscription.state is SubscriptionState.ACTIVE
    assert subscription.sections == ("world",)
    subscriber = subscription.subscriber
    assert (subscriber.name, subscriber.time_zone, subscriber.language) == ("Ana Pérez", "Europe/Paris", "en")


@pytest.mark.parametrize("is_paused", [False, True])
def test_who_reads_already_is_told_apart_for_the_caller_only(
    session: Session, request_one: RequestOne, add_one: AddOne, is_paused: bool
) -> None:
    subscription = add_one()
    if is_paused:
        subscription.pause()

    outcome = request_one()

    assert outcome == AlreadySubscribed(subscription)
    assert session.scalar(select(func.count(ConsentEvent.id))) == 1


@pytest.mark.parametrize(
    "reason", [SuppressionReason.HARD_BOUNCE, SuppressionReason.COMPLAINT, SuppressionReason.OPERATOR]
)
def test_a_suppressed_address_gets_no_confirmation_and_leaves_no_row(
    session: Session, request_one: RequestOne, add_one: AddOne, now: datetime, reason: SuppressionReason
) -> None:
    fingerprint = add_one().subscriber.fingerprint
    session.delete(session.scalars(select(Subscriber)).one())
    suppression.suppress(session, fingerprint, reason, at=now)

    assert request_one() == Suppressed(reason)
    assert session.scalar(select(func.count(Subscriber.id))) == 0


@pytest.mark.parametrize("reason", [SuppressionReason.UNSUBSCRIBED, SuppressionReason.ERASED])
def test_who_left_everything_comes_back_by_confirming(
    session: Session,
    request_one: RequestOne,
    evidence: Evidence,
    keys: Keys,
    now: datetime,
    reason: SuppressionReason,
) -> None:
    subscription = pending(request_one())
    fingerprint = subscription.subscriber.fingerprint
    suppression.suppress(session, fingerprint, reason, at=now)

    asked_again = pending(request_one(at=now + HOUR))
    held_while_waiting = suppression.reason_for(session, fingerprint)
    signup.confirm(session, link(asked_again, keys, now), evidence, keys=keys, now=now)

    assert held_while_waiting is reason
    assert not suppression.is_suppressed(session, fingerprint)


def test_an_address_that_only_an_operator_lets_go_on_confirms_nothing(
    session: Session, request_one: RequestOne, evidence: Evidence, keys: Keys, now: datetime
) -> None:
    subscription = pending(request_one())
    fingerprint = subscription.subscriber.fingerprint
    suppression.suppress(session, fingerprint, SuppressionReason.HARD_BOUNCE, at=now)

    with pytest.raises(AddressSuppressed):
        signup.confirm(session, link(subscription, keys, now), evidence, keys=keys, now=now)

    assert subscription.state is SubscriptionState.PENDING
    assert suppression.reason_for(session, fingerprint) is SuppressionReason.HARD_BOUNCE


def test_an_operator_adds_a_reader_who_is_active_at_once(session: Session, add_one: AddOne, now: datetime) -> None:
    subscription = add_one()

    assert subscription.state is SubscriptionState.ACTIVE
    assert subscription.confirmed_at == now
    assert add_one(name="Someone else") is subscription
    assert subscription.subscriber.name == "Ana Pérez"
    assert session.scalar(select(func.count(ConsentEvent.id))) == 1


def test_an_operator_confirms_for_a_waiting_reader_and_brings_back_one_who_left(
    session: Session, request_one: RequestOne, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    subscription = pending(request_one())

    add_one()
    state_after_waiting = subscription.state
    unsubscribe.one_click(session, subscription.public_id, evidence, now=now)
    add_one(sections=("science",))

    assert state_after_waiting is SubscriptionState.ACTIVE
    assert subscription.state is SubscriptionState.ACTIVE
    assert subscription.sections == ("science",)
    assert subscription.ended_at is None


def test_adding_by_hand_needs_a_ground(
    session: Session, wish: Callable[..., SignupWish], fingerprint_key: bytes, now: datetime
) -> None:
    with pytest.raises(BadWish, match="say when and how"):
        signup.add(session, wish(), Evidence(wording=" \n", source="command"), fingerprint_key=fingerprint_key, now=now)


@pytest.mark.parametrize("reason", SuppressionReason)
def test_adding_by_hand_refuses_every_suppressed_address(
    session: Session, add_one: AddOne, now: datetime, reason: SuppressionReason
) -> None:
    suppression.suppress(session, add_one().subscriber.fingerprint, reason, at=now)

    with pytest.raises(AddressSuppressed, match=reason) as caught:
        add_one(newsletter="weekly")
    assert "ana" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time zone"),
        ({"time_zone": ""}, "time zone"),
        ({"time_zone": "../../etc/passwd"}, "time zone"),
        ({"time_zone": "localtime"}, "time zone"),
        ({"time_zone": "Z" * 1_000_000}, "time zone"),
        ({"language": ""}, "language"),
        ({"language": "english please"}, "language"),
        ({"name": "n" * 201}, "name"),
        ({"sections": ()}, "sections"),
        ({"sections": ("world", "no/such")}, "sections"),
        ({"hour": time(7, 30, 1)}, "hour"),
    ],
)
def test_a_wish_that_cannot_be_names_its_fault(
    wish: Callable[..., SignupWish], changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadWish) as caught:
        wish(**changes)

    assert caught.value.field == field
    assert len(str(caught.value)) < 200


def test_a_wish_is_brought_into_its_one_form(wish: Callable[..., SignupWish]) -> None:
    made = wish(time_zone=" europe/BERLIN", name=" Ana\r\nPérez\x00")

    assert (made.time_zone, made.name) == ("Europe/Berlin", "Ana Pérez")
