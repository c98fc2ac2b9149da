"""The front page, and help."""

from fastapi import APIRouter
from starlette.responses import Response

from digest.web.pages import READ, Templates, Wired

router = APIRouter()


@router.api_route("/", methods=READ)
async def front(services: Wired, pages: Templates) -> Response:
    """List the newsletters."""
    return pages.show("public/index.html", newsletters=services.settings.newsletters)


@router.api_route("/help", methods=READ)
async def help_page(services: Wired, pages: Templates) -> Response:
    """Say what this is and how to leave."""
    return pages.show("public/help.html", newsletters=services.settings.newsletters)
