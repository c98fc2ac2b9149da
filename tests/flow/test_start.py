"""What must stand in the way of a start: settings that contradict what the database knows."""

from pathlib import Path

import pytest

from digest.errors import SettingsError
from digest.services import Keyring, Services
from digest.settings import load
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import subscribe


@pytest.fixture
def with_a_reader(make_services: MakeServices, sqlite_url: str) -> Services:
    services = make_services(sqlite_url)
    subscribe(services, "ana")
    return services


def test_a_newsletter_that_vanished_while_it_has_readers_is_refused(
    with_a_reader: Services, tmp_path: Path, clock: FixedClock
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('slug = "morning"', 'slug = "evening"'))

    with pytest.raises(SettingsError, match=r'"morning" has 1 readers.*digest subscriber end morning --all'):
        Services.start(load(config), clock)


def test_the_keys_of_another_installation_are_refused(
    with_a_reader: Services, tmp_path: Path, clock: FixedClock
) -> None:
    (tmp_path / "state" / "keys.json").unlink()

    with pytest.raises(SettingsError, match=r"keys\.json.*bring back"):
        Services.start(load(tmp_path / "config.toml"), clock)


def test_keys_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    first = Keyring.open(tmp_path / "state")
    second = Keyring.open(tmp_path / "state")

    assert first == second
    assert (tmp_path / "state" / "keys.json").stat().st_mode & 0o777 == 0o600


def test_damaged_keys_are_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"tokens": ["zz"]}', encoding="utf-8")

    with pytest.raises(SettingsError, match=r"keys\.json is damaged.*backup"):
        Keyring.open(tmp_path)
