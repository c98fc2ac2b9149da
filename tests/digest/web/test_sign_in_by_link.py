import pytest
from fastapi.testclient import TestClient
from pyotp import TOTP

from digest.model.staff import Role
from digest.services import Services
from digest.staff import accounts, guesses, links, own, second_factor
from digest.staff.links import Use
from digest.staff.own import Held
from digest.staff.sessions import Refusal
from digest.store import audit
from digest.store import staff as store
from digest.web import door
from digest.web.app import create_app
from tests.digest.web.conftest import Serve
from tests.digest.web.newsroom import OWN, PASSWORD, account, csrf, parsed, sign_in


def link(services: Services, email: str, use: Use = Use.SIGN_IN) -> str:
    with services.session() as session:
        return links.make(session, accounts.of(session, email), use, now=services.clock.now())


def code(services: Services, email: str) -> str:
    with services.reading() as session:
        row = store.account(session, email)
        assert row is not None
        return TOTP(second_factor.secret(row, services.keys.tokens)).at(services.clock.now())


def turn_on(services: Services, email: str) -> tuple[str, ...]:
    """Turn the second factor of *email* on, with a code that is then still good once."""
    keys, now = services.keys.tokens, services.clock.now()
    with services.session() as session:
        own.begin_second_factor(session, email, keys)
    fresh = own.confirm_second_factor(
        services.database, Held(email=email, secret="", network="192.0.2.1"), code(services, email), keys, now
    )
    assert isinstance(fresh, tuple)
    with services.session() as session:
        accounts.of(session, email).totp_step = 1
    return fresh


def hidden(page: str) -> dict[str, str]:
    return {field.get("name"): field.get("value") for field in parsed(page).xpath("(//form)[1]//input[@type='hidden']")}


def test_whoever_asks_for_a_link_gets_the_same_answer(client: TestClient, editor: str) -> None:
    answers = [
        client.post("/desk/sign-in/link", data={"email": email}, headers=OWN)
        for email in (editor, "nobody@desk.example")
    ]

    assert {(answer.status_code, answer.headers["location"], answer.text) for answer in answers} == {
        (303, "/desk/sign-in?said=sent", "")
    }
    assert "If this address has an account" in client.get(answers[0].headers["location"]).text


def test_the_fourth_link_within_a_quarter_of_an_hour_is_refused_with_when_to_come_back(
    client: TestClient, editor: str
) -> None:
    for email in (editor, "nobody@desk.example"):
        answers = [client.post("/desk/sign-in/link", data={"email": email}, headers=OWN) for _ in range(4)]

        assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
        assert answers[3].headers["retry-after"] == "900"


def test_too_many_wrong_passwords_say_when_to_come_back(client: TestClient, services: Services, editor: str) -> None:
    with services.session() as session:
        for _ in range(guesses.FAILURES_PER_EMAIL):
            guesses.count(session, guesses.at_password(editor), "x", services.clock.now())

    answer = client.post("/desk/sign-in", data={"email": editor, "password": PASSWORD}, headers=OWN)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")


def test_a_scanner_that_opens_the_link_spends_nothing_and_the_button_signs_in(
    client: TestClient, services: Services, editor: str
) -> None:
    path = f"/desk/sign-in/link/{link(services, editor)}"
    looked = [client.request(method, path) for method in ("GET", "HEAD", "GET")]

    entered = client.post(path, headers=OWN)

    assert {answer.status_code for answer in looked} == {200}
    assert (entered.status_code, entered.headers["location"]) == (303, "/desk")
    assert client.get("/desk").status_code == 200
    assert client.get(path).status_code == 410


def test_the_pages_of_links_are_kept_by_nobody_and_tell_nobody_their_address(
    client: TestClient, services: Services, editor: str
) -> None:
    for path in (
        f"/desk/sign-in/link/{link(services, editor)}",
        f"/desk/sign-in/password/{link(services, editor, Use.PASSWORD)}",
    ):
        for answer in (client.get(path), client.post(path, data={"password": PASSWORD}, headers=OWN)):
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", ["link", "password"])
@pytest.mark.parametrize("secret", ["x", "%F0%9F%98%80", "a" * 3000, "..%2F..", "%00"])
def test_forged_links_are_told_and_open_nothing(client: TestClient, editor: str, kind: str, secret: str) -> None:
    path = f"/desk/sign-in/{kind}/{secret}"

    looked, pressed = client.get(path), client.post(path, data={"password": PASSWORD}, headers=OWN)

    assert looked.status_code in {404, 410}
    assert pressed.status_code in {401, 404, 410}
    assert "set-cookie" not in pressed.headers


def test_another_site_cannot_press_the_button(client: TestClient, services: Services, editor: str) -> None:
    path = f"/desk/sign-in/link/{link(services, editor)}"

    refused = client.post(path, headers={"Sec-Fetch-Site": "cross-site"})

    assert refused.status_code == 403
    assert client.post(path, headers=OWN).status_code == 303


