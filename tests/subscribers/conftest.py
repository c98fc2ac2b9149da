"""A database of readers on SQLite, keys, a fixed time, and readers to put into it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

from subscribers import address, model, signup
from subscribers.base import Base
from subscribers.consent import Evidence
from subscribers.import_csv import ImportPlan
from subscribers.signup import SignupWish
from subscribers.tokens import Keys

ROWS = (
    model.Subscriber,
    model.Subscription,
    model.SignupRequest,
    model.ConsentEvent,
    model.Suppression,
    model.Bounce,
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'readers.db'}")

    @event.listens_for(engine, "connect")
    def leave_transactions_to_sqlalchemy(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    Base.metadata.create_all(engine, tables=[Base.metadata.tables[row.__tablename__] for row in ROWS])
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture
def fingerprint_key() -> bytes:
    return b"a fingerprint key for the tests."


@pytest.fixture
def keys() -> Keys:
    return Keys((b"the newest signing key of tests.", b"an older signing key of tests..."))


@pytest.fixture
def evidence() -> Evidence:
    return Evidence(
        wording="Yes, send me Auto Daily every morning.", source="sign-up page", network_address="192.0.2.7"
    )


@pytest.fixture
def wish() -> Callable[..., SignupWish]:
    def make(text: str = "ana@reader.example", **changes: Any) -> SignupWish:
        values: dict[str, Any] = {
            "newsletter": "daily",
            "address": address.parse(text),
            "language": "en",
            "time_zone": "Europe/Paris",
            "name": "Ana Pérez",
        }
        return SignupWish(**(values | changes))

    return make


@pytest.fixture
def request_one(
    session: Session, wish: Callable[..., SignupWish], evidence: Evidence, fingerprint_key: bytes, now: datetime
) -> Callable[..., signup.SignupOutcome]:
    def make(text: str = "ana@reader.example", *, at: datetime = now, **changes: Any) -> signup.SignupOutcome:
        return signup.request(session, wish(text, **changes), evidence, fingerprint_key=fingerprint_key, now=at)

    return make


@pytest.fixture
def add_one(
    session: Session, wish: Callable[..., SignupWish], evidence: Evidence, fingerprint_key: bytes, now: datetime
) -> Callable[..., model.Subscription]:
    def make(text: str = "ana@reader.example", *, at: datetime = now, **changes: Any) -> model.Subscription:
        outcome = signup.add(session, wish(text, **changes), evidence, fingerprint_key=fingerprint_key, now=at)
        return outcome.subscription

    return make


@pytest.fixture
def plan(fingerprint_key: bytes) -> ImportPlan:
    return ImportPlan(
        newsletter="daily",
        ground=Evidence(
            wording="Signed up on paper at the stand of the spring fair, 2026.", source="file fair.csv, by operator mo"
        ),
        fingerprint_key=fingerprint_key,
        sections=frozenset({"world", "science", "sports"}),
        language="en",
        time_zone="Europe/Paris",
    )
