"""Pages: templates filled for one request."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Path, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from digest import resources
from digest.links import Links
from digest.model.text import printable
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
        self.environment = Environment(
            loader=FileSystemLoader(resources.templates() / "web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals |= {"links": self.links, "site": services.links, "words": words}
        self.environment.filters["printable"] = printable

    def fill(self, template: str, **values: Any) -> str:
        """Return the text that *template* makes of *values*."""
        return self.environment.get_template(template).render(values)

    def show(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return the page that *template* makes of *values*."""
        return HTMLResponse(self.fill(template, **values), status_code=status)


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
