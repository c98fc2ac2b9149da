"""Queries about StoredPictures."""

from collections.abc import Iterable
from contextlib import suppress

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from digest.model.picture import StoredPicture


def keep(session: Session, pictures: Iterable[StoredPicture]) -> int:
    """Keep those of *pictures* that are not there yet, and return how many that were."""
    fresh = {picture.sha256: picture for picture in pictures if find(session, picture.sha256) is None}
    kept = 0
    for _, picture in sorted(fresh.items()):  # in the same order everywhere, so that no two wait for each other
        with suppress(IntegrityError), session.begin_nested():  # another process may be first with the same bytes
            session.add(picture)
            session.flush()
            kept += 1
    return kept


def find(session: Session, sha256: str) -> StoredPicture | None:
    """Return the picture with these bytes, if we have it; the bytes themselves are loaded when they are asked for."""
    return session.get(StoredPicture, sha256)
