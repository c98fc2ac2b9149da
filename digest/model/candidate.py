"""What ranking sees and says: Candidate, Cluster, Score with its parts, Ruling, RankContext."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from digest.model.ids import ArticleId, EditionId

if TYPE_CHECKING:
    # Whoever only sends loads no numbers' library.
    import numpy as np


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


#: More than any total can be.
_PINNED = 1000.0


class RulingKind(StrEnum):
    """What an editor may decide."""

    #: Two articles tell of one event, whatever their words.
    MERGE = "merge"
    #: Two articles tell of different events, whatever their words.
    SPLIT = "split"
    #: The event of this article stands first.
    PIN = "pin"
    #: The score of this article's event is multiplied.
    BOOST = "boost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """An editor's decision about the article with *url_key*, and *other_key* for a merge or split."""

    kind: RulingKind
    url_key: str
    other_key: str = ""
    factor: float = 1.0


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
    """The sum of the parts, times what time has left of it, times an editor's boost."""

    parts: tuple[ScorePart, ...]
    #: 0.5^(age of newest / half-life), between 0 and 1.
    decay: float
    #: The fact behind *decay*, as "newest 2 h ago".
    age: str = ""
    #: What an editor multiplies the score by.
    boost: float = 1.0
    #: Whether an editor has put it first, whatever its score.
    is_pinned: bool = False

    @property
    def total(self) -> float:
        """Return the score: the sum of the parts' amounts times the decay and the boost."""
        return sum(part.amount for part in self.parts) * self.decay * self.boost

    @property
    def standing(self) -> float:
        """Return what puts Stories of several Sections in one order: the total, a pinned one above all others."""
        return self.total + (_PINNED if self.is_pinned else 0)

    @property
    def why(self) -> str:
        """Return one short line that a reader understands: "7 sources, 3 in the last 3 hours, newest 2 h ago"."""
        pinned = "pinned by an editor" if self.is_pinned else ""
        boosted = f"boosted \u00d7{self.boost:g} by an editor" if self.boost != 1 else ""
        return ", ".join(fact for fact in (pinned, *(part.fact for part in self.parts), self.age, boosted) if fact)


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
    #: What editors have decided, the earliest first.
    rulings: tuple[Ruling, ...] = ()
    #: For each Article the direction of its meaning, of unit length; empty without the extra [embeddings].
    meanings: Mapping[ArticleId, "np.ndarray[Any, Any]"] = field(default_factory=dict)
