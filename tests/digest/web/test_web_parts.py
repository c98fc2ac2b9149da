import datetime as dt
from dataclasses import dataclass
from ipaddress import ip_network

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import text

from digest.errors import DatabaseNotReady
from digest.model.edition import EditionState
from digest.services import Services
from digest.web import words
from digest.web.app import create_app
from digest.web.forms import LONGEST_BODY, Posted
from digest.web.limits import Limit
from digest.web.network import is_https, visitor
from tests.digest.web.conftest import Serve
from tests.digest.web.newsroom import BASE
from tests.fakes import FixedClock

NOW = dt.datetime(2026, 11, 23, 5, 0, tzinfo=dt.UTC)


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "now"),
        (5, "in 5 min"),
        (72, "in 1 h 12 min"),
        (120, "in 2 h"),
        (1500, "in 1 d 1 h"),
        (5000, "in 3 d"),
        (-90, "1 h 30 min ago"),
    ],
)
def test_a_wait_is_told_in_at_most_two_units(minutes: int, said: str) -> None:
    assert words.until(NOW + dt.timedelta(minutes=minutes), NOW) == said


@pytest.mark.parametrize(
    ("minutes", "said"), [(-5, "now"), (0, "now"), (59, "59 min"), (60, "1 h"), (1439, "23 h"), (2880, "2 d")]
)
def test_an_age_is_told_in_one_unit_and_the_future_is_now(minutes: int, said: str) -> None:
    assert words.age(NOW - dt.timedelta(minutes=minutes), NOW) == said


def test_every_state_has_a_word_and_a_tone() -> None:
    assert set(words.STATES) == set(EditionState)
    assert words.state_word(None) == "not made yet"


# -- forms -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mirror() -> TestClient:
    """Give an application that answers with the fields it has read."""
    app = FastAPI()

    @app.post("/")
    async def show(fields: Posted) -> dict[str, list[tuple[str, str]]]:
        return {"fields": list(fields.pairs)}

    return TestClient(app)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"a=1&b=2&a=3", [["a", "1"], ["b", "2"], ["a", "3"]]),
        (b"name=J%C3%B8rgen+K", [["name", "Jørgen K"]]),
        (b"a=%00x%00", [["a", "x"]]),
        (b"a=%ff%fe", [["a", "\ufffd\ufffd"]]),
        (b"\xff\xfe", [["\ufffd\ufffd", ""]]),
        (b"", []),
        (b"&&==&", [["", "="]]),
    ],
)
def test_urlencoded_fields_are_read_as_they_come(mirror: TestClient, body: bytes, fields: list[list[str]]) -> None:
    answer = mirror.post("/", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert answer.json() == {"fields": fields}


def test_multipart_fields_are_read_and_files_are_left_out(mirror: TestClient) -> None:
    answer = mirror.post("/", data={"a": "ü"}, files={"file": ("x.txt", b"content")})

    assert answer.json() == {"fields": [["a", "ü"]]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"a=" + b"x" * LONGEST_BODY, 413),
        (b"&".join(b"a=1" for _ in range(300)), 422),
    ],
)
def test_too_much_is_refused(mirror: TestClient, body: bytes, status: int) -> None:
    assert mirror.post("/", content=body).status_code == status


@pytest.mark.parametrize("body", [b"--cut\r\nno header", b"", b"\x00" * 100, b"--cut--"])
def test_broken_multipart_is_refused_and_breaks_nothing(mirror: TestClient, body: bytes) -> None:
    answer = mirror.post("/", content=body, headers={"Content-Type": "multipart/form-data; boundary=cut"})

    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or answer.json() == {"fields": []}


# -- networks and limits -----------------------------------------------------------------------------------------------


PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        # A stranger is believed about nobody.
        ("192.0.2.7", ["203.0.113.5"], "192.0.2.7"),
        ("192.0.2.7", ["127.0.0.1"], "192.0.2.7"),
        # This machine and the proxies of the settings are, each about the one before it.
        ("127.0.0.1", ["203.0.113.5"], "203.0.113.5"),
        ("10.1.2.3", ["203.0.113.5"], "203.0.113.5"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.1.2.3", ["::ffff:203.0.113.5"], "203.0.113.5"),
        ("2001:db8:ffff::1", ["203.0.113.5, 10.9.9.9", "127.0.0.1"], "203.0.113.5"),
        # What the browser has made up stands before the first stranger.
        ("127.0.0.1", ["198.51.100.1, 203.0.113.5"], "203.0.113.5"),
        ("127.0.0.1", ["10.0.0.1", "127.0.0.1, 203.0.113.5, 10.0.0.2"], "203.0.113.5"),
        ("10.1.2.3", ["10.4.4.4, 10.5.5.5"], "10.4.4.4"),
        # With ports, brackets and zones.
        ("127.0.0.1", ["203.0.113.5:4711"], "203.0.113.5"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("127.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("127.0.0.1", ["[fe80::1%eth0]:80"], "fe80::1"),
        ("127.0.0.1", ["fe80::1%eth0"], "fe80::1"),
        # What is no address ends the way.
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", ["_hidden"], "127.0.0.1"),
        ("10.1.2.3", ["203.0.113.5, _hidden, 10.4.4.4"], "10.4.4.4"),
        ("127.0.0.1", ["203.0.113.5, <script>"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.5,"], "127.0.0.1"),
        ("127.0.0.1", ["[::1"], "127.0.0.1"),
        ("127.0.0.1", ["1.2.3.4.5", "999.1.1.1"], "127.0.0.1"),
        ("127.0.0.1", ["\u0661.2.3.4"], "127.0.0.1"),
        # A socket of the file system has no address.
        ("", ["203.0.113.5"], ""),
    ],
)
def test_only_proxies_that_are_trusted_are_believed_about_whom_they_speak_for(
    peer: str, forwarded: list[str], seen: str
) -> None:
    assert visitor(peer, forwarded, PROXIES) == seen


@pytest.mark.parametrize(
    ("peer", "said", "secure"),
    [
        ("127.0.0.1", "https", True),
        ("10.1.2.3", "HTTPS", True),
        ("10.1.2.3", "http, https", True),
        ("10.1.2.3", "https, http", False),
        ("127.0.0.1", "http", False),
        ("127.0.0.1", "", False),
        ("192.0.2.7", "https", False),
    ],
)
def test_only_a_trusted_proxy_is_believed_that_the_browser_spoke_https(
    serve: Serve, peer: str, said: str, secure: bool
) -> None:
    app = create_app(serve(more_site='trusted_proxies = ["10.0.0.0/8"]'))
    scope = {"type": "http", "scheme": "http", "server": ("127.0.0.1", 8025), "path": "/", "query_string": b""}

    request = Request({**scope, "app": app, "client": (peer, 4711), "headers": [(b"x-forwarded-proto", said.encode())]})

    assert is_https(request) is secure


def test_a_limit_counts_each_network_apart_and_forgives_with_time(clock: FixedClock) -> None:
    limit = Limit(2, dt.timedelta(hours=1))

    first = [limit.allows("192.0.2.1") for _ in range(3)]
    other = limit.allows("192.0.2.2")
    clock.advance(dt.timedelta(hours=1, seconds=1))
    later = limit.allows("192.0.2.1")

    assert (first, other, later) == ([True, True, False], True, True)


def test_a_limit_tells_how_long_to_wait_for_the_oldest_to_be_forgiven(clock: FixedClock) -> None:
    limit = Limit(2, dt.timedelta(hours=1))

    limit.allows("192.0.2.1")
    clock.advance(dt.timedelta(minutes=10))
    limit.allows("192.0.2.1")
    clock.advance(dt.timedelta(minutes=20))

    assert limit.wait("192.0.2.1", clock.now()) == 30 * 60


def test_a_limit_counts_all_addresses_of_one_ipv6_household_together() -> None:
    limit = Limit(2, dt.timedelta(hours=1))

    same = [limit.allows(f"2001:db8:1:2::{n:x}") for n in range(3)]
    other = limit.allows("2001:db8:1:3::1")

    assert (same, other) == ([True, True, False], True)


def test_a_limit_never_holds_back_this_machine_and_never_grows_without_end() -> None:
    limit = Limit(1, dt.timedelta(hours=1), remembered=10)

    assert all(limit.allows("127.0.0.1") for _ in range(5))
    for n in range(100):
        limit.allows(f"192.0.2.{n}")
    assert limit.allows("192.0.2.1")
    assert not limit.allows("192.0.2.99")


# -- faults and health -------------------------------------------------------------------------------------------------


@dataclass
class BrokenClock:
    """A clock that fails as the given fault says."""

    fault: Exception

    def now(self) -> dt.datetime:
        raise self.fault


@pytest.mark.parametrize(
    ("fault", "status"),
    [(RuntimeError("the secret is hunter2"), 500), (DatabaseNotReady("no table at /srv/digest.db"), 503)],
)
def test_a_fault_of_ours_gets_a_page_that_tells_nothing_of_our_insides(
    services: Services, fault: Exception, status: int
) -> None:
    broken = Services(
        settings=services.settings,
        clock=BrokenClock(fault),
        database=services.database,
        keys=services.keys,
        links=services.links,
        fleet=services.fleet,
    )
    client = TestClient(create_app(broken), base_url=BASE, raise_server_exceptions=False)

    answer = client.get("/p/none")

    assert answer.status_code == status
    assert "Try again in a few minutes" in answer.text
    assert "hunter2" not in answer.text
    assert "/srv" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("silence", "status"), [(dt.timedelta(seconds=20), 200), (dt.timedelta(minutes=6), 503)])
def test_a_scheduler_that_has_stopped_makes_the_service_not_ready(
    services: Services, silence: dt.timedelta, status: int
) -> None:
    client = TestClient(create_app(services, since_last_tick=lambda: silence), base_url=BASE)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["seconds_since_last_tick"]) == (status, silence.total_seconds())


def test_a_database_without_its_tables_is_not_ready(client: TestClient, services: Services) -> None:
    with services.session() as session:
        session.execute(text("DROP TABLE job_run"))

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["database"]) == (503, False)
    assert client.get("/healthz").status_code == 200
