"""Pages: templates filled for one request, in the language of whoever reads them."""

import functools
import re
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from babel import negotiate_locale
from babel.support import NullTranslations
from fastapi import Depends, Path, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from digest import resources
from digest.links import Links
from digest.model.text import printable
from digest.render import languages
from digest.services import Services
from digest.web import said, words
from digest.web.words import Words

#: Reading never changes anything, and link scanners ask with either.
READ = ["GET", "HEAD"]
ENGLISH = "en"
#: What a browser writes of one language: its tag, and how much it is wanted (RFC 9110 §12.5.4).
_RANGE = re.compile(r"\s*(?P<tag>[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(?P<q>[01](?:\.\d{0,3})?)\s*)?")
#: More of them nobody has, and fewer than a stranger could write.
_LONGEST_WISH = 1000


class Pages:
    """The templates of the pages, loaded once."""

    def __init__(self, services: Services) -> None:
        #: Addresses without a host, so that the pages work through any name that leads here. Where others than the
        #: browser read them, ``site`` makes whole ones.
        self.links = Links(urlsplit(services.settings.base_url).path)
        self._site = services.links
        self._folder = resources.templates() / "web"
        #: The languages that the public pages can speak.
        self.languages = (ENGLISH, *sorted(path.stem for path in (self._folder / languages.FOLDER).glob("*.po")))
        self._environments = functools.lru_cache(maxsize=32)(self._environment)

    def fill(self, template: str, *, language: str = ENGLISH, **values: Any) -> str:
        """Return the text that *template* makes of *values*, in *language* where we speak it, else in English."""
        return self._environments(self._spoken(language)).get_template(template).render(values)

    def show(self, template: str, *, status: int = 200, language: str = ENGLISH, **values: Any) -> HTMLResponse:
        """Return the page that *template* makes of *values*, in *language* where we speak it, else in English."""
        return HTMLResponse(self.fill(template, language=language, **values), status_code=status)

    def _spoken(self, language: str) -> str:
        """Return *language*, or what it is a variety of, where there is a catalogue for that; else English."""
        for tag in (language, language.partition("-")[0]):
            if tag.partition("-")[0] in self.languages and languages.is_known(tag):
                return tag
        return ENGLISH

    def _environment(self, language: str) -> Environment:
        made = Environment(
            loader=FileSystemLoader(self._folder),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        phrases = languages.translations([self._folder], language)
        made.install_gettext_translations(phrases, newstyle=True)  # type: ignore[attr-defined]  # of the extension
        is_english = language.partition("-")[0] == ENGLISH
        made.globals |= {
            "links": self.links,
            "site": self._site,
            "words": words if is_english else Words(language, phrases),
            "language": language,
            "direction": languages.locale(language).text_direction,
        }
        made.filters |= {
            "printable": printable,
            "spoken": functools.partial(_say, phrases),
            "said": functools.partial(said.said, phrases),
        }
        return made


def _say(phrases: NullTranslations, text: str) -> str:
    """Return *text*, a ``phrase`` of code, in the language of *phrases*; as it is where they lack it."""
    return phrases.gettext(text) if text else ""  # the empty phrase would be the head of the catalogue


def negotiated(header: str, spoken: Sequence[str]) -> str:
    """Return that of the languages *spoken* which *header*, an Accept-Language, wants most; English where none is."""
    wishes: list[tuple[float, str]] = []
    for part in header[:_LONGEST_WISH].split(","):
        found = _RANGE.fullmatch(part)
        if found and (weight := float(found["q"] or 1)) > 0:
            wishes.append((weight, found["tag"]))
    wishes.sort(key=lambda wish: -wish[0])
    by_name = {tag.lower(): tag for tag in spoken}
    found_tag = negotiate_locale([tag.lower() for _, tag in wishes], list(by_name), sep="-", aliases={})
    return by_name.get(found_tag or "", ENGLISH)


def services_of(request: Request) -> Services:
    """Return the Services behind this application."""
    services: Services = request.app.state.services
    return services


def pages_of(request: Request) -> Pages:
    """Return the templates of this application."""
    pages: Pages = request.app.state.pages
    return pages


def language_of(request: Request, pages: Annotated["Pages", Depends(pages_of)]) -> str:
    """Return the language in which to speak to somebody of whom we know only what their browser says."""
    return negotiated(",".join(request.headers.getlist("accept-language")), pages.languages)


#: An Edition's id in an address; a number that no database holds is no address.
EditionNumber = Annotated[int, Path(ge=1, lt=2**31)]
Wired = Annotated[Services, Depends(services_of)]
Templates = Annotated[Pages, Depends(pages_of)]
#: The language that the browser wants; an answer in it says ``VARIES``.
BrowserLanguage = Annotated[str, Depends(language_of)]
VARIES = {"Vary": "Accept-Language"}
