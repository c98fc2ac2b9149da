"""Stored pictures: one row for the same bytes, whoever brings them, and the bytes only for whoever asks for them."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, inspect, select

from digest.database import Database, Session
from digest.model.developed import Print
from digest.model.draft import PictureCopy
from digest.model.look import Place
from digest.model.picture import StoredPicture
from digest.store import pictures

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
URL = "https://paper.example/ice.jpg"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def row(content: bytes, *, url: str = URL) -> StoredPicture:
    copy = PictureCopy(place=Place.MEDIUM, sha256=hashlib.sha256(content).hexdigest(), width=176, height=170)
    return StoredPicture.of(Print(copy=copy, content=content), source_url=url, at=NOW)


def count(session: Session) -> int | None:
    return session.scalar(select(func.count()).select_from(StoredPicture))


def test_a_picture_is_found_as_it_was_kept(database: Database) -> None:
    content = bytes(range(256)) * 40
    with database.session() as session:
        pictures.keep(session, [row(content)])

    with database.reading() as session:
        found = pictures.find(session, hashlib.sha256(content).hexdigest())
        assert found is not None
        assert "content" in inspect(found).unloaded
        assert found.content == content

    assert (found.media_type, found.width, found.height) == ("image/jpeg", 176, 170)
    assert (found.source_url, found.stored_at) == (URL, NOW)


def test_what_nobody_kept_is_not_found(database: Database) -> None:
    with database.session() as session:
        assert pictures.find(session, "0" * 64) is None


def test_the_same_bytes_are_kept_once_with_where_they_came_from_first(database: Database) -> None:
    with database.session() as session:
        first = pictures.keep(session, [row(b"ice"), row(b"fire"), row(b"ice")])
    with database.session() as session:
        second = pictures.keep(session, [row(b"ice", url="https://other.example/"), row(b"wind")])

        assert (first, second, count(session)) == (2, 1, 3)
        kept = pictures.find(session, hashlib.sha256(b"ice").hexdigest())
        assert kept is not None
        assert kept.source_url == URL


def test_processes_that_keep_the_same_pictures_at_once_leave_one_of_each(database_url: str) -> None:
    contents = [str(number).encode() for number in range(100)]
    barrier, kept, faults = threading.Barrier(4), [], []

    def act(turn: int) -> None:
        database = Database(database_url)
        with database.reading() as session:
            count(session)
        barrier.wait()
        try:
            with database.session() as session:
                first = 25 * turn
                kept.append(pictures.keep(session, [row(content) for content in contents[first:] + contents[:first]]))
        except Exception as fault:  # noqa: BLE001 (told below)
            faults.append(fault)
        database.close()

    threads = [threading.Thread(target=act, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    database = Database(database_url)
    with database.reading() as session:
        assert count(session) == 100
    database.close()
    assert faults == []
    assert sum(kept) == 100
