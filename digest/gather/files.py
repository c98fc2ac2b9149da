"""Find and read the files of a folder source, never beyond its walls."""

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

from digest.errors import UnreadableInput

#: Of one file, unpacked.
LARGEST = 10_000_000
MOST_FILES = 10_000


def read_bytes(path: Path) -> bytes:
    """Return the content of the file *path*, unpacked when its name ends in ``.gz``; UnreadableInput says why not."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableInput("It is no regular file.")
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UnreadableInput("It is damaged and cannot be unpacked.") from None
    except OSError as error:
        raise UnreadableInput(f"It cannot be read: {error.strerror or error}.") from None
    if len(content) > LARGEST:
        raise UnreadableInput(f"It holds more than {LARGEST / 1e6:g} MB.")
    return content


def files_of(root: Path, *, faults: list[str]) -> list[Path]:
    """
    Return the regular files below *root* in a fixed order, but for hidden ones; adds to *faults* what is left out.

    Links that lead out of *root* are refused, and so are linked folders. Raises UnreadableInput when *root* is no
    folder that can be read.
    """
    if not root.is_dir():
        raise UnreadableInput(f"The folder {root} does not exist.")
    if not os.access(root, os.R_OK | os.X_OK):
        raise UnreadableInput(f"The folder {root} cannot be read: permission denied.")
    found = [path for path in _walk(root) if _is_inside(path, root, faults)]
    if len(found) > MOST_FILES:
        faults.append(f"The folder holds {len(found):,} files; only the first {MOST_FILES:,} were read.")
    return found[:MOST_FILES]


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if Path(folder, name).is_symlink()]
        yield from (Path(folder, name) for name in sorted([*names, *links]) if not name.startswith("."))


def _is_inside(path: Path, root: Path, faults: list[str]) -> bool:
    name = str(path.relative_to(root))
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        faults.append(f"{name} leads nowhere.")
        return False
    if not target.is_relative_to(root.resolve()):
        faults.append(f"{name} leads out of the folder and was not read.")
        return False
    if path.is_symlink() and target.is_dir():
        faults.append(f"{name} is a link to a folder and was not followed.")
        return False
    return target.is_file()
