import pytest
from fastapi.testclient import TestClient

from digest.model.ids import EditionId
from digest.model.staff import Role
from digest.services import Services
from digest.staff import sessions
from digest.web.app import create_app
from tests.digest.web.conftest import Serve
from tests.digest.web.newsroom import BASE, OWN, PASSWORD, account, csrf, edition, sign_in

DESK_PAGES = ["/desk", "/desk/status", "/desk/edition/1", "/desk/edition/1/preview"]
ACTS = ["approve", "hold", "release"]


def browser(services: Services, base: str = BASE) -> TestClient:
    return TestClient(create_app(services), base_url=base, follow_redirects=False)


@pytest.mark.parametrize("path", DESK_PAGES)
def test_without_a_sign_in_every_page_of_the_desk_leads_to_the_form(client: TestClient, path: str) -> None:
    answer = client.get(path)

    further = "" if path == "/desk" else f"?next={path}"
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/sign-in{further}")


def test_who_signs_in_comes_to_the_desk_and_out_again(client: TestClient, editor: str) -> None:
    sign_in(client, editor)
    inside = client.get("/desk")

    out = client.post("/desk/sign-out", data={"csrf": csrf(client)}, headers=OWN)

    assert (inside.status_code, "Eve Editor" in inside.text) == (200, True)
    assert out.headers["location"] == "/desk/sign-in"
    assert client.get("/desk").status_code == 303


def test_signing_out_makes_a_copied_cookie_worthless_too(client: TestClient, services: Services, editor: str) -> None:
    sign_in(client, editor)
    thief = browser(services)
    thief.cookies.update(client.cookies)
    assert thief.get("/desk").status_code == 200

    client.post("/desk/sign-out", data={"csrf": csrf(client)}, headers=OWN)

    assert thief.get("/desk").status_code == 303


def test_signing_in_anew_replaces_the_secret(client: TestClient, services: Services, editor: str) -> None:
    sign_in(client, editor)
    old = browser(services)
    old.cookies.update(client.cookies)

    sign_in(client, editor)

    assert old.get("/desk").status_code == 303
    assert client.get("/desk").status_code == 200


@pytest.mark.parametrize("password", ["", "wrong password", PASSWORD.upper(), "x" * 5000])
def test_a_wrong_password_says_so_keeps_the_e_mail_and_sets_no_cookie(
    client: TestClient, editor: str, password: str
) -> None:
    answer = client.post("/desk/sign-in", data={"email": editor, "password": password}, headers=OWN)

    assert answer.status_code == 401
    assert sessions.Refusal.WRONG.value in answer.text
    assert f'value="{editor}"' in answer.text
    assert "set-cookie" not in answer.headers


def test_a_password_is_taken_as_typed_with_its_blanks(client: TestClient, editor: str) -> None:
    answer = client.post("/desk/sign-in", data={"email": editor, "password": f" {PASSWORD} "}, headers=OWN)

    assert answer.status_code == 401


def test_on_https_the_cookie_is_bound_to_the_host(serve: Serve) -> None:
    services = serve("https://news.example.org")
    client = browser(services, "https://news.example.org")
    email = account(services, "eve@desk.example", Role.EDITOR)

    answer = client.post("/desk/sign-in", data={"email": email, "password": PASSWORD}, headers=OWN)

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-digest_desk=")
    for part in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert part in cookie
    assert "Domain" not in cookie


def test_behind_a_proxy_that_ends_https_the_cookie_is_secure_too(serve: Serve) -> None:
    services = serve("https://news.example.org")
    client = browser(services, "http://news.example.org")
    email = account(services, "eve@desk.example", Role.EDITOR)

    answer = client.post("/desk/sign-in", data={"email": email, "password": PASSWORD}, headers=OWN)

    assert answer.headers["set-cookie"].startswith("__Host-digest_desk=")


@pytest.mark.parametrize(
    "host", ["192.0.2.7:8025", "news.example.org", "localhost.example.org", "127.0.0.1.example.org"]
)
def test_over_plain_http_on_a_network_nobody_can_sign_in_and_the_page_says_why(serve: Serve, host: str) -> None:
    client = browser(serve(), f"http://{host}")

    for answer in (
        client.get("/desk/sign-in"),
        client.post("/desk/sign-in", data={}, headers=OWN),
        client.get("/desk"),
    ):
        assert answer.status_code == 403
        assert "insecure_http = true" in answer.text


@pytest.mark.parametrize("host", ["localhost:8025", "127.0.0.2", "desk.localhost"])
def test_over_plain_http_on_this_machine_everybody_can(serve: Serve, host: str) -> None:
    assert browser(serve(), f"http://{host}").get("/desk/sign-in").status_code == 200


def test_an_operator_may_allow_plain_http(serve: Serve) -> None:
    client = browser(serve(more_site="insecure_http = true"), "http://192.0.2.7:8025")

    assert client.get("/desk/sign-in").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8026"},
        {"Origin": "http://[::1"},
        {"Origin": BASE, "Host": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": BASE},
    ],
)
def test_a_form_from_another_site_is_refused_even_with_the_token(
    client: TestClient, services: Services, editor: str, edition_id: EditionId, headers: dict[str, str]
) -> None:
    sign_in(client, editor)
    token = csrf(client)

    acts = [client.post(f"/desk/edition/{edition_id}/{act}", data={"csrf": token}, headers=headers) for act in ACTS]
    enter = client.post("/desk/sign-in", data={"email": editor, "password": PASSWORD}, headers=headers)

    assert {answer.status_code for answer in (*acts, enter)} == {403}
    assert edition(services, edition_id).state == "draft"


@pytest.mark.parametrize("token", ["", "x", "é", "0" * 43])
def test_a_form_without_this_sign_ins_token_is_refused(
    client: TestClient, services: Services, editor: str, edition_id: EditionId, token: str
) -> None:
    sign_in(client, editor)

    answers = [client.post(f"/desk/edition/{edition_id}/{act}", data={"csrf": token}, headers=OWN) for act in ACTS]

    assert {answer.status_code for answer in answers} == {403}
    assert edition(services, edition_id).state == "draft"


def test_an_origin_of_our_own_is_enough_where_the_browser_says_no_more(
    client: TestClient, services: Services, editor: str, edition_id: EditionId
) -> None:
    sign_in(client, editor)

    answer = client.post(f"/desk/edition/{edition_id}/hold", data={"csrf": csrf(client)}, headers={"Origin": BASE})

    assert answer.status_code == 303
    assert edition(services, edition_id).state == "held"


def test_the_token_of_one_sign_in_is_worthless_for_another(
    client: TestClient, services: Services, editor: str, operator: str, edition_id: EditionId
) -> None:
    sign_in(client, editor)
    other = browser(services)
    sign_in(other, operator)

    answer = client.post(f"/desk/edition/{edition_id}/hold", data={"csrf": csrf(other)}, headers=OWN)

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/desk/sign-out", "/desk/prepare/wattage", "/desk/edition/1/approve"])
def test_nothing_is_done_for_who_has_not_signed_in(client: TestClient, edition_id: EditionId, path: str) -> None:
    answer = client.post(path, data={"csrf": "x"}, headers=OWN)

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in")
