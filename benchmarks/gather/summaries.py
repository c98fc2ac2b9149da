"""Summaries: how near the sentence that is chosen from a body comes to the publisher's own summary."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean

from benchmarks.gather import sets
from benchmarks.gather.sets import NewsPage
from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from digest.gather.text.summary import sentences, summarize

WORD = re.compile(r"\w+")


def measure(arguments: Arguments) -> Report:
    """Summarise every page whose publisher did, from title and body alone."""
    pages = [
        page
        for page in sets.news_pages(arguments.data)
        if arguments.takes(page.name) and page.summary and page.paragraphs and page.truth["title"]
    ]
    writers: dict[str, Callable[[NewsPage], str]] = {
        "digest.gather.text.summary": lambda page: summarize(
            "", title=page.truth["title"], body=" ".join(page.paragraphs)
        ),
        "first sentence": lambda page: next(iter(sentences(page.paragraphs[0]))),
        "first paragraph": lambda page: page.paragraphs[0],
    }
    scores = {name: _mean_rouge(pages, write) for name, write in writers.items()}
    ours, lead = (scores[name] for name in list(writers)[:2])
    return Report(
        tables=[
            Table(
                title="Summaries: one sentence of the body",
                columns={"summary": "", "ROUGE-1 F1": ".3f", "characters": ".0f"},
                rows=[
                    [name, scores[name], fmean(len(write(page)) for page in pages)] for name, write in writers.items()
                ],
                note=f"{len(pages)} pages with a summary of the publisher. The product prints that where there is one.",
            )
        ],
        floors=[Floor(claim="ROUGE-1 F1, times the first sentence", value=ratio(ours, lead), bound=1)],
    )


def _mean_rouge(pages: Sequence[NewsPage], write: Callable[[NewsPage], str]) -> float:
    return fmean(_rouge(page.summary, write(page)) for page in pages)


def _rouge(truth: str, said: str) -> float:
    """Return the F1 of the words that both texts share (ROUGE-1; Lin, 2004)."""
    wanted, got = (Counter(WORD.findall(text.casefold())) for text in (truth, said))
    return ratio(2 * (wanted & got).total(), wanted.total() + got.total())


if __name__ == "__main__":
    Program(name="summaries", about=__doc__ or "", measure=measure).run()
