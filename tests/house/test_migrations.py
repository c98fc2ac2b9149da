"""The migrations make exactly what the rows say, on both databases."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from digest.database import Database, metadata
from digest.errors import DatabaseNotReady, SettingsError


def test_the_migrated_schema_equals_the_metadata(database_url: str) -> None:
    database = Database(database_url)

    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    database.close()
    assert differences == []


def test_an_empty_database_is_filled_and_a_second_start_changes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'digest.db'}")

    database.prepare()
    database.prepare()

    with database.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "0006"
    database.close()


def test_a_database_with_another_schema_is_refused_with_the_remedy(sqlite_url: str) -> None:
    file = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    file.execute("UPDATE alembic_version SET version_num = '9999'")
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