def test_a_set_password_leads_to_the_sign_in_and_does_not_sign_in(
    client: TestClient, services: Services, editor: str
) -> None:
    path = f"/desk/sign-in/password/{link(services, editor, Use.PASSWORD)}"

    short = client.post(path, data={"password": "short"}, headers=OWN)
    done = client.post(path, data={"password": "a new and long one"}, headers=OWN)

    assert (short.status_code, "give at least 10" in short.text) == (422, True)
    assert (done.status_code, done.headers["location"]) == (303, "/desk/sign-in?said=password")
    assert client.get("/desk").status_code == 303
    again = client.post("/desk/sign-in", data={"email": editor, "password": "a new and long one"}, headers=OWN)
    assert again.status_code == 303


def test_password_and_code_lead_to_the_page_that_was_asked_for(
    client: TestClient, services: Services, editor: str
) -> None:
    turn_on(services, editor)
    lead = client.get("/desk/edition/7?view=phone").headers["location"]
    first = hidden(client.get(lead).text)

    asked = client.post("/desk/sign-in", data={**first, "email": editor, "password": PASSWORD}, headers=OWN)
    wrong = client.post("/desk/sign-in/code", data={**hidden(asked.text), "code": "1"}, headers=OWN)
    entered = client.post(
        "/desk/sign-in/code", data={**hidden(wrong.text), "code": code(services, editor)}, headers=OWN
    )

    assert asked.status_code == 200
    assert "digest_desk=" not in asked.headers["set-cookie"]
    assert all(part in asked.headers["set-cookie"] for part in ("HttpOnly", "SameSite=strict"))
    assert (wrong.status_code, Refusal.WRONG_CODE.value in wrong.text) == (401, True)
    assert (entered.status_code, entered.headers["location"]) == (303, "/desk/edition/7?view=phone")
    assert client.get("/desk").status_code == 200


def test_what_a_form_keeps_goes_along_through_every_step_as_text(
    client: TestClient, services: Services, editor: str
) -> None:
    turn_on(services, editor)
    kept = {"kept_headline": 'Über <b>"alles"</b> & mehr', "next": "/desk/edition/7"}

    wrong = client.post("/desk/sign-in", data={**kept, "email": editor, "password": "wrong"}, headers=OWN)
    right = {**hidden(wrong.text), "email": editor, "password": PASSWORD}
    asked = client.post("/desk/sign-in", data=right, headers=OWN)
    again = client.post("/desk/sign-in/code", data={**hidden(asked.text), "code": "1"}, headers=OWN)

    for page in (wrong, asked, again):
        assert hidden(page.text) == kept
        assert "<b>" not in page.text


def test_a_code_without_half_a_sign_in_leads_back_to_the_beginning(client: TestClient, editor: str) -> None:
    form = client.get("/desk/sign-in/code")
    pressed = client.post("/desk/sign-in/code", data={"code": "123456"}, headers=OWN)

    assert form.headers["location"] == "/desk/sign-in"
    assert (pressed.status_code, Refusal.LATE.value in pressed.text) == (401, True)


def test_a_link_asks_for_the_code_too(client: TestClient, services: Services, editor: str) -> None:
    turn_on(services, editor)

    asked = client.post(f"/desk/sign-in/link/{link(services, editor)}", headers=OWN)
    inside = client.get("/desk").status_code
    entered = client.post("/desk/sign-in/code", data={"code": code(services, editor)}, headers=OWN)

    assert (asked.status_code, inside, entered.status_code) == (200, 303, 303)
    assert client.get("/desk").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example",
        "/desk//evil.example",
        "/desk/../u/x",
        "/desk\\@evil.example",
        "/deskevil",
        "/desk/sign-out",
        "/desk/sign-in/code",
        "/desk/x\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/help",
        "",
    ],
)
def test_a_sign_in_leads_nowhere_but_to_our_own_desk(client: TestClient, editor: str, path: str) -> None:
    answer = client.post("/desk/sign-in", data={"email": editor, "password": PASSWORD, "next": path}, headers=OWN)

    assert answer.headers["location"] == "/desk"


@pytest.mark.parametrize("path", ["/desk", "/desk/edition/7?view=phone&as=long", "/desk/edition/7/story/a12"])
def test_pages_of_the_desk_are_led_to(path: str) -> None:
    assert door.next_page(path) == path


def test_where_a_second_factor_is_required_only_the_account_opens_without_one(serve: Serve) -> None:
    services = serve(more_site='staff_second_factor = "required"')
    client = TestClient(create_app(services), base_url="http://127.0.0.1:8025", follow_redirects=False)
    email = account(services, "eve@desk.example", Role.EDITOR)
    sign_in(client, email)

    led = client.get("/desk")
    page = client.get("/desk/account")

    assert (led.status_code, led.headers["location"]) == (303, "/desk/account#second-factor")
    assert (page.status_code, "Everybody at this desk has to have one" in page.text) == (200, True)
    token = parsed(page.text).xpath("string(//input[@name='csrf']/@value)")
    off = client.post("/desk/account/second-factor/off", data={"csrf": token, "proof": PASSWORD}, headers=OWN)
    sign_out = client.post("/desk/sign-out", data={"csrf": token}, headers=OWN)
    assert (off.status_code, sign_out.status_code) == (403, 303)


def test_signing_out_is_written_down(client: TestClient, services: Services, editor: str) -> None:
    sign_in(client, editor)
    client.post("/desk/sign-out", data={"csrf": csrf(client)}, headers=OWN)

    with services.reading() as session:
        assert [(entry.by, entry.act) for entry in audit.recent(session)] == [(editor, "sign out"), (editor, "sign in")]
