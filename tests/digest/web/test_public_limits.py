"""How often one network may ask: sign-ups, what is posted on readers' pages, links that open nothing."""

import datetime as dt

import pytest
from fastapi.testclient import TestClient

from digest.services import Services
from digest.web.app import create_app
from subscribers.model import SubscriptionState
from subscribers.tokens import Purpose
from tests.digest.web.newsroom import BASE, parsed, subscription, token
from tests.fakes import FixedClock

FORM = {"address": "bea@reader.example", "website": "http://x.example"}


@pytest.fixture
def stranger(services: Services) -> TestClient:
    """Give a browser that is not on this machine."""
    return browser(services, "192.0.2.7")


def browser(services: Services, peer: str) -> TestClient:
    return TestClient(create_app(services), base_url=BASE, client=(peer, 4711), follow_redirects=False)


def test_a_refused_sign_up_says_when_to_come_back(stranger: TestClient, clock: FixedClock) -> None:
    for _ in range(20):
        assert stranger.post("/subscribe/wattage", data=FORM).status_code == 200
    clock.advance(dt.timedelta(minutes=20))

    refused = stranger.post("/subscribe/wattage", data=FORM, headers={"Accept-Language": "de"})
    clock.advance(dt.timedelta(seconds=int(refused.headers["retry-after"]) + 1))
    later = stranger.post("/subscribe/wattage", data=FORM)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2400")
    told = "Aus Ihrem Netz kamen in dieser Stunde viele Anmeldungen. Versuchen Sie es in 40 Minuten noch einmal."
    assert told in refused.text
    assert later.status_code == 200


def test_posting_on_readers_pages_has_a_limit_that_reading_them_has_not(stranger: TestClient) -> None:
    posts = [stranger.post("/confirm/none").status_code for _ in range(61)]
    reading = stranger.get("/confirm/none")

    assert posts == [404] * 60 + [429]
    assert reading.status_code == 404


def test_one_click_of_rfc_8058_is_never_held_back(stranger: TestClient, services: Services, reader: str) -> None:
    for _ in range(61):
        stranger.post("/confirm/none")
    for _ in range(101):
        stranger.get("/p/none")
    one_click = {"List-Unsubscribe": "One-Click"}

    repeats = {stranger.post("/u/none", data=one_click).status_code for _ in range(150)}
    left = stranger.post(f"/u/{token(services, Purpose.UNSUBSCRIBE, reader)}", data=one_click)

    assert repeats == {200}
    assert left.status_code == 200
    assert subscription(services, reader).state == SubscriptionState.ENDED


def test_whoever_tries_many_tokens_is_told_nothing_more_but_good_links_still_open(
    services: Services, reader: str, clock: FixedClock
) -> None:
    stranger = browser(services, "192.0.2.7")
    tried = [stranger.get(f"/{('p', 'confirm', 'v/1')[n % 3]}/none{n}").status_code for n in range(102)]

    refused = stranger.get("/v/1/none")
    good = stranger.get(f"/p/{token(services, Purpose.PREFERENCES, reader)}")
    elsewhere = stranger.get("/archive/nobody")
    clock.advance(dt.timedelta(minutes=10, seconds=1))
    later = stranger.get("/p/none")

    assert tried == [404] * 100 + [429] * 2
    assert (refused.headers["retry-after"], refused.headers["cache-control"]) == ("600", "no-store")
    assert "Many links that do not work were tried from your network. Try again in 10 minutes." in refused.text
    assert (good.status_code, elsewhere.status_code, later.status_code) == (200, 404, 404)


def test_the_pages_of_this_machine_have_no_limit(services: Services) -> None:
    here = browser(services, "127.0.0.1")

    assert {here.get("/p/none").status_code for _ in range(150)} == {404}


def test_a_refusal_in_the_frame_of_another_site_is_as_small_as_the_form(stranger: TestClient) -> None:
    for _ in range(20):
        stranger.post("/subscribe/wattage/form", data=FORM)

    refused = stranger.post("/subscribe/wattage/form", data=FORM)
    unreadable = stranger.post("/subscribe/wattage/form", content=b"x" * 100_000)
    unknown = stranger.get("/subscribe/none/form")

    told = [parsed(answer.text) for answer in (refused, unreadable, unknown)]
    assert (refused.status_code, unknown.status_code) == (429, 404)
    assert unreadable.status_code >= 400
    assert [page.xpath("string(//body/@class)") for page in told] == ["embedded"] * 3
    assert [page.xpath("//nav") for page in told] == [[]] * 3
    assert [page.xpath("//link[contains(@href, '/brand/wattage.css')]") != [] for page in told] == [True, True, False]
    assert "Many sign-ups came from your network within the hour. Try again in 1 hour." in refused.text
    assert told[0].xpath("//a/@href") == ["/subscribe/wattage/form"]
