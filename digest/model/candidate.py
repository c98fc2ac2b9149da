"""What ranking sees and says: Candidate, Cluster, Score with its parts, RankContext."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from digest.model.ids import ArticleId, EditionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An Article as ranking sees it. Times are aware UTC; *published* is never later than *first_seen*."""

    article_id: ArticleId
    url: str
    #: The address with everything taken off that does not tell pages apart: same key, same piece.
    url_key: str
    title: str
    summary: str
    #: The host of *url* without ``www.``: the publisher as readers know it.
    publisher: str
    #: The name shown to readers.
    source_name: str
    source_key: str
    source_weight: float
    section: str
    published: datetime
    first_seen: datetime
    language: str | None = None
    image: str | None = None
    authors: tuple[str, ...] = ()
    #: False when the Source gave no date and *published* is only supposed: good for ranking, not to be shown.
    is_dated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePart:
    """One named term of a Score: weight x value, and the fact behind it in words that a reader understands."""

    name: str
    weight: float
    value: float
    fact: str

    @property
    def amount(self) -> float:
        """Return what this part adds to the sum."""
        return self.weight * self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The sum of the parts, times what time has left of it."""

    parts: tuple[ScorePart, ...]
    #: 0.5^(age of newest / half-life), between 0 and 1.
    decay: float
    #: The fact behind *decay*, as "newest 2 h ago".
    age: str = ""

    @property
    def total(self) -> float:
        """Return the score: the sum of the parts' amounts times the decay."""
        return sum(part.amount for part in self.parts) * self.decay

    @property
    def why(self) -> str:
        """Return one short line that a reader understands: "7 sources, 3 in the last 3 hours, newest 2 h ago"."""
        facts = [part.fact for part in self.parts if part.fact]
        return ", ".join([*facts, self.age] if self.age else facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """
    Candidates on the same event, the lead first.

    *update_of* names the Edition that already carried this event, when it has moved on since.
    *left_out* says in words what keeps it out of the paper, or is empty when nothing does.
    """

    candidates: tuple[Candidate, ...]
    section: str
    score: Score
    update_of: EditionId | None = None
    left_out: str = ""

    @property
    def lead(self) -> Candidate:
        """Return the article that stands for the event."""
        return self.candidates[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankContext:
    """
    What ranking must know besides the Candidates.

    *already_sent* maps the URL key of each article that an Edition of this newsletter and cadence has carried to
    that Edition. *period_start* is when the Edition's period began: a Story needs an article first seen since then.
    """

    period_start: datetime
    already_sent: Mapping[str, EditionId] = field(default_factory=dict)
