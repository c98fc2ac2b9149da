"""`digest subscriber data` and `erase`, `digest keys`: what operators do for readers and with keys."""

import csv
import json
import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from digest.services import Keyring, Services
from digest.settings import load
from subscribers import tokens
from subscribers.tokens import Claim, Purpose
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import Ran, run
from tests.flow.walk import subscribe

Command = Callable[..., Ran]


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, sqlite_url: str, tmp_path: Path) -> Command:
    (tmp_path / "news").mkdir()
    (tmp_path / "config.toml").write_text(config_text(database_url=sqlite_url), encoding="utf-8")
    monkeypatch.setenv("DIGEST_CONFIG", str(tmp_path / "config.toml"))
    return run


@pytest.fixture
def ana(digest: Command, tmp_path: Path, clock: FixedClock) -> str:
    services = Services.start(load(tmp_path / "config.toml"), clock)
    subscribe(services, "ana")
    services.close()
    return "ana@reader.example"


def test_a_readers_data_are_written_to_standard_output(digest: Command, ana: str) -> None:
    as_json, as_csv = digest("subscriber", "data", ana), digest("subscriber", "data", ana, "--format", "csv")

    assert json.loads(as_json.out)["reader"]["address"] == ana
    assert ["reader", "", "address", ana] in list(csv.reader(StringIO(as_csv.out)))


def test_a_file_of_data_is_its_owners_alone_and_overwrites_none(digest: Command, ana: str, tmp_path: Path) -> None:
    path = tmp_path / "ana.json"

    first = digest("subscriber", "data", ana, "--out", path)
    second = digest("subscriber", "data", ana, "--out", path)
    nowhere = digest("subscriber", "data", ana, "--out", tmp_path / "no" / "ana.json")

    assert (first.code, second.code, nowhere.code) == (0, 1, 1)
    assert json.loads(path.read_text(encoding="utf-8"))["reader"]["address"] == ana
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "is there already" in second.err
    assert "cannot be written" in nowhere.err


def test_erasing_asks_once_more(digest: Command, ana: str) -> None:
    no = digest("subscriber", "erase", ana, typed="n\n")
    still = digest("subscriber", "data", ana)
    yes = digest("subscriber", "erase", ana, typed="y\n")

    assert (no.code, still.code, yes.code) == (1, 0, 0)
    assert "nothing was erased" in no.err


def test_what_is_left_after_an_erasure_can_be_told_and_not_erased(digest: Command, ana: str) -> None:
    digest("subscriber", "erase", ana, "--yes")

    left = digest("subscriber", "data", ana)
    again = digest("subscriber", "erase", ana, "--yes")

    assert left.json["suppression"]["reason"] == "erased"
    assert (again.code, "nothing is left to erase" in again.err) == (1, True)


@pytest.mark.parametrize(
    ("command", "option"), [(("erase", "--yes"), "--ground"), (("suppress",), "--reason-note"), (("add",), "--consent")]
)
def test_words_that_outlive_an_erasure_do_not_hold_the_address(
    digest: Command, ana: str, command: tuple[str, ...], option: str
) -> None:
    where = ("morning",) if command == ("add",) else ()

    ran = digest("subscriber", *command, *where, ana, option, f"wrote from {ana.upper()}")

    assert ran.code == 1
    assert "holds the address" in ran.err


def test_with_yes_it_is_done_at_once_and_the_ground_is_kept(digest: Command, ana: str) -> None:
    ran = digest("subscriber", "erase", ana, "--yes", "--ground", "asked by letter", "--json")

    assert ran.json == {"erased": True}
    assert digest("subscriber", "add", "morning", ana, "--consent", "asked anew").code == 1


@pytest.mark.parametrize("command", [("data",), ("erase", "--yes")])
def test_an_unknown_or_mistyped_address_is_told(digest: Command, ana: str, command: tuple[str, ...]) -> None:
    unknown = digest("subscriber", *command, "bea@reader.example")
    mistyped = digest("subscriber", *command, "bea")

    assert (unknown.code, mistyped.code) == (1, 1)
    assert "nothing is kept of this address" in unknown.err
    assert "no @-sign" in mistyped.err


# -- keys --------------------------------------------------------------------------------------------------------------


def test_a_new_key_signs_and_the_links_of_old_mails_keep_opening(digest: Command, ana: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    before = Keyring.open(state)
    old = tokens.sign(Purpose.PREFERENCES, Claim("abcdefghijklm"), before.tokens)

    ran = digest("keys", "rotate", "--json")

    after = Keyring.open(state)
    new = tokens.sign(Purpose.PREFERENCES, Claim("abcdefghijklm"), after.tokens)
    assert ran.code == 0
    assert new != old
    for token in (old, new):
        assert tokens.open(Purpose.PREFERENCES, token, after.tokens, now=FixedClock().now()).public_id
    assert (after.fingerprint, after.message) == (before.fingerprint, before.message)
    assert after.tokens.secrets[1:] == before.tokens.secrets
    assert stat.S_IMODE((state / "keys.json").stat().st_mode) == 0o600
    assert [path.name for path in state.glob("keys*")] == ["keys.json"]
    assert digest("subscriber", "data", ana).code == 0


def test_keys_are_counted_with_their_age_and_never_shown(digest: Command, tmp_path: Path) -> None:
    digest("keys", "rotate")
    ran = digest("keys", "rotate")

    told = digest("keys", "show", "--json").json["signing_keys"]

    assert [key["signs"] for key in told] == [True, False, False]
    assert [key["since"] is None for key in told] == [False, False, True]
    assert "Restart every `digest run`" in ran.err
    assert "opens old links" in ran.out
    assert "the first start" in ran.out
    assert not any(secret.hex() in ran.out for secret in Keyring.open(tmp_path / "state").tokens.secrets)


def test_damaged_keys_are_not_rotated(digest: Command, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "keys.json").write_text("{}", encoding="utf-8")

    ran = digest("keys", "rotate")

    assert ran.code == 2
    assert "is damaged" in ran.err
    assert (tmp_path / "state" / "keys.json").read_text(encoding="utf-8") == "{}"
