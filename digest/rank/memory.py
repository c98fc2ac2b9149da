"""What readers have seen already: an event comes again only when it has moved on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from digest.model.candidate import Candidate, RankContext
from digest.model.ids import EditionId
from digest.rank.identity import like_titles

_CLEARLY_LATER = timedelta(hours=6)
_RETOLD = 0.5
_NEW_PUBLISHERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What of an event may be printed, which Edition it updates, or why it stays out."""

    candidates: tuple[Candidate, ...]
    update_of: EditionId | None = None
    left_out: str = ""


def recall(candidates: Sequence[Candidate], context: RankContext) -> Recalled:
    """
    Say what is new in an event since the last Edition.

    An event that was sent comes again as an update when new articles with new titles (word Jaccard below one half) come
    from two publishers who were not in that Edition, or one of them is at least six hours later than all that was sent;
    the update holds these articles only, so no article is ever sent twice.
    """
    everything = tuple(candidates)
    fresh = [candidate for candidate in candidates if candidate.first_seen >= context.period_start]
    sent = [candidate for candidate in candidates if candidate.url_key in context.already_sent]
    if not any(candidate.title.strip() for candidate in candidates):
        return Recalled(candidates=everything, left_out="no headline")
    if not sent:
        return Recalled(candidates=everything, left_out="" if fresh else "nothing new since the last Edition")
    told_anew = tuple(candidate for candidate in fresh if candidate not in sent and _told_anew(candidate, sent))
    if not _moved_on(told_anew, sent):
        return Recalled(candidates=everything, left_out="already sent in an earlier Edition")
    return Recalled(candidates=told_anew, update_of=max(context.already_sent[candidate.url_key] for candidate in sent))


def _told_anew(candidate: Candidate, sent: Sequence[Candidate]) -> bool:
    return bool(candidate.title.strip()) and all(like_titles(candidate, before) < _RETOLD for before in sent)


def _moved_on(told_anew: Sequence[Candidate], sent: Sequence[Candidate]) -> bool:
    newcomers = {candidate.publisher for candidate in told_anew} - {candidate.publisher for candidate in sent}
    last_sent = max(candidate.published for candidate in sent)
    return len(newcomers) >= _NEW_PUBLISHERS or any(
        candidate.published >= last_sent + _CLEARLY_LATER for candidate in told_anew
    )
