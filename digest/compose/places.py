"""
Who gets a place: as many Stories as a Section holds, few led by one publisher while others wait, nothing twice.

What an editor has pinned always gets one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from digest.compose.story import headline, story
from digest.model.candidate import Candidate, Cluster
from digest.model.draft import Benched, Section, Story
from digest.model.newsletter import Newsletter

SECTION_FULL = "section full"
_BENCH = 20


@dataclass(slots=True)
class Places:
    """The Sections of one Edition as they fill, and who missed and why."""

    newsletter: Newsletter
    _stories: dict[str, list[Story]] = field(default_factory=dict)
    _led: Counter[tuple[str, str]] = field(default_factory=Counter)
    _used: set[str] = field(default_factory=set)
    _capped: list[Cluster] = field(default_factory=list)
    _missed: list[Benched] = field(default_factory=list)

    def offer(self, cluster: Cluster) -> None:
        """Give *cluster* the next place of its Section, or a seat on the bench with the reason."""
        free = self._free(cluster)
        if reason := self._against(cluster, free):
            self._bench(cluster, reason)
            return
        lead = next((one for one in free if cluster.score.is_pinned or not self._has_led_enough(one, cluster)), None)
        if lead is None:
            self._capped.append(cluster)
        else:
            self._place(cluster, lead, free)

    def fill(self) -> None:
        """Give the room that is left to those who only waited because their publisher leads enough already."""
        for cluster in self._capped:
            free = self._free(cluster)
            reason = self._against(cluster, free)
            if reason == SECTION_FULL:
                limit = self.newsletter.weights.per_source
                self._bench(cluster, f"{cluster.lead.source_name} already leads {limit} stories here")
            elif reason:
                self._bench(cluster, reason)
            else:
                self._place(cluster, free[0], free)
        self._capped.clear()

    def sections(self) -> tuple[Section, ...]:
        """Return the Sections that hold a Story, in the newsletter's order."""
        return tuple(
            Section(slug=plan.slug, title=plan.title, stories=tuple(self._stories[plan.slug]))
            for plan in self.newsletter.sections
            if plan.slug in self._stories
        )

    def bench(self) -> tuple[Benched, ...]:
        """Return the twenty of greatest score that missed."""
        return tuple(sorted(self._missed, key=lambda benched: -benched.score)[:_BENCH])

    def _free(self, cluster: Cluster) -> list[Candidate]:
        """Return what of *cluster* can be shown and stands nowhere else."""
        return [one for one in cluster.candidates if one.url_key not in self._used and one.title.strip()]

    def _against(self, cluster: Cluster, free: Sequence[Candidate]) -> str:
        """Return what keeps *cluster* out, or an empty string."""
        plan = next((plan for plan in self.newsletter.sections if plan.slug == cluster.section), None)
        if cluster.left_out:
            return cluster.left_out
        if plan is None:
            return f"the newsletter has no section {cluster.section}"
        if len(self._stories.get(plan.slug, ())) >= plan.stories and not cluster.score.is_pinned:
            return SECTION_FULL
        return "" if free else "already in this Edition"

    def _place(self, cluster: Cluster, lead: Candidate, free: Sequence[Candidate]) -> None:
        others = [one for one in free if one is not lead]
        self._stories.setdefault(cluster.section, []).append(story(cluster, lead, others))
        self._led[cluster.section, lead.publisher] += 1
        self._used.update(one.url_key for one in free)

    def _has_led_enough(self, candidate: Candidate, cluster: Cluster) -> bool:
        return self._led[cluster.section, candidate.publisher] >= self.newsletter.weights.per_source

    def _bench(self, cluster: Cluster, reason: str) -> None:
        lead, *others = cluster.candidates
        self._missed.append(
            Benched(
                headline=headline(lead),
                source=lead.source_name,
                section=cluster.section,
                score=cluster.score.total,
                reason=reason,
                story=story(cluster, lead, others),
            )
        )
