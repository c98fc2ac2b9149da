"""The migrations make exactly what the rows say, on both databases."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from digest.database import MIGRATIONS, Database, metadata
from digest.errors import DatabaseNotReady, SettingsError
from digest.model import findable
from digest.model.wanted import wanted
from digest.store import finding
from tests.conftest import _named, _psql

#: A reader, their wish, a mail to them and what the relay said of it, as they were kept before schema 0006.
OLD_READERS = """
INSERT INTO subscriber (id, address, address_key, fingerprint, name, language, time_zone, created_at)
    VALUES (7, 'a@reader.example', 'a@reader.example', 'f', '', 'en', 'UTC', '2026-11-23');
INSERT INTO subscription
    (id, subscriber_id, newsletter, state, public_id, confirmation_nonce, cadence, created_at)
    VALUES (3, 7, 'morning', 'active', 'p', 'n', 'daily', '2026-11-23');
INSERT INTO notice
    (id, kind, newsletter, address, name, language, "values", created_at, state, due_at, next_at, attempts, lease_no,
     last_reply)
    VALUES (9, 'welcome', 'morning', 'a@reader.example', '', 'en', '{}', '2026-11-23', 'failed', '2026-11-23',
            '2026-11-23', 1, 1, '');
INSERT INTO attempt (id, notice_id, at, outcome, reply) VALUES (4, 9, '2026-11-23', 'failed', '')
"""

OLD_DRAFT = json.dumps(
    {
        "newsletter": "morning",
        "cadence": "daily",
        "date": "2026-11-22",
        "number": 1,
        "subject": "Ferry sails",
        "preheader": "",
        "intro": "",
        "sections": [],
        "bench": [],
    }
)
#: An Article, a deleted one, an approved Edition and a Draft, as they were kept before schema 0008.
OLD_NEWS = f"""
INSERT INTO source (id, key, kind, address, state, next_check_at, added_at, failures, last_fault) VALUES
    (1, 'k', 'feed', 'k', 'active', '2026-11-23', '2026-11-23', 0, '');
INSERT INTO article (id, source_id, guid, url, url_key, title, summary, body, authors, labels, published_at, is_dated,
    first_seen_at, updated_at, deleted, page_tries) VALUES
    (1, 1, 'a', 'a', 'a', 'Škoda opens', '', '', '[]', '[]', '2026-11-23', true, '2026-11-23', '2026-11-23', false, 0),
    (2, 1, 'b', 'b', 'b', 'Gone', '', '', '[]', '[]', '2026-11-23', true, '2026-11-23', '2026-11-23', true, 0);
INSERT INTO edition (id, newsletter, cadence, date, number, state, reason, due_at, sources_answered, sources_asked,
    draft_version, approved_by, approved_at, draft_json) VALUES
    (5, 'morning', 'daily', '2026-11-22', 1, 'sent', '', '2026-11-22', 1, 1, 1, '', '2026-11-22', '{OLD_DRAFT}'),
    (6, 'morning', 'daily', '2026-11-23', 2, 'draft', '', '2026-11-23', 1, 1, 1, '', NULL, '{OLD_DRAFT}')
