"""What is a reader's own: asked for from the preferences, confirmed from the mailbox, and nothing given away."""

import csv
import json
import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import func, select, update

from digest import jobs, logs
from digest.demo.inbox import Inbox
from digest.model.delivery import Attempt, Delivery, DeliveryState, Lease, Reason, Settlement
from digest.model.edition import Edition
from digest.model.ids import EditionId
from digest.model.notice import Notice
from digest.notices import opened
from digest.readers import leaving, own, reading, signing_up
from digest.readers.opening import Standing
from digest.readers.own import Answer, OwnView
from digest.readers.signing_up import SignUp
from digest.services import Services
from digest.store import deliveries
from digest.store import notices as notice_store
from subscribers import address, bounces, consent, own_data, requests, suppression, tokens
from subscribers.bounces import Effect, Said
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import AddressSuppressed, BadAddress
from subscribers.model import (
    BounceKind,
    ConsentEvent,
    ConsentKind,
    ReaderRequest,
    RequestKind,
    SignupRequest,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from subscribers.tokens import Claim, Purpose
from tests.conftest import MakeServices
from tests.digest.deliver.planned import new_edition
from tests.digest.leaver import leave
from tests.fakes import FixedClock
from tests.flow.walk import approved, drop_news, subscribe

SEEN = Evidence(wording="Send it to me", source="sign-up page")

OLD, NEW = "ana@reader.example", "ana@new.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def ana(services: Services) -> str:
    """Give the preferences token of a reader."""
    return link(services, subscribe(services, "ana"), Purpose.PREFERENCES)


def link(services: Services, public_id: str, purpose: Purpose) -> str:
    return tokens.sign(purpose, Claim(public_id), services.keys.tokens)


def mark(services: Services, text: str) -> str:
    return address.fingerprint(text, services.keys.fingerprint)


def notices(services: Services) -> list[tuple[str, str]]:
    with services.reading() as session:
        found = session.scalars(select(Notice).order_by(Notice.id))
        return [(notice.kind, notice.address) for notice in found]


def mailed(services: Services, kind: str) -> str:
    """Return the token in the newest mail of *kind*."""
    with services.reading() as session:
        found = session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id.desc()).limit(1)).one()
        return str(opened(services, found.wish)["confirm_url"]).rpartition("/")[2]


def readers(services: Services) -> list[Subscriber]:
    with services.reading() as session:
        return list(session.scalars(select(Subscriber).order_by(Subscriber.id)))


def of_reader(services: Services, text: str) -> str:
    """Return the public id of the only Subscription of the reader at *text*."""
    theirs = select(Subscription.public_id).join(Subscription.subscriber)
    with services.reading() as session:
        return session.scalars(theirs.where(Subscriber.address == text)).one()


def reason(services: Services, text: str) -> SuppressionReason | None:
    with services.reading() as session:
        return suppression.reason_for(session, mark(services, text))


def suppress(services: Services, text: str, why: SuppressionReason) -> None:
    with services.session() as session:
        suppression.suppress(session, mark(services, text), why, at=services.clock.now())


def ledger(services: Services, text: str) -> list[ConsentKind]:
    with services.reading() as session:
        return [event.kind for event in consent.history(session, mark(services, text))]


def moving(services: Services, preferences: str, to: str = NEW) -> str:
    assert own.ask_address(services, preferences, to) is not None
    return mailed(services, "address")


def erasing(services: Services, preferences: str) -> str:
    own.ask(services, preferences, RequestKind.ERASURE)
    return mailed(services, "erase")


# -- asking ------------------------------------------------------------------------------------------------------------


def test_the_mail_that_confirms_a_new_address_goes_there_and_knows_no_name(services: Services, ana: str) -> None:
    view = own.ask_address(services, ana, NEW)

    assert view is not None
    assert (view.answer, view.masked_address) == (Answer.WRITTEN, "a***@n***")
    assert notices(services) == [("address", NEW)]
    with services.reading() as session:
        assert session.scalars(select(Notice.name)).one() == ""
    assert [reader.address for reader in readers(services)] == [OLD]


@pytest.mark.parametrize("kind", ["nobody", "reader", "suppressed", "left"])
def test_whoever_asks_does_not_learn_who_reads_at_the_new_address(services: Services, ana: str, kind: str) -> None:
    if kind == "reader":
        subscribe(services, "bea")
    elif kind != "nobody":
        why = SuppressionReason.COMPLAINT if kind == "suppressed" else SuppressionReason.UNSUBSCRIBED
        suppress(services, "bea@reader.example", why)

    view = own.ask_address(services, ana, "bea@reader.example")

    assert view is not None
    assert (view.answer, view.masked_address) == (Answer.WRITTEN, "b***@r***")
    assert notices(services) == ([] if kind == "suppressed" else [("address", "bea@reader.example")])


