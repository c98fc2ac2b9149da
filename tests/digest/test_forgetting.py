"""What its time is over for is forgotten, in bounded steps, and nothing else."""

from collections.abc import Mapping
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import select

from digest import jobs
from digest.model.delivery import DeliveryState
from digest.model.notice import Notice, NoticeWish
from digest.notices import opened
from digest.readers import forgetting, own, signing_up
from digest.readers.signing_up import SignUp
from digest.services import Services
from digest.store import notices as notice_store
from subscribers import address, consent, suppression, tokens, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.model import (
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
from tests.digest import leaver
from tests.fakes import FixedClock
from tests.flow.walk import subscribe

SEEN = Evidence(wording="Send it to me", source="sign-up page")

DAY = timedelta(days=1)
EVENING = """
[[newsletter]]
slug = "evening"
title = "The Evening"
sender = "The Evening <evening@news.example.org>"
zone = "Europe/Berlin"

[[newsletter.source]]
folder = "news"
section = "World"

[readers]
evidence_days = 30
"""


def sign_up(services: Services, name: str) -> None:
    signing_up.sign_up(
        services,
        SignUp(newsletter="morning", address=f"{name}@reader.example"),
        SEEN,
    )
    signing_up.take_up(services)


def leave(services: Services, public_id: str) -> None:
    token = tokens.sign(Purpose.UNSUBSCRIBE, Claim(public_id), services.keys.tokens)
    leaver.leave(services, token, by_page=True)


def names(services: Services) -> list[str]:
    with services.reading() as session:
        found = session.scalars(select(Subscriber.address).order_by(Subscriber.id))
        return [each.partition("@")[0] for each in found]


def mark(services: Services, name: str) -> str:
    return address.fingerprint(f"{name}@reader.example", services.keys.fingerprint)


def upkeep(services: Services) -> Mapping[str, int]:
    counts = jobs.run("upkeep", services)
    assert counts["faults"] == 0
    return counts


def put_in(services: Services, kind: str, state: DeliveryState) -> None:
    now = services.clock.now()
    with services.session() as session:
        wish = NoticeWish(kind=kind, newsletter="morning", address="ana@reader.example")
        session.get_one(Notice, notice_store.enqueue(session, wish, now)).state = state


def kept(services: Services) -> list[tuple[str, str]]:
    with services.reading() as session:
        return sorted((notice.kind, notice.state.value) for notice in session.scalars(select(Notice)))


# -- sign-ups ----------------------------------------------------------------------------------------------------------


def test_a_sign_up_that_nobody_confirmed_goes_with_its_reader(services: Services, clock: FixedClock) -> None:
    sign_up(services, "ana")
    subscribe(services, "bea")
    clock.advance(14 * DAY)
    before = upkeep(services)["unconfirmed"]
    sign_up(services, "cleo")
    clock.advance(timedelta(seconds=1))

    counts = upkeep(services)

    assert (before, counts["unconfirmed"]) == (0, 1)
    assert names(services) == ["bea", "cleo"]


def test_a_repeated_sign_up_counts_from_its_last_mail(services: Services, clock: FixedClock) -> None:
    sign_up(services, "ana")
    clock.advance(13 * DAY)
    sign_up(services, "ana")
    clock.advance(2 * DAY)

    assert upkeep(services)["unconfirmed"] == 0
    assert names(services) == ["ana"]


def test_a_reader_of_another_newsletter_stays(
    make_services: MakeServices, database_url: str, clock: FixedClock
) -> None:
    services = make_services(database_url, more_top=EVENING)
    subscribe(services, "ana", newsletter="evening")
    sign_up(services, "ana")
    clock.advance(15 * DAY)

    counts = upkeep(services)

    assert counts["unconfirmed"] == 1
    with services.reading() as session:
        assert session.scalars(select(Subscription.newsletter)).all() == ["evening"]
    assert names(services) == ["ana"]


def test_many_are_forgotten_in_several_steps(
    services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    for name in ("ana", "bea", "cleo", "dora", "emil"):
        sign_up(services, name)
    clock.advance(31 * DAY)

    counts = upkeep(services)

    assert counts["unconfirmed"] == 5
    assert names(services) == []


def test_it_ends_between_two_steps_when_asked_to(services: Services, clock: FixedClock) -> None:
    sign_up(services, "ana")
    clock.advance(15 * DAY)
    stop = Event()
    stop.set()

    jobs.run("upkeep", services, stop)

    assert names(services) == ["ana"]


# -- readers who have left ---------------------------------------------------------------------------------------------


def test_a_reader_who_left_everything_a_year_ago_is_erased_and_no_list_brings_them_back(
    services: Services, clock: FixedClock
) -> None:
    leave(services, subscribe(services, "ana"))
    clock.advance(365 * DAY)
    before = upkeep(services)["erased"]
    leave(services, subscribe(services, "bea"))
    clock.advance(timedelta(seconds=1))

    counts = upkeep(services)

    assert (before, counts["erased"]) == (0, 1)
    assert names(services) == ["bea"]
    with services.reading() as session:
        assert suppression.reason_for(session, mark(services, "ana")) is SuppressionReason.UNSUBSCRIBED
        assert [event.kind for event in consent.history(session, mark(services, "ana"))] == [
            ConsentKind.ADDED,
            ConsentKind.WITHDRAWN,
            ConsentKind.ERASED,
        ]


@pytest.mark.parametrize("state", [SubscriptionState.ACTIVE, SubscriptionState.PAUSED])
def test_a_reader_with_one_wish_that_goes_on_is_kept(
    make_services: MakeServices, database_url: str, clock: FixedClock, state: SubscriptionState
) -> None:
    services = make_services(database_url, more_top=EVENING)
    leave(services, subscribe(services, "ana"))
    goes_on = subscribe(services, "ana", newsletter="evening")
    if state is SubscriptionState.PAUSED:
        with services.session() as session:
            Subscription.by_public_id(session, goes_on).pause()
    clock.advance(400 * DAY)

    assert upkeep(services)["erased"] == 0
    assert names(services) == ["ana"]


def test_a_complaint_that_stands_is_not_made_weaker(services: Services, clock: FixedClock) -> None:
    leave(services, subscribe(services, "ana"))
    with services.session() as session:
        suppression.suppress(session, mark(services, "ana"), SuppressionReason.COMPLAINT, at=clock.at)
    clock.advance(400 * DAY)

    upkeep(services)

    with services.reading() as session:
        assert suppression.reason_for(session, mark(services, "ana")) is SuppressionReason.COMPLAINT
    assert names(services) == []


def test_readers_are_kept_for_ever_where_the_settings_say_so(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock
) -> None:
    services = make_services(sqlite_url, more_top="[readers]\nended_days = 0")
    leave(services, subscribe(services, "ana"))
    clock.advance(4000 * DAY)

    upkeep(services)

    assert names(services) == ["ana"]


# -- single mails ------------------------------------------------------------------------------------------------------


def test_settled_mails_are_deleted_and_open_ones_never(services: Services, clock: FixedClock) -> None:
    for state in DeliveryState:
        put_in(services, "welcome", state)
    put_in(services, "review", DeliveryState.SENT)
    clock.advance(30 * DAY + timedelta(seconds=1))

    first = upkeep(services)["notices"]
    after_a_month = kept(services)
    clock.advance(30 * DAY)
    second = upkeep(services)["notices"]

    still_open = [("welcome", "claimed"), ("welcome", "deferred"), ("welcome", "planned")]
    assert (first, second) == (4, 1)
    assert after_a_month == [("review", "sent"), *still_open]
    assert kept(services) == still_open


def test_a_deleted_mail_gives_its_number_to_no_other(services: Services, clock: FixedClock) -> None:
    put_in(services, "welcome", DeliveryState.SENT)
    clock.advance(31 * DAY)
    upkeep(services)
    put_in(services, "welcome", DeliveryState.SENT)

    with services.reading() as session:
        assert session.scalars(select(Notice.id)).one() == 2


# -- the ledger --------------------------------------------------------------------------------------------------------


def ledgers(services: Services) -> set[str]:
    with services.reading() as session:
        return set(session.scalars(select(ConsentEvent.fingerprint)))


def test_the_ledger_of_nobody_goes_when_its_time_is_over_and_a_readers_stays_whole(
    make_services: MakeServices, database_url: str, clock: FixedClock
) -> None:
    services = make_services(database_url, more_top=EVENING)
    for name in ("ana", "bea", "cleo"):
        subscribe(services, name)
    preferences = tokens.sign(Purpose.PREFERENCES, Claim(_public_id(services, "bea")), services.keys.tokens)
    own.ask_address(services, preferences, "bea@new.example")
    own.confirm_address(services, _mailed(services), network="")
    own.erase_by_hand(services, address.parse("ana@reader.example"), "asked by letter")
    clock.advance(15 * DAY)
    own.erase_by_hand(services, address.parse("cleo@reader.example"), "asked by letter")
    clock.advance(15 * DAY + timedelta(seconds=1))

    counts = upkeep(services)

    assert counts["ledgers"] == 1
    new = address.fingerprint("bea@new.example", services.keys.fingerprint)
    assert ledgers(services) == {mark(services, "bea"), mark(services, "cleo"), new}
    with services.reading() as session:
        assert suppression.reason_for(session, mark(services, "ana")) is SuppressionReason.ERASED


def test_the_ledger_stays_unless_the_settings_end_it(services: Services, clock: FixedClock) -> None:
    subscribe(services, "ana")
    own.erase_by_hand(services, address.parse("ana@reader.example"), "asked by letter")
    clock.advance(4000 * DAY)

    upkeep(services)

    assert ledgers(services) == {mark(services, "ana")}


# -- what was asked for ------------------------------------------------------------------------------------------------


def test_requests_go_with_their_links_and_forms_after_a_day(services: Services, clock: FixedClock) -> None:
    subscribe(services, "ana")
    preferences = tokens.sign(Purpose.PREFERENCES, Claim(_public_id(services, "ana")), services.keys.tokens)
    for kind in (RequestKind.EXPORT, RequestKind.ERASURE):
        own.ask(services, preferences, kind)
    _type_into_a_form(services)
    clock.advance(DAY)
    before = upkeep(services)["requests"]
    clock.advance(DAY + timedelta(seconds=1))

    counts = upkeep(services)

    assert (before, counts["requests"]) == (0, 2)
    with services.reading() as session:
        assert session.scalars(select(ReaderRequest.kind)).all() == [RequestKind.EXPORT]
        assert session.scalars(select(SignupRequest)).all() == []


def _public_id(services: Services, name: str) -> str:
    theirs = select(Subscription.public_id).join(Subscription.subscriber)
    with services.reading() as session:
        return session.scalars(theirs.where(Subscriber.address == f"{name}@reader.example")).one()


def _mailed(services: Services) -> str:
    with services.reading() as session:
        found = session.scalars(select(Notice).where(Notice.kind == "address")).one()
        return str(opened(services, found.wish)["confirm_url"]).rpartition("/")[2]


def _type_into_a_form(services: Services) -> None:
    with services.session() as session:
        session.add(
            SignupRequest(
                newsletter="morning",
                address="dora@reader.example",
                address_key="dora@reader.example",
                language="en",
                time_zone="UTC",
                cadence=Cadence.DAILY,
                at=services.clock.now(),
                wording="",
                source="",
            )
        )


def test_a_reader_who_took_everything_back_is_no_longer_old(services: Services, clock: FixedClock) -> None:
    public_id = subscribe(services, "ana")
    leave(services, public_id)
    with services.session() as session:
        unsubscribe.undo(session, public_id, Evidence(wording="", source="test"), now=clock.at)
    clock.advance(400 * DAY)

    assert upkeep(services)["erased"] == 0
