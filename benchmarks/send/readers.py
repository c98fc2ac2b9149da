"""Readers by the million, and one approved Edition for them; the same each time."""

import base64
import datetime as dt
import hmac
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Any

from sqlalchemy import insert

from benchmarks.render import sample
from benchmarks.send.installation import CADENCE, SLUG
from digest import pipeline
from digest.database import Database, Session
from digest.model.article import Article
from digest.model.draft import Draft
from digest.model.ids import EditionId
from digest.model.newsletter import SourceKind
from digest.model.source import Source
from digest.services import Services
from digest.store import deliveries, editions
from subscribers.model import SubscriptionState

#: So many rows go to the database at a time.
BATCH = 10_000
CHOOSY = 0.15
NAMELESS = 0.10
BEYOND_ASCII = 0.05

#: Half of all readers are with four providers; the rest are spread thin.
_PROVIDERS = {"mail.example": 38, "outbox.example": 14, "post.example": 9, "cloudmail.example": 7}
_SMALL_DOMAINS = 2_000
_FIRST = (
    "Ada", "Ben", "Carla", "David", "Emma", "Frank", "Grace", "Henry", "Ines", "James", "Karen", "Liam", "Maria",
    "Noah", "Olivia", "Peter", "Quentin", "Rosa", "Samuel", "Teresa", "Ursula", "Victor", "Wendy", "Xavier", "Yvonne",
)  # fmt: skip
_LAST = (
    "Anderson", "Brown", "Clarke", "Davies", "Evans", "Fischer", "Garcia", "Hughes", "Ivanov", "Jones", "Klein",
    "Lopez", "Martin", "Nowak", "O'Brien", "Parker", "Rossi", "Smith", "Taylor", "Wagner", "Young", "Zimmermann",
)  # fmt: skip
_BEYOND_ASCII = (
    "Zoë Þórsdóttir", "Jürgen Kräuter", "Émile Brisset-Ngo", "Наталья Орлова", "高橋 みなと", "Lúcia Valadão",
    "Siobhán Ó Maolalaí", "Łukasz Wiśniewski", "Νίκος Παπαδόπουλος", "محمد علي", "김민준", "Çağla Şahin",
)  # fmt: skip
_ZONES = {
    "Europe/Berlin": 30, "Europe/London": 20, "America/New_York": 18, "America/Los_Angeles": 10, "Europe/Paris": 8,
    "Asia/Tokyo": 5, "America/Sao_Paulo": 4, "Asia/Kolkata": 3, "Australia/Sydney": 2,
}  # fmt: skip
_HOURS = {None: 85, "06:00:00.000000": 8, "08:30:00.000000": 5, "18:00:00.000000": 2}
_SUBSCRIBERS = ("id", "address", "address_key", "fingerprint", "name", "language", "time_zone", "created_at")
_SUBSCRIPTIONS = (
    "id", "subscriber_id", "newsletter", "state", "public_id", "confirmation_nonce", "sections", "cadence", "hour",
    "created_at", "confirmed_at",
)  # fmt: skip
_JOINED = "2026-01-15 08:00:00.000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """How large an Edition is: its Stories, dealt evenly to its sections."""

    stories: int
    sections: int


#: With both parts and all headers 61,500 bytes a message on average.
LARGE = Page(stories=16, sections=7)
#: As small as an Edition can be: 17,700 bytes a message.
SMALL = Page(stories=1, sections=1)


def fill(services: Services, count: int, page: Page, date: dt.date) -> EditionId:
    """Add *count* active readers and an approved Edition of *date* with a Delivery planned for each; return its id."""
    add_readers(services, count, page)
    edition_id = add_edition(services, page, date)
    pipeline.approve(services, edition_id, by="benchmark")
    return edition_id


def add_readers(services: Services, count: int, page: Page) -> None:
    """Add *count* active readers of *page*, around the Session: rows go to the driver as they are."""
    rows = _rows(count, page, services.keys.fingerprint)
    while batch := list(islice(rows, BATCH)):
        _insert(services.database, "subscriber", _SUBSCRIBERS, [subscriber for subscriber, _ in batch])
        _insert(services.database, "subscription", _SUBSCRIPTIONS, [subscription for _, subscription in batch])
    if services.database.engine.dialect.name == "postgresql":
        with services.database.engine.begin() as connection:
            for table in ("subscriber", "subscription"):
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                )
                connection.exec_driver_sql(f"ANALYZE {table}")  # the server's own daemon does so by and by


def add_edition(services: Services, page: Page, date: dt.date) -> EditionId:
    """Add an Edition of *date* with its Draft, ready for approval, and return its id."""
    newsletter = services.newsletter(SLUG)
    draft = replace(sample.draft(page.stories, page.sections, newsletter.look), date=date)
    now = services.clock.now()
    with services.session() as session:
        _add_articles(session, draft, now)
        edition = pipeline.plan_edition(session, newsletter, CADENCE, date, now)
        edition.save(draft, period=(now - dt.timedelta(days=1), now), coverage=(1, 1))
        return edition.id


def find(services: Services, date: dt.date) -> EditionId:
    """Return the id of the Edition of *date*."""
    with services.reading() as session:
        edition = editions.find(session, SLUG, CADENCE, date)
        assert edition is not None
        return edition.id


def planned(services: Services, edition_id: EditionId) -> int:
    """Return how many Deliveries the Edition has."""
    with services.reading() as session:
        return deliveries.account(session, edition_id).intended


def _add_articles(session: Session, draft: Draft, now: dt.datetime) -> None:
    """Add what the Stories of *draft* stand on, once."""
    source = session.query(Source).first()
    if source is None:
        source = Source(key="bench", kind=SourceKind.FOLDER, address="bench", next_check_at=now, added_at=now)
        session.add(source)
        session.flush()
        ids = [article_id for story in draft.stories for article_id in story.article_ids]
        plain = {"summary": "", "body": "", "authors": [], "labels": [], "deleted": False, "page_tries": 0}
        when = {"published_at": now, "first_seen_at": now, "updated_at": now, "is_dated": True}
        rows = [
            {"id": each, "source_id": source.id, "guid": f"{each}", "url": f"https://paper.example/{each}",
             "url_key": f"paper.example/{each}", "title": f"Article {each}", **plain, **when}
            for each in ids
        ]  # fmt: skip
        session.execute(insert(Article), rows)


def _rows(count: int, page: Page, key: bytes) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Yield the rows of Subscriber and Subscription, as the drivers take them."""
    chance = random.Random(11)
    domains = [*_PROVIDERS, *(f"domain-{number}.example" for number in range(_SMALL_DOMAINS))]
    weights = [*_PROVIDERS.values(), *([32 / _SMALL_DOMAINS] * _SMALL_DOMAINS)]
    zones, hours = list(_ZONES), list(_HOURS)
    domain_odds, zone_odds, hour_odds = (list(accumulate(each)) for each in (weights, _ZONES.values(), _HOURS.values()))
    slugs = [title.lower() for title in sample.TITLES[: page.sections]]
    sizes = range(3, len(slugs))
    choices = [json.dumps(sorted(chance.sample(slugs, chance.choice(sizes)))) for _ in range(60) if sizes]
    for number in range(1, count + 1):
        name = _name(chance)
        local = name.lower().replace(" ", ".").replace("'", "") if name.isascii() and name else "reader"
        [domain] = chance.choices(domains, cum_weights=domain_odds)
        address = f"{local}{number}@{domain}"
        [zone] = chance.choices(zones, cum_weights=zone_odds)
        [hour] = chance.choices(hours, cum_weights=hour_odds)
        sections = chance.choice(choices) if choices and chance.random() < CHOOSY else None
        mark = hmac.digest(key, address.encode(), "sha256").hex()
        yield (
            (number, address, address, mark, name, "en", zone, _JOINED),
            (number, number, SLUG, SubscriptionState.ACTIVE.value, _public_id(chance), _public_id(chance), sections,
             CADENCE.value, hour, _JOINED, _JOINED),
        )  # fmt: skip


def _name(chance: random.Random) -> str:
    drawn = chance.random()
    if drawn < NAMELESS:
        return ""
    if drawn < NAMELESS + BEYOND_ASCII:
        return chance.choice(_BEYOND_ASCII)
    return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"


def _public_id(chance: random.Random) -> str:
    return base64.b32encode(chance.randbytes(8)).decode().rstrip("=").lower()


def _insert(database: Database, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    names = ", ".join(columns)
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        if database.engine.dialect.name == "postgresql":
            cursor.execute("SET LOCAL TimeZone TO 'UTC'")
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)
            cursor.execute("COMMIT")
        connection.commit()
    finally:
        connection.close()
