"""A folder source: feeds, pages and page dumps dropped in by hand or by a scraper."""

import hashlib
from datetime import datetime
from pathlib import Path

from digest.gather.feeds import feed
from digest.gather.files import files_of, read_bytes
from digest.gather.identity import digest_of
from digest.gather.pages import dump, page
from digest.gather.pages.extract import HTML
from digest.gather.text.clean import plain
from digest.gather.text.decode import decode
from digest.model.entry import Entry
from digest.model.newsletter import NO_SELECTORS, Selectors

FEEDS = frozenset({".xml", ".rss", ".atom", ".rdf", ".json"})
PAGES = frozenset({".html", ".htm", ".xhtml"})
DUMPS = frozenset({".txt", ".text"})


def survey(root: Path) -> tuple[list[Path], str, list[str]]:
    """
    Return the files of *root* that are to be read, a hash that changes when one of them does, and faults in words.

    Raises UnreadableInput when *root* is no folder that can be read.
    """
    faults: list[str] = []
    files = [path for path in files_of(root, faults=faults) if _kind(path) in {*FEEDS, *PAGES, *DUMPS, ""}]
    state = hashlib.sha256()
    for path in files:
        facts = path.stat()
        state.update(f"{place_of(path, root)}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    state.update("\n".join(faults).encode("utf-8", "surrogateescape"))
    return files, state.hexdigest(), [plain(fault) for fault in faults]


def read(path: Path, root: Path, *, fetched_at: datetime, selectors: Selectors = NO_SELECTORS) -> tuple[Entry, ...]:
    """Return the Entries of one file of *root*, by its ending, else by how it begins; UnreadableInput when none."""
    content, kind = read_bytes(path), _kind(path)
    text = decode(content)
    if kind in FEEDS or (not kind and feed.looks_like_one(text)):
        return feed.parse(content, url="", fetched_at=fetched_at)
    is_page = kind in PAGES or (not kind and HTML.match(text))
    found = (
        page.extract(text, fetched_at=fetched_at, selectors=selectors)
        if is_page
        else dump.extract(text, fetched_at=fetched_at)
    )
    return (found.to_entry(place_of(path, root)),)


def place_of(path: Path, root: Path) -> str:
    """Return where *path* lies within *root*, in characters that can be stored; stays the same between checks."""
    name = path.relative_to(root).as_posix()
    return name if plain(name) == name else f"{plain(name)}#{digest_of(name)[:8]}"


def _kind(path: Path) -> str:
    """Return the ending that says what the file is, looking through ``.gz``."""
    return (Path(path.stem) if path.suffix.lower() == ".gz" else path).suffix.lower()