def test_the_present_address_is_refused_kindly_and_a_mistyped_one_by_name(services: Services, ana: str) -> None:
    view = own.ask_address(services, ana, "ANA@reader.example")
    with pytest.raises(BadAddress):
        own.ask_address(services, ana, "ana at home")

    assert view is not None
    assert view.answer is Answer.PRESENT
    assert notices(services) == []


def test_a_repeat_within_the_hour_keeps_the_first_link_and_sends_nothing(
    services: Services, ana: str, clock: FixedClock
) -> None:
    first = moving(services, ana)
    clock.advance(HOUR - timedelta(seconds=1))

    again = own.ask_address(services, ana, "ana@third.example")
    own.ask(services, ana, RequestKind.EXPORT)

    assert again is not None
    assert again.answer is Answer.WRITTEN
    assert notices(services) == [("address", NEW), ("own_data", OLD)]
    assert own.confirm_address(services, first, network="").standing is Standing.DONE
    assert [reader.address for reader in readers(services)] == [NEW]


def test_a_later_request_takes_the_place_of_the_earlier_one(services: Services, ana: str, clock: FixedClock) -> None:
    first = moving(services, ana)
    clock.advance(HOUR)
    second = moving(services, ana, "ana@third.example")

    before = own.confirm_address(services, first, network="")
    after = own.confirm_address(services, second, network="")

    assert (before.standing, after.standing) == (Standing.EXPIRED, Standing.DONE)
    assert [reader.address for reader in readers(services)] == ["ana@third.example"]


def test_no_more_than_five_mails_a_day_are_sent_for_one_reader(services: Services, ana: str, clock: FixedClock) -> None:
    sent = []
    for _ in range(3):
        for kind in (RequestKind.EXPORT, RequestKind.ERASURE):
            own.ask(services, ana, kind)
        sent.append(len(notices(services)))
        clock.advance(HOUR)
    clock.advance(timedelta(days=1))
    own.ask(services, ana, RequestKind.EXPORT)

    assert sent == [2, 4, 5]
    assert len(notices(services)) == 6


def test_a_link_that_is_none_of_ours_asks_for_nothing(services: Services, ana: str) -> None:
    strange = [link(services, "nobodyatallxx", Purpose.PREFERENCES), ana[:-1], ana.partition(".")[0]]

    views = [own.ask(services, token, RequestKind.ERASURE) for token in strange]
    moves = [own.ask_address(services, token, NEW) for token in strange]

    assert (views, moves) == ([None] * 3, [None] * 3)
    assert notices(services) == []


def test_a_reader_whose_own_address_gets_no_mail_is_not_written_to(services: Services, ana: str) -> None:
    suppress(services, OLD, SuppressionReason.COMPLAINT)

    view = own.ask(services, ana, RequestKind.EXPORT)

    assert view is not None
    assert view.answer is Answer.UNREACHED
    assert notices(services) == []


@pytest.mark.parametrize("kind", RequestKind)
def test_the_preferences_link_alone_does_nothing_of_it(services: Services, ana: str, kind: RequestKind) -> None:
    assert own.page(services, ana, kind).standing is Standing.UNKNOWN
    assert own.confirm_address(services, ana, network="").standing is Standing.UNKNOWN
    assert isinstance(own.fetch(services, ana), OwnView)
    assert own.erase(services, ana, network="").standing is Standing.UNKNOWN
    assert [reader.address for reader in readers(services)] == [OLD]


# -- another address ---------------------------------------------------------------------------------------------------


def test_looking_at_the_pages_changes_nothing(services: Services, ana: str) -> None:
    confirming = moving(services, ana)

    views = [own.page(services, confirming, RequestKind.ADDRESS) for _ in range(3)]

    assert {(view.standing, view.masked_address) for view in views} == {(Standing.OPEN, "a***@n***")}
    assert [reader.address for reader in readers(services)] == [OLD]


def test_a_confirmed_move_is_written_down_under_both_addresses_and_told_to_the_old_one(
    services: Services, ana: str, clock: FixedClock
) -> None:
    confirming = moving(services, ana)

    view = own.confirm_address(services, confirming, network="192.0.2.1")

    (reader,) = readers(services)
    assert (view.standing, view.masked_address) == (Standing.DONE, "a***@n***")
    assert (reader.address, reader.address_key, reader.address_since) == (NEW, NEW, clock.at)
    assert reader.fingerprint == mark(services, NEW)
    assert ledger(services, OLD) == [ConsentKind.ADDED, ConsentKind.MOVED]
    assert ledger(services, NEW) == [ConsentKind.MOVED]
    assert notices(services)[-1] == ("moved", OLD)
    with services.reading() as session:
        told = opened(services, session.scalars(select(Notice).where(Notice.kind == "moved")).one().wish)
        (way_back,) = session.scalars(select(ReaderRequest)).all()
    assert (way_back.kind, way_back.address) == (RequestKind.ADDRESS, OLD)
    assert told.pop("back_url").startswith("http://127.0.0.1:8025/a/")
    assert told == {"masked_address": "a***@n***", "write_to": "morning@news.example.org", "valid_days": "7"}


