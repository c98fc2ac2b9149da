"""`digest search`: what was gathered is found again, on both databases."""

from collections.abc import Callable
from pathlib import Path

import pytest

from digest import resources
from digest.cli import wired
from tests.factories import config_text, write_feed
from tests.fakes import FixedClock
from tests.flow.console import Ran, run

Command = Callable[..., Ran]


@pytest.fixture
def digest(database_url: str, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give the commands on a database into which two articles have been gathered."""
    monkeypatch.setattr(wired, "SystemClock", lambda: clock)
    path = tmp_path / "config.toml"
    path.write_text(config_text(database_url=database_url), encoding="utf-8")
    write_feed(
        tmp_path / "news",
        ("Harbour of Eastmouth frozen shut for the first time", "https://wire.example/1"),
        ("Škoda opens a plant in Eastmouth", "https://wire.example/2"),
    )

    def command(*words: str) -> Ran:
        return run("--config", path, *words)

    assert command("gather").code == 0
    return command


def test_what_was_gathered_is_found_with_its_keys_for_machines(digest: Command) -> None:
    ran = digest("search", "eastmouth", "skoda", "--from", "2026-11-01", "--to", "2026-11-30", "--json")

    (article,) = ran.json.pop("articles")
    assert ran.json["count"] == 1
    assert article["title"] == "Škoda opens a plant in Eastmouth"
    assert article["url"] == "https://wire.example/2"
    assert set(article) == {"id", "title", "url", "source", "published", "excerpt", "used_in"}


def test_people_get_the_headlines_and_how_many_there_are(digest: Command) -> None:
    ran = digest("search", "--newsletter", "morning", "--", "eastmouth", "-skoda", '"frozen shut"')

    assert "Harbour of Eastmouth frozen shut" in ran.out
    assert "1 article; page 1" in ran.out


def test_an_edition_is_found_once_it_is_approved(digest: Command) -> None:
    digest("edition", "prepare", "morning")
    before = digest("search", "harbour", "--in", "editions", "--json").json["count"]
    digest("edition", "approve", "morning")

    found = digest("search", "harbour", "--in", "editions", "--json").json
    article = digest("search", "harbour", "--json").json["articles"][0]

    assert (before, found["count"]) == (0, 1)
    assert (found["editions"][0]["newsletter"], found["editions"][0]["state"]) == ("morning", "approved")
    assert [used["number"] for used in article["used_in"]] == [1]
    assert "No. 1" in digest("search", "harbour", "--in", "editions").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--", "-harbour"], "no word in this"),
        (["harbour", "--from", "2026-11-02", "--to", "2026-11-01"], "is before"),
        (["harbour", "--newsletter", "nix"], "nix"),
        (["harbour", "--from", "yesterday"], "yesterday"),
    ],
)
def test_wrong_usage_is_said_with_its_remedy(digest: Command, words: list[str], says: str) -> None:
    ran = digest("search", *words)

    assert ran.code == 2
    assert says in ran.err


def test_nothing_found_is_no_failure(digest: Command) -> None:
    ran = digest("search", "zeppelin")

    assert (ran.code, ran.out) == (0, "Nothing found.\n")


def test_the_page_of_commands_names_it() -> None:
    page = (Path(resources.__file__).parent.parent / "docs" / "commands.md").read_text(encoding="utf-8")

    (row,) = (line for line in page.splitlines() if line.startswith("| `search WORDS`"))
    keys = ("--from", "--to", "--newsletter", "--in", "--page", "`count`", "`articles`", "`editions`", "`is_more`")
    assert [word for word in keys if word not in row] == []
