"""What is exported is read back as it was, and no cell of it is a formula."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, datetime, time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscribers import address, export_csv, suppression, unsubscribe
from subscribers.address import Address
from subscribers.consent import Evidence
from subscribers.import_csv import Format, ImportPlan, Reason, import_readers
from subscribers.model import Subscriber, Subscription, SubscriptionState, SuppressionReason
from subscribers.text import guarded, one_line, unguarded

AddOne = Callable[..., Subscription]
NAMES = st.text(max_size=60).map(one_line) | st.from_regex(r"['=+\-@]{1,4}[a-z]{0,4}", fullmatch=True)


def exported(session: Session, **narrowed: object) -> str:
    stream = io.StringIO(newline="")
    export_csv.write_csv(stream, export_csv.READERS, export_csv.rows(session, "daily", **narrowed))  # type: ignore[arg-type]
    return stream.getvalue()


def readers(session: Session) -> set[tuple[object, ...]]:
    query = select(
        Subscriber.address,
        Subscriber.name,
        Subscriber.language,
        Subscriber.time_zone,
        Subscription.sections,
        Subscription.cadence,
        Subscription.hour,
        Subscription.state,
        Subscription.paused_until,
    ).join(Subscription.subscriber)
    return set(map(tuple, session.execute(query)))


@contextmanager
def undone(session: Session) -> Iterator[None]:
    try:
        yield
    finally:
        session.rollback()


@given(st.text())
def test_a_guarded_cell_is_no_formula_and_comes_back(cell: str) -> None:
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded(cell)) == cell


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"['+\-=a-z]{1,9}", fullmatch=True),
            NAMES,
            st.sampled_from([None, ("world",), ("science", "world")]),
            st.times().map(lambda at: time(at.hour, at.minute)) | st.none(),
            st.booleans(),
            st.dates() | st.none(),
        ),
        max_size=5,
        unique_by=lambda reader: reader[0],
    )
)
def test_our_own_import_reads_an_export_back(
    session: Session,
    plan: ImportPlan,
    add_one: AddOne,
    now: datetime,
    people: list[tuple[str, str, tuple[str, ...] | None, time | None, bool, date | None]],
) -> None:
    with undone(session):
        for local, name, sections, hour, rests, until in people:
            one = add_one(f"{local}@reader.example", name=name, sections=sections, hour=hour)
            if rests:
                one.pause(until)
        session.flush()
        before, text = readers(session), exported(session)
        session.execute(delete(Subscriber))

        report = import_readers(lambda: nullcontext(session), io.BytesIO(text.encode()), plan, now=now)

        assert (report.format, report.added) == (Format.DIGEST, len(people))
        assert readers(session) == before


def test_who_has_left_or_gets_no_mail_does_not_come_in_by_an_export(
    session: Session, plan: ImportPlan, add_one: AddOne, evidence: Evidence, now: datetime
) -> None:
    unsubscribe.one_click(session, add_one().public_id, evidence, now=now)
    ben = add_one("ben@reader.example").subscriber.fingerprint
    suppression.suppress(session, ben, SuppressionReason.COMPLAINT, at=now)
    text = exported(session)
    session.execute(delete(Subscriber))
    suppression.lift(session, ben)

    report = import_readers(lambda: nullcontext(session), io.BytesIO(text.encode()), plan, now=now)

    assert suppression.reason_for(session, ben) is SuppressionReason.COMPLAINT
    assert (report.added, report.counts[Reason.LEFT_ELSEWHERE]) == (0, 2)


def test_an_export_may_be_narrowed(session: Session, add_one: AddOne) -> None:
    add_one()
    add_one("ben@reader.example", name="Ben").pause()
    add_one("cleo@reader.example", newsletter="weekly")

    assert exported(session).count("\r\n") == 3
    assert "ben@" in exported(session, state=SubscriptionState.PAUSED)
    assert "ana@" not in exported(session, where=[Subscriber.name == "Ben"])


def test_an_export_of_many_pages_has_everybody_once(
    session: Session, add_one: AddOne, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_csv, "PAGE", 3)
    for number in range(10):
        add_one(f"r{number}@reader.example")

    found = [row["address"] for row in csv.DictReader(io.StringIO(exported(session)))]

    assert found == [f"r{number}@reader.example" for number in range(10)]


def test_the_ledger_outlives_the_person(session: Session, add_one: AddOne) -> None:
    add_one()
    add_one("ben@reader.example", newsletter="weekly")
    session.execute(delete(Subscriber).where(Subscriber.address == "ana@reader.example"))
    stream = io.StringIO()

    number = export_csv.write_json_lines(stream, export_csv.LEDGER, export_csv.ledger(session))

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert number == 2
    assert (first["address"], second["address"]) == (None, "ben@reader.example")
    assert (first["kind"], len(first["fingerprint"])) == ("added", 64)
    assert [cells[2] for cells in export_csv.ledger(session, "weekly")] == ["weekly"]


def test_suppressed_addresses_are_exported_by_their_fingerprints_only(session: Session, now: datetime) -> None:
    suppression.suppress(session, "b" * 64, SuppressionReason.OPERATOR, at=now, note="=1+1")
    suppression.suppress(session, "a" * 64, SuppressionReason.COMPLAINT, at=now)
    stream = io.StringIO(newline="")

    export_csv.write_csv(stream, export_csv.SUPPRESSIONS, export_csv.suppressions(session))

    assert [row[:2] for row in csv.reader(io.StringIO(stream.getvalue()))][1:] == [
        ["a" * 64, "complaint"],
        ["b" * 64, "operator"],
    ]
    assert "'=1+1" in stream.getvalue()
    assert export_csv.suppression_counts(session) == {"complaint": 1, "operator": 1}


LOCAL = st.from_regex(r"[A-Za-z0-9.!#'*+/=?^_`{|}~-]{1,12}|info|Sales|a{63,65}", fullmatch=True)
LABEL = st.from_regex(r"[A-Za-z0-9-]{1,8}|xn--[a-z0-9]{1,5}|[a-z]{62,64}", fullmatch=True)
DOMAIN = st.lists(LABEL | st.sampled_from(["test", "local", "example", "onion", "arpa", "de"]), min_size=1, max_size=5)


@settings(max_examples=600)
@given(st.builds(lambda local, labels: f"{local}@{'.'.join(labels)}", LOCAL, DOMAIN), st.booleans())
def test_a_plain_address_is_what_the_validator_makes_of_it(text: str, special: bool) -> None:
    suffix = ".example" if special else ""

    plain = address._plain(text, suffix)

    if plain is not None:
        found: Address = address._validated(text, suffix)
        assert (plain.text, plain.key) == (found.text, found.key)