def back(services: Services) -> str:
    """Return the token in the mail that tells of a move, to take it back."""
    with services.reading() as session:
        told = session.scalars(select(Notice).where(Notice.kind == "moved").order_by(Notice.id).limit(1)).one()
        return str(opened(services, told.wish)["back_url"]).rpartition("/")[2]


def test_the_old_address_takes_a_move_back_and_the_other_one_is_told_without_a_way(
    services: Services, ana: str, clock: FixedClock
) -> None:
    own.confirm_address(services, moving(services, ana), network="")
    clock.advance(timedelta(minutes=1))

    seen = own.page(services, back(services), RequestKind.ADDRESS).standing
    view = own.confirm_address(services, back(services), network="")
    again = own.confirm_address(services, back(services), network="")

    assert (seen, view.standing, again.standing) == (Standing.OPEN, Standing.DONE, Standing.EXPIRED)
    assert [reader.address for reader in readers(services)] == [OLD]
    assert notices(services)[-1] == ("moved", NEW)
    with services.reading() as session:
        last = session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1)).one()
        assert opened(services, last.wish)["back_url"] == ""
        assert session.scalars(select(ReaderRequest)).all() == []


def test_nothing_more_is_asked_for_while_a_move_can_be_taken_back(
    services: Services, ana: str, clock: FixedClock
) -> None:
    own.confirm_address(services, moving(services, ana), network="")
    clock.advance(timedelta(days=6))
    early = [own.ask(services, ana, kind) for kind in (RequestKind.EXPORT, RequestKind.ERASURE)]
    early.append(own.ask_address(services, ana, "ana@third.example"))
    clock.advance(timedelta(days=2))
    late = own.ask(services, ana, RequestKind.EXPORT)

    assert [view and view.answer for view in early] == [Answer.MOVED_LATELY] * 3
    assert late is not None
    assert late.answer is Answer.WRITTEN


def test_a_sign_up_that_nobody_confirmed_does_not_stand_in_the_way_back(services: Services, ana: str) -> None:
    own.confirm_address(services, moving(services, ana), network="")
    signing_up.sign_up(services, SignUp(newsletter="morning", address=OLD), SEEN)
    signing_up.take_up(services)

    view = own.confirm_address(services, back(services), network="")

    assert view.standing is Standing.DONE
    assert [reader.address for reader in readers(services)] == [OLD]


def test_after_a_move_the_old_mailbox_confirms_nothing_that_waits(services: Services, ana: str) -> None:
    with services.session() as session:
        reader = session.scalars(select(Subscriber)).one()
        waiting = Subscription(
            subscriber=reader, newsletter="evening", cadence=Cadence.DAILY, created_at=services.clock.now()
        )
        session.add(waiting)
        session.flush()
        public_id, nonce = waiting.public_id, waiting.confirmation_nonce
    own.confirm_address(services, moving(services, ana), network="")

    claim = Claim(public_id, nonce)
    old = tokens.sign(Purpose.CONFIRM, claim, services.keys.tokens, issued=services.clock.now())
    signing_up.confirm(services, old, network="")

    with services.reading() as session:
        states = dict(session.execute(select(Subscription.newsletter, Subscription.state)).all())
    assert states["evening"] is SubscriptionState.PENDING


@pytest.mark.parametrize("alias", [NEW, "ana+{}@new.example", "ANA+{}@New.example"])
def test_strangers_are_written_to_once_an_hour_and_three_times_a_week_whoever_asks(
    services: Services, clock: FixedClock, alias: str
) -> None:
    askers = [link(services, subscribe(services, f"reader{number}"), Purpose.PREFERENCES) for number in range(12)]

    answers = set()
    for number, asker in enumerate(askers):
        view = own.ask_address(services, asker, alias.format(number))
        assert view is not None
        answers.add(view.answer)
        clock.advance(timedelta(minutes=31))

    assert answers == {Answer.WRITTEN}
    assert [kind for kind, _ in notices(services)] == ["address"] * 3


def test_nothing_is_written_to_an_old_address_that_gets_no_mail(services: Services, ana: str) -> None:
    confirming = moving(services, ana)
    suppress(services, OLD, SuppressionReason.HARD_BOUNCE)

    view = own.confirm_address(services, confirming, network="")

    assert view.standing is Standing.DONE
    assert [kind for kind, _ in notices(services)] == ["address"]
    assert rows(services, ReaderRequest) == [0]


def test_a_second_press_changes_nothing_and_old_links_keep_working(services: Services, ana: str) -> None:
    confirming = moving(services, ana)
    own.confirm_address(services, confirming, network="")
    before = (notices(services), ledger(services, NEW))

    again = own.confirm_address(services, confirming, network="")

    assert again.standing is Standing.EXPIRED
    assert (notices(services), ledger(services, NEW)) == before
    assert own.asker(services, ana) is not None


