"""Pages: how much of an article's text is found in its page, how little else, and how fast."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import lxml.html
import trafilatura
from readability import Document

from benchmarks.gather import sets
from benchmarks.gather.sets import TextPage
from benchmarks.gather.shingles import Agreement, Overlap
from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from benchmarks.spent import cpu_race
from digest.errors import UnreadableInput
from digest.gather.pages import metadata, page, prose, related
from digest.gather.pages.tree import parse
from digest.gather.text.decode import decode

Reader = Callable[[TextPage], str]

OURS, OURS_ALONE = "digest.gather.pages, all fields", "digest.gather.pages, the text alone"
THEIRS, THEIRS_WHOLE = "trafilatura fast, the text alone", "trafilatura fast, all fields"


def measure(arguments: Arguments) -> Report:
    """Race the extractors over the pages, and hold their texts against the truth."""
    pages = [found for found in sets.text_pages(arguments.data) if arguments.takes(found.name)]
    readers = _readers(arguments.now)
    found = {
        name: Agreement.of([Overlap.of(each.body, read(each)) for each in pages]) for name, read in readers.items()
    }
    seconds = cpu_race({name: _over(pages, read) for name, read in readers.items()}, arguments.runs)
    return Report(
        tables=[
            Table(
                title="Pages: the text of the article",
                columns={
                    "extractor": "",
                    "F1": ".3f",
                    "±": ".3f",
                    "precision": ".3f",
                    "recall": ".3f",
                    "pages/s": ".1f",
                },
                rows=[
                    [name, said.f1, said.spread, said.precision, said.recall, len(pages) / seconds[name]]
                    for name, said in found.items()
                ],
                note=f"{len(pages)} pages. All fields are title, date, authors, picture, language and text.",
            )
        ],
        floors=[
            Floor(claim="F1 of the body, times trafilatura", value=ratio(found[OURS].f1, found[THEIRS].f1), bound=1),
            Floor(
                claim="speed of all fields, times trafilatura with metadata",
                value=ratio(seconds[THEIRS_WHOLE], seconds[OURS]),
                bound=0.9,
                spec=".2f",
            ),
            Floor(
                claim="speed of the text alone, times trafilatura",
                value=ratio(seconds[THEIRS], seconds[OURS_ALONE]),
                bound=0.9,
                spec=".2f",
            ),
        ],
    )


def _readers(now: datetime) -> dict[str, Reader]:
    def ours(found: TextPage) -> str:
        try:
            return page.extract(found.html, url=found.url, fetched_at=now).body
        except UnreadableInput:
            return ""

    def ours_alone(found: TextPage) -> str:
        try:
            tree = parse(decode(found.html), url=found.url)
        except UnreadableInput:
            return ""
        said = metadata.read(tree)
        related.take_out(tree, base=found.url)
        titles = (said.text("headline"), said.said("og:title"))
        return "\n".join(prose.read(tree, described=said.article_body(), titles=titles, fetched_at=now).blocks)

    def by_trafilatura_whole(found: TextPage) -> str:
        kept: Any = trafilatura.bare_extraction(
            found.html, url=found.url, fast=True, include_comments=False, with_metadata=True
        )
        return (kept.text or "") if kept else ""

    def by_trafilatura(found: TextPage) -> str:
        return trafilatura.extract(found.html, url=found.url, fast=True, include_comments=False) or ""

    def by_readability(found: TextPage) -> str:
        kept: Any = lxml.html.fromstring(Document(found.html.decode("utf-8", "replace")).summary())
        return "\n".join(kept.itertext())

    return {
        OURS: ours,
        THEIRS_WHOLE: by_trafilatura_whole,
        OURS_ALONE: ours_alone,
        THEIRS: by_trafilatura,
        "readability-lxml": by_readability,
    }


def _over(pages: list[TextPage], read: Reader) -> Callable[[], object]:
    return lambda: [read(each) for each in pages]


if __name__ == "__main__":
    Program(name="pages", about=__doc__ or "", measure=measure, peers=("trafilatura", "readability-lxml")).run()
