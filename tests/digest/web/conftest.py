"""A wired service on SQLite with one newsletter, a drafted Edition, readers and staff, and a browser at its door."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from limits.storage import memory

from digest.database import Database, metadata
from digest.deliver.relays import Fleet
from digest.links import Links
from digest.model.ids import EditionId
from digest.model.staff import Role
from digest.services import Keyring, Services
from digest.settings import load
from digest.staff import passwords
from digest.web.app import create_app
from subscribers import address, signup
from subscribers.consent import Evidence
from tests.digest.web.newsroom import BASE, CONFIG, account, drafted, paper
from tests.fakes import FixedClock

Serve = Callable[..., Services]


@pytest.fixture(autouse=True)
def _limits_by_our_clock(monkeypatch: pytest.MonkeyPatch, clock: FixedClock) -> None:
    """Have the library that counts requests read the fixed clock."""
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: clock.now().timestamp()))


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with less work than the service does: hundreds sign in here, and passwords are tried elsewhere."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))


@pytest.fixture
def serve(tmp_path: Path, clock: FixedClock) -> Iterator[Serve]:
    """Give a function that wires services for a public address."""
    made: list[Services] = []

    def make(base: str = BASE, more_site: str = "") -> Services:
        path = tmp_path / "config.toml"
        path.write_text(CONFIG.format(base=base, more_site=more_site, database=tmp_path / "web.db"), encoding="utf-8")
        settings = load(path)
        database = Database(settings.database_url)
        metadata.create_all(database.engine)
        services = Services(
            settings=settings,
            clock=clock,
            database=database,
            keys=Keyring.open(settings.state),
            links=Links(settings.base_url),
            fleet=Fleet.of(settings.relays),
        )
        made.append(services)
        return services

    yield make
    for services in made:
        services.close()


@pytest.fixture
def services(serve: Serve) -> Services:
    return serve()


@pytest.fixture
def client(services: Services) -> TestClient:
    """Give a browser that follows no redirect and has not signed in."""
    return TestClient(create_app(services), base_url=BASE, follow_redirects=False)


@pytest.fixture
def edition_id(services: Services, clock: FixedClock) -> EditionId:
    """Give an Edition of today that waits for its editors; it is due at 06:00 UTC."""
    return drafted(services, paper(clock))


@pytest.fixture
def reader(services: Services) -> str:
    """Give the public id of a reader who has confirmed."""
    wish = signup.SignupWish(
        newsletter="wattage",
        address=address.parse("ana@reader.example", allow_special=True),
        language="en",
        time_zone="Europe/Berlin",
        name="Ana",
    )
    with services.session() as session:
        begun = signup.add(
            session,
            wish,
            Evidence(wording="Signed up on paper.", source="a test"),
            fingerprint_key=services.keys.fingerprint,
            now=services.clock.now(),
        )
        return begun.subscription.public_id


@pytest.fixture
def editor(services: Services) -> str:
    """Give the e-mail of an editor's account."""
    return account(services, "eve@desk.example", Role.EDITOR)


@pytest.fixture
def operator(services: Services) -> str:
    """Give the e-mail of an operator's account."""
    return account(services, "otto@desk.example", Role.OPERATOR)