def test_an_address_that_has_a_reader_by_then_is_refused_and_nothing_changes(services: Services, ana: str) -> None:
    confirming = moving(services, ana, "bea@reader.example")
    subscribe(services, "bea")

    views = [own.confirm_address(services, confirming, network="") for _ in range(2)]

    assert [(view.standing, view.answer) for view in views] == [(Standing.OPEN, Answer.TAKEN)] * 2
    assert [reader.address for reader in readers(services)] == [OLD, "bea@reader.example"]
    assert ledger(services, OLD) == [ConsentKind.ADDED]
    assert [kind for kind, _ in notices(services)] == ["address"]


@pytest.mark.parametrize("why", [SuppressionReason.UNSUBSCRIBED, SuppressionReason.ERASED])
def test_a_reader_lifts_what_they_may_lift_at_the_new_address(
    services: Services, ana: str, why: SuppressionReason
) -> None:
    suppress(services, NEW, why)

    own.confirm_address(services, moving(services, ana), network="")

    assert reason(services, NEW) is None
    assert [reader.address for reader in readers(services)] == [NEW]


def test_nobody_moves_to_an_address_that_only_an_operator_lets_get_mail_again(services: Services, ana: str) -> None:
    confirming = moving(services, ana)
    suppress(services, NEW, SuppressionReason.COMPLAINT)

    view = own.confirm_address(services, confirming, network="")

    assert view.standing is Standing.EXPIRED
    assert [reader.address for reader in readers(services)] == [OLD]
    assert ledger(services, NEW) == []


def test_what_was_asked_for_at_the_old_address_confirms_nothing_any_more(services: Services, ana: str) -> None:
    old_mailbox = erasing(services, ana)
    own.confirm_address(services, moving(services, ana), network="")

    view = own.erase(services, old_mailbox, network="")

    assert view.standing is Standing.EXPIRED
    assert len(readers(services)) == 1


def test_links_die_when_their_time_is_over(services: Services, ana: str, clock: FixedClock) -> None:
    moves, erases = moving(services, ana), erasing(services, ana)
    clock.advance(timedelta(days=2, seconds=1))
    erasure = own.page(services, erases, RequestKind.ERASURE).standing
    move = own.page(services, moves, RequestKind.ADDRESS).standing
    clock.advance(timedelta(days=5))

    assert (erasure, move) == (Standing.EXPIRED, Standing.OPEN)
    assert own.confirm_address(services, moves, network="").standing is Standing.EXPIRED
    with services.session() as session:
        assert requests.forget_expired(session, clock.at) == 2
        assert requests.forget_expired(session, clock.at) == 0


def test_an_ended_subscription_moves_along_without_a_word_in_the_ledger(services: Services, ana: str) -> None:
    leave(services, link(services, ana.partition(".")[0], Purpose.UNSUBSCRIBE), by_page=True)

    own.confirm_address(services, moving(services, ana), network="")

    assert [reader.address for reader in readers(services)] == [NEW]
    assert ConsentKind.MOVED not in ledger(services, OLD)


@pytest.mark.parametrize(
    ("kind", "after", "effect"),
    [
        (BounceKind.HARD, timedelta(days=-1), Effect.UNKNOWN_READER),
        (BounceKind.HARD, timedelta(days=4), Effect.UNKNOWN_READER),
        (BounceKind.SOFT, timedelta(days=4), Effect.UNKNOWN_READER),
        (BounceKind.HARD, timedelta(days=5), Effect.SUPPRESSED),
        (BounceKind.COMPLAINT, timedelta(days=1), Effect.SUPPRESSED),
    ],
)
def test_a_late_return_from_the_old_address_is_not_held_against_the_new_one(
    services: Services, ana: str, clock: FixedClock, kind: BounceKind, after: timedelta, effect: Effect
) -> None:
    own.confirm_address(services, moving(services, ana), network="")
    (reader,) = readers(services)
    said = Said(mail=bounces.of_delivery(7, reader.id), kind=kind, at=clock.at + after, subscriber_id=reader.id)

    with services.session() as session:
        found = bounces.record(session, said)

    assert found is effect
    assert (reason(services, NEW) is not None) == (effect is Effect.SUPPRESSED)


@pytest.mark.parametrize("to", [NEW, "bea@reader.example"])
def test_presses_at_the_same_time_move_once(services: Services, ana: str, to: str) -> None:
    confirming = moving(services, ana, to)
    barrier = threading.Barrier(4)

    def press(_: int) -> Standing:
        barrier.wait()
        return own.confirm_address(services, confirming, network="").standing

    with ThreadPoolExecutor(4) as threads:
        standings = sorted(threads.map(press, range(4)))

    assert standings == [Standing.DONE, *[Standing.EXPIRED] * 3]
    assert ledger(services, to) == [ConsentKind.MOVED]
    assert [kind for kind, _ in notices(services)] == ["address", "moved"]


