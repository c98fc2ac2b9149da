from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import NewType

import pytest
from sqlalchemy import Engine, Integer, MetaData, create_engine, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from subscribers.base import Base, UtcDateTime

TicketId = NewType("TicketId", int)


class Apart(DeclarativeBase):
    """A base of the test's own, so that its table is in no other test's database."""

    metadata = MetaData()
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 (SQLAlchemy reads it from the class)


class Moment(Apart):
    __tablename__ = "moment"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime | None]


@pytest.fixture
def apart() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    Apart.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_an_instant_comes_back_in_utc(apart: Engine) -> None:
    tokyo = timezone(timedelta(hours=9))
    with Session(apart) as session, session.begin():
        session.add(Moment(at=datetime(2026, 11, 23, 7, 30, tzinfo=tokyo)))

    with Session(apart) as session:
        found = session.scalars(select(Moment.at)).one()

    assert found == datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    assert found is not None
    assert found.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(apart: Engine) -> None:
    with Session(apart) as session:
        session.add(Moment(at=datetime(2026, 11, 23, 7, 30)))  # noqa: DTZ001 (the fault that is shown)

        with pytest.raises(StatementError, match="no time zone"):
            session.flush()


def test_an_id_with_a_type_of_its_own_is_stored_as_the_number_that_it_is() -> None:
    class Ticket(Base):
        __tablename__ = "ticket"

        id: Mapped[TicketId] = mapped_column(primary_key=True)
        before: Mapped[TicketId | None]

    try:
        columns = Ticket.__table__.columns

        assert isinstance(columns["id"].type, Integer)
        assert isinstance(columns["before"].type, Integer)
        assert columns["before"].nullable
    finally:
        Base.metadata.remove(Base.metadata.tables["ticket"])
