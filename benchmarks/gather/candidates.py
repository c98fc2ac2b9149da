"""Headlines and feed items as the Candidates that ranking takes."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.gather import sets
from benchmarks.gather.sets import FeedFile, Headline
from digest.gather.feeds import feed
from digest.gather.identity import url_key
from digest.model.candidate import Candidate
from digest.model.entry import Entry
from digest.model.ids import ArticleId

#: Numbers of candidates that are no headline of the stories begin here.
OTHERS = 10_000_000


def of_headlines(headlines: Sequence[Headline], section: Callable[[Headline], str]) -> list[Candidate]:
    """Return a Candidate for each headline, its number as article id, its publisher as the Source."""
    return [
        Candidate(
            article_id=ArticleId(headline.number),
            url=headline.url,
            url_key=url_key(headline.url),
            title=headline.title,
            summary="",
            publisher=headline.publisher,
            source_name=headline.publisher,
            source_key=headline.publisher,
            source_weight=1.0,
            section=section(headline),
            published=headline.published,
            first_seen=headline.published,
        )
        for headline in headlines
    ]


def of_feeds(data: Path, *, since: datetime, until: datetime) -> list[Candidate]:
    """
    Return the items of all feed sets as Candidates, each piece once.

    They are of other years than the stories, so each gets an instant between *since* and *until*, by a hash of it.
    """
    snapshots = [
        FeedFile(name=each.paper, url=f"https://{each.paper}.example/", items=0, is_well_formed=True, body=each.body)
        for each in sets.history(data)
    ]
    found: dict[str, tuple[FeedFile, Entry]] = {}
    for file in (*sets.feeds(data), *sets.car_feeds(data), *snapshots):
        for entry in feed.parse(file.body, url=file.url, fetched_at=until):
            found.setdefault(url_key(entry.link) or entry.guid, (file, entry))
    return [
        _of_item(number, key, file, entry, since + (until - since) * _chance(key))
        for number, (key, (file, entry)) in enumerate(found.items(), start=OTHERS)
    ]


def _of_item(number: int, key: str, file: FeedFile, entry: Entry, published: datetime) -> Candidate:
    publisher = urlsplit(entry.link or file.url).hostname or file.name
    return Candidate(
        article_id=ArticleId(number),
        url=entry.link,
        url_key=key,
        title=entry.title,
        summary=entry.summary,
        publisher=publisher,
        source_name=publisher,
        source_key=file.name,
        source_weight=1.0,
        section="news",
        published=published,
        first_seen=published + timedelta(minutes=1),
    )


def _chance(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) / 2**32
