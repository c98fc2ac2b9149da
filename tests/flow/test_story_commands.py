"""`digest story …`: any list of headlines falls into events; what an editor rules shapes the next Edition."""

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.cli import wired
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import PROGRAM, Ran, run
from tests.flow.walk import STORIES, drop_news

Command = Callable[..., Ran]
TABLE = """id,title,link,publisher,category,published
v1,"Norvik recalls 40,000 delivery vans over fires",https://herald.example/vans,Herald,b,2031-05-06T03:00:00Z
o1,Zoo names its newborn okapi Pemba,https://zoo.example/okapi,Zoo,c,1935803700
v2,Norvik recalls delivery vans after battery fires,https://ledger.example/norvik,,b,1935803700000
v3,"Norvik recalls 40,000 delivery vans over fires",https://herald.example/vans?utm_source=x,Herald,b,2031-05-06
"""
CLUSTERS = [
    {"id": "v1", "cluster": "v1"},
    {"id": "o1", "cluster": "o1"},
    {"id": "v2", "cluster": "v1"},
    {"id": "v3", "cluster": "v1"},
]


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "headlines.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_each_row_gets_the_first_row_of_its_event_in_the_order_of_the_table(tmp_path: Path) -> None:
    ran = run("story", "cluster", write(tmp_path, TABLE), "--json")

    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == CLUSTERS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_tables_dress_does_not_matter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [
        ("Published", "TITLE", "more", " Id "),
        ("", "Norvik recalls delivery vans over fires", "x", "1"),
        ("", "", "", ""),
        ("", 'Zoo names "Pemba", its newborn okapi', "x", "2"),
        ("", "Norvik vans on fire: delivery firms recall", "x", "3"),
    ]
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' if delimiter == ";" else cell for cell in row] for row in rows]
    text = "\r\n".join(delimiter.join(row) for row in quoted)

    ran = run("story", "cluster", write(tmp_path, text, encoding), "--json")

    assert (ran.code, ran.err) == (0, "")
    assert [line["cluster"] for line in ran.lines] == ["1", "2", "1"]


def test_a_bad_row_is_named_with_its_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    bad = (
        TABLE + ",no id\n\nx1,\nx2,Late,,,,next Tuesday\nx3,a,b,c,d,,g\no1,Again\n"
        'q1,"An open quote\nq2,Composer wins the Lumen prize\nx4,Far,,,,99999999999999999999\n'
    )

    ran = run("story", "cluster", write(tmp_path, bad), "--json")

    assert ran.code == 0
    assert ran.lines[:4] == CLUSTERS
    assert [line["id"] for line in ran.lines[4:]] == ["q1", "q2"]
    assert sorted(line.partition(":")[0] for line in ran.err.splitlines()) == sorted(
        f"line {number}" for number in (6, 8, 9, 10, 11, 14)
    )
    assert "'next Tuesday'; give ISO 8601" in ran.err


@pytest.mark.parametrize("rubbish", ["", "\n\n", "title,link\na,b\n", "id,title\n", "\x00\x01", '"""', "id,title\n,\n"])
def test_a_table_without_a_readable_row_fails_with_the_remedy(tmp_path: Path, rubbish: str) -> None:
    ran = run("story", "cluster", write(tmp_path, rubbish), "--json")

    assert (ran.code, ran.out) == (1, "")
    assert "columns id, title" in ran.err


def test_a_missing_file_fails_in_one_line(tmp_path: Path) -> None:
    ran = run("story", "cluster", tmp_path / "none.csv")

    assert ran.code == 1
    assert "name a file of headlines" in ran.err


def test_standard_input_is_a_table_too() -> None:
    ran = subprocess.run(
        [*PROGRAM, "story", "cluster", "-", "--json"], input=TABLE.encode(), capture_output=True, check=True
    )

    assert [json.loads(line) for line in ran.stdout.splitlines()] == CLUSTERS