# -- own data ----------------------------------------------------------------------------------------------------------


def test_everything_that_is_kept_is_handed_out_once(
    make_services: MakeServices, database_url: str, clock: FixedClock
) -> None:
    services = make_services(database_url)
    preferences = link(services, subscribe(services, "ana"), Purpose.PREFERENCES)
    subscribe(services, "bea")
    drop_news(services.settings.state.parent / "news", "aldmere", "brackwater", at=clock.at)
    approved(services)
    (ana, bea) = readers(services)
    with services.session() as session:
        said = Said(mail=bounces.of_delivery(1, ana.id), kind=BounceKind.SOFT, at=clock.at, status="4.2.2")
        bounces.record(session, Said(mail="9.9", kind=BounceKind.SOFT, at=clock.at, subscriber_id=bea.id))
        bounces.record_all(session, [Said(mail=said.mail, kind=said.kind, at=said.at, subscriber_id=ana.id)])
    own.ask_address(services, preferences, NEW)
    own.ask(services, preferences, RequestKind.EXPORT)
    fetching = mailed(services, "own_data")

    data = own.fetch(services, fetching)
    again = own.fetch(services, fetching)

    assert isinstance(data, dict)
    assert isinstance(again, OwnView)
    assert again.standing is Standing.EXPIRED
    assert data["made_at"] == "2026-11-23T05:00:00+00:00"
    assert data["reader"] == {
        "address": OLD,
        "name": "",
        "language": "en",
        "time_zone": "Europe/Berlin",
        "created_at": "2026-11-23T05:00:00+00:00",
        "address_since": None,
    }
    assert [(one["newsletter"], one["state"]) for one in data["subscriptions"]] == [("morning", "active")]
    assert [(one["kind"], one["wording"]) for one in data["history"]] == [("added", "asked in person")]
    assert data["suppression"] is None
    assert [one["kind"] for one in data["returned_mails"]] == ["soft"]
    assert [(one["kind"], one["address"]) for one in data["requests"]] == [("address", NEW)]
    assert [(one["number"], one["state"]) for one in data["editions"]] == [(1, "planned")]
    assert [one["kind"] for one in data["single_mails"]] == ["own_data"]
    assert "bea" not in json.dumps(data)


def test_the_history_of_a_reader_who_moved_holds_the_time_before(services: Services, ana: str) -> None:
    own.confirm_address(services, moving(services, ana), network="")
    suppress(services, NEW, SuppressionReason.HARD_BOUNCE)

    data = own.data_of(services, address.parse(NEW))

    assert data is not None
    assert [one["kind"] for one in data["history"]] == ["added", "moved", "moved"]
    assert data["suppression"]["reason"] == "hard bounce"
    old = own.data_of(services, address.parse(OLD))
    assert old is not None
    assert [one["kind"] for one in old["single_mails"]] == ["moved"]
    assert (old["history"], old["suppression"]) == ([], None)


def test_a_table_holds_every_value_and_no_formula() -> None:
    data: dict[str, Any] = {
        "made_at": "2026-11-23T05:00:00+00:00",
        "reader": {"address": "=1+1@reader.example", "name": '-Ana, "the" best', "since": None},
        "subscriptions": [{"sections": ["world", "science"]}, {"words": "@SUM(A1)\nnow"}],
        "suppression": None,
    }

    text = own_data.as_csv(data)

    assert text.startswith("\ufeff")
    assert list(csv.reader(StringIO(text.removeprefix("\ufeff")))) == [
        ["part", "record", "name", "value"],
        ["made_at", "", "", "2026-11-23T05:00:00+00:00"],
        ["reader", "", "address", "'=1+1@reader.example"],
        ["reader", "", "name", '\'-Ana, "the" best'],
        ["reader", "", "since", ""],
        ["subscriptions", "1", "sections", "world, science"],
        ["subscriptions", "2", "words", "'@SUM(A1)\nnow"],
        ["suppression", "", "", ""],
    ]
    assert json.loads(own_data.as_json(data)) == data


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_each_beginning_of_a_formula_is_made_harmless(start: str) -> None:
    text = own_data.as_csv({"reader": {"name": f"{start}x"}})

    *_, value = list(csv.reader(StringIO(text)))[-1]
    assert value == f"'{start}x"


# -- erasure -----------------------------------------------------------------------------------------------------------


def rows(services: Services, *kinds: type) -> list[int]:
    with services.reading() as session:
        return [session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]


