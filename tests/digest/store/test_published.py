"""What the archive asks: the Editions that readers have got, by month, day and neighbourhood, without their pages."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event

from digest.database import Database, Session
from digest.model.draft import Draft
from digest.model.edition import Edition, EditionState
from digest.store import editions, published
from subscribers.cadence import Cadence
from subscribers.segments import EVERYBODY, Segment

DAY = date(2026, 11, 23)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = Database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


def came_out(
    session: Session,
    day: date,
    cadence: Cadence = Cadence.DAILY,
    state: EditionState = EditionState.SENT,
    slug: str = "morning",
    subject: str = "Ferry line opens",
) -> Edition:
    at = datetime.combine(day, time(5), tzinfo=UTC)
    edition = editions.open_for(session, slug, cadence, day, due_at=at)
    draft = Draft(
        newsletter=slug,
        cadence=cadence,
        date=day,
        number=day.toordinal() - DAY.toordinal() + 42,
        subject=subject,
        preheader="Two harbours · One ferry",
        sections=(),
    )
    edition.save(draft, period=(at, at), coverage=(1, 1))
    edition.approved_at, edition.state = at, state
    session.flush()
    return edition


def test_only_what_readers_have_got_is_listed_the_newest_first(session: Session) -> None:
    for days, state in enumerate(EditionState):
        came_out(session, DAY - timedelta(days=days), state=state)
    came_out(session, DAY, slug="evening")

    month = published.of_month(session, "morning", DAY)

    states = [editions.get(session, past.id).state for past in month]
    assert states == [EditionState.SENDING, EditionState.SENT]
    assert [past.id for past in published.newest(session, "morning", 30)] == [past.id for past in month]
    assert sum(published.months(session, "morning").values()) == 2
    latest = published.latest(session, "morning")
    assert latest is not None
    assert latest.id == month[0].id


def test_a_past_edition_says_what_it_is_called_on_one_line(session: Session) -> None:
    made = came_out(session, DAY, subject="Ferry\nline \u202eopens </title>")

    (past,) = published.of_month(session, "morning", DAY)

    assert past.subject == "Ferry line opens </title>"
    assert past.preheader == "Two harbours · One ferry"
    assert (past.id, past.number, past.cadence, past.date) == (made.id, 42, Cadence.DAILY, DAY)
    assert past.approved_at == datetime(2026, 11, 23, 5, tzinfo=UTC)


def test_months_are_counted_the_newest_first_and_empty_ones_are_not_there(session: Session) -> None:
    for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 11, 23)):
        came_out(session, day)
    came_out(session, date(2026, 1, 31), Cadence.WEEKLY)

    counted = list(published.months(session, "morning").items())

    assert counted == [(date(2026, 11, 1), 1), (date(2026, 1, 1), 3), (date(2025, 12, 1), 1)]
    assert published.months(session, "evening") == {}


@pytest.mark.parametrize("month", [date(2026, 2, 1), date(2026, 2, 28)])
def test_a_month_goes_from_its_first_day_to_its_last(session: Session, month: date) -> None:
    for day in (date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1)):
        came_out(session, day)

    found = published.of_month(session, "morning", month)

    assert [past.date for past in found] == [date(2026, 2, 28), date(2026, 2, 1)]


def test_december_ends_with_its_year(session: Session) -> None:
    for day in (date(2025, 12, 31), date(2026, 1, 1)):
        came_out(session, day)

    assert [past.date for past in published.of_month(session, "morning", date(2025, 12, 1))] == [date(2025, 12, 31)]


def test_the_last_month_that_there_can_be_is_empty(session: Session) -> None:
    assert published.of_month(session, "morning", date(9999, 12, 1)) == []


def test_an_edition_is_found_by_its_day_and_cadence_once_it_goes_out(session: Session) -> None:
    daily = came_out(session, DAY)
    came_out(session, DAY - timedelta(days=1), state=EditionState.CANCELLED)

    found = published.find(session, "morning", Cadence.DAILY, DAY)

    assert found is not None
    assert found.id == daily.id
    assert published.find(session, "morning", Cadence.WEEKLY, DAY) is None
    assert published.find(session, "morning", Cadence.DAILY, DAY - timedelta(days=1)) is None


def test_neighbours_are_the_next_that_came_out_in_the_same_cadence(session: Session) -> None:
    for days, state in ((-3, "sent"), (-2, "cancelled"), (0, "sent"), (1, "skipped"), (2, "sending"), (4, "sent")):
        came_out(session, DAY + timedelta(days=days), state=EditionState(state))
    came_out(session, DAY - timedelta(days=1), Cadence.WEEKLY)

    older, newer = published.neighbours(session, "morning", Cadence.DAILY, DAY)
    alone = published.neighbours(session, "morning", Cadence.WEEKLY, DAY - timedelta(days=1))

    assert older is not None
    assert newer is not None
    assert (older.date, newer.date) == (DAY - timedelta(days=3), DAY + timedelta(days=2))
    assert alone == (None, None)


def test_the_feed_takes_no_more_than_it_asked_for(session: Session) -> None:
    for days in range(3):
        came_out(session, DAY - timedelta(days=days))

    assert [past.date for past in published.newest(session, "morning", 2)] == [DAY, DAY - timedelta(days=1)]


def test_no_list_loads_a_draft_or_a_page(session: Session) -> None:
    came_out(session, DAY)
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *call: asked.append(call[2]))

    published.months(session, "morning")
    published.of_month(session, "morning", DAY)
    published.neighbours(session, "morning", Cadence.DAILY, DAY)
    published.latest(session, "morning")

    assert len(asked) == 5
    one_value = re.compile(r"JSON_EXTRACT\(edition\.draft_json, |edition\.draft_json ->")
    columns = [one_value.sub("", statement.partition("FROM")[0]) for statement in asked]
    assert sum(map(len, map(one_value.findall, asked))) == 6
    assert not any("rendered_bytes" in chosen or "edition.draft_json" in chosen for chosen in columns), columns


def test_a_special_edition_is_public_only_when_it_was_for_everybody(session: Session) -> None:
    for days, segment in ((0, Segment(languages=("de",))), (1, EVERYBODY)):
        special = came_out(session, DAY - timedelta(days=days), Cadence.SPECIAL, state=EditionState.DRAFT)
        special.aim(segment)
        special.state = EditionState.SENT
    session.flush()
    before, after = DAY - timedelta(days=2), DAY + timedelta(days=1)

    listed = [past.date for past in published.of_month(session, "morning", DAY)]
    latest = published.latest(session, "morning")
    (older, _), (_, newer) = (published.neighbours(session, "morning", Cadence.SPECIAL, day) for day in (after, before))

    assert listed == [DAY - timedelta(days=1)]
    assert [past.date for past in published.newest(session, "morning", 30)] == listed
    assert published.months(session, "morning") == {DAY.replace(day=1): 1}
    assert published.find(session, "morning", Cadence.SPECIAL, DAY) is None
    assert latest is not None
    assert older is not None
    assert newer is not None
    assert {latest.date, older.date, newer.date} == set(listed)
