"""One Story of a Draft opened: its texts, sources and pictures, and why it stands where it stands."""

from fastapi import APIRouter, HTTPException
from starlette.responses import Response

from digest.desk import opening
from digest.desk.opening import DeskEdition
from digest.model.draft import Draft, Section, Story
from digest.model.ids import EditionId
from digest.web.door import Staff
from digest.web.pages import READ, EditionNumber, Templates, Wired

router = APIRouter()


@router.api_route("/desk/edition/{edition_id}/story/{key}", methods=READ)
def story(edition_id: EditionNumber, key: str, staff: Staff, services: Wired, pages: Templates) -> Response:
    """Show the Story called *key* with everything that can be done to it."""
    opened = opening.open_edition(services, EditionId(edition_id))
    section, found = place_of(opened.draft, key)
    return pages.show(
        "editor/story.html",
        staff=staff,
        here="edition",
        now=services.clock.now(),
        opened=opened,
        section=section,
        story=found,
        images=images_of(found),
        plans=places_for(opened),
    )


def place_of(draft: Draft, key: str) -> tuple[Section, Story]:
    """Return the Story called *key* and the section that it stands in; 404 when the Draft has none."""
    for section in draft.sections:
        for each in section.stories:
            if each.key == key:
                return section, each
    raise HTTPException(404, "This story is not in the draft any more. Go back to the draft and look at its bench.")


def images_of(story: Story) -> tuple[str, ...]:
    """Return the addresses of the pictures that the articles of *story* have, that which it shows first."""
    shown = [story.picture.url] if story.picture else []
    return tuple(dict.fromkeys((*shown, *(link.image for link in story.also if link.image))))


def places_for(opened: DeskEdition) -> tuple[tuple[str, str], ...]:
    """Return slug and title of every section that a Story can be put into."""
    plans = opened.row.newsletter.sections
    return tuple((plan.slug, plan.title) for plan in plans) or tuple(
        (section.slug, section.title) for section in opened.draft.sections
    )
