"""When a page was published: the day from htmldate, the time of day where the page gives one that fits that day."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from htmldate import find_date
from lxml.html import HtmlElement

from digest.gather.pages.metadata import Metadata
from digest.gather.text.dates import parse_date

META = (
    "article:published_time", "og:article:published_time", "datepublished", "parsely-pub-date", "sailthru.date",
    "cxenseparse:recs:publishtime", "publish-date", "publication_date", "pubdate", "date", "dc.date.issued",
    "dcterms.date",
)  # fmt: skip
#: A page says when it was published in so many places at most.
MOST_TIMES = 20
#: What two places say of one publication differs by so much, between zones and editions.
SAME = timedelta(days=2)
#: "2026-11-23" is no longer; what is longer tells the time of day.
DAY_ONLY = 10


def published(tree: HtmlElement, said: Metadata, *, fetched_at: datetime) -> tuple[datetime | None, str]:
    """Return when the page *tree* was published and where that was found. The tree loses parts by it: read it last."""
    claims = [
        (when, origin, text)
        for text, origin in _claims(tree, said)
        if (when := parse_date(text, fetched_at=fetched_at))
    ]
    day = find_date(tree, original_date=True, max_date=fetched_at + timedelta(days=1))
    dated = parse_date(day, fetched_at=fetched_at) if day else None
    fitting = [claim for claim in claims if dated is None or abs(claim[0] - dated) <= SAME]
    exact = (claim for claim in fitting if len(claim[2].strip()) > DAY_ONLY)
    when, origin, _ = next(exact, None) or next(iter(fitting), (dated, "htmldate", ""))
    return when, origin


def _claims(tree: HtmlElement, said: Metadata) -> Iterator[tuple[str, str]]:
    for field in ("datePublished", "dateCreated"):
        if text := said.text(field):
            yield text, "JSON-LD"
    for name in META:
        if text := said.said(name):
            yield text, "article:published_time" if name == META[0] else "meta date"
    for element, _ in zip(tree.iter("time"), range(MOST_TIMES), strict=False):
        if text := element.get("datetime"):
            yield text, "time"
