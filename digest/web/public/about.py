"""The front page, and help."""

from fastapi import APIRouter
from starlette.responses import Response

from digest.services import Services
from digest.web.pages import READ, VARIES, BrowserLanguage, Pages, Templates, Wired

router = APIRouter()


@router.api_route("/", methods=READ)
async def front(services: Wired, pages: Templates, language: BrowserLanguage) -> Response:
    """List the newsletters."""
    return _shown(pages, "public/index.html", services, language)


@router.api_route("/help", methods=READ)
async def help_page(services: Wired, pages: Templates, language: BrowserLanguage) -> Response:
    """Say what this is and how to leave."""
    return _shown(pages, "public/help.html", services, language)


def _shown(pages: Pages, template: str, services: Services, language: str) -> Response:
    page = pages.show(template, language=language, newsletters=services.settings.newsletters)
    page.headers.update(VARIES)
    return page
