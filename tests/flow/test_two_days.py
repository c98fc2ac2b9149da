"""The schedule lives through days, a restart and a change of the clocks, and brings one Edition a day."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import select

from digest import jobs
from digest.demo.inbox import Inbox
from digest.model.edition import Edition, EditionState
from digest.services import Services
from tests.conftest import MakeServices
from tests.factories import write_feed
from tests.fakes import FixedClock
from tests.flow.walk import subscribe

STEP = timedelta(minutes=30)


def live(services: Services, clock: FixedClock, until: datetime) -> None:
    """Tick every half hour until *until*."""
    while clock.now() < until:
        jobs.tick(services)
        clock.advance(STEP)


#: Three headlines a day that no two days share.
HEADLINES = (
    (
        "Aldmere council settles its dispute over the quarry",
        "Lighthouse keepers vote to strike",
        "Bread is dearer again",
    ),
    ("Ferry to Corvane runs aground on a sandbank", "Museum finds a lost portrait", "Snow closes the northern pass"),
    ("Parliament elects its first woman speaker", "Otters return to the city canal", "Orchestra loses its hall"),
)


def news_of(day: datetime, tmp_path: Path) -> None:
    """Drop three stories of that day into the source folder."""
    name = f"{day:%Y-%m-%d}"
    write_feed(
        tmp_path / "news",
        *((title, f"https://paper{number}.example/{name}") for number, title in enumerate(HEADLINES[day.day % 3])),
        published=day - timedelta(hours=3),
        name=f"{name}.xml",
    )


def mails(inbox: Inbox) -> Counter[tuple[str, str]]:
    """Count the mails by recipient and subject."""
    parsed = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in inbox.files()]
    return Counter((str(mail["To"]), str(mail["Message-ID"]).split(".")[0]) for mail in parsed)


@pytest.mark.parametrize(
    ("first_day", "at"),
    [
        pytest.param(datetime(2026, 11, 23, tzinfo=UTC), "07:00", id="plain days"),
        pytest.param(datetime(2026, 10, 24, tzinfo=UTC), "02:30", id="the hour that comes twice in autumn"),
        pytest.param(datetime(2027, 3, 27, tzinfo=UTC), "02:30", id="the hour that is missing in spring"),
    ],
)
def test_two_days_with_a_restart_bring_one_edition_each(
    make_services: MakeServices,
    database_url: str,
    clock: FixedClock,
    inbox: Inbox,
    tmp_path: Path,
    first_day: datetime,
    at: str,
) -> None:
    clock.set(first_day - timedelta(hours=10))
    services = make_services(database_url, smtp_port=inbox.port, at=at)
    subscribe(services, "berlin", zone="Europe/Berlin")
    subscribe(services, "lisbon", zone="Europe/Lisbon")
    jobs.tick(services)

    news_of(first_day, tmp_path)
    live(services, clock, first_day + timedelta(hours=13))
    services.close()
    restarted = make_services(database_url, smtp_port=inbox.port, at=at)
    news_of(first_day + timedelta(days=1), tmp_path)
    live(restarted, clock, first_day + timedelta(days=1, hours=13))

    with restarted.reading() as session:
        editions = session.scalars(select(Edition).order_by(Edition.date)).all()
    days = [first_day.date(), first_day.date() + timedelta(days=1)]
    made = [edition for edition in editions if edition.state is not EditionState.PLANNED]
    assert [(edition.date, edition.state) for edition in made] == [(day, EditionState.SENT) for day in days]
    assert sorted(mails(inbox).values()) == [1, 1, 1, 1]
    assert {recipient for recipient, _ in mails(inbox)} == {"berlin@reader.example", "lisbon@reader.example"}


def test_each_reader_gets_it_at_their_own_hour(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox, tmp_path: Path
) -> None:
    day = datetime(2026, 11, 23, tzinfo=UTC)
    clock.set(day - timedelta(hours=1))
    services = make_services(sqlite_url, smtp_port=inbox.port, at="07:00")
    subscribe(services, "berlin", zone="Europe/Berlin")  # 06:00 UTC
    subscribe(services, "boston", zone="America/New_York")  # 12:00 UTC
    news_of(day, tmp_path)

    live(services, clock, day + timedelta(hours=5, minutes=50))
    before = len(inbox.files())
    live(services, clock, day + timedelta(hours=11, minutes=50))
    between = {recipient for recipient, _ in mails(inbox)}
    live(services, clock, day + timedelta(hours=12, minutes=30))

    assert before == 0
    assert between == {"berlin@reader.example"}
    assert len(inbox.files()) == 2


@pytest.mark.parametrize(
    ("hours", "state", "count"), [(5, EditionState.SENT, 1), (7, EditionState.SKIPPED, 0)], ids=["5 h late", "7 h late"]
)
def test_an_edition_after_an_outage_goes_out_or_is_skipped_visibly(
    make_services: MakeServices,
    sqlite_url: str,
    clock: FixedClock,
    inbox: Inbox,
    tmp_path: Path,
    hours: int,
    state: EditionState,
    count: int,
) -> None:
    due = datetime(2026, 11, 23, 6, tzinfo=UTC)
    clock.set(due - timedelta(hours=10))
    services = make_services(sqlite_url, smtp_port=inbox.port, at="07:00")
    subscribe(services, "berlin", zone="Europe/Berlin")
    news_of(due, tmp_path)
    jobs.tick(services)  # plans the Edition; then the lights go out

    clock.set(due + timedelta(hours=hours))
    jobs.tick(services)
    jobs.tick(services)

    with services.reading() as session:
        edition = session.scalars(select(Edition).where(Edition.date == due.date())).one()
    assert edition.state is state
    assert edition.reason == ("too late" if count == 0 else "")
    assert len(inbox.files()) == count


def test_three_days_of_silence_bring_one_edition_with_the_news_of_all(
    make_services: MakeServices, sqlite_url: str, clock: FixedClock, inbox: Inbox, tmp_path: Path
) -> None:
    day = datetime(2026, 11, 23, tzinfo=UTC)
    clock.set(day)
    services = make_services(sqlite_url, smtp_port=inbox.port, at="07:00")
    subscribe(services, "berlin", zone="Europe/Berlin")
    jobs.tick(services)
    for later in range(3):
        news_of(day + timedelta(days=later), tmp_path)

    clock.set(day + timedelta(days=3, hours=6, minutes=5))
    jobs.tick(services)
    jobs.tick(services)

    assert len(inbox.files()) == 1
