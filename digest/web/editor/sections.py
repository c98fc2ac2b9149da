"""The sections of a Draft as its page lists them: those of the newsletter without a Story too, to put one there."""

from digest.desk.opening import DeskEdition
from digest.model.draft import Story


def sections_of(opened: DeskEdition) -> tuple[tuple[str, str, tuple[Story, ...]], ...]:
    """Return slug, title and Stories of each section in their order; empty ones only while the Draft can change."""
    drafted = {section.slug: section for section in opened.draft.sections}
    plans = opened.row.newsletter.sections if opened.rendered_hash is None else ()
    if not plans or not drafted.keys() <= {plan.slug for plan in plans}:
        return tuple((section.slug, section.title, section.stories) for section in opened.draft.sections)
    return tuple((plan.slug, plan.title, drafted[plan.slug].stories if plan.slug in drafted else ()) for plan in plans)
