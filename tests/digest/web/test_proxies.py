"""Behind a proxy: below a path, over https that ends there, and for visitors whom only the proxy has seen."""

import pytest
from fastapi.testclient import TestClient

from digest.model.staff import Role
from digest.services import Services
from digest.web.app import create_app
from tests.digest.web.conftest import Serve
from tests.digest.web.newsroom import OWN, PASSWORD, account, parsed

BASE = "https://example.org/news"


@pytest.fixture
def below(serve: Serve) -> Services:
    """Give a service whose public address has a path."""
    return serve(BASE)


def browser(services: Services, *, peer: str = "127.0.0.1") -> TestClient:
    return TestClient(create_app(services), base_url="http://example.org", client=(peer, 4711), follow_redirects=False)


@pytest.mark.parametrize("passed_on", ["", "/news"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/help",
        "/archive/wattage",
        "/archive/wattage/feed.xml",
        "/subscribe/wattage",
        "/static/site.css",
        "/brand/wattage.css",
        "/healthz",
        "/desk/sign-in",
    ],
)
def test_a_path_is_served_alike_whether_or_not_the_proxy_takes_the_prefix_off(
    below: Services, passed_on: str, path: str
) -> None:
    answer = browser(below).get(passed_on + path)

    assert answer.status_code == 200
    for link in parsed(answer.text).xpath("//link/@href | //a/@href") if "text/html" in str(answer.headers) else ():
        assert link.startswith(("/news/", "#", "mailto:", BASE))


@pytest.mark.parametrize("path", ["/news", "/news/"])
def test_the_public_address_itself_is_the_front_page(below: Services, path: str) -> None:
    assert "The Wattage" in browser(below).get(path).text


def test_a_path_may_hold_other_letters_than_english_ones(serve: Serve) -> None:
    client = browser(serve("https://example.org/n%C3%A4ws"))

    assert client.get("/n%C3%A4ws/help").status_code == client.get("/help").status_code == 200


def test_a_path_that_only_begins_alike_is_not_ours(below: Services) -> None:
    assert browser(below).get("/newspaper/help").status_code == 404
    assert browser(below).get("/news/news/help").status_code == 404


def test_what_must_hold_for_token_pages_holds_below_a_path_as_well(below: Services) -> None:
    headers = browser(below).get("/news/p/none").headers

    assert (headers["cache-control"], headers["x-robots-tag"]) == ("no-store", "noindex, nofollow")


def test_a_form_below_a_path_posts_to_where_it_stands(below: Services) -> None:
    client = browser(below)
    (action,) = parsed(client.get("/news/subscribe/wattage").text).xpath("//form/@action")

    answer = client.post(action, data={"address": "bea@mail.example", "website": "http://x.example"})

    assert action == "/news/subscribe/wattage"
    assert answer.status_code == 200


@pytest.mark.parametrize(("peer", "status"), [("10.1.2.3", 303), ("192.0.2.7", 403)])
def test_staff_sign_in_over_https_that_a_trusted_proxy_vouches_for(serve: Serve, peer: str, status: int) -> None:
    services = serve("https://news.example.org", more_site='trusted_proxies = ["10.0.0.0/8"]')
    email = account(services, "eve@desk.example", Role.EDITOR)
    # The proxy asks under a name of its own, as many do.
    client = TestClient(
        create_app(services), base_url="http://backend.internal", client=(peer, 4711), follow_redirects=False
    )

    answer = client.post(
        "/desk/sign-in", data={"email": email, "password": PASSWORD}, headers={**OWN, "X-Forwarded-Proto": "https"}
    )

    assert answer.status_code == status
    assert ("__Host-digest_desk" in answer.headers.get("set-cookie", "")) is (status == 303)


def test_each_visitor_of_a_trusted_proxy_has_a_limit_of_their_own(serve: Serve) -> None:
    client = browser(serve(more_site='trusted_proxies = ["10.0.0.0/8"]'), peer="10.1.2.3")
    form = {"address": "bea@mail.example", "website": "http://x.example"}

    def sign_up(visitor: str) -> int:
        # What stands before the visitor, the visitor has made up.
        headers = {"X-Forwarded-For": f"198.51.100.{visitor[-1]}, {visitor}, 10.9.9.9"}
        return client.post("/subscribe/wattage", data=form, headers=headers).status_code

    first = [sign_up("203.0.113.5") for _ in range(21)]

    assert first == [200] * 20 + [429]
    assert sign_up("203.0.113.6") == 200
