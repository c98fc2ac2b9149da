"""What all tests share: a fixed clock, both databases, wired services, and sockets closed but for loopback."""

import ipaddress
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from digest.database import Database
from digest.services import Services
from digest.settings import load
from tests.browser import CHROMIUM, SWITCHES
from tests.factories import config_text
from tests.fakes import FixedClock

# A busy machine may be slow, with a browser for each of its processors; what never comes fails all the same.
expect.set_options(timeout=20_000)

INITDB = shutil.which("initdb") or next(
    (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None
)


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to connect to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start a PostgreSQL of our own on a Unix socket, and give the address of its database `postgres`."""
    if INITDB is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    binaries = Path(INITDB).resolve().parent
    home = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    as_user: dict[str, Any] = {"user": user} if os.getuid() == 0 else {}
    if as_user:
        shutil.chown(home, user)
    data = home / "data"
    quiet: dict[str, Any] = {"capture_output": True, "cwd": "/", **as_user}
    subprocess.run(
        [binaries / "initdb", "-A", "trust", "-N", "--locale=C.UTF-8", "-U", "digest", "-D", data], **quiet, check=True
    )
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off -c full_page_writes=off"
    subprocess.run(
        [binaries / "pg_ctl", "-D", data, "-o", options, "-l", home / "log", "-w", "start"], **quiet, check=True
    )
    try:
        yield f"postgresql+psycopg://digest@/postgres?host={home}"
    finally:
        subprocess.run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], **quiet, check=True)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one migrated SQLite file, copied for each test: migrating anew each time is slow."""
    path = tmp_path_factory.mktemp("template") / "digest.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """Make one migrated PostgreSQL database, which new ones copy."""
    _psql(postgresql_server, "CREATE DATABASE digest_template")
    database = Database(_named(postgresql_server, "digest_template"))
    database.upgrade()
    database.close()
    return "digest_template"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "digest.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    name = f"t{uuid.uuid4().hex[:12]}"
    _psql(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
    yield _named(postgresql_server, name)
    _psql(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Run the test on both databases."""
    return str(request.getfixturevalue(f"{request.param}_url"))


MakeServices = Callable[..., Services]


@pytest.fixture
def make_services(tmp_path: Path, clock: FixedClock) -> Iterator[MakeServices]:
    """Give a function that writes a config.toml into the test's folder and wires the services from it."""
    made: list[Services] = []

    def make(database_url: str, **values: Any) -> Services:
        (tmp_path / "news").mkdir(exist_ok=True)
        path = tmp_path / "config.toml"
        path.write_text(config_text(database_url=database_url, **values), encoding="utf-8")
        services = Services.start(load(path), clock)
        made.append(services)
        return services

    yield make
    for services in made:
        services.close()


@pytest.fixture
def services(make_services: MakeServices, database_url: str) -> Services:
    """Give wired services, on both databases, with one newsletter that reads the folder `news`."""
    return make_services(database_url)


def _named(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


def _psql(url: str, statement: str) -> None:
    database = Database(url)
    try:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
    finally:
        database.close()


# Not for the session: while it is open, no other test of the thread can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield browser
        browser.close()
