"""`digest subscriber form`: what it prints can be pasted into any page."""

from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html

from digest import resources
from digest.cli import wired
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import Ran, run

Command = Callable[..., Ran]


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, sqlite_url: str, tmp_path: Path) -> Command:
    """Give the function that runs a command, with a config.toml of its own and the fixed clock."""
    (tmp_path / "news").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(config_text(database_url=sqlite_url), encoding="utf-8")
    monkeypatch.setenv("DIGEST_CONFIG", str(config))
    monkeypatch.setattr(wired, "SystemClock", lambda: clock)
    return run


@pytest.fixture
def pasted(digest: Command) -> str:
    html_text: str = digest("subscriber", "form", "morning", "--json").json["html"]
    return html_text


def test_the_form_to_paste_is_whole_and_leads_to_us(digest: Command, pasted: str) -> None:
    plain = digest("subscriber", "form", "morning")

    box: Any = html.fromstring(f"<div>{pasted}</div>")
    (form,) = box.forms
    assert (form.method, urlsplit(form.action).scheme, urlsplit(form.action).path) == (
        "POST",
        "http",
        "/subscribe/morning",
    )
    assert form.inputs["address"].xpath("ancestor::label") != []
    assert dict(form.form_values())["form"] == "pasted"
    assert not form.inputs["website"].value
    assert "<script" not in pasted
    assert unescape(plain.out).strip() == unescape(pasted)


def test_the_frame_to_paste_shows_the_small_form(digest: Command) -> None:
    frame = html.fromstring(digest("subscriber", "form", "morning", "--iframe").out)

    assert frame.tag == "iframe"
    assert urlsplit(frame.get("src")).path == "/subscribe/morning/form"
    assert frame.get("title") == "Subscribe to The Morning"


def test_there_is_no_form_of_what_does_not_exist(digest: Command) -> None:
    refused = digest("subscriber", "form", "midnight")

    assert refused.code != 0
    assert "midnight" in refused.err


def test_the_page_of_commands_names_it() -> None:
    page = (Path(resources.__file__).parent.parent / "docs" / "commands.md").read_text(encoding="utf-8")

    (row,) = (line for line in page.splitlines() if line.startswith("| `subscriber form SLUG`"))
    assert [word for word in ("--iframe", "`html`", "`newsletter`") if word not in row] == []