def test_an_erased_reader_leaves_a_fingerprint_and_nothing_else(
    services: Services, ana: str, clock: FixedClock
) -> None:
    subscribe(services, "bea")
    with services.session() as session:
        for who in (OLD, "cleo@reader.example"):
            session.add(
                SignupRequest(
                    newsletter="morning",
                    address=who,
                    address_key=who,
                    language="en",
                    time_zone="UTC",
                    cadence=Cadence.DAILY,
                    at=clock.at,
                    wording="",
                    source="",
                )
            )
    moving(services, ana)
    confirming = erasing(services, ana)

    view = own.erase(services, confirming, network="192.0.2.1")
    again = own.erase(services, confirming, network="192.0.2.1")

    assert (view.standing, again.standing) == (Standing.DONE, Standing.EXPIRED)
    assert [reader.address for reader in readers(services)] == ["bea@reader.example"]
    assert rows(services, Subscription, ReaderRequest, SignupRequest) == [1, 0, 1]
    assert notices(services) == []
    assert reason(services, OLD) is SuppressionReason.ERASED
    assert ledger(services, OLD) == [ConsentKind.ADDED, ConsentKind.ERASED]


def test_the_links_of_an_erased_reader_tell_nothing(services: Services, ana: str) -> None:
    public_id = ana.partition(".")[0]
    own.erase(services, erasing(services, ana), network="")

    assert own.asker(services, ana) is None
    assert leaving.leave_page(services, link(services, public_id, Purpose.UNSUBSCRIBE)).link.newsletter is None
    assert reading.view(services, EditionId(1), link(services, public_id, Purpose.VIEW)) is None


def test_nothing_brings_an_erased_reader_back_but_their_own_confirmation(services: Services, ana: str) -> None:
    own.erase(services, erasing(services, ana), network="")
    with pytest.raises(AddressSuppressed):
        subscribe(services, "ana")

    signing_up.sign_up(services, SignUp(newsletter="morning", address=OLD), SEEN)
    signing_up.take_up(services)
    signing_up.confirm(services, mailed(services, "confirm"), network="")

    assert reason(services, OLD) is None
    with services.reading() as session:
        assert session.scalars(select(Subscription.state)).one() is SubscriptionState.ACTIVE


def test_a_stronger_suppression_survives_the_erasure(services: Services, ana: str) -> None:
    confirming = erasing(services, ana)
    suppress(services, OLD, SuppressionReason.COMPLAINT)

    own.erase(services, confirming, network="")

    assert reason(services, OLD) is SuppressionReason.COMPLAINT
    assert readers(services) == []


def test_planned_mail_is_skipped_and_the_account_of_the_edition_adds_up(
    make_services: MakeServices, database_url: str, clock: FixedClock
) -> None:
    services = make_services(database_url)
    preferences = link(services, subscribe(services, "ana"), Purpose.PREFERENCES)
    subscribe(services, "bea")
    drop_news(services.settings.state.parent / "news", "aldmere", "brackwater", at=clock.at)
    edition_id = approved(services)
    said = "550 5.1.1 no such user ana@reader.example"
    with services.session() as session:
        ana = session.scalars(select(Subscriber).where(Subscriber.address == OLD)).one()
        delivery = session.get_one(Delivery, (edition_id, ana.id))
        delivery.last_reply = said
        session.add(
            Attempt(
                edition_id=edition_id,
                subscriber_id=delivery.subscriber_id,
                at=clock.at,
                outcome=DeliveryState.DEFERRED,
                reply=said,
            )
        )
    own.erase(services, erasing(services, preferences), network="")

    with services.session() as session:
        clock.advance(timedelta(days=1))
        lease = Lease(owner="a sender", until=clock.at + HOUR)
        claimed = deliveries.claim(session, edition_id, clock.at, lease=lease, limit=10)
        account = deliveries.account(session, edition_id)
        session.expire_all()
        delivery = session.get_one(Delivery, (edition_id, ana.id))
        attempts = session.scalars(select(Attempt.reply)).all()

    assert [one.item.address for one in claimed] == ["bea@reader.example"]
    assert (delivery.state, delivery.reason, delivery.last_reply) == (DeliveryState.SKIPPED, Reason.UNSUBSCRIBED, "")
    assert attempts == [""]
    assert account.adds_up
    assert (account.intended, account.skipped) == (2, 1)


def test_a_mail_that_a_sender_holds_may_still_go_and_is_settled(
    make_services: MakeServices, database_url: str, clock: FixedClock
) -> None:
    services = make_services(database_url)
    preferences = link(services, subscribe(services, "ana"), Purpose.PREFERENCES)
    drop_news(services.settings.state.parent / "news", "aldmere", "brackwater", at=clock.at)
    edition_id = approved(services)
    confirming = erasing(services, preferences)
    clock.advance(HOUR * 2)
    lease = Lease(owner="a sender", until=clock.at + HOUR)
    with services.session() as session:
        (held,) = deliveries.claim(session, edition_id, clock.at, lease=lease, limit=10)
        (single,) = notice_store.claim(
            session, clock.at, lease=lease, limit=10, fingerprint_key=services.keys.fingerprint
        )
    own.erase(services, confirming, network="")

    sent: dict[str, Any] = {"state": DeliveryState.SENT, "is_attempt": True, "code": 250, "reply": "ok"}
    refused: dict[str, Any] = {
        "state": DeliveryState.FAILED,
        "is_attempt": True,
        "code": 550,
        "reply": "no",
        "reason": Reason.REJECTED,
    }
    with services.session() as session:
        settled = Settlement(key=held.key, lease_no=held.lease_no, **sent)
        lost = deliveries.settle(session, [settled], owner="a sender", now=clock.at)
        gone = Settlement(key=single.key, lease_no=single.lease_no, **refused)
        lost_too = notice_store.settle(session, [gone], owner="a sender", now=clock.at)
        account = deliveries.account(session, edition_id)

    assert (lost, lost_too) == ([], [gone])
    assert (account.intended, account.sent) == (1, 1)


