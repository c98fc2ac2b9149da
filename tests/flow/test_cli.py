"""The command line keeps what its page promises: exit codes, pure JSON with the named keys, messages that help."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest import resources
from digest.cli import article, source, wired
from digest.demo.inbox import Inbox
from digest.settings import load
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import PROGRAM, Ran, run
from tests.flow.walk import STORIES, drop_news, recipients

EDITION = [
    *("newsletter", "cadence", "date", "number", "state", "reason", "due_at", "stories"),
    *("sources_answered", "sources_asked", "hash", "audience"),
]
ACCOUNT = ["intended", "sent", "failed", "deferred", "suppressed", "skipped", "in_doubt", "waiting"]
PAGE = """<!doctype html><html lang="en"><head><title>Ferries resume after strike</title>
<meta property="og:title" content="Ferries resume after strike"><meta name="author" content="Ada Quill"></head>
<body><article><h1>Ferries resume after strike</h1><p>{text}</p></article></body></html>"""
CSV = "email,name,sections\nana@reader.example,Ana,\nnot an address,Ben,\ncleo@reader.example,Cleo,sports\n"


Command = Callable[..., Ran]


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, sqlite_url: str, tmp_path: Path) -> Command:
    """Give the function that runs a command, with a config.toml of its own and the fixed clock."""
    (tmp_path / "news").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(config_text(database_url=sqlite_url), encoding="utf-8")
    monkeypatch.setenv("DIGEST_CONFIG", str(config))
    for module in (wired, source, article):
        monkeypatch.setattr(module, "SystemClock", lambda: clock)
    return run


@pytest.fixture
def inbox(digest: Command, tmp_path: Path) -> Iterator[Inbox]:
    """Start the relay that the config names."""
    with Inbox(tmp_path / "inbox", port=0) as started:
        relay_at(tmp_path, started.port)
        yield started


def relay_at(tmp_path: Path, port: int) -> None:
    config = tmp_path / "config.toml"
    config.write_text(re.sub(r"port = \d+", f"port = {port}", config.read_text(encoding="utf-8")), encoding="utf-8")


def with_readers(digest: Command, *names: str) -> None:
    for name in names:
        assert digest("subscriber", "add", "morning", f"{name}@reader.example", "--consent", "asked").code == 0


def with_draft(digest: Command, tmp_path: Path, clock: FixedClock) -> dict[str, Any]:
    """Gather two stories and prepare today's Edition."""
    drop_news(tmp_path / "news", "aldmere", "brackwater", at=clock.now())
    assert digest("gather").code == 0
    prepared = digest("edition", "prepare", "morning", "--json")
    assert prepared.code == 0
    made: dict[str, Any] = prepared.json
    return made


def adds_up(edition: dict[str, Any]) -> bool:
    return bool(edition["intended"] == sum(edition[name] for name in ACCOUNT[1:]))


# -- a process of its own ----------------------------------------------------------------------------------------------


