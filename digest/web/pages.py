"""Pages: templates filled for one request, in the language of whoever reads them."""

import functools
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Path, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from digest import resources
from digest.links import Links
from digest.model.text import printable
from digest.render import languages
from digest.services import Services
from digest.web import words

#: Reading never changes anything, and link scanners ask with either.
READ = ["GET", "HEAD"]


class Pages:
    """The templates of the pages, loaded once."""

    def __init__(self, services: Services) -> None:
        #: Addresses without a host, so that the pages work through any name that leads here. Where others than the
        #: browser read them, ``site`` makes whole ones.
        self.links = Links(urlsplit(services.settings.base_url).path)
        self._site = services.links
        self._environments = functools.lru_cache(maxsize=32)(self._environment)

    def fill(self, template: str, *, language: str = "en", **values: Any) -> str:
        """Return the text that *template* makes of *values*, its phrases in *language* where we have them."""
        return self._environments(language).get_template(template).render(values)

    def show(self, template: str, *, status: int = 200, language: str = "en", **values: Any) -> HTMLResponse:
        """Return the page that *template* makes of *values*, its phrases in *language* where we have them."""
        return HTMLResponse(self.fill(template, language=language, **values), status_code=status)

    def _environment(self, language: str) -> Environment:
        folder = resources.templates() / "web"
        made = Environment(
            loader=FileSystemLoader(folder),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        phrases = languages.translations([folder], language)
        made.install_gettext_translations(phrases, newstyle=True)  # type: ignore[attr-defined]  # of the extension
        shown_in = language if languages.catalogues([folder], language) else "en"
        made.globals |= {
            "links": self.links,
            "site": self._site,
            "words": words,
            "page_language": shown_in,
            "page_direction": languages.locale(shown_in).text_direction,
        }
        made.filters["printable"] = printable
        return made


def services_of(request: Request) -> Services:
    """Return the Services behind this application."""
    services: Services = request.app.state.services
    return services


def pages_of(request: Request) -> Pages:
    """Return the templates of this application."""
    pages: Pages = request.app.state.pages
    return pages


#: An Edition's id in an address; a number that no database holds is no address.
EditionNumber = Annotated[int, Path(ge=1, lt=2**31)]
Wired = Annotated[Services, Depends(services_of)]
Templates = Annotated[Pages, Depends(pages_of)]