def test_what_is_kept_of_an_erased_reader_never_becomes_anothers(services: Services, ana: str) -> None:
    (gone,) = readers(services)
    own.erase(services, erasing(services, ana), network="")

    subscribe(services, "bea")

    (bea,) = readers(services)
    data = own.data_of(services, address.parse(bea.address))
    assert bea.id > gone.id
    assert data is not None
    assert [one["kind"] for one in data["history"]] == ["added"]


def test_an_operator_erases_by_hand_and_says_why(services: Services, ana: str) -> None:
    assert own.erase_by_hand(services, address.parse(OLD), "asked by letter")
    assert not own.erase_by_hand(services, address.parse(OLD), "asked by letter")

    with services.reading() as session:
        event = session.scalars(select(ConsentEvent).order_by(ConsentEvent.id.desc()).limit(1)).one()
    assert (event.kind, event.wording, event.source) == (
        ConsentKind.ERASED,
        "asked by letter",
        "digest subscriber erase",
    )


def test_of_an_erased_reader_no_byte_is_left_in_the_files_of_the_database(
    make_services: MakeServices, sqlite_url: str
) -> None:
    services = make_services(sqlite_url)
    names = ["ana", *(f"reader{number}" for number in range(60))]
    for name in names:
        subscribe(services, name)
    preferences = link(services, of_reader(services, "ana@reader.example"), Purpose.PREFERENCES)
    own.ask(services, preferences, RequestKind.EXPORT)
    own.ask_address(services, preferences, NEW)
    for name in names:
        assert own.erase_by_hand(services, address.parse(f"{name}@reader.example"), "asked by letter")

    with services.database.reading():  # a connection that stays open keeps the log of writes
        jobs.run("upkeep", services)
        files = sorted(Path(services.database.engine.url.database or "").parent.glob("digest.db*"))
        found = [path.name for path in files if b"reader.example" in path.read_bytes()]
        found += [path.name for path in files if b"new.example" in path.read_bytes()]

    assert [path.name for path in files] == ["digest.db", "digest.db-shm", "digest.db-wal"]
    assert found == []


