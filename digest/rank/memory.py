"""What readers have seen already: an event comes again only when it has moved on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from scipy.sparse import csr_array

from digest.model.candidate import Candidate, RankContext
from digest.model.ids import EditionId
from digest.rank.words import headline_words, opening_words, telling

_CLEARLY_LATER = timedelta(hours=6)
_NEW_WORDS = 0.4
_NEW_PUBLISHERS = 2
_SAME_AFFAIR = 0.25
STALE = "nothing new since the last Edition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What of an event may be printed, which Edition it updates, or why it stays out."""

    candidates: tuple[Candidate, ...]
    update_of: EditionId | None = None
    left_out: str = ""


def told_before(
    events: Sequence[Sequence[Candidate]], centres: csr_array, already_sent: Collection[str]
) -> list[tuple[Candidate, ...]]:
    """
    Return for each of *events* the Candidates that were sent of it, or else of the one most like it that was sent.

    A follow-up comes a day later and in words of its own, so it often stands in an event of its own; the likeness is
    the cosine of the rows of *centres*, which have unit length, and from one quarter on it is about the same.
    """
    own = [tuple(candidate for candidate in event if candidate.url_key in already_sent) for event in events]
    sent = [at for at, found in enumerate(own) if found]
    if not sent:
        return own
    alike = (centres @ centres[sent].T).toarray()
    nearest = alike.argmax(axis=1)
    return [
        found or (own[sent[nearest[at]]] if alike[at, nearest[at]] >= _SAME_AFFAIR else ())
        for at, found in enumerate(own)
    ]


def recall(candidates: Sequence[Candidate], sent: Sequence[Candidate], context: RankContext) -> Recalled:
    """
    Say what is new in an event of which *sent* were in an earlier Edition.

    It comes again as an update when new articles come from two publishers who were not in that Edition, or one of them
    is at least six hours later than all that was sent. New are those whose titles have at least two fifths of their
    telling words from nowhere in what was sent. The update holds these only, so no article is ever sent twice.
    """
    everything = tuple(candidates)
    fresh = [candidate for candidate in candidates if candidate.first_seen >= context.period_start]
    if not any(candidate.title.strip() for candidate in candidates):
        return Recalled(candidates=everything, left_out="no headline")
    if not sent:
        return Recalled(candidates=everything, left_out="" if fresh else STALE)
    known = {word for before in sent for word in (*_title_words(before), *telling(opening_words(before.summary)))}
    told_anew = tuple(
        candidate
        for candidate in fresh
        if candidate.url_key not in context.already_sent and _has_new_words(candidate, known)
    )
    if not _moved_on(told_anew, sent):
        return Recalled(candidates=everything, left_out="already sent in an earlier Edition")
    return Recalled(candidates=told_anew, update_of=max(context.already_sent[candidate.url_key] for candidate in sent))


def _title_words(candidate: Candidate) -> frozenset[str]:
    return frozenset(telling(headline_words(candidate)))


def _has_new_words(candidate: Candidate, known: set[str]) -> bool:
    title = _title_words(candidate)
    return bool(title) and len(title - known) / len(title) >= _NEW_WORDS


def _moved_on(told_anew: Sequence[Candidate], sent: Sequence[Candidate]) -> bool:
    newcomers = {candidate.publisher for candidate in told_anew} - {candidate.publisher for candidate in sent}
    last_sent = max(candidate.published for candidate in sent)
    return len(newcomers) >= _NEW_PUBLISHERS or any(
        candidate.published >= last_sent + _CLEARLY_LATER for candidate in told_anew
    )
