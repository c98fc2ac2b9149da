"""Our own copies of the pictures that mails show: to anybody, from anywhere, and for ever the same."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.responses import Response

from digest.store import pictures
from digest.web.fresh import has
from digest.web.pages import READ, Wired

router = APIRouter()
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]

HEADERS = {
    # The address is made of the content, so what is behind it never changes.
    "Cache-Control": "public, max-age=31536000, immutable",
    # Mail programs show it on pages of theirs.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'",
    # It is its publisher's picture, which is not for us to offer to a search for pictures.
    "X-Robots-Tag": "noindex",
}


@router.api_route("/i/{sha256}.jpg", methods=READ)
def picture(sha256: Sha256, services: Wired, request: Request) -> Response:
    """Give the picture with these bytes; 304 to whoever has it."""
    headers = {**HEADERS, "ETag": f'"{sha256}"'}
    with services.reading() as session:
        found = pictures.find(session, sha256)
        if found is None:
            raise HTTPException(404)
        if has(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(found.content, media_type=found.media_type, headers=headers)
