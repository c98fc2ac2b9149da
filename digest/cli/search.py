"""`digest search`: look for Articles and Editions by their words."""

import datetime as dt
from typing import Annotated, Any

import typer

from digest.cli.output import Json, answer, out, usage
from digest.cli.wired import services
from digest.desk import searching
from digest.desk.marking import Marked
from digest.desk.past import PastRow
from digest.desk.searching import LAST_PAGE, Among, Asked, Found

app = typer.Typer()


@app.command()
def search(
    words: Annotated[
        list[str],
        typer.Argument(help='Every word must be there; "words in quotes" in a row, -word leaves out, begin* goes on.'),
    ],
    among: Annotated[Among, typer.Option("--in", help="articles or editions")] = Among.ARTICLES,
    since: Annotated[
        dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, such as 2026-11-01.")
    ] = None,
    until: Annotated[dt.datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")] = None,
    newsletter: Annotated[str | None, typer.Option(help="Only what this newsletter reads, or has sent.")] = None,
    page: Annotated[int, typer.Option(min=1, max=LAST_PAGE, help="Twenty of them are a page.")] = 1,
    *,
    as_json: Json = False,
) -> None:
    """Find what was gathered, or sent, by its words: the best first, then the newest."""
    asked = Asked(
        typed=" ".join(words),
        among=among,
        since=since.date() if since else None,
        until=until.date() if until else None,
        newsletter=newsletter,
        page=page,
    )
    if not asked.wanted:
        usage("there is no word in this to look for; give at least one, and -words only beside it")
    if asked.since and asked.until and asked.since > asked.until:
        usage(f"--to {asked.until} is before --from {asked.since}; give the same day or a later one")
    with services() as given:
        found = searching.search(given, asked)
    if as_json:
        answer(_facts(found), as_json=True)
    else:
        _show(found)


def _facts(found: Found) -> dict[str, Any]:
    return {
        "count": found.count,
        "is_more": found.is_more,
        "page": found.asked.page,
        "articles": [
            {
                "id": article.article_id,
                "title": _plain(article.title),
                "url": article.url,
                "source": article.source,
                "published": article.published_at,
                "excerpt": _plain(article.excerpt),
                "used_in": [_edition(row) for row in article.used_in],
            }
            for article in found.articles
        ],
        "editions": [
            _edition(one.row) | {"subject": _plain(one.subject), "excerpt": _plain(one.excerpt)}
            for one in found.editions
        ],
    }


def _edition(row: PastRow) -> dict[str, Any]:
    return {
        "newsletter": row.slug,
        "cadence": row.cadence,
        "date": row.date,
        "number": row.number,
        "state": row.state,
    }


def _show(found: Found) -> None:
    for article in found.articles:
        dated = f"{article.published_at:%Y-%m-%d}" if article.published_at else "no date"
        out.print(_plain(article.title), style="bold", markup=False)
        out.print(f"  {article.source} · {dated} · {article.url}", markup=False)
        for row in article.used_in:
            out.print(f"  used in {_called(row)}", markup=False)
    for one in found.editions:
        out.print(_plain(one.subject), style="bold", markup=False)
        out.print(f"  {_called(one.row)} · {one.row.state}", markup=False)
    things = f"{found.asked.among}" if found.count != 1 else f"{found.asked.among}"[:-1]
    more = "more than " if found.is_more else ""
    out.print(
        f"{more}{found.count} {things}; page {found.asked.page}" if found.count else "Nothing found.", markup=False
    )


def _called(row: PastRow) -> str:
    return f"{row.slug} {row.cadence} {row.date.isoformat()}, No. {row.number}"


def _plain(text: Marked) -> str:
    return "".join(piece for piece, _ in text)
