"""`digest source …`: sources are found, added, listed, exchanged and taken out again on the command line."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from digest.cli import source, wired
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import Ran, run

FEED = """<rss version="2.0"><channel><title>The Aldmere Post</title><item><title>Bridge opens</title>
<link>https://aldmere.example/1</link><pubDate>Mon, 23 Nov 2026 02:00:00 GMT</pubDate></item></channel></rss>"""
FRONT = '<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body>News</body></html>'
LINKS = "".join(f'<li><a class="s" href="/{n}">Short {n}</a></li>' for n in range(3))
MAP = "<urlset><url><loc>https://aldmere.example/2026/11/22/council-votes-again</loc></url></urlset>"
LIST = """<opml version="1.0"><body><outline text="World"><outline text="Sea & Post" xmlUrl="https://sea.example/f"/></outline>
<outline text="Gardens"><outline text="Rose" xmlUrl="https://rose.example/f"/></outline></body></opml>"""

Command = Callable[..., Ran]


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, sqlite_url: str, tmp_path: Path) -> Command:
    """Give the function that runs a command, with a config.toml of its own, the fixed clock and loopback allowed."""
    (tmp_path / "news").mkdir()
    config = tmp_path / "config.toml"
    more = '[gather]\nallow_networks = ["127.0.0.0/8"]\n'
    config.write_text(f"{config_text(database_url=sqlite_url)}\n{more}", encoding="utf-8")
    monkeypatch.setenv("DIGEST_CONFIG", str(config))
    for module in (wired, source):
        monkeypatch.setattr(module, "SystemClock", lambda: clock)
    return run


@pytest.fixture
def site() -> Iterator[str]:
    """Serve a site that names its feed, and give its host and port."""
    pages = {"/": FRONT, "/feed.xml": FEED, "/links": LINKS, "/map.xml": MAP}

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def listed(digest: Command) -> dict[str, dict[str, object]]:
    return {row["source"]: row for row in digest("source", "list", "--json").json}


def test_of_a_site_the_best_source_is_added_and_read_at_the_next_round(digest: Command, site: str) -> None:
    offered = digest("source", "add", "morning", site, "--section", "World", "--dry-run", "--json")
    added = digest("source", "add", "morning", site, "--section", "World", "--name", "The Post", "--json")
    gathered = digest("gather", "--json")

    assert [(one["kind"], one["address"], one["samples"]) for one in offered.json] == [
        ("feed", f"{site}/feed.xml", ["Bridge opens"])
    ]
    assert added.json == {
        "added": True,
        "newsletter": "morning",
        "source": f"{site}/feed.xml",
        "kind": "feed",
        "section": "world",
    }
    assert gathered.json["new"] == 1
    row = listed(digest)[f"{site}/feed.xml"]
    assert (row["defined"], row["kind"], row["sections"], row["fault"]) == ("added", "feed", ["morning/world"], "")


def test_what_a_site_has_is_shown_in_a_table_and_nothing_is_kept(digest: Command, site: str) -> None:
    found = digest("source", "find", site)

    assert found.code == 0
    assert (
        found.out.split()
        == (
            "kind address items newest title samples "
            f"feed {site}/feed.xml 1 2026-11-23 02:00Z The Aldmere Post Bridge opens"
        ).split()
    )
    assert [row["defined"] for row in listed(digest).values()] == ["config.toml"]


def test_a_site_that_does_not_answer_is_told_in_words(digest: Command) -> None:
    found, parsed = digest("source", "find", "http://127.0.0.1:1"), digest("source", "parse", "http://127.0.0.1:8080")

    assert (found.code, parsed.code) == (1, 1)
    assert "which is not a port of the web" in found.err
    assert "not public" in parsed.err


def test_a_section_that_is_none_is_told_before_any_site_is_asked(digest: Command) -> None:
    ran = digest("source", "add", "morning", "http://127.0.0.1:1", "--section", "Gardens")

    assert ran.err == 'The Morning has no section "Gardens"; it has: World\n'


def test_a_page_is_added_by_its_selector_and_tried_before(digest: Command, site: str) -> None:
    page = ("source", "add", "morning", f"{site}/links", "--section", "World", "--links", "a.s")

    tried, added = digest(*page, "--dry-run", "--json"), digest(*page, "--full-text", "--weight", "2")

    assert [one["title"] for one in tried.lines] == ["Short 0", "Short 1", "Short 2"]
    assert added.out == f"morning now reads the page {site}/links in its section world.\n"


def test_a_known_kind_is_added_without_asking_and_refused_in_words_when_it_cannot_be(digest: Command) -> None:
    add = ("source", "add", "morning", "https://a.example/s.xml", "--kind", "sitemap", "--section")

    assert digest(*add, "Gardens").err == 'The Morning has no section "Gardens"; it has: World\n'
    assert digest(*add, "World").code == 0
    assert digest(*add, "World").code == 1
    assert digest("source", "add", "noon", "https://a.example/", "--section", "World").code == 2


