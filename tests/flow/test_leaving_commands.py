"""`digest subscriber reasons` tells operators why readers have left."""

from collections.abc import Callable
from pathlib import Path

import pytest

from digest.cli import wired
from digest.services import Services
from subscribers import unsubscribe
from subscribers.consent import Evidence
from subscribers.model import LeavingCause
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.console import Ran, run
from tests.flow.walk import subscribe

Command = Callable[..., Ran]


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str) -> Services:
    return make_services(sqlite_url)


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, services: Services, tmp_path: Path) -> Command:
    monkeypatch.setenv("DIGEST_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setattr(wired, "SystemClock", lambda: clock)
    assert services.clock is clock
    return run


def gone(services: Services, name: str, cause: LeavingCause | None, words: str = "") -> None:
    public_id = subscribe(services, name)
    evidence = Evidence(wording="Unsubscribe", source="a test")
    with services.session() as session:
        unsubscribe.one_click(session, public_id, evidence, now=services.clock.now())
        unsubscribe.tell_why(session, public_id, cause, words)


def test_reasons_are_counted_with_the_newest_words(digest: Command, services: Services) -> None:
    gone(services, "ana", LeavingCause.TOO_OFTEN, "twice a day [is] too much")
    gone(services, "ben", LeavingCause.TOO_OFTEN)
    gone(services, "cleo", None)

    shown = digest("subscriber", "reasons", "morning")
    told = digest("subscriber", "reasons", "--json").json

    assert shown.code == 0
    assert [line.split() for line in shown.out.splitlines() if line.startswith(("one-click", "too often", "they"))] == [
        ["one-click", "3"],
        ["too", "often", "2"],
        ["they", "did", "not", "say", "1"],
    ]
    assert "twice a day [is] too much" in shown.out
    assert "@" not in shown.out
    assert told == {
        "ends": {"one-click": 3},
        "causes": {"too often": 2},
        "said": [
            {
                "newsletter": "morning",
                "at": "2026-11-23T05:00:00+00:00",
                "reason": "one-click",
                "cause": "too often",
                "words": "twice a day [is] too much",
            }
        ],
    }


def test_only_the_time_and_the_newsletter_that_were_asked_for_count(digest: Command, services: Services) -> None:
    gone(services, "ana", LeavingCause.TOO_LONG)

    later = digest("subscriber", "reasons", "--since", "2026-11-24")
    unknown = digest("subscriber", "reasons", "evening")

    assert (later.code, later.out.strip()) == (0, "Nobody has left.")
    assert unknown.code != 0
    assert "evening" in unknown.err
