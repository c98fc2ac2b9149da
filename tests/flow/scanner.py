"""A link scanner, as mail servers run one: it opens every address of every mail, and so must change nothing."""

import re
from collections.abc import Iterable
from email.message import EmailMessage
from html import unescape
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from digest.database import metadata
from digest.services import Services

_ADDRESS = re.compile(r"https?://[^\s<>\"']+")

Snapshot = dict[str, list[tuple[Any, ...]]]


def addresses(mails: Iterable[EmailMessage], base: str) -> set[str]:
    """Return every address below *base* that stands in a header or a part of *mails*."""
    found: set[str] = set()
    for mail in mails:
        texts = [str(value) for value in mail.values()]
        texts += [unescape(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]
        for text in texts:
            found.update(url.rstrip(".,;)") for url in _ADDRESS.findall(text))
    return {url for url in found if url.startswith(base)}


def open_all(browser: TestClient, urls: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Ask for each of *urls* with HEAD and twice with GET, as scanners do; return what HEAD and the last GET said."""
    said = {}
    for url in sorted(urls):
        head = browser.head(url).status_code
        browser.get(url)
        said[url] = (head, browser.get(url, headers={"User-Agent": "LinkScanner/1.0"}).status_code)
    return said


def snapshot(services: Services) -> Snapshot:
    """Return every row of every table."""
    with services.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }
