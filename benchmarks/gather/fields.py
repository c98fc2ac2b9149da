"""Fields: title, date, authors, picture and language of news pages from many countries."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import lxml.html
import trafilatura

from benchmarks.gather import sets
from benchmarks.gather.sets import NewsPage
from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from benchmarks.spent import cpu_race
from digest.errors import UnreadableInput
from digest.gather.pages.extract import extract_file

#: Of countries whose newspapers here are all in one language; Norwegian has several tags.
LANGUAGES = {
    "at": {"de"}, "au": {"en"}, "cz": {"cs"}, "de": {"de"}, "es": {"es"}, "fr": {"fr"}, "isl": {"is"}, "it": {"it"},
    "jp": {"ja"}, "kr": {"ko"}, "li": {"de"}, "mx": {"es"}, "no": {"no", "nb", "nn"}, "pl": {"pl"}, "pt": {"pt"},
    "py": {"es"}, "tr": {"tr"}, "tw": {"zh"}, "ua": {"uk"}, "uk": {"en"}, "us": {"en"}, "vn": {"vi"},
}  # fmt: skip
ARTICLE = re.compile(r"Article$|Posting$|Report$|Review$")
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What one extractor says of one page; None or empty where it says nothing."""

    title: str = ""
    day: date | None = None
    authors: frozenset[str] = frozenset()
    image: str = ""
    language: str | None = None


def measure(arguments: Arguments) -> Report:
    """Read all pages in each way, and count what agrees with the publishers' rules."""
    pages = [page for page in sets.news_pages(arguments.data) if arguments.takes(page.name)]
    readers: dict[str, Callable[[NewsPage], Fields]] = {
        "digest.gather.pages.extract": _Ours(arguments.now),
        "trafilatura, fast": _by_trafilatura,
        "JSON-LD alone": _by_json_ld,
    }
    found = {name: [read(page) for page in pages] for name, read in readers.items()}
    seconds = cpu_race({name: _over(pages, read) for name, read in readers.items()}, arguments.runs)
    rows: list[list[Any]] = [
        [
            name,
            _share(
                _same(said.title, page.truth["title"]) for page, said in _both(pages, fields) if page.truth["title"]
            ),
            _share(
                _is_near(said.day, page) for page, said in _both(pages, fields) if page.truth.get("publishing_date")
            ),
            *_authors(pages, fields),
            _share(_is_cover(said.image, page) for page, said in _both(pages, fields) if _covers(page)),
            _languages(pages, fields) if name == "digest.gather.pages.extract" else None,
            1000 * seconds[name] / len(pages),
        ]
        for name, fields in found.items()
    ]
    ours, theirs = rows[0], rows[1]
    return Report(
        tables=[
            Table(
                title="Fields of news pages",
                columns={
                    "extractor": "",
                    "title exact": ".3f",
                    "date ± 1 day": ".3f",
                    "author F1": ".3f",
                    "author precision": ".3f",
                    "author recall": ".3f",
                    "picture": ".3f",
                    "language": ".3f",
                    "ms": ".1f",
                },
                rows=rows,
                note=f"{len(pages)} pages. Ours reads and cleans the whole article in its time, as trafilatura does.",
            )
        ],
        floors=[
            Floor(claim="title exact, times trafilatura", value=ratio(ours[1], theirs[1]), bound=1.18),
            Floor(claim="date ± 1 day", value=ours[2], bound=0.98),
            Floor(claim="author F1, times trafilatura", value=ratio(ours[3], theirs[3]), bound=1),
        ],
    )


class _Ours:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self, page: NewsPage) -> Fields:
        try:
            said = extract_file(page.html, url=page.url, fetched_at=self._now)
        except UnreadableInput:
            return Fields()
        return Fields(
            title=said.title,
            day=said.published.date() if said.published else None,
            authors=_names(said.authors),
            image=said.image or "",
            language=said.language,
        )


def _by_trafilatura(page: NewsPage) -> Fields:
    said: Any = trafilatura.bare_extraction(
        page.html, url=page.url, fast=True, include_comments=False, with_metadata=True
    )
    if said is None:
        return Fields()
    return Fields(
        title=said.title or "",
        day=_day(said.date),
        authors=_names((said.author or "").split(";")),
        image=said.image or "",
    )


