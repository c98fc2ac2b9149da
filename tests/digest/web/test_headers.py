"""What the answers tell browsers and caches, page by page."""

import base64
import hashlib
import re

import pytest
from fastapi.testclient import TestClient

from digest.web.app import create_app
from tests.digest.web.conftest import Serve

PATHS = (
    "/",
    "/help",
    "/archive/wattage",
    "/archive/wattage/feed.xml",
    "/subscribe/wattage",
    "/confirm/none",
    "/u/none",
    "/p/none",
    "/v/1/none",
    "/brand/wattage.css",
    "/static/site.css",
    "/nothing",
    "/desk",
    "/healthz",
)
TOKENS = ("/confirm/none", "/u/none", "/p/none", "/v/1/none")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_closed_to_frames_scripts_and_guesses(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == ("same-origin" if path.startswith("/desk") else "no-referrer")
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["permissions-policy"] == "camera=(), geolocation=(), microphone=()"
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("path", PATHS)
def test_only_the_sign_up_page_and_the_desk_may_run_scripts(client: TestClient, path: str) -> None:
    answer = client.get(path)

    (allowed,) = (rule for rule in answer.headers["content-security-policy"].split("; ") if "script-src" in rule)
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in re.findall("<script>(.*?)</script>", answer.text, re.DOTALL)
    ]
    match path:
        case "/subscribe/wattage":
            assert len(hashes) == 1
            assert allowed == f"script-src 'sha256-{hashes[0]}'", "what stands in it runs, and nothing else of ours"
        case "/desk":
            assert allowed == "script-src 'self'"
        case _:
            assert allowed == "script-src 'none'"


def test_the_form_for_other_sites_may_be_framed_by_any_and_runs_no_script(client: TestClient) -> None:
    headers = client.get("/subscribe/wattage/form").headers

    policy = headers["content-security-policy"].split("; ")
    assert "frame-ancestors *" in policy
    assert "script-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/", "same-origin"),
        ("/archive/wattage", "same-origin"),
        ("/subscribe/wattage", "same-origin"),
        ("/p/none", "same-origin"),
        ("/desk", "same-origin"),
        ("/archive/wattage/daily/2026-11-22/card.png", "cross-origin"),
        (f"/i/{'0' * 64}.jpg", "cross-origin"),
        ("/static/icon.svg", "cross-origin"),
        ("/brand/wattage.css", "cross-origin"),
    ],
)
def test_other_sites_may_show_our_pictures_and_styles_but_no_page(client: TestClient, path: str, policy: str) -> None:
    assert client.get(path).headers["cross-origin-resource-policy"] == policy


@pytest.mark.parametrize("path", TOKENS)
def test_a_page_behind_a_token_is_kept_by_nobody_and_listed_nowhere(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert (headers["cache-control"], headers["x-robots-tag"]) == ("no-store", "noindex, nofollow")


@pytest.mark.parametrize(
    ("base", "said", "kept"),
    [
        ("https://news.example.org", "https", True),
        ("https://news.example.org", "http", False),
        ("https://news.example.org", "", False),
        ("http://news.example.org", "https", False),
    ],
)
def test_a_browser_keeps_to_https_only_where_it_spoke_it_and_our_links_do(
    serve: Serve, base: str, said: str, *, kept: bool
) -> None:
    client = TestClient(create_app(serve(base)), base_url=base.replace("https:", "http:"), client=("127.0.0.1", 4711))

    headers = client.get("/help", headers={"X-Forwarded-Proto": said} if said else {}).headers

    assert headers.get("strict-transport-security") == ("max-age=31536000" if kept else None)