def test_a_process_ends_with_the_promised_codes_and_keeps_standard_output_pure(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(resources.example_config(), encoding="utf-8")

    def start(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST")}
        return subprocess.run(
            [*PROGRAM, *words], check=False, cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    answered = start("--config", "config.toml", "status", "--json")
    unknown = start("edition", "show", "evening", "--json")

    assert (answered.returncode, unknown.returncode) == (0, 2)
    assert set(json.loads(answered.stdout)) == {
        "editions",
        "sources",
        "notices_waiting",
        "bounces",
        "domains_left_alone",
        "jobs",
    }
    assert unknown.stdout == ""
    assert unknown.stderr == 'there is no newsletter "evening"; config.toml defines: morning\n'
    assert (tmp_path / "var" / "digest.db").exists()


def test_a_reader_of_our_output_may_go_away(tmp_path: Path) -> None:
    feed = "".join(f"<item><title>Story {n}</title><link>https://wire.example/{n}</link></item>" for n in range(5000))
    (tmp_path / "feed.xml").write_text(f'<rss version="2.0"><channel>{feed}</channel></rss>', encoding="utf-8")

    process = subprocess.Popen(
        [*PROGRAM, "source", "parse", "feed.xml", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    first = process.stdout.readline()
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()

    assert json.loads(first)["title"] == "Story 0"
    assert process.wait() == 1
    assert told == ""


# -- usage -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["edition", "show"],
        ["edition", "show", "morning", "--date", "23.11.2026"],
        ["edition", "show", "morning", "--cadence", "hourly"],
        ["edition", "show", "morning", "--cadence", "weekly"],
        ["edition", "prepare", "evening"],
        ["edition", "prepare", "morning", "--cadence", "special"],
        ["edition", "special", "evening"],
        ["edition", "special", "morning", "--section", "sports"],
        ["edition", "special", "morning", "--days", "0"],
        ["edition", "special", "morning", "--days", "8"],
        ["story", "list", "morning", "--cadence", "special"],
        ["edition", "preview", "morning", "--sections", "sports"],
        ["subscriber", "add", "morning", "ana@reader.example"],
        ["subscriber", "add", "evening", "ana@reader.example", "--consent", "asked"],
        ["subscriber", "list", "--newsletter", "evening"],
        ["subscriber", "list", "--state", "asleep"],
        ["subscriber", "list", "--limit", "0"],
        ["subscriber", "list", "--zone", "Europe/Atlantis"],
        ["subscriber", "count", "evening"],
        ["subscriber", "count", "morning", "--section", "sports"],
        ["subscriber", "count", "--by", "shoe size"],
        ["subscriber", "count", "--language", "german!"],
        ["subscriber", "count", "--cadence", "special"],
        ["subscriber", "count", "--joined-since", "2026-02-01", "--joined-before", "2026-01-01"],
        ["subscriber", "end", "morning"],
        ["init", "paper", "--template", "digest/none.mjml"],
        ["init", "paper", "--template", "../web/_base.html"],
        ["--config", "none.toml", "status"],
    ],
    ids=" ".join,
)
def test_what_is_asked_wrongly_ends_with_code_2(
    digest: Command, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if "--sections" in words:
        with_draft(digest, tmp_path, clock)

    ran = digest(*words)

    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.strip()
    assert "Traceback" not in ran.err
    assert not (tmp_path / "paper").exists()


@pytest.mark.parametrize("command", ["subscriber count", "subscriber list", "subscriber export", "edition special"])
def test_a_filter_offers_no_cadence_that_it_refuses(digest: Command, command: str) -> None:
    told = digest(*command.split(), "--help")

    assert told.code == 0
    assert "daily|weekdays|weekly" in told.out
    assert "correction" not in told.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["edition", "show", "morning"], "there is no daily edition of morning for 2026-11-23; make it with `digest"),
        (["edition", "show", "morning", "--date", "2020-01-01"], "for 2020-01-01"),
        (["edition", "approve", "morning"], "there is no daily edition"),
        (["edition", "send", "morning"], "there is no daily edition"),
        (["edition", "preview", "morning"], "there is no daily edition"),
        (["edition", "show", "morning", "--cadence", "special"], "make it with `digest edition special morning`"),
        (["edition", "special", "morning"], "too little news: 0 of at least 1 stories; name more days"),
        (["source", "parse", "none.xml"], "none.xml: It cannot be read: No such file or directory."),
        (["subscriber", "import", "morning", "none.csv", "--consent", "asked"], "none.csv cannot be read"),
        (["subscriber", "add", "morning", "ana", "--consent", "asked"], "address"),
        (
            ["subscriber", "add", "morning", "a@reader.example", "--consent", "x", "--sections", "sports"],
            "sports is unknown",
        ),
        (["subscriber", "end", "morning", "a@reader.example"], "has no live subscription to morning"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_done_ends_with_code_1_and_a_remedy(
    digest: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)

    ran = digest(*words)

    assert ran.code == 1
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_all_faults_of_the_settings_are_told_before_anything_is_started(digest: Command, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    text = config.read_text(encoding="utf-8").replace("port = 2525", 'port = "25s"').replace("Berlin", "Berlinn")
    config.write_text(text, encoding="utf-8")

    for words in (["check"], ["check", "--json"], ["tick"], ["gather"], ["run"], ["db", "upgrade"]):
        ran = digest(*words)

        assert (ran.code, ran.out) == (2, "")
        assert ran.err.splitlines() == [
            'config.toml: [smtp] port is "25s"; give a whole number',
            'config.toml: [newsletter 1] zone "Europe/Berlinn" is no time zone; give a name such as Europe/Berlin',
        ]
    assert not (tmp_path / "state").exists()


# -- init and check ----------------------------------------------------------------------------------------------------


def test_init_writes_a_config_that_runs_as_it_is_and_never_twice(digest: Command, tmp_path: Path) -> None:
    first = digest("init", tmp_path / "paper", "--json")
    written = (tmp_path / "paper" / "config.toml").read_text(encoding="utf-8")
    (tmp_path / "paper" / "config.toml").write_text(f"# mine\n{written}", encoding="utf-8")
    second = digest("init", tmp_path / "paper")

    assert first.json == {"written": str(tmp_path / "paper" / "config.toml")}
    assert load(tmp_path / "paper" / "config.toml").newsletters[0].slug == "morning"
    assert second.code == 1
    assert "is there already and is left alone" in second.err
    assert (tmp_path / "paper" / "config.toml").read_text(encoding="utf-8").startswith("# mine\n")


def test_init_copies_one_template_and_says_how_to_use_it(digest: Command, tmp_path: Path) -> None:
    own = tmp_path / "own"

    first = digest("init", own, "--template", "digest/body.mjml")
    second = digest("init", own, "--template", "digest/body.mjml")

    packaged = resources.templates() / "email" / "digest" / "body.mjml"
    assert first.code == 0
    assert [path.relative_to(own).as_posix() for path in own.rglob("*") if path.is_file()] == ["digest/body.mjml"]
    assert (own / "digest" / "body.mjml").read_bytes() == packaged.read_bytes()
    assert f'templates = "{own}"' in first.out
    assert second.code == 1


def test_init_in_a_place_that_is_a_file_says_so(digest: Command, tmp_path: Path) -> None:
    (tmp_path / "paper").write_text("", encoding="utf-8")

    ran = digest("init", tmp_path / "paper")

    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_check_tells_what_is_in_order_and_what_is_not(digest: Command, inbox: Inbox, tmp_path: Path) -> None:
    well = digest("check", "--json")
    inbox.stop()
    (tmp_path / "own" / "digest").mkdir(parents=True)
    (tmp_path / "own" / "digest" / "body.txt").write_text("{% if %}", encoding="utf-8")
    config = tmp_path / "config.toml"
    text = config.read_text(encoding="utf-8").replace('zone = "', 'templates = "own"\nzone = "')
    config.write_text(text, encoding="utf-8")
    ill = digest("check", "--json")

    assert (well.code, ill.code) == (0, 1)
    assert [set(each) for each in well.json] == [{"what", "ok", "message"}] * 4
    assert [each["ok"] for each in well.json] == [True, True, True, True]
    faults = {each["what"]: each["message"] for each in ill.json if not each["ok"]}
    assert set(faults) == {"templates of morning", f"relay 127.0.0.1:{inbox.port}"}
    assert "body.txt" in faults["templates of morning"]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ('accent = "#ffff66"', "contrast"),
        ('canvas = "#5c5852"', "contrast"),
    ],
)
def test_check_tells_of_what_would_hold_every_edition(
    setting: str, told: str, digest: Command, inbox: Inbox, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    before, source, rest = config.read_text(encoding="utf-8").partition("[[newsletter.source]]")
    config.write_text(f"{before}[newsletter.look]\n{setting}\n\n{source}{rest}", encoding="utf-8")

    ran = digest("check", "--json")

    faults = {each["what"]: each["message"] for each in ran.json if not each["ok"]}
    assert ran.code == 1
    assert list(faults) == ["templates of morning"]
    assert told in faults["templates of morning"]


def test_check_says_where_a_postal_address_is_missing(digest: Command, inbox: Inbox, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    lines = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("postal_address")]
    config.write_text("\n".join(lines), encoding="utf-8")

    ran = digest("check")

    assert ran.code == 0
    assert "without a postal_address, which many countries ask for by law" in ran.out


# -- sources and articles ----------------------------------------------------------------------------------------------


def test_gather_counts_what_came_and_a_second_time_finds_nothing_new(
    digest: Command, tmp_path: Path, clock: FixedClock
) -> None:
    drop_news(tmp_path / "news", "aldmere", "brackwater", at=clock.now())
    (tmp_path / "news" / "broken.xml").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")

    first, second = digest("gather", "--json"), digest("gather", "--json")

    assert list(first.json) == ["asked", "answered", "new", "changed", "known", "pages", "failures", "faults"]
    assert (first.code, first.json["asked"], first.json["answered"], first.json["new"]) == (0, 1, 1, 2)
    assert [list(fault) for fault in first.json["faults"]] == [["source", "fault"]]
    assert "broken.xml" in first.err
    assert (second.code, second.json["new"]) == (0, 0)


def test_gather_fails_when_no_source_answers(digest: Command, tmp_path: Path) -> None:
    digest("status")
    config = (tmp_path / "config.toml").read_text(encoding="utf-8")
    refused = config.replace('folder = "news"', 'feed = "http://127.0.0.1:9/feed.xml"')
    (tmp_path / "config.toml").write_text(refused, encoding="utf-8")

    ran = digest("gather", "--json")

    assert ran.code == 1
    assert ran.json["answered"] == 0
    assert [list(failure) for failure in ran.json["failures"]] == [["source", "reason"]]
    assert "http://127.0.0.1:9/feed.xml: " in ran.err


def test_source_list_shows_each_source_with_its_state(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    before = digest("source", "list", "--json").json
    digest("gather")
    after = digest("source", "list", "--json").json

    keys = ["source", "kind", "state", "defined", "sections", "per_day"]
    keys += ["last_answered_at", "next_check_at", "failures", "fault"]
    assert [list(each) for each in before] == [keys]
    assert (before[0]["source"], before[0]["kind"]) == (str(tmp_path / "news"), "folder")
    assert (before[0]["state"], before[0]["sections"]) == ("active", ["morning/world"])
    assert before[0]["last_answered_at"] is None
    assert after[0]["last_answered_at"].startswith("2026-11-23T05:00:00")
    assert after[0]["last_answered_at"].endswith("+00:00")
    assert "never" in digest("source", "list").out or "2026-11-23" in digest("source", "list").out


def test_source_parse_gives_one_object_per_entry(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    drop_news(tmp_path / "elsewhere", "aldmere", "brackwater", at=clock.now(), name="feed.xml")

    ran = digest("source", "parse", tmp_path / "elsewhere" / "feed.xml", "--json")

    assert ran.code == 0
    assert [list(line) for line in ran.lines] == [["title", "link", "id", "summary", "published", "categories"]] * 2
    assert ran.lines[0]["title"] == STORIES["aldmere"][0]
    assert ran.lines[0]["published"] == "2026-11-23T03:00:00+00:00"


def test_source_parse_refuses_what_is_no_feed(digest: Command, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE.format(text="Hello."), encoding="utf-8")

    ran = digest("source", "parse", tmp_path / "page.html", "--json")

    assert (ran.code, ran.out) == (1, "")
    assert "page.html: " in ran.err
    assert "an HTML page" in ran.err


def test_article_extract_gives_one_object_per_line_and_a_bad_file_stops_nothing(
    digest: Command, tmp_path: Path
) -> None:
    text = (
        "Sailors went back to work on Monday after nine days, and the first ferry left at noon with every seat taken. "
        * 5
    )
    page, dump, none, empty = (tmp_path / name for name in ("page.html", "dump.txt", "none.html", "empty.html"))
    page.write_text(PAGE.format(text=text), encoding="utf-8")
    dump.write_text(f"Orchestra finds lost violin in attic\n\nBy Ada Quill\n\n{text}\n", encoding="utf-8")
    empty.write_bytes(b"")

    ran = digest("article", "extract", empty, page, none, dump, "--json")

    keys = {
        *("file", "url", "title", "summary", "body", "authors", "image", "language", "category", "published"),
        *("origins", "links"),
    }
    assert ran.code == 1
    assert [line["file"] for line in ran.lines] == [str(page), str(dump)]
    assert [set(line) for line in ran.lines] == [keys] * 2
    assert [line["title"] for line in ran.lines] == [
        "Ferries resume after strike",
        "Orchestra finds lost violin in attic",
    ]
    assert ran.lines[0]["authors"] == ["Ada Quill"]
    assert f"{none}: It cannot be read: No such file or directory." in ran.err
    assert f"{empty}: " in ran.err


def test_article_extract_without_json_shows_each_field_and_where_it_came_from(digest: Command, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(text="Sailors went back to work on Monday. " * 20), encoding="utf-8")

    ran = digest("article", "extract", page)

    assert ran.code == 0
    assert re.search(r"title  Ferries resume after strike   \[.+\]", ran.out)


# -- an Edition from draft to sent -------------------------------------------------------------------------------------


def test_an_edition_goes_from_draft_to_sent_and_its_account_adds_up_at_every_step(
    digest: Command, inbox: Inbox, tmp_path: Path, clock: FixedClock
) -> None:
    with_readers(digest, "ana", "ben")
    steps = [with_draft(digest, tmp_path, clock)]
    steps += [digest("edition", verb, "morning", "--json").json for verb in ("prepare", "approve", "approve", "send")]
    again = digest("edition", "send", "morning", "--json")

    assert [list(step) for step in steps] == [[*EDITION, *ACCOUNT]] * 5
    assert [step["state"] for step in steps] == ["draft", "draft", "approved", "approved", "sent"]
    assert [(step["intended"], step["waiting"], step["sent"]) for step in steps] == [
        *[(0, 0, 0)] * 2,
        *[(2, 2, 0)] * 2,
        (2, 0, 2),
    ]
    assert all(adds_up(step) for step in steps)
    assert {step["number"] for step in steps} == {1}
    assert [step["hash"] is None for step in steps] == [True, True, False, False, False]
    assert (again.code, again.json) == (0, steps[-1])
    assert recipients(inbox) == {"ana": 1, "ben": 1}


def test_a_dead_relay_is_told_and_a_later_send_completes(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    with Inbox(tmp_path / "inbox", port=0) as gone:
        port = gone.port
    relay_at(tmp_path, port)
    with_readers(digest, "ana", "ben")
    with_draft(digest, tmp_path, clock)

    dead = digest("edition", "send", "morning", "--json")
    with Inbox(tmp_path / "inbox", port=port) as inbox:
        alive = digest("edition", "send", "morning", "--json")

    assert dead.code == 1
    assert (dead.json["state"], dead.json["waiting"], adds_up(dead.json)) == ("sending", 2, True)
    assert f"127.0.0.1:{port}" in dead.err
    assert "Traceback" not in dead.err
    assert (alive.code, alive.json["state"], alive.json["sent"]) == (0, "sent", 2)
    assert recipients(inbox) == {"ana": 1, "ben": 1}


def test_a_newsletter_that_wants_approval_is_not_sent_without_it(
    digest: Command, inbox: Inbox, tmp_path: Path, clock: FixedClock
) -> None:
    config = tmp_path / "config.toml"
    text = config.read_text(encoding="utf-8").replace('zone = "', 'approval = "required"\nzone = "')
    config.write_text(text, encoding="utf-8")
    with_readers(digest, "ana")
    with_draft(digest, tmp_path, clock)

    refused = digest("edition", "send", "morning")
    digest("edition", "approve", "morning")
    sent = digest("edition", "send", "morning")

    assert (refused.code, sent.code) == (1, 0)
    assert "is draft; approve it first" in refused.err
    assert recipients(inbox) == {"ana": 1}


def test_a_special_edition_is_made_shown_approved_and_sent_to_some(
    digest: Command, inbox: Inbox, tmp_path: Path, clock: FixedClock
) -> None:
    for name, zone in (("ana", "Europe/Berlin"), ("ben", "America/New_York"), ("cleo", "Europe/Lisbon")):
        words = ["subscriber", "add", "morning", f"{name}@reader.example", "--consent", "asked", "--time-zone", zone]
        assert digest(*words).code == 0
    drop_news(tmp_path / "news", "aldmere", "brackwater", at=clock.now())
    digest("gather")
    some = ("--zone", "Europe/", "--cadence", "daily", "--joined-since", "2026-11-01")

    made = digest("edition", "special", "morning", *some, "--days", "3", "--json")
    again = digest("edition", "special", "morning", *some)
    shown = digest("edition", "show", "morning", "--cadence", "special")
    steps = [digest("edition", verb, "morning", "--cadence", "special", "--json").json for verb in ("approve", "send")]
    daily = digest("edition", "show", "morning")

    assert list(made.json) == [*EDITION, *ACCOUNT, "readers"]
    assert (made.json["state"], made.json["cadence"], made.json["readers"]) == ("draft", "special", 2)
    assert made.json["audience"] == {
        "version": 1,
        "time_zones": ["Europe/"],
        "cadences": ["daily"],
        "joined_since": "2026-11-01",
    }
    told = "For readers in Europe/ who get it daily, joined since 2026-11-01"
    assert f"{told}: 2 now; approve it with `digest edition approve morning --cadence special" in again.out
    assert told in shown.out
    assert [(step["state"], step["intended"], step["sent"]) for step in steps] == [("approved", 2, 0), ("sent", 2, 2)]
    assert all(adds_up(step) for step in steps)
    assert recipients(inbox) == {"ana": 1, "cleo": 1}
    assert daily.code == 1


def test_a_special_edition_can_be_called_off_before_it_is_approved(
    digest: Command, tmp_path: Path, clock: FixedClock
) -> None:
    drop_news(tmp_path / "news", "aldmere", at=clock.now())
    digest("gather")
    digest("edition", "special", "morning")

    ran = digest("edition", "cancel", "morning", "--cadence", "special", "--reason", "not needed", "--json")

    assert (ran.code, ran.json["state"], ran.json["reason"]) == (0, "skipped", "not needed")


def test_readers_are_counted_and_listed_by_what_they_have_chosen(digest: Command) -> None:
    for name, zone in (("ana", "Europe/Berlin"), ("ben", "America/New_York"), ("cleo", "Europe/Lisbon")):
        words = ["subscriber", "add", "morning", f"{name}@reader.example", "--consent", "asked", "--time-zone", zone]
        assert digest(*words).code == 0
    digest("subscriber", "end", "morning", "ben@reader.example")
    europe = ("--zone", "Europe/Berlin", "--zone", "europe/lisbon")

    everybody, some = digest("subscriber", "count"), digest("subscriber", "count", "morning", *europe, "--json")
    by_zone = digest("subscriber", "count", "--by", "zone", "--state", "active", "--json")
    as_table = digest("subscriber", "count", "--by", "state")
    listed = digest("subscriber", "list", *europe, "--json").json

    assert everybody.out.strip() == "3 subscriptions: 2 active, 1 ended"
    assert some.json == {"count": 2, "by": None}
    assert by_zone.json == {"count": 2, "by": {"Europe/Berlin": 1, "Europe/Lisbon": 1}}
    assert [line.split() for line in as_table.out.splitlines()] == [["state", "count"], ["active", "2"], ["ended", "1"]]
    assert {one["address"] for one in listed} == {"ana@reader.example", "cleo@reader.example"}
    assert digest("subscriber", "count", "--language", "ja").out.strip() == "0 subscriptions"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("count", "--section", "wrld"), 'section "wrld" is none of morning; there are world'),
        (("list", "--section", "wrld"), 'section "wrld" is none of morning; there are world'),
        (("export", "morning", "--section", "wrld"), 'section "wrld" is none of morning; there are world'),
        (("count", "--zone", "Europe/Belrin"), "did you mean Europe/Berlin?"),
        (("count", "--cadence", "special"), "is no wish of readers; give daily, weekdays or weekly"),
    ],
)
def test_a_filter_that_cannot_be_names_what_there_is(digest: Command, words: tuple[str, ...], told: str) -> None:
    ran = digest("subscriber", *words)

    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_an_edition_without_news_is_skipped_and_can_be_neither_approved_nor_sent(digest: Command) -> None:
    skipped = digest("edition", "prepare", "morning", "--json")
    approved, sent = digest("edition", "approve", "morning"), digest("edition", "send", "morning")
    shown = digest("edition", "show", "morning", "--json")

    assert (skipped.code, skipped.json["state"]) == (0, "skipped")
    assert skipped.json["reason"] == "too little news: 0 of at least 1 stories"
    assert (approved.code, sent.code) == (1, 1)
    assert "is skipped, for too little news" in approved.err
    assert "is skipped; " in sent.err
    assert (shown.code, shown.json["draft"]) == (0, None)


def test_show_lists_the_stories_and_why_gives_the_parts_of_each_score(
    digest: Command, tmp_path: Path, clock: FixedClock
) -> None:
    with_draft(digest, tmp_path, clock)

    plain, why = digest("edition", "show", "morning"), digest("edition", "show", "morning", "--why")
    as_json = digest("edition", "show", "morning", "--json").json

    assert STORIES["aldmere"][0] in plain.out
    assert all(word not in plain.out for word in ("weight", "decay"))
    assert all(word in why.out for word in ("weight", "value", "amount", "because", "coverage", "decay"))
    assert list(as_json) == [*EDITION, *ACCOUNT, "draft"]
    assert len(as_json["draft"]["sections"][0]["stories"]) == as_json["stories"] == 2


def test_preview_gives_the_mail_and_writes_its_html(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    with_draft(digest, tmp_path, clock)
    file = tmp_path / "mail.html"

    as_json = digest("edition", "preview", "morning", "--json", "--html", file)
    as_text = digest("edition", "preview", "morning", "--sections", "world")

    assert list(as_json.json) == ["subject", "html", "text", "size_bytes"]
    assert file.read_text(encoding="utf-8") == as_json.json["html"]
    assert as_json.json["size_bytes"] == len(file.read_bytes())
    assert as_text.out.startswith(f"Subject: {as_json.json['subject']}\n")
    assert STORIES["aldmere"][0] in as_text.out


def test_an_edition_is_mailed_to_whom_one_names_and_counts_nowhere(
    digest: Command, inbox: Inbox, tmp_path: Path, clock: FixedClock
) -> None:
    with_readers(digest, "ana")
    with_draft(digest, tmp_path, clock)

    as_json = digest("edition", "test", "morning", "--to", "eve@desk.example, otto@desk.example", "--json")
    as_ana = digest("edition", "test", "morning", "--to", "eve@desk.example", "--as", "ana@reader.example")
    shown = digest("edition", "show", "morning", "--json")

    assert (as_json.code, [mail["state"] for mail in as_json.json["mails"]]) == (0, ["sent", "sent"])
    assert as_ana.code == 0
    assert as_ana.out.startswith("sent: 250")
    assert recipients(inbox) == {"eve": 2, "otto": 1}
    assert (shown.json["state"], shown.json["intended"]) == ("draft", 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "eve"], "“eve” cannot be written to"),
        (["--to", "eve@desk.example", "--as", "nobody@reader.example"], "nobody with this address gets"),
        (["--to", ""], "there is no address"),
    ],
)
def test_a_test_that_cannot_be_mailed_is_refused_in_words(
    digest: Command, inbox: Inbox, tmp_path: Path, clock: FixedClock, words: list[str], told: str
) -> None:
    with_draft(digest, tmp_path, clock)

    ran = digest("edition", "test", "morning", *words)

    assert ran.code == 1
    assert told in " ".join(ran.err.split())
    assert recipients(inbox) == {}


def test_a_test_that_no_relay_takes_ends_with_one(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    with_draft(digest, tmp_path, clock)
    relay_at(tmp_path, 9)

    ran = digest("edition", "test", "morning", "--to", "eve@desk.example", "--json")

    assert ran.code == 1
    (mail,) = ran.json["mails"]
    assert mail["state"] == "planned"
    assert mail["said"]


def test_lint_says_what_is_wrong_with_the_mail_and_how_large_it_is(
    digest: Command, tmp_path: Path, clock: FixedClock
) -> None:
    with_draft(digest, tmp_path, clock)

    as_json = digest("edition", "lint", "morning", "--no-spam", "--json")
    as_text = digest("edition", "lint", "morning", "--no-spam", "--sections", "world")

    assert (as_json.code, as_text.code) == (0, 0)
    assert list(as_json.json) == ["findings", "size_bytes", "budget_bytes", "steps", "spam_filter"]
    assert as_json.json["findings"] == []
    assert 5_000 < as_json.json["size_bytes"] < as_json.json["budget_bytes"] == 92_160
    assert as_json.json["steps"] == {"world": "long"}
    assert "Nothing is wrong with it." in as_text.out
    assert "of 92,160 bytes, encoded, with the longest name" in " ".join(as_text.out.split())


def test_lint_ends_with_one_where_there_are_errors(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    own = tmp_path / "own" / "digest" / "footer.mjml"
    own.parent.mkdir(parents=True)
    own.write_text('<p><img src="https://news.example.org/x.png" width="9" height="9" /></p>', encoding="utf-8")
    config = tmp_path / "config.toml"
    text = config.read_text(encoding="utf-8").replace("minimum_stories", 'templates = "own"\nminimum_stories')
    config.write_text(text, encoding="utf-8")
    made = with_draft(digest, tmp_path, clock)

    linted = digest("edition", "lint", "morning", "--no-spam", "--json")
    approved = digest("edition", "approve", "morning")

    assert made["state"] == "held"
    assert linted.code == 1
    assert {found["rule"] for found in linted.json["findings"]} >= {"picture", "unsubscribe"}
    assert {found["severity"] for found in linted.json["findings"]} >= {"error"}
    assert approved.code == 1
    assert "the lint found" in approved.err


def test_lint_asks_the_spam_filter_where_there_is_one(
    digest: Command, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "spamassassin"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\ncat > /dev/null\n"
        "printf 'X-Spam-Digest: score=2.5 required=5.0 rules=HTML_TAG_MANY=2.5\\n\\nbody\\n'\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    with_draft(digest, tmp_path, clock)

    linted = digest("edition", "lint", "morning", "--json")

    assert linted.code == 0
    assert linted.json["spam_filter"] is True
    (found,) = linted.json["findings"]
    assert (found["severity"], found["rule"]) == ("warning", "spam")
    assert "HTML_TAG_MANY 2.5" in found["message"]


def test_an_edition_of_another_date_is_meant_by_its_date(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    with_draft(digest, tmp_path, clock)
    clock.advance(timedelta(days=1))

    today = digest("edition", "show", "morning", "--json")
    yesterday = digest("edition", "show", "morning", "--date", "2026-11-23", "--json")

    assert today.code == 1
    assert (yesterday.code, yesterday.json["date"]) == (0, "2026-11-23")


# -- readers and staff -------------------------------------------------------------------------------------------------


def test_a_reader_is_added_once_listed_and_ended(digest: Command) -> None:
    words = ["subscriber", "add", "morning", "ana@reader.example", "--consent", "asked at the fair", "--name", "Ana"]
    first, second = digest(*words, "--json"), digest(*words, "--json")
    listed = digest("subscriber", "list", "--search", "ANA", "--state", "active", "--json").json
    ended = digest("subscriber", "end", "morning", "ana@reader.example", "--json")

    assert [list(ran.json) for ran in (first, second)] == [["added", "public_id", "newsletter"]] * 2
    assert (first.json["added"], second.json["added"]) == (True, False)
    assert first.json["public_id"] == second.json["public_id"]
    assert [(one["address"], one["name"], one["state"]) for one in listed] == [("ana@reader.example", "Ana", "active")]
    assert ended.json == {"ended": 1}
    assert digest("subscriber", "list", "--state", "active", "--json").json == []


@pytest.mark.parametrize(
    "words",
    [
        ("subscriber", "list", "--search", "\udcff"),
        ("staff", "audit", "--by", "\udcff"),
        ("subscriber", "list", "--limit", 2**63),
        ("subscriber", "reasons", "--limit", 2**63),
        ("edition", "doubts", "morning", "--limit", 2**63),
        ("edition", "resolve", "morning", "--as", "sent", "--subscriber", 2**31),
        ("story", "pin", "morning", 2**31),
        ("story", "lift", 2**31),
    ],
)
def test_what_no_database_can_be_asked_is_a_wrong_usage(digest: Command, words: tuple[str | int, ...]) -> None:
    ran = digest(*words)

    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_an_import_tries_first_then_adds_and_names_each_refused_line(digest: Command, tmp_path: Path) -> None:
    file = tmp_path / "readers.csv"
    file.write_text(CSV, encoding="utf-8")
    words = ["subscriber", "import", "morning", file, "--consent", "asked at the fair"]

    tried = digest(*words, "--dry-run", "--json")
    listed_after_trying = digest("subscriber", "list", "--json").json
    done, again = digest(*words, "--json"), digest(*words, "--json")

    assert (tried.code, done.code, again.code) == (0, 0, 0)
    assert (tried.json["dry_run"], done.json["dry_run"]) == (True, False)
    assert listed_after_trying == []
    for ran in (tried, done):
        assert ran.json["added"] == 1
        assert [(refusal["line"], list(refusal)) for refusal in ran.json["refused"]] == [
            (3, ["line", "reason", "fact"]),
            (4, ["line", "reason", "fact"]),
        ]
    assert (again.json["added"], again.json["unchanged"]) == (0, 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"name\nAna\n", b"\xff\xfe\x00\x01\x02", b"email\nnot an address\n", b'email\n"never closed'],
    ids=["empty", "no addresses", "binary", "nothing usable", "open quote"],
)
def test_a_malformed_import_fails_and_adds_nobody(digest: Command, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "readers.csv"
    file.write_bytes(content)

    ran = digest("subscriber", "import", "morning", file, "--consent", "asked")

    assert ran.code == 1
    assert ran.err.strip()
    assert "Traceback" not in ran.err
    assert digest("subscriber", "list", "--json").json == []


def test_staff_are_added_with_a_password_from_standard_input(digest: Command) -> None:
    words = ["staff", "add", "anna@example.org", "--name", "Anna", "--password-stdin", "--json"]
    weak = digest(*words, typed="short\n")
    added = digest(*words, typed="correct horse battery\n")
    taken = digest(*words, typed="correct horse battery\n")

    assert (weak.code, added.code, taken.code) == (1, 0, 1)
    assert added.json == {"added": True, "email": "anna@example.org", "role": "editor"}
    assert "ten" in weak.err or "10" in weak.err
    assert "has an account already" in taken.err
    assert "horse" not in added.out + added.err + taken.err


# -- the service -------------------------------------------------------------------------------------------------------


def test_tick_does_all_that_is_due_and_tells_by_job(
    digest: Command, inbox: Inbox, tmp_path: Path, clock: FixedClock
) -> None:
    with_readers(digest, "ana")
    drop_news(tmp_path / "news", "aldmere", at=clock.now())
    first = digest("tick", "--json")
    clock.advance(timedelta(hours=1))
    second = digest("tick", "--json")
    third = digest("tick")

    assert (first.code, second.code, third.code) == (0, 0, 0)
    assert list(first.json) == [
        "leases",
        "gather",
        "plan",
        "prepare",
        "approve",
        "notices",
        "send",
        "bounces",
        "upkeep",
    ]
    assert (first.json["gather"]["new"], first.json["prepare"]["prepared"]) == (1, 1)
    assert (second.json["approve"]["approved"], second.json["send"]["sent"]) == (1, 1)
    assert third.out == "Nothing was due.\n"
    assert recipients(inbox) == {"ana": 1}


def test_tick_fails_when_a_job_does(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    with Inbox(tmp_path / "inbox", port=0) as gone:
        relay_at(tmp_path, gone.port)
    with_readers(digest, "ana")
    with_draft(digest, tmp_path, clock)
    clock.advance(timedelta(hours=1))

    ran = digest("tick", "--json")
    status = digest("status")

    assert ran.code == 1
    assert (ran.json["approve"]["approved"], ran.json["send"]["faults"]) == (1, 1)
    assert f"127.0.0.1:{gone.port}" in ran.err
    assert re.search(r"send +2026-11-23 06:00:00Z +failed", status.out)


def test_status_tells_how_everything_stands(digest: Command, tmp_path: Path, clock: FixedClock) -> None:
    with_readers(digest, "ana")
    with_draft(digest, tmp_path, clock)
    digest("edition", "approve", "morning")
    digest("tick")

    told, shown = digest("status", "--json").json, digest("status")

    assert list(told) == ["editions", "sources", "notices_waiting", "bounces", "domains_left_alone", "jobs"]
    (edition,) = told["editions"]
    assert (edition["newsletter"], edition["date"], edition["state"]) == ("morning", "2026-11-23", "approved")
    assert list(edition["account"]) == ACCOUNT
    assert adds_up(edition["account"])
    assert told["sources"][0]["source"] == str(tmp_path / "news")
    assert "1 intended = 0 sent" in shown.out


def test_db_upgrade_is_safe_to_repeat(digest: Command) -> None:
    assert [digest("db", "upgrade", "--json").json for _ in range(2)] == [{"upgraded": True}] * 2