def _by_json_ld(page: NewsPage) -> Fields:
    article = next(_articles(page.html), {})
    return Fields(
        title=next(_texts(article.get("headline")), ""),
        day=_day(next(_texts(article.get("datePublished")), "")),
        authors=_names(_texts(article.get("author"))),
        image=next(_texts(article.get("image")), ""),
    )


def _articles(html: bytes) -> Iterator[dict[str, Any]]:
    for script in lxml.html.fromstring(html).iter("script"):
        if script.get("type") == "application/ld+json":
            try:
                said = json.loads(script.text or "", strict=False)
            except ValueError:
                continue
            nodes = said if isinstance(said, list) else [said, *(said.get("@graph") or ())]
            yield from (node for node in nodes if isinstance(node, dict) and _is_article(node.get("@type")))


def _is_article(kind: Any) -> bool:
    return any(ARTICLE.search(str(name)) for name in (kind if isinstance(kind, list) else [kind]))


def _texts(value: Any) -> Iterator[str]:
    for part in value if isinstance(value, list) else [value]:
        text = (part.get("name") or part.get("url")) if isinstance(part, dict) else part
        if isinstance(text, str):
            yield text


def _day(text: str | None) -> date | None:
    match = DATE.search(text or "")
    return date(int(match[1]), int(match[2]), int(match[3])) if match else None


def _names(names: Any) -> frozenset[str]:
    return frozenset(_plain(name).casefold() for name in names if name.strip())


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _same(title: str, truth: str) -> bool:
    return _plain(title) == _plain(truth)


def _is_near(day: date | None, page: NewsPage) -> bool:
    wanted = _day(page.truth["publishing_date"])
    return day is not None and wanted is not None and abs((day - wanted).days) <= 1


def _authors(pages: Sequence[NewsPage], fields: Sequence[Fields]) -> tuple[float, float, float]:
    """Return F1, precision and recall over all pairs of a page and a name, on pages whose truth names authors."""
    truths = [_names(page.truth.get("authors") or ()) for page in pages]
    named = [(truth, said.authors) for truth, said in zip(truths, fields, strict=True) if truth]
    both = sum(len(truth & said) for truth, said in named)
    precision = ratio(both, sum(len(said) for _, said in named))
    recall = ratio(both, sum(len(truth) for truth, _ in named))
    return ratio(2 * precision * recall, precision + recall), precision, recall


def _covers(page: NewsPage) -> set[str]:
    """Return the pictures that may count as the page's own: all versions of the one marked as cover."""
    versions = [v for image in page.truth.get("images") or () if image["is_cover"] for v in image["versions"]]
    return {key for version in versions for key in _picture_keys(version["url"])}


def _is_cover(image: str, page: NewsPage) -> bool:
    return bool(_picture_keys(image) & _covers(page))


def _picture_keys(address: str) -> set[str]:
    """Return what tells a picture: its address without parameters, and the name of its file."""
    parts = urlsplit(unquote(address))
    name = parts.path.rstrip("/").rpartition("/")[2].rpartition(".")[0]
    return {parts.netloc + parts.path} | ({name} if len(name) > 5 else set()) if address else set()


def _languages(pages: Sequence[NewsPage], fields: Sequence[Fields]) -> float:
    return _share(
        said.language in LANGUAGES[page.country] for page, said in _both(pages, fields) if page.country in LANGUAGES
    )


def _both(pages: Sequence[NewsPage], fields: Sequence[Fields]) -> Iterator[tuple[NewsPage, Fields]]:
    return zip(pages, fields, strict=True)


def _share(answers: Any) -> float:
    given = [bool(answer) for answer in answers]
    return ratio(sum(given), len(given))


def _over(pages: Sequence[NewsPage], read: Callable[[NewsPage], Fields]) -> Callable[[], object]:
    return lambda: [read(page) for page in pages]


if __name__ == "__main__":
    Program(name="fields", about=__doc__ or "", measure=measure, peers=("trafilatura", "lxml")).run()
