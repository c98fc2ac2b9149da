"""What a page on the web says of itself, for an editor who has nothing but its address."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from digest.errors import DigestError, UnreadableInput
from digest.gather.bodies import Body, read_card
from digest.gather.identity import host_of, url_key
from digest.gather.piece import absolute
from digest.gather.reading import PAGES
from digest.gather.worker import Readers, ReadingFault, ReadingLimits, own_fault
from digest.http import Limits, Response
from digest.model.article import Article
from digest.model.entry import Entry
from digest.model.ids import ArticleId
from digest.services import Services
from digest.store import articles

#: Somebody waits for the answer, and one page is all that is asked for.
PATIENCE = Limits(total=timedelta(seconds=15), size=5_000_000)
READING = ReadingLimits(time=timedelta(seconds=10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """
    What a page says of itself: plain text, empty where it says nothing. *source* is its site by name, else by host.

    *article_id* is that of the newest Article with the same URL key, if we have one.
    """

    url: str
    title: str
    summary: str = ""
    image: str = ""
    source: str = ""
    published: datetime | None = None
    language: str | None = None
    article_id: ArticleId | None = None


def fetch_card(services: Services, url: str, *, limits: Limits = PATIENCE) -> Card | str:
    """
    Return what the page at *url* says of itself, or in a sentence why that cannot be had.

    An Article that we have stands in for a page that does not answer. An address without a scheme is taken for https.
    Within *limits* for its answer, and ten seconds for reading it.
    """
    asked = _address(url)
    if not asked:
        return f'"{url.strip()[:200]}" is no web address; give one such as https://news.example/story.'
    try:
        said, entry, site = asyncio.run(_read(services, asked, limits))
    except ReadingFault as fault:
        return own_fault(f"The page of {host_of(asked)}", fault)
    except DigestError as fault:
        known = _known(services, [asked])
        return str(fault) if known is None else _of_article(known)
    here = _own_address(entry.link, said.url)
    known = _known(services, [here, said.url, asked])
    return Card(
        url=here,
        title=entry.title,
        summary=entry.summary,
        image=entry.image or "",
        source=site or host_of(here),
        published=entry.published,
        language=entry.language,
        article_id=None if known is None else known.id,
    )


async def _read(services: Services, url: str, limits: Limits) -> tuple[Response, Entry, str]:
    async with services.web_client(limits) as client, Readers(count=1, limits=READING) as readers:
        said = await client.get(url)
        kind = said.content_type.partition(";")[0].strip().lower()
        if kind not in PAGES:
            raise UnreadableInput(
                f"What lies there is {kind[:60]}, not a page; give the address of the page that tells of it."
            )
        body = Body(content=said.body, url=said.url, content_type=said.content_type, fetched_at=services.clock.now())
        return said, *await readers.read(read_card, body)


def _address(url: str) -> str:
    """Return *url* as a web address, empty when it is none."""
    url = url.strip()
    return absolute("", url if "://" in url else f"https://{url}") if url else ""


def _own_address(named: str, seen: str) -> str:
    """
    Return the address that a page gives itself, where it can be believed; else the one where it was *seen*.

    Not that of another site, nor the front page that some sites name on every page.
    """
    is_front = urlsplit(named).path in {"", "/"} and not urlsplit(named).query
    return seen if host_of(named) != host_of(seen) or is_front else named


def _known(services: Services, urls: list[str]) -> Article | None:
    with services.reading() as session:
        return articles.at(session, [url_key(url) for url in urls])


def _of_article(article: Article) -> Card:
    return Card(
        url=article.url,
        title=article.title,
        summary=article.summary,
        image=article.image or "",
        source=host_of(article.url),
        published=article.published_at if article.is_dated else None,
        language=article.language,
        article_id=article.id,
    )
