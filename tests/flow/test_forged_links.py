"""Forged links, opened and posted as mail programs and strangers do: whatever is behind them stays as it is."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from digest.services import Services
from digest.web.app import create_app
from subscribers.model import ReaderRequest, RequestKind, Subscription
from subscribers.tokens import Purpose
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.scanner import snapshot
from tests.flow.walk import approved, drop_news, subscribe
from tests.subscribers import test_tokens_forged as forging

#: Where the token of each purpose is posted to, with what, and where one that only shows something is opened.
POSTED: dict[Purpose, dict[str, dict[str, str]]] = {
    Purpose.CONFIRM: {"/confirm/{}": {}},
    Purpose.UNSUBSCRIBE: {
        "/u/{}": {"List-Unsubscribe": "One-Click"},
        "/u/{}/all": {},
        "/u/{}/less": {"pause": "week"},
        "/u/{}/undo": {},
        "/u/{}/why": {"words": "x"},
    },
    Purpose.PREFERENCES: {
        "/p/{}": {"section": "world", "name": "Mallory"},
        "/p/{}/pause": {"for": "week"},
        "/p/{}/resume": {},
        "/p/{}/address": {"address": "mallory@reader.example"},
        "/p/{}/export": {},
        "/p/{}/erase": {},
    },
    Purpose.VIEW: {},
    Purpose.ADDRESS: {"/a/{}": {}},
    Purpose.EXPORT: {"/d/{}": {"format": "json"}},
    Purpose.ERASURE: {"/f/{}": {}},
}
OPENED = {purpose: f"{next(iter(posted), '/v/1/{}')}" for purpose, posted in POSTED.items()}
#: So many of each way of forging; those that swap purposes, readers, nonces and times are tried without exception.
OF_EACH = 6


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str, clock: FixedClock) -> Services:
    """Give a service with the keys of the forging tests, and a reader there whose links of every kind are good."""
    clock.set(forging.NOW)
    made = make_services(sqlite_url)
    made = replace(made, keys=replace(made.keys, tokens=forging.KEYS))
    subscribe(made, "ana")
    drop_news(made.settings.state.parent / "news", "aldmere", "brackwater", at=clock.at)
    approved(made)
    with made.session() as session:
        reader = session.query(Subscription).one()
        reader.public_id, reader.confirmation_nonce = forging.READERS[0], "n0nce"
        for kind, address in (
            (RequestKind.ADDRESS, "ana@new.example"),
            (RequestKind.EXPORT, ""),
            (RequestKind.ERASURE, ""),
        ):
            session.add(
                ReaderRequest(
                    subscriber_id=reader.subscriber_id, kind=kind, nonce="n0nce", asked_at=clock.at, address=address
                )
            )
    return made


def forged(purpose: Purpose) -> list[str]:
    """Return tokens of which none is good for *purpose*."""
    chance, reader = Random(7), forging.READERS[0]
    token = forging.good(purpose, reader)
    ways = (forging.altered(token, chance), forging.cut(token), forging.dressed(token))
    some = [each for way in ways for each in chance.sample(sorted({*way} - {token}), OF_EACH)]
    others = chance.sample(list(forging.signed_by_others(purpose, reader)), OF_EACH)
    # The client of these tests reads %2564 as d, which no server does.
    return [token for token in (*some, *others, *forging.moved(purpose, reader)) if "%" not in token]


def test_forged_links_show_nobody_and_change_nothing(services: Services) -> None:
    # From this machine, which no limit holds back.
    client = TestClient(create_app(services), base_url=services.links.base_url, client=("127.0.0.1", 4711))
    before = snapshot(services)
    tried, opened = 0, []

    for purpose, posted in POSTED.items():
        # A leaving that is none of ours is answered like any other (RFC 8058), so that nobody learns from it.
        fine = {200, 404, 422} if purpose is Purpose.UNSUBSCRIBE else {404}
        for token in map(quoted, forged(purpose)):
            answers = [client.get(OPENED[purpose].format(token))]
            answers += [client.post(path.format(token), data=data) for path, data in posted.items()]
            tried += len(answers)
            opened += [
                (purpose, token, answer.status_code)
                for answer in answers
                if answer.status_code not in fine or "a***@" in answer.text
            ]
    after = snapshot(services)

    assert opened == []
    assert after == before
    assert tried > 1_000
    assert the_good_ones_work(services, client), "or the rest proves nothing"


def the_good_ones_work(services: Services, client: TestClient) -> bool:
    good = {purpose: quoted(forging.good(purpose, forging.READERS[0])) for purpose in Purpose}
    shown = [client.get(OPENED[purpose].format(token)) for purpose, token in good.items()]
    states = [snapshot(services)]
    for purpose in (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE, Purpose.EXPORT, Purpose.ERASURE):
        path, data = next(iter(POSTED[purpose].items()))
        client.post(path.format(good[purpose]), data=data)
        states.append(snapshot(services))
    return all(answer.status_code == 200 for answer in shown) and all(one != other for one, other in pairwise(states))


def quoted(token: str) -> str:
    """Return *token* as it stands in an address, each of its signs as it is: nothing of it ends the path."""
    return quote(token, safe="")
