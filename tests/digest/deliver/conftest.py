"""What the tests of the sender share."""

import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from digest.database import Database
from digest.deliver.courier import Courier, Manners
from digest.deliver.pace import SharedPace
from digest.deliver.relays import Fleet
from digest.deliver.retry import Judge
from digest.model.relay import Relay, Security
from tests.digest.deliver.planned import NOW
from tests.digest.deliver.scripted_server import ScriptedServer
from tests.fakes import FixedClock


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """Give a function that starts a server with a script."""
    with ExitStack() as stack:

        def start(script: dict[str, str | list[str]] | None = None, **traits: Any) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(script or {}, **traits))

        yield start


def relay_to(server: ScriptedServer, **traits: Any) -> Relay:
    usual = {
        "security": Security.NONE,
        "timeout": timedelta(seconds=5),
        "dot_timeout": timedelta(seconds=5),
        # One after the other, so that a script meets the mails in their order.
        "connections": 1,
    }
    return Relay(host="127.0.0.1", port=server.port, **{**usual, **traits})


@pytest.fixture
def courier_to(database: Database, tmp_path: Path) -> Callable[..., Courier]:
    """Give a function that makes a courier who sends through a relay."""

    def make(relay: Relay, **traits: Any) -> Courier:
        usual = {"name": "one", "clock": FixedClock(NOW), "standings": Fleet.of([relay]).standings}
        own = ("batch", "lease", "patience", "domains", "policy_share")
        manners = {trait: traits.pop(trait) for trait in own if trait in traits}
        judge = Judge(chance=Random(1), resends=traits.pop("resends", False))
        fixed = {"judge": judge, "journals": tmp_path / "journals", "manners": Manners(**manners)}
        return Courier(**{**usual, **fixed, "pace": SharedPace(database), **traits})

    return make


@pytest.fixture(scope="session")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Make a certificate for relay.example that nobody has signed, and give the server's side of it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed; on Debian: apt-get install openssl")
    folder: Path = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=relay.example", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
