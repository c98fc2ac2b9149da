"""`digest dkim`: keys made once, never overwritten, and published as receivers read them."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest.cli import dkim
from digest.settings import load
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import Ran, run

KEYS = {"domain", "selector", "algorithm", "file", "name", "type", "value", "zone_line"}
Command = Callable[..., Ran]


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, sqlite_url: str, tmp_path: Path) -> Command:
    (tmp_path / "news").mkdir()
    (tmp_path / "config.toml").write_text(config_text(database_url=sqlite_url), encoding="utf-8")
    monkeypatch.setenv("DIGEST_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setattr(dkim, "SystemClock", lambda: clock)
    return run


def made(digest: Command, folder: Path, *more: str) -> Any:
    ran = digest("dkim", "new", "News.Example.org", "--out", folder / "keys", "--json", *more)
    assert ran.code == 0
    return ran.json


def with_lines(folder: Path, lines: str) -> None:
    config = folder / "config.toml"
    config.write_text(f"{config.read_text(encoding='utf-8')}\n{lines}\n", encoding="utf-8")


def test_a_new_key_is_its_owners_alone_and_called_after_the_month(digest: Command, tmp_path: Path) -> None:
    told = made(digest, tmp_path)

    (key,) = told["keys"]
    assert set(key) == KEYS
    assert key["name"] == "d202611._domainkey.news.example.org"
    assert key["value"].startswith("v=DKIM1; k=rsa; p=MII")
    assert stat.S_IMODE(Path(key["file"]).stat().st_mode) == 0o600


def test_the_lines_it_prints_are_settings_that_sign(digest: Command, tmp_path: Path) -> None:
    told = made(digest, tmp_path, "--selector", "spring", "--ed25519")
    with_lines(tmp_path, told["config"])

    (key,) = load(tmp_path / "config.toml").dkim
    shown = digest("dkim", "show", "--json")

    assert (key.domain, key.selector, key.ed25519_selector) == ("news.example.org", "spring", "spring-ed25519")
    assert "key_file = 'keys/news.example.org.spring.pem'" in told["config"]
    assert shown.json == told["keys"]
    assert [one["algorithm"] for one in shown.json] == ["rsa", "ed25519"]


def test_a_folder_elsewhere_is_named_in_full(digest: Command, tmp_path: Path, tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    told = digest("dkim", "new", "news.example.org", "--out", elsewhere, "--json").json

    assert f"key_file = '{elsewhere}/news.example.org.d202611.pem'" in told["config"]


def test_people_get_name_value_zone_line_and_settings(digest: Command, tmp_path: Path) -> None:
    ran = digest("dkim", "new", "news.example.org", "--out", tmp_path)

    assert ran.code == 0
    assert "Name     d202611._domainkey.news.example.org\n" in ran.out
    assert "TXT      v=DKIM1; k=rsa; p=" in ran.out
    assert 'd202611._domainkey.news.example.org. IN TXT "v=DKIM1;' in ran.out
    assert "[[dkim]]\n" in ran.out
    with_lines(tmp_path, "[[dkim]]" + ran.out.partition("[[dkim]]")[2])
    assert "d202611._domainkey" in digest("dkim", "show").out


def test_no_key_is_ever_overwritten(digest: Command, tmp_path: Path) -> None:
    (key,) = made(digest, tmp_path)["keys"]
    before = Path(key["file"]).read_bytes()

    again = digest("dkim", "new", "news.example.org", "--out", tmp_path / "keys", "--ed25519")

    assert again.code == 1
    assert "is there already and is left alone" in again.err
    assert Path(key["file"]).read_bytes() == before
    assert len(list((tmp_path / "keys").iterdir())) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nodot",), '"nodot" is no domain'),
        (("a b.example",), '"a b.example" is no domain'),
        (("müller.example",), "as xn--…"),
        (("a.example", "--selector", "../up"), '"../up" is no selector'),
    ],
)
def test_names_that_dns_does_not_know_are_refused(digest: Command, words: tuple[str, ...], told: str) -> None:
    ran = digest("dkim", "new", *words)

    assert ran.code == 2
    assert told in ran.err


def test_a_place_that_cannot_be_written_to_is_said_so(digest: Command, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("", encoding="utf-8")

    ran = digest("dkim", "new", "news.example.org", "--out", tmp_path / "keys")

    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_without_keys_it_is_said_who_signs(digest: Command) -> None:
    assert "left to the relay" in digest("dkim", "show").out
    assert digest("dkim", "show", "--json").json == []


def test_a_key_of_the_settings_that_cannot_be_used_is_told(digest: Command, tmp_path: Path) -> None:
    with_lines(tmp_path, '[[dkim]]\ndomain = "a.example"\nselector = "s"\nkey_file = "config.toml"')

    ran = digest("dkim", "show", "--json")

    assert (ran.code, ran.out) == (1, "")
    assert "holds no private key in PEM" in ran.err
