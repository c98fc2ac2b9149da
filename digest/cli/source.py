"""`digest source …`: what we read, what there is to read, and what a feed, sitemap or page gives."""

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from digest import source_list
from digest.cli.inputs import is_address, read
from digest.cli.output import Json, answer, complain, fail, out, table
from digest.cli.wired import services
from digest.clock import SystemClock
from digest.errors import DigestError
from digest.gather.bodies import Body, read_listing
from digest.gather.files import read_bytes
from digest.gather.finding.discover import Found
from digest.gather.finding.scout import kind_of
from digest.gather.pages.selectors import check
from digest.model.entry import Entry
from digest.model.newsletter import Selectors, SourceKind, SourcePlan
from digest.source_list import Listed, Use

app = typer.Typer(help="Sources: how they are doing, what they say, and which to add.", no_args_is_help=True)

#: Who adds a source, when nobody has signed in.
BY = "command line"

Newsletter = Annotated[str, typer.Argument(help="The newsletter's slug, as in config.toml.", metavar="NEWSLETTER")]
Address = Annotated[str, typer.Argument(help="The source's address, as `digest source list` shows it.")]
Kind = Annotated[
    SourceKind | None, typer.Option("--kind", help="feed, sitemap or page; told by what lies there by default.")
]
Links = Annotated[str, typer.Option("--links", metavar="CSS", help="Selector of the article links on a page.")]


@app.command(name="list")
def list_(*, as_json: Json = False) -> None:
    """Show every source: where it is defined, its state and pace, its last answer and what is wrong with it."""
    with services() as given:
        known = source_list.listing(given)
    if as_json:
        answer([_told(listed) for listed in known], as_json=True)
        return
    headings = ("source", "kind", "state", "defined", "sections", "a day", "last answer", "next check", "fault")
    table(headings, [_row(listed) for listed in known], empty="config.toml names no sources, and none were added.")


@app.command()
def find(
    site: Annotated[str, typer.Argument(metavar="SITE", help="Address of a site, with or without https://.")],
    *,
    as_json: Json = False,
) -> None:
    """Show what of a site can be read: feeds, sitemaps, or the page itself; the best first."""
    with services() as given:
        found = source_list.found_at(given, site)
    if not found:
        fail(_nothing_at(site))
    _show_found(found, as_json=as_json)


@app.command()
def add(
    newsletter: Newsletter,
    address: Annotated[str, typer.Argument(help="Address of a feed or sitemap, or of a site to look for one.")],
    *,
    section: Annotated[str, typer.Option(help="Title or slug of the section that its articles belong to.")],
    name: Annotated[str, typer.Option(help="Its name as shown to readers; by default the host of each link.")] = "",
    weight: Annotated[float, typer.Option(help="How much its word counts, 1 being usual.")] = 1.0,
    language: Annotated[str | None, typer.Option(help="Its language, when that is known.")] = None,
    full_text: Annotated[bool, typer.Option("--full-text", help="Read the page of each new article too.")] = False,
    kind: Kind = None,
    links: Links = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what there is to add.")] = False,
    as_json: Json = False,
) -> None:
    """Add a source to a newsletter. Given a site, the best of what it has to read is taken."""
    kind = SourceKind.PAGE if links and kind is None else kind
    with services() as given:
        source_list.section_of(given.newsletter(newsletter), section)
        if kind is None:
            found = source_list.found_at(given, address)
            if not found:
                fail(_nothing_at(address))
            if dry_run:
                _show_found(found, as_json=as_json)
                return
            address, kind = found[0].address, found[0].kind
        if dry_run:
            seen = source_list.preview(given, address, kind=kind, selectors=Selectors(links=links))
            _show_entries(seen.entries, as_json=as_json)
            return
        plan = SourcePlan(
            address=address,
            section=section,
            kind=kind,
            name=name,
            weight=weight,
            language=language,
            full_text=full_text,
            selectors=Selectors(links=links),
        )
        kept = source_list.add(given, newsletter, plan, by=BY)
    answer(
        {"added": True, "newsletter": newsletter, "source": kept.address, "kind": kept.kind, "section": kept.section},
        as_json=as_json,
        text=f"{newsletter} now reads the {kept.kind} {kept.address} in its section {kept.section}.",
    )


