import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from digest.model.candidate import Candidate, Cluster, Score, ScorePart
from digest.model.draft import EditionFacts
from digest.model.ids import ArticleId
from digest.model.newsletter import Newsletter, RankingWeights, SectionPlan, Sender
from subscribers.cadence import Cadence


@pytest.fixture
def newsletter() -> Newsletter:
    return Newsletter(
        slug="eastmouth",
        title="Eastmouth Daily",
        sender=Sender(name="Eastmouth Daily", address="daily@eastmouth.example"),
        sections=(
            SectionPlan(slug="city", title="City", stories=3),
            SectionPlan(slug="business", title="Business", stories=3),
            SectionPlan(slug="sport", title="Sport", stories=3),
        ),
        sources=(),
        weights=RankingWeights(per_source=2),
    )


@pytest.fixture
def edition() -> EditionFacts:
    return EditionFacts(newsletter="eastmouth", cadence=Cadence.DAILY, date=date(2031, 5, 6), number=42)


@pytest.fixture
def article() -> Callable[..., Candidate]:
    """Make a Candidate of its own publisher; a test writes only what matters to it."""
    numbers = itertools.count(1)

    def make(title: str = "Zoo names its newborn okapi", publisher: str | None = None, **facts: Any) -> Candidate:
        number = next(numbers)
        host = publisher or f"paper{number}.example"
        moment = datetime(2031, 5, 6, 1, tzinfo=UTC)
        given: dict[str, Any] = {
            "article_id": ArticleId(number),
            "url": f"https://{host}/{number}",
            "url_key": f"{host}/{number}",
            "summary": "",
            "publisher": host,
            "source_name": host.partition(".")[0].title(),
            "source_key": host,
            "source_weight": 1.0,
            "section": "city",
            "published": moment,
            "first_seen": moment,
        }
        return Candidate(title=title, **{**given, **facts})

    return make


@pytest.fixture
def cluster() -> Callable[..., Cluster]:
    """Make a Cluster of given Candidates whose Score comes to *total*."""

    def make(
        *candidates: Candidate, total: float = 1.0, section: str = "city", is_pinned: bool = False, **facts: Any
    ) -> Cluster:
        part = ScorePart(name="coverage", weight=1.0, value=total, fact="")
        score = Score(parts=(part,), decay=1.0, is_pinned=is_pinned)
        return Cluster(candidates=candidates, section=section, score=score, **facts)

    return make
