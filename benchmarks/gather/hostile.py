"""Hostile input: each in a process of its own, what comes of it, how long it takes and how much memory."""

import asyncio
import ipaddress
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.spent import Spent, in_child
from digest.errors import DigestError
from digest.gather.feeds import feed
from digest.gather.pages import dump, page
from digest.http import GuardedClient

MOST_SECONDS, MOST_MEGABYTES = 0.5, 150
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
REFUSED = "refused"
TITLE = "Żółw \u2013 \u201cnaïve\u201d café in Québec"
WESTERN = "Café \u201cnaïve\u201d in Québec \u2013 déjà vu"
JAPANESE = "日本の新聞は今日も届く"
MEGA = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One hostile input: how it is made, what reads it, and which outcomes are right."""

    name: str
    make: Callable[[], bytes]
    right: tuple[str, ...]
    reader: str = "feed"
    content_type: str = ""


def measure(arguments: Arguments) -> Report:
    """Send every attack at the reader that it is meant for."""
    rows: list[list[object]] = []
    for attack in ATTACKS:
        spent = [in_child(prepared, attack.name, arguments.now) for _ in range(arguments.runs)]
        rows.append([attack.name, *_row(spent, attack.right)])
    with _serving(_bomb()) as address:
        spent = [in_child(prepared_fetch, address) for _ in range(arguments.runs)]
        rows.append(["gzip of 1 MB that unfolds to 1 GB, over HTTP", *_row(spent, (REFUSED,))])
    return Report(
        tables=[
            Table(
                title="Hostile input",
                columns={"input": "", "outcome": "", "is right": "", "seconds": ".2f", "MB above idle": ".0f"},
                rows=rows,
                note="Each in a new process: processor seconds and peak memory above idle, the worst of the runs.",
            )
        ],
        floors=[
            Floor(claim="right outcomes, share", value=sum(row[2] == "yes" for row in rows) / len(rows), bound=1),
            Floor(
                claim="slowest, seconds",
                value=max(float(str(row[3])) for row in rows),
                bound=MOST_SECONDS,
                at_most=True,
                spec=".2f",
            ),
            Floor(
                claim="largest, MB above idle",
                value=max(float(str(row[4])) for row in rows),
                bound=MOST_MEGABYTES,
                at_most=True,
                spec=".0f",
            ),
        ],
    )


def _row(spent: list[Spent], right: tuple[str, ...]) -> list[object]:
    outcomes = {str(each.result) for each in spent}
    is_right = all(outcome.startswith(right) for outcome in outcomes)
    return [
        " / ".join(sorted(outcome[:90] for outcome in outcomes)),
        "yes" if is_right else "no",
        max(each.seconds for each in spent),
        max(each.megabytes for each in spent),
    ]


def prepared(name: str, now: datetime) -> Callable[[], str]:
    """Make the input of the attack called *name*, warm up its reader, and return what reads the input."""
    attack = next(each for each in ATTACKS if each.name == name)
    read = {"feed": _read_feed, "page": _read_page, "dump": _read_dump}[attack.reader]
    read(HARMLESS[attack.reader], "", now)
    body = attack.make()
    return lambda: read(body, attack.content_type, now)


def prepared_fetch(address: str) -> Callable[[], str]:
    """Return what fetches *address* through the guarded client."""

    async def ask() -> str:
        async with GuardedClient(user_agent="benchmark", allowed=[LOOPBACK]) as client:
            return f"{len((await client.get(address)).body):,} bytes"

    return lambda: _in_words(lambda: asyncio.run(ask()))


def _read_feed(body: bytes, content_type: str, now: datetime) -> str:
    def read() -> str:
        entries = feed.parse(body, url="https://feeds.example/", content_type=content_type, fetched_at=now)
        return f"{len(entries):,} items, the first: {entries[0].title}" if entries else "0 items"

    return _in_words(read)


def _read_page(body: bytes, _: str, now: datetime) -> str:
    return _in_words(lambda: f"an article: {page.extract(body, url='https://a.example/', fetched_at=now).title}")


def _read_dump(body: bytes, _: str, now: datetime) -> str:
    return _in_words(lambda: f"an article: {dump.extract(body, fetched_at=now).title[:20]}")


def _in_words(read: Callable[[], str]) -> str:
    try:
        return read()
    except DigestError as error:
        return f"{REFUSED}: {error}"
    except Exception as error:  # noqa: BLE001 (whatever escapes is the finding)
        return f"crashed: {type(error).__name__}"


# -- the inputs --------------------------------------------------------------------------------------------------------


def _rss(title: str = TITLE, *, before: str = "", items: int = 1, more: str = "") -> str:
    each = "<item><title>{title}</title><link>https://a.example/{n}</link><guid>{n}</guid><description>Short.</description></item>"
    return (
        f'{before}<rss version="2.0"><channel><title>Feed</title>{more}'
        + "".join(each.format(title=title, n=n) for n in range(items))
        + "</channel></rss>"
    )


def _laughs() -> bytes:
    bombs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return _rss("&e9;", before=f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY e0 "ha">{bombs}]>').encode()


def _quadratic() -> bytes:
    return _rss("&e;" * 50_000, before=f'<!DOCTYPE rss [<!ENTITY e "{"a" * 50_000}">]>').encode()


def _many_attributes() -> bytes:
    attributes = " ".join(f'a{n}="1"' for n in range(100_000))
    return _rss(more=f"<x {attributes}/>").encode()


def _labelled(label: str, encoding: str, title: str) -> bytes:
    return _rss(title, before=f'<?xml version="1.0" encoding="{label}"?>').encode(encoding)


ATTACKS = (
    Attack(name="billion laughs", make=_laughs, right=(REFUSED,)),
    Attack(name="entities that grow quadratically", make=_quadratic, right=(REFUSED,)),
    Attack(
        name="external entity (XXE)",
        make=lambda: _rss("&x;", before='<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>').encode(),
        right=(REFUSED,),
    ),
    Attack(
        name="external DTD, HTML entities (RSS 0.91)",
        make=lambda: _rss(
            "A&rsquo;s &eacute;t&eacute;", before='<!DOCTYPE rss SYSTEM "https://dtd.example/rss-0.91.dtd">'
        ).encode(),
        right=("1 items, the first: A\u2019s été",),
    ),
    Attack(name="100,000 attributes on one tag", make=_many_attributes, right=(REFUSED, "1 items")),
    Attack(
        name="50,000 nested elements",
        make=lambda: _rss(more="<a>" * 50_000 + "</a>" * 50_000).encode(),
        right=(REFUSED, "1 items"),
    ),
    Attack(
        name="10 MB of open tags", make=lambda: _rss(more="<a>" * (10 * MEGA // 3)).encode(), right=(REFUSED, "1 items")
    ),
    Attack(name="a million bare ampersands", make=lambda: _rss(more="& " * MEGA).encode(), right=(REFUSED, "1 items")),
    Attack(
        name="a million unclosed CDATA sections",
        make=lambda: _rss(more="<![CDATA[" * MEGA).encode(),
        right=(REFUSED, "1 items", "0 items"),
    ),
    Attack(name="a JSON of 100,000 brackets", make=lambda: b'{"items":' + b"[" * 100_000, right=(REFUSED,)),
    Attack(name="20,000 items", make=lambda: _rss(items=20_000).encode(), right=("20,000 items",)),
    Attack(
        name="UTF-8 that says ISO-8859-1",
        make=lambda: _labelled("ISO-8859-1", "utf-8", TITLE),
        right=(f"1 items, the first: {TITLE}",),
    ),
    Attack(
        name="Windows-1252 that says UTF-8",
        make=lambda: _labelled("UTF-8", "cp1252", WESTERN),
        right=(f"1 items, the first: {WESTERN}",),
    ),
    Attack(
        name="Windows-1252 that says ISO-8859-1",
        make=lambda: _labelled("ISO-8859-1", "cp1252", WESTERN),
        right=(f"1 items, the first: {WESTERN}",),
    ),
    Attack(
        name="ISO-2022-JP, all of it ASCII bytes",
        make=lambda: _labelled("ISO-2022-JP", "iso-2022-jp", JAPANESE),
        right=(f"1 items, the first: {JAPANESE}",),
    ),
    Attack(
        name="Shift JIS that only HTTP tells",
        make=lambda: _rss(JAPANESE).encode("shift_jis"),
        content_type="text/xml; charset=Shift_JIS",
        right=(f"1 items, the first: {JAPANESE}",),
    ),
    Attack(
        name="UTF-16 that says UTF-8",
        make=lambda: _labelled("UTF-8", "utf-16", TITLE),
        right=(f"1 items, the first: {TITLE}",),
    ),
    Attack(
        name="an HTML page instead of a feed",
        make=lambda: b"<!doctype html><html><body><p>Not found, but 200.</p></body></html>",
        right=(REFUSED,),
    ),
    Attack(name="nothing", make=lambda: b"", right=(REFUSED,)),
    Attack(
        name="page: 50,000 nested elements",
        reader="page",
        make=lambda: b"<html><body>" + b"<div>" * 50_000 + b"<p>Text.</p></body></html>",
        right=(REFUSED, "an article"),
    ),
    Attack(
        name="page: a JSON-LD of 50,000 brackets",
        reader="page",
        make=lambda: (
            b'<html><head><title>A title that is there</title><script type="application/ld+json">'
            + b"[" * 50_000
            + b"</script></head><body><p>Text.</p></body></html>"
        ),
        right=(REFUSED, "an article"),
    ),
    Attack(name="dump: one line of 5 MB", reader="dump", make=lambda: b"word " * MEGA, right=(REFUSED, "an article")),
    Attack(name="dump: a million lines", reader="dump", make=lambda: b"Share\n" * MEGA, right=(REFUSED, "an article")),
)
HARMLESS = {
    "feed": _rss().encode(),
    "page": b"<html><head><title>A page of no harm</title></head><body><p>It says little.</p></body></html>",
    "dump": b"A title of some words\n\nA sentence that is long enough to be taken for the text of an article.",
}


def _bomb() -> bytes:
    """Return about 1 MB of gzip that unfolds to 1 GB: blocks that each begin afresh may be repeated as they are."""
    block = b"<a>" + b" " * (MEGA - 3)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeeze.compress(block) + squeeze.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS).flush()
    checksum = 0
    for _ in range(1000):
        checksum = zlib.crc32(block, checksum)
    header = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    return header + packed * 1000 + end + checksum.to_bytes(4, "little") + (1000 * MEGA % 2**32).to_bytes(4, "little")


@contextmanager
def _serving(packed: bytes) -> Iterator[str]:
    """Serve *packed* as a gzipped feed on loopback."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            try:
                self.wfile.write(packed)
            except ConnectionError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/feed.xml"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    Program(name="hostile", about=__doc__ or "", measure=measure, peers=("feedparser", "aiohttp")).run()