@app.command()
def change(
    newsletter: Newsletter,
    address: Address,
    *,
    section: Annotated[str | None, typer.Option(help="Title or slug of the section to move it to.")] = None,
    name: Annotated[str | None, typer.Option(help='Its name for readers; "" for the host of each link.')] = None,
    weight: Annotated[float | None, typer.Option(help="How much its word counts, 1 being usual.")] = None,
    language: Annotated[str | None, typer.Option(help='Its language; "" for what each article says.')] = None,
    full_text: Annotated[
        bool | None, typer.Option("--full-text/--no-full-text", help="Whether to read the page of each new article.")
    ] = None,
    kind: Annotated[SourceKind | None, typer.Option("--kind", help="feed, sitemap or page.")] = None,
    links: Annotated[
        str | None, typer.Option("--links", metavar="CSS", help='Selector of the article links on a page; "" for none.')
    ] = None,
    as_json: Json = False,
) -> None:
    """Change how a newsletter uses an added source; what is not named stays. Those of config.toml are changed there."""
    wanted = source_list.Wanted(
        section=section,
        name=name,
        weight=weight,
        kind=kind,
        language=language,
        full_text=full_text,
        links=links,
    )
    with services() as given:
        kept = source_list.change(given, newsletter, address, wanted, by=BY)
    answer(
        {"changed": True, "newsletter": newsletter, "source": kept.address, "kind": kept.kind, "section": kept.section},
        as_json=as_json,
        text=f"{newsletter} reads the {kept.kind} {kept.address} in its section {kept.section}.",
    )


@app.command()
def remove(newsletter: Newsletter, address: Address, *, as_json: Json = False) -> None:
    """Take an added source out of a newsletter; its articles stay. Those of config.toml are taken out there."""
    with services() as given:
        gone = source_list.remove(given, newsletter, address, by=BY)
    answer(
        {"removed": True, "newsletter": newsletter, "source": gone.address},
        as_json=as_json,
        text=f"{newsletter} no longer reads {gone.address}.",
    )


@app.command()
def pause(address: Address, *, as_json: Json = False) -> None:
    """Leave a source alone until it is resumed."""
    with services() as given:
        state = source_list.pause(given, address, by=BY)
    answer({"source": address, "state": state}, as_json=as_json, text=f"{address} is {state}.")


@app.command()
def resume(address: Address, *, as_json: Json = False) -> None:
    """Ask a paused, failing or gone source again, from now on."""
    with services() as given:
        state = source_list.resume(given, address, by=BY)
    answer({"source": address, "state": state}, as_json=as_json, text=f"{address} is {state}.")


@app.command(name="import")
def import_(
    newsletter: Newsletter,
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="A list of feeds, as feed readers export it.")],
    *,
    section: Annotated[
        str | None, typer.Option(help="Section for feeds whose category names none; else these are left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be added.")] = False,
    as_json: Json = False,
) -> None:
    """Add the feeds of an OPML list to a newsletter; categories become sections by title or slug."""
    try:
        body = read_bytes(file)
    except DigestError as fault:
        fail(f"{file}: {fault}")
    with services() as given:
        came = source_list.import_opml(given, newsletter, body, by=BY, section=section, dry_run=dry_run)
    verb = "would be added" if dry_run else "added"
    answer(
        {
            "added": [{"source": plan.address, "section": plan.section, "name": plan.name} for plan in came.added],
            "known": came.known,
            "faults": list(came.faults),
            "dry_run": dry_run,
        },
        as_json=as_json,
        text=f"{len(came.added)} sources {verb}, {came.known} known already, {len(came.faults)} left out",
    )
    if dry_run and not as_json:
        table(("source", "section", "name"), [(p.address, p.section, p.name) for p in came.added], empty="")
    for words in came.faults:
        complain(f"{file}: {words}")
    if came.faults and not came.added and not came.known:
        fail(f"{file}: nothing of it could be added")


