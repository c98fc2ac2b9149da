"""A database of staff on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.database import Database, metadata


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'staff.db'}")
    metadata.create_all(database.engine)
    yield database
    database.close()
