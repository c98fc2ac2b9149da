"""The stage: many sources at once, each with its own fate."""

import asyncio
import gzip
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.errors import FetchFailed
from digest.gather import gather
from digest.http import Response, UnwelcomeStatus
from digest.model.entry import Check, Failed, Fetched, Gathered, Manners, Unchanged
from digest.model.ids import SourceId
from digest.model.newsletter import Selectors, SourceKind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FEED = b"""<rss version="2.0"><channel><title>T</title><item><title>The harbour freezes over again</title>
<link>/ice</link><guid>ice-1</guid></item></channel></rss>"""
DUMP = """The harbour freezes over again

For the first time in nine years ships have to wait for an icebreaker before they can leave the harbour.

The harbour master expects that the ice will stay until the middle of March, and has asked for a second icebreaker.
"""

Answer = Response | Exception


class Web:
    """Stands in for the guarded client at its port: answers from a table, and keeps what it was asked."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str | None, str | None]] = []

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        self.asked.append((url, etag, last_modified))
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


def check(number: int, address: str | Path, kind: SourceKind = SourceKind.FEED, **fields: object) -> Check:
    kind = SourceKind.FOLDER if isinstance(address, Path) else kind
    return Check(source_id=SourceId(number), kind=kind, address=str(address), **{"etag": '"e"', **fields})  # type: ignore[arg-type]  # named by the test


def gathered(checks: Sequence[Check], web: Web | None = None) -> dict[int, Gathered]:
    async def story() -> dict[int, Gathered]:
        found = gather(checks, web or Web({}), now=NOW)
        return {int(one.source_id): one async for one in found}

    return asyncio.run(story())


def page(url: str, body: bytes = FEED, **fields: object) -> Response:
    return Response(status=200, url=url, body=body, **fields)  # type: ignore[arg-type]


def fetched(folder: Path) -> Fetched:
    outcome = gathered([check(1, folder)])[1].outcome
    assert isinstance(outcome, Fetched), outcome
    return outcome


def test_each_check_has_its_own_fate() -> None:
    web = Web({
        "https://a.example/": page("https://a.example/f", etag='"2"', wait=timedelta(hours=1)),
        "https://b.example/": Response(status=304, url="https://b.example/", wait=timedelta(hours=2)),
        "https://c.example/": FetchFailed("c.example refused the connection."),
        "https://d.example/": UnwelcomeStatus("d.example answered 410 Gone.", status=410),
        "https://e.example/": UnwelcomeStatus("e.example answered 429.", status=429, wait=timedelta(hours=3)),
        "https://f.example/": page("https://f.example/", b"<html><body>Down</body></html>"),
        "https://g.example/": ZeroDivisionError("never expected"),
    })  # fmt: skip

    found = gathered([check(n, f"https://{name}.example/") for n, name in enumerate("abcdefg")], web)

    assert isinstance(found[0].outcome, Fetched)
    assert found[0].outcome.entries[0].link == "https://a.example/ice"
    assert (found[0].outcome.etag, found[0].outcome.wait) == ('"2"', timedelta(hours=1))
    assert found[1].outcome == Unchanged(wait=timedelta(hours=2))
    assert found[2].outcome == Failed(reason="c.example refused the connection.")
    assert found[3].outcome == Failed(reason="d.example answered 410 Gone.", gone=True)
    assert found[4].outcome == Failed(reason="e.example answered 429.", wait=timedelta(hours=3))
    assert found[5].outcome == Failed(reason="https://f.example/ is an HTML page, not a feed.")
    assert isinstance(found[6].outcome, Failed)
    assert "a fault of our own: ZeroDivisionError" in found[6].outcome.reason
    assert all(one.at >= NOW and one.took >= timedelta(0) for one in found.values())


def test_what_we_remember_of_a_source_is_sent_with_the_question() -> None:
    web = Web({"https://a.example/": page("https://a.example/")})

    gathered([check(1, "https://a.example/")], web)

    assert web.asked == [("https://a.example/", '"e"', None)]


def test_a_body_that_we_know_is_unchanged_even_without_validators() -> None:
    web = Web({"https://a.example/": page("https://a.example/")})
    first = gathered([check(1, "https://a.example/")], web)[1].outcome
    assert isinstance(first, Fetched)

    again = gathered([check(1, "https://a.example/", body_hash=first.body_hash)], web)[1].outcome

    assert again == Unchanged()


@pytest.mark.parametrize("status", [200, 304])
def test_a_source_that_moved_for_good_says_where_to_with_news_or_without(status: int) -> None:
    new = "https://b.example/f"
    web = Web({"https://a.example/": Response(status=status, url=new, body=FEED, moved_permanently_to=new)})

    outcome = gathered([check(1, "https://a.example/")], web)[1].outcome

    assert isinstance(outcome, Fetched if status == 200 else Unchanged)
    assert outcome.moved_to == new


def test_the_manners_that_a_feed_asks_for_are_told() -> None:
    asks = b"<title>T</title><ttl>90</ttl><skipHours><hour>2</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    web = Web({"https://a.example/": page("https://a.example/", FEED.replace(b"<title>T</title>", asks, 1))})

    outcome = gathered([check(1, "https://a.example/")], web)[1].outcome

    assert isinstance(outcome, Fetched)
    assert outcome.manners == Manners(ttl=timedelta(minutes=90), skip_hours=(2,), skip_days=(7,))


def test_a_body_that_cannot_be_read_leaves_no_validators_behind() -> None:
    web = Web({"https://a.example/": page("https://a.example/", b"<html>Log in</html>", etag='"login"')})

    outcome = gathered([check(1, "https://a.example/")], web)[1].outcome

    assert outcome == Failed(reason="https://a.example/ is an HTML page, not a feed.")


def sitemap(*names: str, day: int = 22) -> bytes:
    urls = "".join(
        f"<url><loc>https://a.example/2026/{name}</loc><lastmod>2026-11-{day}T08:00:00Z</lastmod></url>"
        for name in names
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


def index(*addresses: str) -> bytes:
    lists = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{lists}</sitemapindex>'.encode()


LISTING = b"""<html><head><title>The Wire</title></head><body><main>
<article><h2><a href="/2026/11/harbour-freezes-over-again">The harbour freezes over again</a></h2></article>
<article><h2><a href="/2026/11/council-votes-on-the-new-bridge">The council votes on the new bridge</a></h2></article>
<article><h2><a href="/2026/11/school-opens-after-the-storm">The school opens after the storm</a></h2></article>
</main><p><a class="mine" href="/2026/11/only-this-one-was-chosen">Only this one was chosen</a></p></body></html>"""


def test_each_kind_of_source_is_read_in_its_own_way_and_told_from_the_others() -> None:
    web = Web({"https://a.example/s": page("https://a.example/s", sitemap("harbour-freezes-over")),
               "https://a.example/p": page("https://a.example/p", LISTING)})  # fmt: skip
    chosen = Selectors(links="a.mine")

    found = gathered(
        [
            check(1, "https://a.example/s", SourceKind.SITEMAP),
            check(2, "https://a.example/p", SourceKind.PAGE),
            check(3, "https://a.example/p", SourceKind.PAGE, selectors=chosen),
            check(4, "https://a.example/s", SourceKind.FEED),
            check(5, "https://a.example/p", SourceKind.SITEMAP),
            check(6, "https://a.example/s", SourceKind.PAGE),
        ],
        web,
    )

    assert links(found[1]) == ["https://a.example/2026/harbour-freezes-over"]
    assert links(found[2])[:2] == [
        "https://a.example/2026/11/harbour-freezes-over-again",
        "https://a.example/2026/11/council-votes-on-the-new-bridge",
    ]
    assert links(found[3]) == ["https://a.example/2026/11/only-this-one-was-chosen"]
    assert [reason(found[number]) for number in (4, 5, 6)] == [
        "https://a.example/s is a sitemap, not a feed.",
        "https://a.example/p is an HTML page, not a sitemap.",
        "https://a.example/s is a sitemap, not a page.",
    ]


def links(one: Gathered) -> list[str]:
    assert isinstance(one.outcome, Fetched), one.outcome
    return [entry.link for entry in one.outcome.entries]


def reason(one: Gathered) -> str:
    assert isinstance(one.outcome, Failed), one.outcome
    return one.outcome.reason


NEWS, OLDER, LOST = (f"https://a.example/news-{name}.xml" for name in ("1", "2", "3"))


def asked_index(web: Web, body_hash: str | None = None) -> Gathered:
    web.answers["https://a.example/s"] = page("https://a.example/s", index(NEWS, OLDER, LOST), etag='"x"')
    return gathered([check(1, "https://a.example/s", SourceKind.SITEMAP, body_hash=body_hash)], web)[1]


def test_an_index_of_sitemaps_gives_what_its_lists_hold_and_tells_what_it_could_not_have() -> None:
    web = Web({
        NEWS: page(NEWS, sitemap("harbour-freezes-over", "bridge-is-closed")),
        OLDER: page(OLDER, b"Not today."),
        LOST: UnwelcomeStatus("a.example answered 404 Not Found.", status=404),
    })  # fmt: skip

    found = asked_index(web)

    assert len(links(found)) == 2
    assert isinstance(found.outcome, Fetched)
    assert (found.outcome.etag, found.outcome.last_modified) == (None, None)
    assert found.outcome.faults == ("a.example answered 404 Not Found.", f"{OLDER} is plain text, not a sitemap.")


def test_an_index_is_unchanged_until_one_of_its_lists_is() -> None:
    lists: dict[str, Answer] = {one: page(one, sitemap(f"piece-of-{number}"))
                                for number, one in enumerate((NEWS, OLDER, LOST))}  # fmt: skip
    first = asked_index(Web(lists)).outcome
    assert isinstance(first, Fetched)

    same = asked_index(Web(lists), first.body_hash).outcome
    changed = asked_index(Web({**lists, LOST: page(LOST, sitemap("piece-of-2", "one-more-piece"))}), first.body_hash)

    assert same == Unchanged()
    assert len(links(changed)) == 4


def test_an_index_none_of_whose_lists_can_be_had_has_failed() -> None:
    refused = FetchFailed("a.example refused the connection.")

    found = asked_index(Web({NEWS: refused, OLDER: refused, LOST: page(LOST, b"Not today.")}))

    assert reason(found) == "None of its 3 lists could be read: a.example refused the connection."


def test_the_language_is_the_one_set_for_the_source_else_that_of_the_text() -> None:
    web = Web({"https://a.example/": page("https://a.example/")})

    of_text = gathered([check(1, "https://a.example/")], web)[1].outcome
    as_set = gathered([check(1, "https://a.example/", language="nl-NL")], web)[1].outcome

    assert isinstance(of_text, Fetched)
    assert isinstance(as_set, Fetched)
    assert of_text.entries[0].language == "en"
    assert as_set.entries[0].language == "nl"


def test_selectors_find_the_fields_of_pages_in_a_folder_too(tmp_path: Path) -> None:
    words = "The harbour master expects that the ice will stay until the middle of March. " * 4
    (tmp_path / "ice.html").write_text(
        f"<html><body><h1>The site's name</h1><p class=head>The harbour freezes</p><p>{words}</p></body></html>"
    )
    asked = replace(check(1, tmp_path), selectors=Selectors(title=".head"))

    outcome = gathered([asked])[1].outcome

    assert isinstance(outcome, Fetched)
    assert [entry.title for entry in outcome.entries] == ["The harbour freezes"]


def test_no_checks_give_nothing() -> None:
    assert gathered([]) == {}


def test_a_listener_that_leaves_early_stops_the_rest() -> None:
    class Slow(Web):
        async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
            answer = await super().get(url, etag=etag, last_modified=last_modified)
            if "slow" in url:
                await asyncio.Event().wait()
            return answer

    async def story() -> int:
        quick, slow = "https://quick.example/", "https://slow.example/"
        found = gather([check(1, quick), check(2, slow)], Slow({quick: page(quick), slow: page(slow)}), now=NOW)
        first = await anext(found)
        await found.aclose()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others
        return int(first.source_id)

    assert asyncio.run(story()) == 1


def test_a_folder_gives_the_entries_of_all_its_kinds_of_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "news.xml").write_bytes(FEED)
    (tmp_path / "sub" / "packed.rss.gz").write_bytes(gzip.compress(FEED.replace(b"ice-1", b"ice-2")))
    (tmp_path / "notes.json").write_text('{"items": [{"id": "n", "title": "A note"}]}')
    (tmp_path / "dump.txt").write_text(DUMP)
    (tmp_path / "sniffed").write_text(DUMP.replace("freezes over", "thaws"))
    (tmp_path / "styled").write_bytes(
        b'<?xml version="1.0"?><?xml-stylesheet href="a.xsl"?>' + FEED.replace(b"ice-1", b"ice-3")
    )
    (tmp_path / "page.html").write_text(f"<h1>A page</h1><p>{DUMP}</p><link rel=canonical href=https://a.example/p>")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / ".hidden.txt").write_text(DUMP)

    outcome = fetched(tmp_path)

    assert outcome.faults == ()
    assert {entry.title for entry in outcome.entries} == {
        "The harbour freezes over again", "The harbour thaws again", "A note", "A page",
    }  # fmt: skip
    assert {entry.guid for entry in outcome.entries} >= {"ice-1", "ice-2", "ice-3", "n", "https://a.example/p"}


def test_a_dump_without_an_address_has_a_lasting_identity_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "dump.txt").write_text(DUMP)
    (first,) = fetched(tmp_path).entries
    (tmp_path / "dump.txt").write_text(DUMP + "\nThe owners of the ships were told by letter on Friday last.\n")

    (second,) = fetched(tmp_path).entries

    assert first.link == ""
    assert first.guid == second.guid
    assert first.guid.startswith("dump.txt#")
    assert first.body != second.body


def test_a_folder_is_unchanged_until_one_of_its_files_is(tmp_path: Path) -> None:
    (tmp_path / "news.xml").write_bytes(FEED)
    first = fetched(tmp_path)

    same = gathered([check(1, tmp_path, body_hash=first.body_hash)])[1].outcome
    (tmp_path / "dump.txt").write_text(DUMP)
    changed = gathered([check(1, tmp_path, body_hash=first.body_hash)])[1].outcome

    assert same == Unchanged()
    assert isinstance(changed, Fetched)
    assert len(changed.entries) == 2


def test_of_a_piece_in_several_snapshots_the_last_is_kept(tmp_path: Path) -> None:
    (tmp_path / "2026-11-21.xml").write_bytes(FEED)
    (tmp_path / "2026-11-22.xml").write_bytes(FEED.replace(b"freezes over", b"is open"))

    entries = fetched(tmp_path).entries

    assert [(entry.guid, entry.title) for entry in entries] == [("ice-1", "The harbour is open again")]


def test_a_bad_file_is_a_fault_in_words_and_not_the_end(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text(DUMP)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "good.xml").write_bytes(FEED)
    (folder / "broken.xml").write_text("<html>")
    (folder / "damaged.txt.gz").write_bytes(b"\x1f\x8bnothing")
    (folder / "bomb.txt.gz").write_bytes(gzip.compress(b"\0" * 11_000_000))
    (folder / "escape.txt").symlink_to(outside)
    (folder / "way-out").symlink_to(tmp_path)
    (folder / "nowhere.txt").symlink_to(folder / "gone")
    (folder / os.fsdecode(b"\xffname.txt")).write_text("Login")
    os.mkfifo(folder / "pipe.txt")

    outcome = fetched(folder)

    assert [entry.guid for entry in outcome.entries] == ["ice-1"]
    faults = "\n".join(outcome.faults)
    faults.encode()
    assert "broken.xml: The feed is an HTML page" in faults
    assert "damaged.txt.gz: It is damaged" in faults
    assert "bomb.txt.gz: It holds more than 10 MB" in faults
    assert "escape.txt leads out of the folder" in faults
    assert "way-out leads out of the folder" in faults
    assert "nowhere.txt leads nowhere" in faults
    assert "name.txt" in faults
    assert len(outcome.faults) == 7


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_a_folder_that_is_none_has_failed(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text(DUMP)

    outcome = gathered([check(1, tmp_path / name)])[1].outcome

    assert isinstance(outcome, Failed)
    assert "does not exist" in outcome.reason