# -- nothing in the logs -----------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path / "inbox", port=0) as started:
        yield started


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("_logging_as_before")
def test_a_whole_life_leaves_no_address_and_no_token_in_the_logs(
    make_services: MakeServices,
    sqlite_url: str,
    clock: FixedClock,
    inbox: Inbox,
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("debug", "json")
    services = make_services(sqlite_url, smtp_port=inbox.port)
    signing_up.sign_up(
        services,
        SignUp(newsletter="morning", address=OLD, name="Ana"),
        SEEN,
    )
    signing_up.take_up(services)
    signing_up.confirm(services, mailed(services, "confirm"), network="")
    with services.reading() as session:
        public_id = session.scalars(select(Subscription.public_id)).one()
    preferences = link(services, public_id, Purpose.PREFERENCES)
    made = [preferences, mailed(services, "confirm")]
    jobs.tick(services)
    made.append(moving(services, preferences))
    jobs.tick(services)
    own.confirm_address(services, made[-1], network="192.0.2.1")
    own.confirm_address(services, made[-1], network="192.0.2.1")
    clock.advance(timedelta(days=8))
    own.ask(services, preferences, RequestKind.EXPORT)
    made.append(mailed(services, "own_data"))
    own.fetch(services, made[-1])
    made.append(erasing(services, preferences))
    jobs.tick(services)
    own.erase(services, made[-1], network="192.0.2.1")
    jobs.tick(services)

    said = "".join(capsys.readouterr())
    assert "reader moved" in said
    assert "own data handed out" in said
    assert "reader erased" in said
    assert not re.search(r"[\w.+-]+@[\w-]+\.(?:example|org)", said)
    assert public_id not in said
    assert not any(token in said for token in made)
    assert "192.0.2.1" not in said


def test_what_is_kept_of_an_earlier_owner_of_an_address_is_not_handed_out(services: Services, ana: str) -> None:
    own.confirm_address(services, moving(services, ana), network="")
    subscribe(services, "ana")  # the old address has a new owner

    data = own.data_of(services, address.parse(OLD))

    assert data is not None
    assert [one["kind"] for one in data["history"]] == ["added"]


@pytest.mark.parametrize(
    ("theirs", "typed"),
    [
        ("ben@reader.example", "ben@reader.example"),
        ("ben@reader.example", "BEN@Reader.example"),
        ("\u00c4nne@reader.example", "\u00e4NNE@reader.example"),
        # Of the last letter Python and PostgreSQL make different small ones.
        ("\u039d\u0399\u039a\u039f\u03a3@reader.example", "\u039d\u0399\u039a\u039f\u03a3@reader.example"),
        ("\u03bd\u03b9\u03ba\u03bf\u03c2@reader.example", "\u039d\u0399\u039a\u039f\u03a3@reader.example"),
    ],
)
def test_an_erased_address_is_in_nobody_elses_request_either(
    services: Services, ana: str, theirs: str, typed: str
) -> None:
    signing_up.sign_up(services, SignUp(newsletter="morning", address=theirs), SEEN)
    signing_up.take_up(services)
    own.ask_address(services, ana, typed)

    assert own.erase_by_hand(services, address.parse(typed, allow_special=True), "asked by letter")

    assert rows(services, ReaderRequest) == [0]
    assert notices(services) == []


@pytest.mark.parametrize("name", ["\u00c4NNE", "\u039d\u0399\u039a\u039f\u03a3"])
def test_a_waiting_mail_asks_the_suppressions_in_whatever_letters_the_address_is_written(
    services: Services, clock: FixedClock, name: str
) -> None:
    signing_up.sign_up(services, SignUp(newsletter="morning", address=f"{name}@reader.example"), SEEN)
    signing_up.take_up(services)
    suppress(services, f"{name.lower()}@reader.example", SuppressionReason.COMPLAINT)

    with services.session() as session:
        lease = Lease(owner="a sender", until=clock.at + HOUR)
        claimed = notice_store.claim(
            session, clock.at, lease=lease, limit=10, fingerprint_key=services.keys.fingerprint
        )

    assert claimed == []


@pytest.mark.parametrize(
    ("why", "goes"), [(SuppressionReason.COMPLAINT, False), (SuppressionReason.UNSUBSCRIBED, True)]
)
def test_a_waiting_mail_about_a_move_asks_the_suppressions_of_an_address_that_no_reader_has(
    make_services: MakeServices, database_url: str, clock: FixedClock, why: SuppressionReason, *, goes: bool
) -> None:
    services = make_services(database_url)
    moving(services, link(services, subscribe(services, "ana"), Purpose.PREFERENCES), "\u00c4nna@new.example")
    suppress(services, "\u00e4nna@new.example", why)

    with services.session() as session:
        lease = Lease(owner="a sender", until=clock.at + HOUR)
        claimed = notice_store.claim(
            session, clock.at, lease=lease, limit=10, fingerprint_key=services.keys.fingerprint
        )

    assert bool(claimed) is goes
    with services.reading() as session:
        (kept,) = session.scalars(select(Notice).where(Notice.kind == "address"))
        assert kept.reason is (None if goes else Reason.SUPPRESSED)


def test_what_a_relay_says_after_an_erasure_is_blanked(services: Services, ana: str) -> None:
    with services.session() as session:
        now, edition_id = services.clock.now(), new_edition(session)
        session.get_one(Edition, edition_id).approved_at = now
        subscriber_id = session.scalars(select(Subscriber.id)).one()
        named = {"edition_id": edition_id, "subscriber_id": subscriber_id, "public_id": "x"}
        session.add(Delivery(**named, state=DeliveryState.FAILED, due_at=now, next_at=now))
    own.erase(services, erasing(services, ana), network="")
    with services.session() as session:
        session.execute(update(Delivery).values(last_reply="550 <ana@reader.example>"))

    with services.session() as session:
        count = deliveries.forget_unknown(session, services.clock.now() - timedelta(days=1))
        replies = session.scalars(select(Delivery.last_reply)).all()

    assert (count, replies) == (1, [""])


def test_no_link_of_a_waiting_or_sent_mail_stands_in_the_database(services: Services, ana: str) -> None:
    signing_up.sign_up(services, SignUp(newsletter="morning", address="ben@reader.example"), SEEN)
    signing_up.take_up(services)
    with services.reading() as session:
        (asked,) = session.scalars(select(Notice))
    signing_up.confirm(services, str(opened(services, asked.wish)["confirm_url"]).rpartition("/")[2], network="")
    erasing(services, ana)
    own.ask(services, ana, RequestKind.EXPORT)
    own.confirm_address(services, moving(services, ana), network="")

    with services.reading() as session:
        kept = {notice.kind: notice for notice in session.scalars(select(Notice))}

    assert set(kept) == {"confirm", "welcome", "erase", "own_data", "address", "moved"}
    assert [kind for kind, notice in kept.items() if services.links.base_url in json.dumps(notice.values)] == []
    assert all(services.links.base_url in json.dumps(opened(services, notice.wish)) for notice in kept.values())
