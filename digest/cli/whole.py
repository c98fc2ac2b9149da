"""Files that a command writes: there as a whole or not at all, and for their owner's eyes only."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TextIO


@contextmanager
def whole(out: Path) -> Iterator[TextIO]:
    """
    Give a stream whose text becomes the file *out* when all of it is written; until then *out* is what it was.

    What is no file but a device or a pipe is written to as it stands. OSError where *out* cannot be written.
    """
    if out.exists() and not out.is_file():
        with out.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    place = out.resolve()  # a link stays, and leads to the new text
    handle, name = mkstemp(dir=place.parent, prefix=f"{place.name[:40]}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
