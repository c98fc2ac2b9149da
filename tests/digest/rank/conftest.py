import csv
import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.model.candidate import Candidate, RankContext
from digest.model.ids import ArticleId


@pytest.fixture
def now() -> datetime:
    return datetime(2031, 5, 6, 5, 0, tzinfo=UTC)


@pytest.fixture
def context(now: datetime) -> RankContext:
    return RankContext(period_start=now - timedelta(hours=24))


@pytest.fixture
def article(now: datetime) -> Callable[..., Candidate]:
    """Make a Candidate, *ago* hours old; a test writes only what matters to it."""
    numbers = itertools.count(1)

    def make(title: str, publisher: str = "herald.example", *, ago: float = 5.0, **facts: Any) -> Candidate:
        number = next(numbers)
        published = now - timedelta(hours=ago)
        given: dict[str, Any] = {
            "article_id": ArticleId(number),
            "url": f"https://{publisher}/{number}",
            "url_key": f"{publisher}/{number}",
            "summary": "",
            "publisher": publisher,
            "source_name": publisher.partition(".")[0].title(),
            "source_key": publisher,
            "source_weight": 1.0,
            "section": "business",
            "published": published,
            "first_seen": published,
        }
        return Candidate(title=title, **{**given, **facts})

    return make


@pytest.fixture
def a_day(article: Callable[..., Candidate]) -> Mapping[Candidate, str]:
    """Sixty headlines of one invented day, each with the event that it tells."""
    with Path(__file__).with_name("a_day_of_headlines.tsv").open(encoding="utf-8") as lines:
        return {
            article(
                row["title"],
                row["publisher"],
                ago=float(row["ago"]),
                summary=row["summary"],
                section=row["section"],
                source_weight=1.3 if row["publisher"] == "herald.example" else 1.0,
            ): row["event"]
            for row in csv.DictReader(lines, delimiter="\t")
        }
