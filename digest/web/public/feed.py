"""The Atom feed of past Editions (RFC 4287)."""

import datetime as dt
import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from digest import archive
from digest.model.newsletter import Newsletter
from digest.model.past_edition import PastEdition
from digest.web.fresh import answer
from digest.web.pages import READ, Templates, Wired

router = APIRouter()

ATOM = "application/atom+xml; charset=utf-8"
_LIFETIME = dt.timedelta(minutes=15)
#: A feed must say when it changed; one without entries never has.
_NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@router.api_route("/archive/{slug}/feed.xml", methods=READ)
def feed(slug: str, services: Wired, pages: Templates, request: Request) -> Response:
    """Give the newest Editions to feed readers."""
    newsletter = services.newsletter(slug)
    found = archive.newest(services, slug)
    changed = max((edition.changed_at for edition in found), default=None)
    text = pages.fill(
        "public/feed.xml",
        language=newsletter.language,
        newsletter=newsletter,
        id=feed_id(newsletter),
        updated=changed or _NEVER,
        entries=[(entry_id(newsletter, edition), edition) for edition in found],
    )
    return answer(request, text.encode(), ATOM, lifetime=_LIFETIME, changed=changed)


def feed_id(newsletter: Newsletter) -> str:
    """Return what the feed is called for good, made from the newsletter's List-Id: the site may move."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"{newsletter.slug}.{_authority(newsletter)}").urn


def entry_id(newsletter: Newsletter, edition: PastEdition) -> str:
    """Return what *edition* is called for good, as a tag URI (RFC 4151) of the sender's domain."""
    return f"tag:{_authority(newsletter)},{edition.date.isoformat()}:{newsletter.slug}/{edition.cadence}"


def _authority(newsletter: Newsletter) -> str:
    return newsletter.sender.domain.lower().encode("idna").decode("ascii")
