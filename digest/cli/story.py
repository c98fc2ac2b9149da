"""`digest story …`: how headlines fall into events, and what editors rule on these."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from digest import stories
from digest.cli import headlines
from digest.cli.output import Json, answer, complain, fail, out, table, usage
from digest.cli.typed import GREATEST_ID
from digest.cli.wired import CadenceOption, Slug, services
from digest.model.candidate import Candidate, Cluster, RulingKind
from digest.model.ids import ArticleId
from digest.model.newsletter import RankingWeights
from digest.model.ruling import EditorialRuling
from digest.rank import group
from subscribers.cadence import Cadence

app = typer.Typer(help="Stories: how news falls into events, and what editors rule on these.", no_args_is_help=True)

BY = "command line"
NEXT = "It counts from the next Edition on; those that are made keep what they hold."
ArticleArgument = Annotated[
    int, typer.Argument(metavar="ARTICLE_ID", max=GREATEST_ID, help="As `digest story list` shows it.")
]


@app.command()
def cluster(
    file: Annotated[str, typer.Argument(metavar="FILE.csv", help="A table of headlines; - reads standard input.")],
    same_story: Annotated[
        float, typer.Option(min=0.01, max=1, help="Likeness from which two groups of headlines are one event.")
    ] = RankingWeights().same_story,
    *,
    as_json: Json = False,
) -> None:
    """
    Group any list of headlines into events.

    Columns: id, title, link, publisher, category, published; only the first two are needed. With --json one line for
    each row: its id, and as its cluster the id of the first row of the same event.
    """
    found = headlines.read(_content(file))
    for fault in found.faults:
        complain(fault)
    if not found.candidates:
        fail(f"{file}: no row could be read; give a table with a header and the columns {', '.join(headlines.COLUMNS)}")
    events = _by_first(found, group(list(found.candidates.values()), threshold=same_story))
    if as_json:
        home = {identity: ids[0] for ids in events for identity in ids}
        for identity in found.candidates:
            answer({"id": identity, "cluster": home[identity]}, as_json=True)
        return
    for ids in sorted(events, key=len, reverse=True):
        out.print(f"\n{found.candidates[ids[0]].title}", style="bold", markup=False)
        for identity in ids:
            one = found.candidates[identity]
            out.print(f"  {identity}  {one.title} ({one.publisher})", markup=False)
    complain(f"\n{len(found.candidates)} headlines, {len(events)} events")


@app.command(name="list")
def list_(slug: Slug, cadence: CadenceOption = None, *, as_json: Json = False) -> None:
    """Show the events of the news as the next Edition would have them, best first, and why."""
    if cadence is not None and cadence.edition not in {Cadence.DAILY, Cadence.WEEKLY}:
        usage(f"no {cadence} Edition comes by itself; give --cadence daily or weekly")
    with services() as given:
        clusters = stories.current(given, slug, cadence)
    if as_json:
        answer([_facts(one) for one in clusters], as_json=True)
        return
    if not clusters:
        out.print("There is no news; ask the sources with `digest gather`.", markup=False)
    for place, one in enumerate(clusters, 1):
        out.print(f"\n{place}. {one.lead.title}", style="bold", markup=False)
        update = ", an update" if one.update_of is not None else ""
        out.print(f"   {one.section}{update} · {one.score.total:.2f} · {one.score.why}", markup=False, style="dim")
        if one.left_out:
            out.print(f"   left out: {one.left_out}", markup=False)
        for article in one.candidates:
            out.print(f"   {article.article_id}  {article.title} ({article.source_name})", markup=False)


@app.command()
def merge(slug: Slug, one: ArticleArgument, other: ArticleArgument, *, as_json: Json = False) -> None:
    """Say that two articles tell of one event: their stories become one."""
    _rule(slug, RulingKind.MERGE, (one, other), as_json=as_json)


@app.command()
def split(slug: Slug, one: ArticleArgument, other: ArticleArgument, *, as_json: Json = False) -> None:
    """Say that two articles tell of different events: each has its own story, with those that are more like it."""
    _rule(slug, RulingKind.SPLIT, (one, other), as_json=as_json)


@app.command()
def pin(slug: Slug, article: ArticleArgument, *, as_json: Json = False) -> None:
    """Put the story of an article first in its section, until it has been sent."""
    _rule(slug, RulingKind.PIN, (article,), as_json=as_json)


@app.command()
def boost(
    slug: Slug,
    article: ArticleArgument,
    factor: Annotated[float, typer.Option(help="From 0.1 to 10; below 1 the story weighs less.")] = 2.0,
    *,
    as_json: Json = False,
) -> None:
    """Multiply the score of the story of an article."""
    _rule(slug, RulingKind.BOOST, (article,), factor, as_json=as_json)


@app.command()
def rulings(slug: Slug, *, as_json: Json = False) -> None:
    """Show the rulings of the last 14 days, which are those in force."""
    with services() as given:
        found = stories.in_force(given, slug)
        titles = stories.headlines(given, found)
    if as_json:
        answer([_ruling_facts(row) for row in found], as_json=True)
        return
    rows = [(row.id, _words(row, titles), f"{row.at:%Y-%m-%d %H:%M}Z", row.by) for row in found]
    table(("id", "ruling", "made", "by"), rows, empty=f"No ruling on {slug} is in force.")


@app.command()
def lift(
    ruling: Annotated[int, typer.Argument(metavar="ID", max=GREATEST_ID, help="As `digest story rulings` shows it.")],
    *,
    as_json: Json = False,
) -> None:
    """Take a ruling back."""
    with services() as given:
        lifted = stories.lift(given, ruling)
        titles = stories.headlines(given, [lifted])
    answer(_ruling_facts(lifted), as_json=as_json, text=f"Taken back: {_words(lifted, titles)}.\n{NEXT}")


def _rule(slug: str, kind: RulingKind, articles: Sequence[int], factor: float = 1.0, *, as_json: bool) -> None:
    decision = stories.Decision(kind=kind, article_ids=tuple(map(ArticleId, articles)), factor=factor)
    with services() as given:
        made = stories.rule(given, slug, decision, by=BY)
        titles = stories.headlines(given, [made])
    answer(_ruling_facts(made), as_json=as_json, text=f"Ruling {made.id}: {_words(made, titles)}.\n{NEXT}")


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as fault:
        fail(f"{file}: it cannot be read: {fault.strerror or fault}; name a file of headlines, or - for standard input")


def _by_first(found: headlines.Headlines, events: Sequence[Sequence[Candidate]]) -> list[list[str]]:
    """Return the ids of each event in the order of the table; rows with one address are of one event."""
    home = {one.url_key: at for at, event in enumerate(events) for one in event}
    by_event: dict[int, list[str]] = {}
    for identity, one in found.candidates.items():
        by_event.setdefault(home[one.url_key], []).append(identity)
    return list(by_event.values())


def _facts(one: Cluster) -> dict[str, Any]:
    """Return what machines read of an event: the documented, stable keys."""
    return {
        "headline": one.lead.title,
        "section": one.section,
        "score": one.score.total,
        "why": one.score.why,
        "pinned": one.score.is_pinned,
        "boost": one.score.boost,
        "update": one.update_of is not None,
        "left_out": one.left_out,
        "articles": [
            {"id": article.article_id, "title": article.title, "source": article.source_name, "url": article.url}
            for article in one.candidates
        ],
    }


def _ruling_facts(row: EditorialRuling) -> dict[str, Any]:
    """Return what machines read of a ruling: the documented, stable keys."""
    return {
        "id": row.id,
        "newsletter": row.newsletter,
        "kind": row.kind,
        "article": row.url_key,
        "other": row.other_key or None,
        "factor": row.factor,
        "by": row.by,
        "at": row.at,
    }


def _words(row: EditorialRuling, titles: Mapping[str, str]) -> str:
    one, other = (f'"{titles.get(key, key)}"' for key in (row.url_key, row.other_key))
    match row.kind:
        case RulingKind.MERGE:
            return f"{one} and {other} are one story"
        case RulingKind.SPLIT:
            return f"{one} and {other} are two stories"
        case RulingKind.PIN:
            return f"{one} stands first"
        case RulingKind.BOOST:
            return f"the score of {one} counts \u00d7{row.factor:g}"
