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
from digest.gather.pages import page

Reader = Callable[[TextPage], str]


def measure(arguments: Arguments) -> Report:
    """Race the extractors over the pages, and hold their texts against the truth."""
    pages = [found for found in sets.text_pages(arguments.data) if arguments.takes(found.name)]
    readers = _readers(arguments.now)
    found = {
        name: Agreement.of([Overlap.of(each.body, read(each)) for each in pages]) for name, read in readers.items()
    }
    seconds = cpu_race({name: _over(pages, read) for name, read in readers.items()}, arguments.runs)
    ours, theirs = list(readers)[:2]
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
                note=f"{len(pages)} pages. Ours reads title, date, author, picture and language in the same time.",
            )
        ],
        floors=[
            Floor(claim="F1 of the body, times trafilatura", value=ratio(found[ours].f1, found[theirs].f1), bound=1),
            Floor(claim="speed, times trafilatura", value=ratio(seconds[theirs], seconds[ours]), bound=0.9, spec=".2f"),
        ],
    )


def _readers(now: datetime) -> dict[str, Reader]:
    def ours(found: TextPage) -> str:
        try:
            return page.extract(found.html, url=found.url, fetched_at=now).body
        except UnreadableInput:
            return ""

    def by_trafilatura(found: TextPage) -> str:
        return trafilatura.extract(found.html, url=found.url, fast=True, include_comments=False) or ""

    def by_readability(found: TextPage) -> str:
        kept: Any = lxml.html.fromstring(Document(found.html.decode("utf-8", "replace")).summary())
        return "\n".join(kept.itertext())

    return {"digest.gather.pages.page": ours, "trafilatura, fast": by_trafilatura, "readability-lxml": by_readability}


def _over(pages: list[TextPage], read: Reader) -> Callable[[], object]:
    return lambda: [read(each) for each in pages]


if __name__ == "__main__":
    Program(name="pages", about=__doc__ or "", measure=measure, peers=("trafilatura", "readability-lxml")).run()