@app.command()
def export(
    newsletter: Newsletter,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write; standard output by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the sources of a newsletter as an OPML list, its sections as categories."""
    with services() as given:
        body = source_list.export_opml(given, newsletter)
    if output is None:
        answer({"opml": body.decode()}, as_json=True) if as_json else sys.stdout.write(body.decode())
        return
    try:
        output.write_bytes(body)
    except OSError as fault:
        fail(f"{output}: cannot be written: {fault.strerror}; give another file")
    answer({"file": str(output)}, as_json=as_json, text=f"{output} holds the sources of {newsletter}.")


@app.command()
def parse(
    what: Annotated[str, typer.Argument(metavar="FILE_OR_URL", help="A feed, a sitemap, or a page of links.")],
    *,
    kind: Kind = None,
    links: Links = "",
    as_json: Json = False,
) -> None:
    """Show the entries of a feed, sitemap or page as they would be taken."""
    url = what if is_address(what) else ""
    try:
        selectors = Selectors(links=links)
        check(selectors)
        content, content_type = read(what)
        body = Body(content=content, url=url, content_type=content_type, fetched_at=SystemClock().now())
        listed = read_listing(kind or kind_of(body), body, selectors)
    except DigestError as fault:
        fail(f"{what}: {fault}")
    if listed.further:
        fail(f"{what}: is an index of sitemaps; parse one of those that it leads to: {' '.join(listed.further)}")
    _show_entries(listed.entries, as_json=as_json)


def _nothing_at(site: str) -> str:
    return (
        f"{site} answers, but has no feed, no sitemap and no list of articles that could be found; look for the "
        "address of its feed in a browser, or name its article links with --links"
    )


def _show_found(found: Sequence[Found], *, as_json: bool) -> None:
    if as_json:
        answer(list(found), as_json=True)
        return
    rows = [
        (one.kind, one.address, one.items, _shown(one.newest, "no dates"), one.title, " · ".join(one.samples))
        for one in found
    ]
    table(("kind", "address", "items", "newest", "title", "samples"), rows, empty="")


def _show_entries(entries: Sequence[Entry], *, as_json: bool) -> None:
    for entry in entries:
        answer(
            {
                "title": entry.title,
                "link": entry.link,
                "id": entry.guid,
                "summary": entry.summary,
                "published": entry.published,
                "categories": list(entry.labels),
            },
            as_json=as_json,
        )
        if not as_json:
            when = _shown(entry.published, "no date")
            out.print(f"{entry.title}\n  {entry.link or 'no link'} · {when}\n  {entry.summary}", markup=False)


def _told(listed: Listed) -> dict[str, object]:
    source = listed.source
    return {
        "source": source.key,
        "kind": source.kind,
        "state": source.state,
        "defined": _defined(listed.uses),
        "sections": _sections(listed.uses),
        "per_day": listed.per_day,
        "last_answered_at": source.last_answered_at,
        "next_check_at": source.next_check_at,
        "failures": source.failures,
        "fault": _fault(listed),
    }


def _row(listed: Listed) -> tuple[object, ...]:
    source = listed.source
    return (
        source.shown,
        source.kind,
        source.state,
        _defined(listed.uses),
        ", ".join(_sections(listed.uses)),
        "" if listed.per_day is None else f"{listed.per_day:.1f}",
        _shown(source.last_answered_at, "never"),
        _shown(source.next_check_at, ""),
        _fault(listed),
    )


def _sections(uses: Sequence[Use]) -> list[str]:
    return [f"{use.newsletter}/{use.plan.section}" for use in uses]


def _defined(uses: Sequence[Use]) -> str:
    return "added" if all(use.is_added for use in uses) else "config.toml"


def _fault(listed: Listed) -> str:
    resting = [f"{use.newsletter} has no section {use.plan.section} any more" for use in listed.uses if use.rests]
    return "; ".join([*resting, *([listed.source.last_fault] if listed.source.last_fault else [])])


def _shown(at: dt.datetime | None, otherwise: str) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z" if at else otherwise
