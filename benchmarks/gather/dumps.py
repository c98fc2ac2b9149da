"""Dumps: the article in the plain text of a whole page, without any markup to go by."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import justext
import lxml.html
import trafilatura

from benchmarks.gather import sets
from benchmarks.gather.sets import TextPage
from benchmarks.gather.shingles import Agreement, Overlap
from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from benchmarks.spent import cpu_race
from digest.errors import UnreadableInput
from digest.gather.pages import dump

UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "head", "select", "textarea", "object"})
#: Elements within a line; every other begins and ends one.
INLINE = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
    "var", "wbr",
))  # fmt: skip


def measure(arguments: Arguments) -> Report:
    """Write the pages as lines, extract from these, and hold the texts against the truth; then read one real dump."""
    pages = [page for page in sets.text_pages(arguments.data) if arguments.takes(page.name)]
    dumps = [(page, as_lines(page.html)) for page in pages]
    readers = _readers(arguments.now)
    found = {
        name: Agreement.of([Overlap.of(page.body, read(lines)) for page, lines in dumps])
        for name, read in readers.items()
    }
    seconds = cpu_race({name: _over(dumps, read) for name, read in readers.items()}, arguments.runs)
    ours = found["digest.gather.pages.dump"]
    tables = [
        Table(
            title="Plain-text dumps: the text of the article",
            columns={
                "extractor": "",
                "F1": ".3f",
                "±": ".3f",
                "precision": ".3f",
                "recall": ".3f",
                "pages/s": ",.0f",
            },
            rows=[
                [name, said.f1, said.spread, said.precision, said.recall, len(pages) / seconds[name]]
                for name, said in found.items()
            ],
            note=f"{len(pages)} pages, a line for each block. The others get each line as a paragraph of HTML.",
        )
    ]
    floors = [
        Floor(claim="F1 of dumps", value=ours.f1, bound=0.86),
        Floor(claim="F1 of dumps, times justext", value=ratio(ours.f1, found["justext"].f1), bound=1.16),
    ]
    if text := sets.page_dump(arguments.data):
        checks = list(_real_dump(text, arguments.now))
        tables.append(
            Table(
                title="Plain-text dumps: one real dump",
                columns={"what": "", "is right": ""},
                rows=[[what, "yes" if right else "no"] for what, right in checks],
            )
        )
        share = ratio(sum(right for _, right in checks), len(checks))
        floors.append(Floor(claim="the real dump, share right", value=share, bound=1))
    return Report(tables=tables, floors=floors)


def as_lines(page: bytes) -> str:
    """Return the visible text of *page*, each block on a line of its own, as a scraper without rules would keep it."""
    tree: Any = lxml.html.fromstring(
        page.decode("utf-8", "replace").encode(), parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    for node in list(tree.iter()):
        if node.getparent() is not None and (not isinstance(node.tag, str) or node.tag in UNSEEN):
            node.drop_tree()
    for node in tree.iter():
        edge = "" if node.tag in INLINE else "\n"
        node.text, node.tail = edge + _flat(node.text), edge + _flat(node.tail)
    lines = (" ".join(line.split()) for line in tree.text_content().split("\n"))
    return "\n".join(line for line in lines if line)


def _flat(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _readers(now: datetime) -> dict[str, Callable[[str], str]]:
    def ours(lines: str) -> str:
        try:
            return dump.extract(lines, fetched_at=now).body
        except UnreadableInput:
            return ""

    stop_words = justext.get_stoplist("English")

    def by_justext(lines: str) -> str:
        return "\n".join(part.text for part in justext.justext(_as_html(lines), stop_words) if not part.is_boilerplate)

    return {
        "digest.gather.pages.dump": ours,
        "justext": by_justext,
        "trafilatura, fast": lambda lines: (
            trafilatura.extract(_as_html(lines), fast=True, include_comments=False) or ""
        ),
        "all of the text": lambda lines: lines,
    }


def _as_html(lines: str) -> str:
    paragraphs = "".join(f"<p>{html.escape(line)}</p>\n" for line in lines.split("\n"))
    return f"<html><body>{paragraphs}</body></html>"


def _over(dumps: list[tuple[TextPage, str]], read: Callable[[str], str]) -> Callable[[], object]:
    return lambda: [read(lines) for _, lines in dumps]


def _real_dump(text: str, now: datetime) -> Iterator[tuple[str, bool]]:
    """Yield what is to be found in the dump of the set, told by the places of its lines, and whether it was found."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    read_also = next(at for at, line in enumerate(lines) if line.startswith("Read also"))
    signed = lines.index("Published by")
    recent = lines.index("Recent Posts")
    body = lines[2:read_also]
    pointers = [line.lstrip("• ") for line in lines[read_also + 1 : read_also + 4]]
    # Each teaser is a title, a cut-off text and an age; the first title is printed twice.
    teasers = [line for at, line in enumerate(lines[recent + 2 :]) if at % 3 == 0]
    said = dump.extract(text, fetched_at=now)
    blocks = said.body.split("\n\n")
    yield "title", said.title == lines[1]
    yield "category", said.category == lines[0].partition(": ")[2]
    yield "author", said.authors == (lines[signed + 1],)
    yield (
        f"{len(body)} blocks of text, nothing else",
        [" ".join(b.split()) for b in blocks] == [" ".join(b.split()) for b in body],
    )
    yield f"{len(pointers)} pieces to read also", [link.title for link in said.links[: len(pointers)]] == pointers
    yield f"{len(teasers)} teasers", [link.title for link in said.links[len(pointers) :]] == teasers
    yield "every teaser with its age", all(link.published for link in said.links[len(pointers) :])


if __name__ == "__main__":
    Program(name="dumps", about=__doc__ or "", measure=measure, peers=("justext", "trafilatura", "lxml")).run()