def test_an_added_source_is_paused_resumed_and_removed(digest: Command, tmp_path: Path) -> None:
    address = "https://a.example/feed"
    digest("source", "add", "morning", address, "--section", "World", "--kind", "feed")

    paused, resumed = digest("source", "pause", address), digest("source", "resume", address, "--json")
    removed, again = digest("source", "remove", "morning", address), digest("source", "remove", "morning", address)
    filed = digest("source", "remove", "morning", tmp_path / "news")

    assert paused.out == f"{address} is paused.\n"
    assert resumed.json == {"source": address, "state": "active"}
    assert removed.out == f"morning no longer reads {address}.\n"
    assert (again.code, filed.code) == (1, 1)
    assert "digest source list" in again.err
    assert "stands in config.toml" in filed.err


def test_an_added_source_is_changed_in_what_is_named(digest: Command, site: str, tmp_path: Path) -> None:
    page = f"{site}/links"
    digest("source", "add", "morning", page, "--section", "World", "--links", "a.x")

    changed = digest("source", "change", "morning", page, "--links", "a.s", "--name", "Short", "--full-text", "--json")
    named = digest("source", "change", "morning", page, "--no-full-text")
    filed = digest("source", "change", "morning", tmp_path / "news", "--name", "x")
    gathered = digest("gather", "--json")

    assert changed.json == {
        "changed": True,
        "newsletter": "morning",
        "source": page,
        "kind": "page",
        "section": "world",
    }
    assert named.out == f"morning reads the page {page} in its section world.\n"
    assert (filed.code, gathered.json["new"]) == (1, 3)
    assert "stands in config.toml; change it there" in filed.err


def test_a_list_is_tried_imported_and_exported(digest: Command, tmp_path: Path) -> None:
    file = tmp_path / "feeds.opml"
    file.write_text(LIST, encoding="utf-8")

    tried = digest("source", "import", "morning", file, "--dry-run")
    came = digest("source", "import", "morning", file, "--json")
    rest = digest("source", "import", "morning", file, "--section", "World")
    shown, written = (
        digest("source", "export", "morning"),
        digest("source", "export", "morning", "-o", tmp_path / "o.opml"),
    )

    assert "1 sources would be added, 0 known already, 1 left out" in tried.out
    assert "https://sea.example/f" in tried.out
    assert came.json["added"] == [{"source": "https://sea.example/f", "section": "world", "name": "Sea & Post"}]
    assert came.json["known"] == 0
    assert 'is in the category "Gardens"' in came.err
    assert rest.out == "1 sources added, 1 known already, 0 left out\n"
    assert written.code == 0
    assert (tmp_path / "o.opml").read_text(encoding="utf-8") == shown.out
    assert digest("source", "import", "morning", tmp_path / "o.opml", "--json").json["known"] == 2


def test_a_file_that_is_no_list_is_told_in_words(digest: Command, tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text("<html/>", encoding="utf-8")

    ran = digest("source", "import", "morning", tmp_path / "feeds.opml")
    lost = digest("source", "import", "morning", "x.opml")
    nowhere = digest("source", "export", "morning", "-o", tmp_path / "no" / "folder.opml")

    assert (ran.code, lost.code, nowhere.code) == (1, 1, 1)
    assert "no OPML list" in ran.err
    assert "x.opml: It cannot be read" in lost.err
    assert "cannot be written" in nowhere.err


def test_feeds_sitemaps_and_pages_are_parsed_by_what_they_are_or_as_told(digest: Command, tmp_path: Path) -> None:
    for name, text in (("a", FEED), ("b", MAP), ("c", f'<base href="https://aldmere.example/">{LINKS}')):
        (tmp_path / name).write_text(text, encoding="utf-8")
    index = "<sitemapindex><sitemap><loc>https://aldmere.example/news.xml</loc></sitemap></sitemapindex>"
    (tmp_path / "d").write_text(index, encoding="utf-8")

    assert digest("source", "parse", tmp_path / "a", "--json").json["title"] == "Bridge opens"
    assert digest("source", "parse", tmp_path / "b", "--json").json["title"] == "Council votes again"
    assert len(digest("source", "parse", tmp_path / "c", "--links", "a.s", "--json").lines) == 3
    wrong = digest("source", "parse", tmp_path / "a", "--kind", "sitemap")
    led = digest("source", "parse", tmp_path / "d")
    assert (wrong.code, led.code) == (1, 1)
    assert "is a feed, not a sitemap" in wrong.err
    assert "https://aldmere.example/news.xml" in led.err
