"""Replay: two newspapers' feeds polled once a day for sixty days, through the product's own path into its database."""

import itertools
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import feedparser
from sqlalchemy import select

from benchmarks.gather import sets
from benchmarks.gather.sets import Snapshot
from benchmarks.program import Arguments, Floor, Program, Report, Table
from digest import pipeline
from digest.model.article import Article
from digest.model.source import Source
from digest.services import Services
from digest.settings import load

CONFIG = """
[site]
base_url = "http://127.0.0.1:8025"
state = "state"
[database]
url = "sqlite:///{folder}/digest.db"
[smtp]
host = "127.0.0.1"
port = 2525
security = "none"
[gather]
allow_networks = ["127.0.0.0/8"]
[[newsletter]]
slug = "papers"
title = "Papers"
sender = "Papers <papers@news.example.org>"
postal_address = "1 Example Street, Exampleton"
at = "07:00"
zone = "UTC"
"""
FEED = """
[[newsletter.source]]
feed = "{address}"
section = "News"
"""


@dataclass
class SteppedClock:
    """A clock that stands at the capture of the snapshot that is being served."""

    at: datetime

    def now(self) -> datetime:
        """Return the instant at which it stands."""
        return self.at


@dataclass(slots=True)
class Told:
    """What the snapshots of one newspaper say: the last title of each guid, and which were retitled on the way."""

    entries: int
    titles: dict[str, str]
    retitled: set[str]

    @classmethod
    def by(cls, snapshots: Sequence[Snapshot]) -> "Told":
        """Read *snapshots* in their order with feedparser."""
        told = cls(0, {}, set())
        for snapshot in snapshots:
            for entry in feedparser.parse(snapshot.body).entries:
                told.entries += 1
                title = " ".join(entry.title.split())
                if told.titles.setdefault(entry.id, title) != title:
                    told.retitled.add(entry.id)
                told.titles[entry.id] = title
        return told


def measure(arguments: Arguments) -> Report:
    """Live the sixty days, then compare the Articles in the database with what the feeds said."""
    snapshots = sets.history(arguments.data)
    papers: dict[str, list[Snapshot]] = defaultdict(list)
    for snapshot in snapshots:
        papers[snapshot.paper].append(snapshot)
    kept = _lived(snapshots)
    rows: list[list[object]] = []
    for paper, shown in papers.items():
        told, articles = Told.by(shown), kept[paper]
        titles = {article.guid: " ".join(article.title.split()) for article in articles}
        rows.append(
            [
                paper,
                told.entries,
                len(told.titles),
                len(articles),
                len(told.titles.keys() - titles.keys()),
                len(articles) - len(titles.keys() & told.titles.keys()),
                len(told.retitled),
                sum(titles.get(guid) == told.titles[guid] for guid in told.retitled),
            ]
        )
    return Report(
        tables=[
            Table(
                title="Replay: sixty days of two newspapers",
                columns={
                    "newspaper": "",
                    "entries": ",d",
                    "pieces": "d",
                    "Articles": "d",
                    "lost": "d",
                    "twice or made up": "d",
                    "retitled": "d",
                    "with the last title": "d",
                },
                rows=rows,
                note="A piece is a guid. Each day's feed is fetched over HTTP and kept in SQLite, as in service.",
            )
        ],
        floors=[
            Floor(claim="Articles lost", value=_sum(rows, 4), bound=0, at_most=True, spec=".0f"),
            Floor(claim="Articles taken twice", value=_sum(rows, 5), bound=0, at_most=True, spec=".0f"),
            Floor(claim="titles not renewed", value=_sum(rows, 6) - _sum(rows, 7), bound=0, at_most=True, spec=".0f"),
        ],
    )


def _sum(rows: Sequence[Sequence[object]], column: int) -> int:
    return sum(int(str(row[column])) for row in rows)


def _lived(snapshots: Sequence[Snapshot]) -> Mapping[str, list[Article]]:
    """Return the Articles of each newspaper after all *snapshots* were gathered in their order."""
    bodies: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder, _serving(bodies) as port:
        # Two addresses of loopback, so that the newspapers are two hosts.
        papers = sorted({snapshot.paper for snapshot in snapshots})
        addresses = {f"http://127.0.0.{n}:{port}/{paper}": paper for n, paper in enumerate(papers, start=2)}
        config = Path(folder) / "config.toml"
        feeds = "".join(FEED.format(address=address) for address in addresses)
        config.write_text(CONFIG.format(folder=folder) + feeds, encoding="utf-8")
        clock = SteppedClock(snapshots[0].captured_at)
        services = Services.start(load(config), clock)
        try:
            for clock.at, captured in itertools.groupby(snapshots, key=lambda snapshot: snapshot.captured_at):
                bodies.update({f"/{snapshot.paper}": snapshot.body for snapshot in captured})
                pipeline.gather_afresh(services, services.settings.newsletters)
            with services.reading() as session:
                return {
                    paper: list(session.scalars(select(Article).join(Source).where(Source.key == address)))
                    for address, paper in addresses.items()
                }
        finally:
            services.close()


@contextmanager
def _serving(bodies: Mapping[str, bytes]) -> Iterator[int]:
    """Serve *bodies* by path, as they are at the time, on all addresses of loopback; give the port."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            body = bodies.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    # On Linux one socket answers for all of 127.0.0.0/8 only when it is bound to every address.
    server = ThreadingHTTPServer(("0.0.0.0", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    Program(name="replay", about=__doc__ or "", measure=measure, peers=("feedparser", "sqlalchemy")).run()
