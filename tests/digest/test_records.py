"""What is kept of a reader is known column by column: all of it is handed out or held back for a reason, and erased."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from digest.database import metadata
from digest.model.delivery import Attempt, Delivery, DeliveryState
from digest.model.notice import Notice
from digest.notices import opened
from digest.readers import own, signing_up
from digest.readers.signing_up import SignUp
from digest.services import Services
from subscribers import address, bounces, suppression, tokens, unsubscribe
from subscribers.bounces import Said
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadWish
from subscribers.model import (
    BounceKind,
    LeavingCause,
    RequestKind,
    SignupRequest,
    Subscriber,
    Subscription,
    SuppressionReason,
)
from subscribers.tokens import Claim, Purpose
from tests.digest.deliver.planned import new_edition
from tests.fakes import FixedClock

ANA, NAME, NEW, WORDS = "Ana.Novak@reader.example", "Ana Novak", "ana@elsewhere.example", "moving to the sea"

#: The tables that hold something of a reader, with the part of their data that tells it.
PARTS = {
    "subscriber": "reader",
    "subscription": "subscriptions",
    "signup_request": "sign_ups",
    "reader_request": "requests",
    "consent_event": "history",
    "suppression": "suppression",
    "bounce": "returned_mails",
    "delivery": "editions",
    "notice": "single_mails",
}
_OURS = {"id", "subscriber_id", "edition_id", "next_at", "lease_owner", "lease_until", "lease_no", "last_relay"}
#: Their columns that are not handed out: numbers and leases of ours, and for each table what its comment says.
HELD_BACK = {
    "subscriber": {"address_key", "fingerprint"},  # follow from the address
    "subscription": {"confirmation_nonce"},  # a secret of the link that was mailed
    "signup_request": {"address_key"},
    "reader_request": {"nonce"},
    "consent_event": {"fingerprint"},
    "suppression": {"fingerprint"},
    "bounce": {"fingerprint", "mail"},  # of the mail it names its numbers
    "delivery": {"public_id", "last_code", "last_status"},  # stand with the Subscription, and in the reply
    "notice": {"values", "dedupe_key", "last_code", "last_status"},  # the secrets of links; our numbers
}
#: Nothing of a reader stands in these: staff, sources, Articles, Editions, and how our work goes.
OTHERS = {
    "added_source",
    "article",
    "article_words",
    "audit_entry",
    "bucket",
    "domain_hold",
    "draft_revision",
    "edition",
    "edition_link",
    "edition_story",
    "edition_words",
    "editorial_ruling",
    "fingerprint_check",
    "job_run",
    "sign_in_failure",
    "source",
    "staff",
    "staff_link",
    "staff_session",
    "stored_picture",
}
#: The tries of a mail, whose replies are blanked with their reader; the last one is handed out with the mail.
TRIES = {"attempt"}


@pytest.fixture
def ana(services: Services, clock: FixedClock) -> str:
    """Give the public id of a reader of whom there is something in every table."""
    signing_up.sign_up(
        services,
        SignUp(newsletter="morning", address=ANA, name=NAME),
        Evidence(wording="Send it to me", source="sign-up page", network_address="192.0.2.1"),
    )
    signing_up.take_up(services)
    with services.reading() as session:
        mailed = opened(services, session.scalars(select(Notice)).one().wish)
    signing_up.confirm(services, str(mailed["confirm_url"]).rpartition("/")[2], network="192.0.2.1")
    with services.session() as session:
        subscription = session.scalars(select(Subscription)).one()
        reader, public_id = subscription.subscriber, subscription.public_id
        session.add(_typed(clock))
        suppression.suppress(session, reader.fingerprint, SuppressionReason.ERASED, at=clock.at, note="once")
        bounces.record(
            session, Said(mail="1.1", kind=BounceKind.SOFT, at=clock.at, fingerprint=reader.fingerprint, status="4.2.2")
        )
        named = {"edition_id": new_edition(session), "subscriber_id": reader.id}
        said = f"450 {ANA} is greylisted"
        session.add(
            Delivery(**named, public_id=public_id, due_at=clock.at, next_at=clock.at, attempts=1, last_reply=said)
        )
        session.add(Attempt(**named, at=clock.at, outcome=DeliveryState.DEFERRED, reply=said))
    preferences = tokens.sign(Purpose.PREFERENCES, Claim(public_id), services.keys.tokens)
    own.ask_address(services, preferences, NEW)
    own.ask(services, preferences, RequestKind.ERASURE)
    with services.session() as session:
        unsubscribe.one_click(session, public_id, Evidence(wording="Unsubscribe", source="test"), now=clock.at)
        unsubscribe.tell_why(session, public_id, LeavingCause.OTHER, WORDS)
    return public_id


def _typed(clock: FixedClock) -> SignupRequest:
    return SignupRequest(
        newsletter="morning",
        address=ANA,
        address_key=ANA.lower(),
        name=NAME,
        language="en",
        time_zone="UTC",
        cadence=Cadence.DAILY,
        at=clock.at,
        wording="Send it to me",
        source="sign-up page",
    )


def told(services: Services) -> Mapping[str, Any]:
    data = own.data_of(services, address.parse(ANA))
    assert data is not None
    return data


def first(part: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = part[0] if isinstance(part, list) else part
    return found


def rows(services: Services) -> Iterator[tuple[str, str]]:
    """Give every value in the database as text, with its table."""
    with services.reading() as session:
        for table in metadata.sorted_tables:
            for row in session.execute(select(table)):
                yield from ((table.name, str(value)) for value in row)


def test_of_every_table_it_is_known_whether_it_holds_something_of_a_reader() -> None:
    assert {table.name for table in metadata.sorted_tables} == set(PARTS) | OTHERS | TRIES


@pytest.mark.parametrize("table", sorted(PARTS))
def test_every_column_is_handed_out_or_held_back_for_a_reason(services: Services, ana: str, table: str) -> None:
    columns = {column.name for column in metadata.tables[table].columns}

    handed_out = set(first(told(services)[PARTS[table]]))

    assert ana
    assert columns - handed_out == HELD_BACK[table] | (_OURS & columns)


def test_erasure_leaves_nothing_in_any_column_that_tells_who_it_was(services: Services, ana: str) -> None:
    telling = (ANA, ANA.lower(), NAME, NEW, WORDS)
    before = {table for table, value in rows(services) if any(each in value for each in telling)}

    assert own.erase_by_hand(services, address.parse(ANA), "asked by letter")

    assert before == {"subscriber", "subscription", "signup_request", "reader_request", "delivery", "notice", "attempt"}
    assert [table for table, value in rows(services) if any(each in value for each in telling)] == []
    assert {table for table, value in rows(services) if ana in value} == {"delivery"}


def test_whoever_was_erased_is_told_what_is_left_as_proof(services: Services, ana: str) -> None:
    own.erase_by_hand(services, address.parse(ANA), "asked by letter")

    left = told(services)

    assert ana
    assert [one["kind"] for one in left["history"]] == ["requested", "confirmed", "withdrawn", "erased"]
    assert left["suppression"]["reason"] == "erased"
    assert "reader" not in left
    assert ANA not in json.dumps(left)
    assert not own.erase_by_hand(services, address.parse(ANA), "asked by letter")


def test_an_address_that_strangers_have_typed_is_erased_though_nobody_reads_there(
    services: Services, ana: str, clock: FixedClock
) -> None:
    with services.session() as session:
        typed = _typed(clock)
        typed.address = typed.address_key = NEW
        session.add(typed)
    before = own.data_of(services, address.parse(NEW))

    assert own.erase_by_hand(services, address.parse("ANA@elsewhere.example"), "asked by letter")

    assert ana
    assert before is not None
    assert [len(before[part]) for part in ("sign_ups", "single_mails", "history")] == [1, 1, 0]
    assert [table for table, value in rows(services) if NEW in value] == []
    with services.reading() as session:
        assert [reader.address for reader in session.scalars(select(Subscriber))] == [ANA]
    left = own.data_of(services, address.parse(NEW))
    assert left is not None
    assert left["suppression"]["reason"] == "erased"


def test_of_an_address_that_nobody_has_typed_nothing_is_kept(services: Services, clock: FixedClock) -> None:
    clock.advance(timedelta(hours=1))

    assert own.data_of(services, address.parse(NEW)) is None
    assert not own.erase_by_hand(services, address.parse(NEW), "asked by letter")


def test_the_ground_of_an_erasure_never_holds_the_address(services: Services, ana: str) -> None:
    with pytest.raises(BadWish, match="ground holds the address"):
        own.erase_by_hand(services, address.parse(ANA), "a mail from ana.novak@READER.example")

    assert ana
    assert told(services)["reader"]["name"] == NAME