"""
#: The indexes that FTS5 tables stand for in SQLite.
ONLY_ON_POSTGRESQL = {("index", "ix_article_words_words"), ("index", "ix_edition_words_words")}


def test_the_migrated_schema_equals_the_metadata(database_url: str) -> None:
    database = Database(database_url)
    is_sqlite = database.engine.dialect.name == "sqlite"

    def is_compared(_item: object, name: str | None, kind: str, *_more: object) -> bool:
        """Leave out what SQLite makes for its indexes of words, and what PostgreSQL has in their place."""
        return not is_sqlite or ((kind, name) not in ONLY_ON_POSTGRESQL and findable.is_ours(name or ""))

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_compared})
        differences = compare_metadata(context, metadata)

    database.close()
    assert differences == []


def test_the_indexes_of_words_are_made_alike_by_migrations_and_by_the_rows(sqlite_url: str, tmp_path: Path) -> None:
    migrated, made = Database(sqlite_url), Database(f"sqlite:///{tmp_path / 'made.db'}")
    metadata.create_all(made.engine)

    found = []
    for database in (migrated, made):
        with database.engine.connect() as connection:
            query = "SELECT name, sql FROM sqlite_master WHERE name LIKE '%!_index%' ESCAPE '!' ORDER BY name"
            found.append(connection.exec_driver_sql(query).all())
        database.close()

    assert found[0] == found[1]
    assert len(found[0]) >= 8


def test_an_empty_database_is_filled_and_a_second_start_changes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'digest.db'}")

    database.prepare()
    database.prepare()

    with database.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "0010"
    database.close()


def test_readers_and_mails_keep_their_numbers_and_what_hangs_on_them_and_no_number_comes_back(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    with database.engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for statement in OLD_READERS.split(";"):
            connection.exec_driver_sql(statement)
        command.upgrade(config, "head")
        connection.commit()

    with database.engine.begin() as connection:
        hanging = [
            connection.exec_driver_sql(query).all()
            for query in ("SELECT id, subscriber_id FROM subscription", "SELECT id, notice_id FROM attempt")
        ]
        connection.exec_driver_sql("DELETE FROM subscriber")
        connection.exec_driver_sql(OLD_READERS.split(";", maxsplit=1)[0].replace("VALUES (7", "VALUES (NULL"))
        readers = connection.exec_driver_sql("SELECT id FROM subscriber").all()
        wishes = connection.exec_driver_sql("SELECT id FROM subscription").all()

    database.close()
    assert hanging == [[(3, 7)], [(4, 9)]]
    assert (readers, wishes) == ([(8,)], [])


def test_the_number_of_an_erased_reader_does_not_come_back_with_the_table_made_anew(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'digest.db'}")
    reader, wish, *_ = OLD_READERS.split(";")
    with database.engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        connection.exec_driver_sql(reader)
        connection.exec_driver_sql(wish)
        connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'subscriber'")
        command.upgrade(config, "head")
        connection.commit()

    with database.engine.begin() as connection:
        wishes = connection.exec_driver_sql("SELECT id, subscriber_id FROM subscription").all()
        another = reader.replace("VALUES (7", "VALUES (NULL").replace("'f'", "'g'")
        connection.exec_driver_sql(another)
        readers = connection.exec_driver_sql("SELECT id FROM subscriber ORDER BY id").all()

    database.close()
    assert wishes == [(3, 7)]
    assert readers == [(7,), (10,)]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give an empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgresql_server")
    _psql(server, "CREATE DATABASE empty")
    yield _named(server, "empty")
    _psql(server, "DROP DATABASE empty WITH (FORCE)")


def test_articles_and_editions_of_before_are_found_after_the_upgrade(empty_url: str) -> None:
    database = Database(empty_url)
    with database.engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        for statement in OLD_NEWS.split(";\n"):
            connection.exec_driver_sql(statement)
        command.upgrade(config, "head")
        connection.commit()

    with database.reading() as session:
        found = [
            list(look(session, wanted(word), page=(0, 20)).ids)
            for look in (finding.articles, finding.editions)
            for word in ("skoda", "gone", "ferry")
        ]

    database.close()
    assert found == [[1], [], [], [], [], [5]]


def test_a_database_with_an_older_schema_is_refused_with_the_remedy(sqlite_url: str) -> None:
    file = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    file.execute("UPDATE alembic_version SET version_num = '0001'")
    file.commit()
    file.close()
    database = Database(sqlite_url)

    with pytest.raises(DatabaseNotReady, match="digest db upgrade"):
        database.prepare()

    database.close()


def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "digest.db"
    path.write_text("this is a letter to a friend, and no database at all; " * 40, encoding="utf-8")
    database = Database(f"sqlite:///{path}")

    with pytest.raises(DatabaseNotReady, match="not a database"):
        database.prepare()

    database.close()


def test_an_address_of_an_unknown_database_is_a_settings_fault() -> None:
    with pytest.raises(SettingsError, match=r"\[database\] url"):
        Database("oracle8://somewhere/else")