def test_people_read_the_events_the_largest_first(tmp_path: Path) -> None:
    ran = run("story", "cluster", write(tmp_path, TABLE), "--same-story", "0.1")

    assert ran.code == 0
    assert ran.out.index("v2  Norvik") < ran.out.index("o1  Zoo")
    assert "4 headlines, 2 events" in ran.err


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, sqlite_url: str, tmp_path: Path) -> Command:
    """Give the function that runs a command, with four stories gathered."""
    config = tmp_path / "config.toml"
    config.write_text(config_text(database_url=sqlite_url), encoding="utf-8")
    monkeypatch.setenv("DIGEST_CONFIG", str(config))
    monkeypatch.setattr(wired, "SystemClock", lambda: clock)
    drop_news(tmp_path / "news", *STORIES, at=clock.now())
    assert run("gather").code == 0
    return run


def listed(digest: Command) -> list[dict[str, Any]]:
    ran = digest("story", "list", "morning", "--json")
    assert ran.code == 0
    found: list[dict[str, Any]] = ran.json
    return found


def test_the_list_names_each_event_its_articles_and_why(digest: Command) -> None:
    found = listed(digest)

    assert {one["headline"] for one in found} == {headline for headline, _ in STORIES.values()}
    assert all(one["articles"][0]["id"] and one["why"] == "newest 2 h ago" for one in found)
    shown = digest("story", "list", "morning").out
    assert all(f"{one['articles'][0]['id']}  {one['headline']}" in shown for one in found)


def test_rulings_shape_the_next_edition_until_they_are_lifted(digest: Command) -> None:
    ids = [one["articles"][0]["id"] for one in listed(digest)]

    merged = digest("story", "merge", "morning", str(ids[0]), str(ids[1]), "--json")
    pinned = digest("story", "pin", "morning", str(ids[3]))
    boosted = digest("story", "boost", "morning", str(ids[2]), "--factor", "3", "--json")

    first, *others = listed(digest)
    assert (merged.code, merged.json["kind"], boosted.json["factor"]) == (0, "merge", 3.0)
    assert "those that are made keep what they hold" in pinned.out
    assert (first["pinned"], first["articles"][0]["id"]) == (True, ids[3])
    assert sorted(len(one["articles"]) for one in others) == [1, 2]
    assert {one["boost"] for one in others} == {1.0, 3.0}
    assert digest("edition", "prepare", "morning").code == 0
    shown = digest("edition", "show", "morning", "--json").json
    assert len(shown["draft"]["sections"][0]["stories"]) == 3

    for row in digest("story", "rulings", "morning", "--json").json:
        assert digest("story", "lift", str(row["id"])).code == 0
    assert len(listed(digest)) == 4
    assert digest("story", "rulings", "morning").out.strip() == "No ruling on morning is in force."


def test_a_split_takes_back_a_merge_and_counts_no_more_after_two_weeks(digest: Command, clock: FixedClock) -> None:
    ids = [str(one["articles"][0]["id"]) for one in listed(digest)]

    digest("story", "merge", "morning", *ids[:2])
    digest("story", "split", "morning", ids[1], ids[0])

    (row,) = digest("story", "rulings", "morning", "--json").json
    assert row["kind"] == "split"
    assert len(listed(digest)) == 4
    assert "are two stories" in digest("story", "rulings", "morning").out
    clock.advance(timedelta(days=15))
    assert digest("story", "rulings", "morning", "--json").json == []


@pytest.mark.parametrize(
    ("words", "code", "remedy"),
    [
        (("merge", "morning", "1", "1"), 1, "article 1 was named twice"),
        (("merge", "morning", "1", "999"), 1, "`digest story list morning` shows"),
        (("pin", "evening", "1"), 2, "evening"),
        (("boost", "morning", "1", "--factor", "11"), 1, "give a factor from 0.1 to 10"),
        (("boost", "morning", "1", "--factor", "nan"), 1, "give a factor from 0.1 to 10"),
        (("pin", "morning", "99999999999999999999"), 2, "ARTICLE_ID"),
        (("lift", "99999999999999999999"), 2, "ID"),
        (("lift", "77"), 1, "`digest story rulings NEWSLETTER` shows"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_remedy(
    digest: Command, words: tuple[str, ...], code: int, remedy: str
) -> None:
    ran = digest("story", *words)

    assert ran.code == code
    assert remedy in ran.err
    assert digest("story", "rulings", "morning", "--json").json == []


def test_a_paper_without_news_says_how_to_get_some(digest: Command, clock: FixedClock) -> None:
    clock.advance(timedelta(days=30))

    assert "digest gather" in digest("story", "list", "morning").out
