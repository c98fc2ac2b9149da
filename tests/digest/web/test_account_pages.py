import datetime as dt

import pytest
from fastapi.testclient import TestClient

from digest.services import Services
from digest.staff import accounts, guesses, links
from digest.staff.sessions import Refusal
from digest.store import audit
from digest.store import staff as store
from digest.web.app import create_app
from tests.digest.web.newsroom import BASE, OWN, PASSWORD, csrf, parsed, sign_in
from tests.digest.web.test_sign_in_by_link import code, turn_on
from tests.fakes import FixedClock

NOT_FOR_EDITORS = ["/desk/staff", "/desk/staff/audit", "/desk/staff/1/remove"]
FORMS = ["name", "password", "password-link", "sign-out-elsewhere", "second-factor", "second-factor/confirm"]


def other_browser(services: Services) -> TestClient:
    return TestClient(create_app(services), base_url=BASE, follow_redirects=False)


def post(client: TestClient, path: str, **fields: str) -> tuple[int, str]:
    """Post a form of the desk; return the status, and where it leads or what it says as an alert."""
    answer = client.post(path, data={"csrf": csrf(client), **fields}, headers=OWN)
    if answer.status_code == 303:
        return 303, answer.headers["location"]
    said = parsed(answer.text).xpath("//*[@role='alert']") if answer.text else []
    return answer.status_code, said[0].text_content() if said else ""


def trail(services: Services) -> list[tuple[str, str, str, str]]:
    with services.reading() as session:
        return [(entry.by, entry.act, entry.about, entry.detail) for entry in audit.recent(session)]


# -- one's own account -------------------------------------------------------------------------------------------------


def test_somebody_changes_their_name_and_every_page_says_it(client: TestClient, editor: str) -> None:
    sign_in(client, editor)

    led = post(client, "/desk/account/name", name="  Eve   <b>Writer</b> ")

    assert led == (303, "/desk/account?said=name")
    page = client.get("/desk").text
    assert "Eve &lt;b&gt;Writer&lt;/b&gt;" in page
    assert "<b>Writer" not in page


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("wrong password", "a new and long one", (401, Refusal.WRONG_PASSWORD.value)),
        (PASSWORD, "short", (422, "The password has 5 characters; give at least 10.")),
        (PASSWORD, "a new and long one", (303, "/desk/account?said=password")),
    ],
)
def test_a_password_is_changed_by_who_knows_the_old_one(
    client: TestClient, services: Services, editor: str, old: str, new: str, told: tuple[int, str]
) -> None:
    sign_in(client, editor)
    other = other_browser(services)
    sign_in(other, editor)

    outcome = post(client, "/desk/account/password", old=old, new=new)

    assert outcome == told
    assert client.get("/desk").status_code == 200
    assert other.get("/desk").status_code == (303 if told[0] == 303 else 200)


def test_guessing_at_the_password_of_an_open_desk_is_stopped(
    client: TestClient, services: Services, editor: str
) -> None:
    sign_in(client, editor)
    with services.session() as session:
        for _ in range(guesses.FAILURES_PER_EMAIL):
            guesses.count(session, guesses.at_password(editor), "x", services.clock.now())

    answer = client.post(
        "/desk/account/password", data={"csrf": csrf(client), "old": PASSWORD, "new": "n" * 12}, headers=OWN
    )

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")


def test_signing_out_elsewhere_leaves_only_this_browser(client: TestClient, services: Services, editor: str) -> None:
    others = [other_browser(services) for _ in range(2)]
    for browser in (*others, client):
        sign_in(browser, editor)
    before = parsed(client.get("/desk/account").text).xpath("count(//ul[@class='rows']/li)")

    led = post(client, "/desk/account/sign-out-elsewhere")

    assert (before, led) == (3, (303, "/desk/account?said=elsewhere"))
    assert [browser.get("/desk").status_code for browser in (*others, client)] == [303, 303, 200]
    assert trail(services)[0] == (editor, "sign out elsewhere", "", "2 sessions")


def test_the_second_factor_is_set_up_with_a_picture_and_shows_its_codes_once(
    client: TestClient, services: Services, editor: str
) -> None:
    sign_in(client, editor)
    post(client, "/desk/account/second-factor", do="begin")
    picture = client.get("/desk/account/second-factor.svg")
    wrong = post(client, "/desk/account/second-factor/confirm", code="1")
    token = csrf(client)

    shown = client.post(
        "/desk/account/second-factor/confirm", data={"csrf": token, "code": code(services, editor)}, headers=OWN
    )

    codes = parsed(shown.text).xpath("//ol[@class='recovery']//code/text()")
    assert (picture.headers["content-type"], "<script" in picture.text, "style=" in picture.text) == (
        "image/svg+xml",
        False,
        False,
    )
    assert picture.headers["cache-control"] == "no-store"
    assert wrong == (401, Refusal.WRONG_CODE.value)
    assert len(set(codes)) == 10
    later = client.get("/desk/account").text
    assert not any(code in later for code in codes)
    assert client.get("/desk/account/second-factor.svg").status_code == 404


def test_a_secret_that_does_not_count_yet_can_be_dropped(client: TestClient, services: Services, editor: str) -> None:
    sign_in(client, editor)
    post(client, "/desk/account/second-factor", do="begin")

    post(client, "/desk/account/second-factor", do="drop")

    with services.reading() as session:
        row = store.account(session, editor)
        assert row is not None
        assert row.totp_secret is None


def test_neither_begin_nor_drop_touches_a_second_factor_that_counts(
    client: TestClient, services: Services, editor: str
) -> None:
    sign_in(client, editor)
    token = csrf(client)
    with services.session() as session:
        row = accounts.of(session, editor)
        row.totp_secret, row.totp_step = "sealed", 1

    outcomes = [
        client.post("/desk/account/second-factor", data={"csrf": token, "do": do}, headers=OWN).status_code
        for do in ("begin", "drop")
    ]

    assert outcomes == [409, 303]
    with services.reading() as session:
        again = store.account(session, editor)
        assert again is not None
        assert again.totp_secret == "sealed"


def test_the_second_factor_goes_off_with_the_password(client: TestClient, services: Services, editor: str) -> None:
    turn_on(services, editor)
    client.post("/desk/sign-in", data={"email": editor, "password": PASSWORD}, headers=OWN)
    client.post("/desk/sign-in/code", data={"code": code(services, editor)}, headers=OWN)

    wrong = post(client, "/desk/account/second-factor/off", proof="a wrong password")
    off = post(client, "/desk/account/second-factor/off", proof=PASSWORD)

    assert (wrong, off) == ((401, Refusal.WRONG_PASSWORD.value), (303, "/desk/account?said=off"))
    assert trail(services)[0][:2] == (editor, "turn off second factor")


@pytest.mark.parametrize("form", [*FORMS, "second-factor/off", "second-factor/recovery"])
def test_no_form_of_the_account_works_without_its_token_or_a_sign_in(
    client: TestClient, editor: str, form: str
) -> None:
    stranger = client.post(f"/desk/account/{form}", headers=OWN)
    sign_in(client, editor)

    without = client.post(f"/desk/account/{form}", headers=OWN)

    assert (stranger.status_code, stranger.headers["location"]) == (303, "/desk/sign-in")
    assert without.status_code == 403


# -- the operators' pages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOT_FOR_EDITORS)
def test_editors_see_no_page_of_staff(client: TestClient, editor: str, path: str) -> None:
    sign_in(client, editor)

    assert client.get(path).status_code == 403


@pytest.mark.parametrize("act", ["invite", "role", "remove", "password", "second-factor"])
def test_editors_change_no_account(
    client: TestClient, services: Services, editor: str, operator: str, act: str
) -> None:
    sign_in(client, editor)

    answer = client.post(
        f"/desk/staff/{act}", data={"csrf": csrf(client), "account": operator, "email": "x@y.example"}, headers=OWN
    )

    assert answer.status_code == 403
    assert [entry[1] for entry in trail(services)] == ["sign in"]


def test_an_operator_invites_somebody_and_sees_them(client: TestClient, services: Services, operator: str) -> None:
    sign_in(client, operator)

    led = post(client, "/desk/staff/invite", email="Ina@desk.example", name="Ina", role="editor")
    again = post(client, "/desk/staff/invite", email="ina@desk.example", name="Ina", role="editor")

    assert led == (303, "/desk/staff?said=invite")
    assert (again[0], "has an account already" in again[1]) == (422, True)
    assert "invited, not been here yet" in client.get("/desk/staff").text
    assert trail(services)[0] == (operator, "invite", "ina@desk.example", "as editor")


@pytest.mark.parametrize(
    ("act", "fields", "written"),
    [
        ("role", {"role": "operator"}, ("change role", "to operator")),
        ("password", {}, ("send password link", "")),
        ("remove", {}, ("remove account", "")),
    ],
)
def test_each_act_of_an_operator_is_done_and_written_down(
    client: TestClient,
    services: Services,
    editor: str,
    operator: str,
    act: str,
    fields: dict[str, str],
    written: tuple[str, str],
) -> None:
    sign_in(client, operator)

    led = post(client, f"/desk/staff/{act}", account=editor, **fields)

    assert led == (303, f"/desk/staff?said={act}")
    assert trail(services)[0] == (operator, written[0], editor, written[1])


def test_an_account_is_removed_only_after_a_page_that_says_what_ends(
    client: TestClient, services: Services, editor: str, operator: str
) -> None:
    turn_on(services, editor)
    with services.session() as session:
        links.make(session, accounts.of(session, editor), links.Use.PASSWORD, now=services.clock.now())
    sign_in(client, operator)
    listed = parsed(client.get("/desk/staff").text)

    (way,) = listed.xpath("//form[contains(@action, '/remove')]")
    asked = parsed(client.get(way.get("action")).text)
    (form,) = asked.xpath("//form[contains(@action, '/remove')]")
    still_there = [row[1] for row in trail(services)]
    led = post(client, form.get("action"), account=form.fields["account"])

    assert way.method == "GET"
    assert "signed in nowhere" in asked.text_content()
    assert "second factor with the recovery codes" in asked.text_content()
    assert "remove account" not in still_there
    assert led == (303, "/desk/staff?said=remove")
    assert client.get(way.get("action")).status_code == 404


def test_a_reset_second_factor_is_asked_no_more(
    client: TestClient, services: Services, editor: str, operator: str
) -> None:
    turn_on(services, editor)
    sign_in(client, operator)

    led = post(client, "/desk/staff/second-factor", account=editor)
    nothing = post(client, "/desk/staff/second-factor", account=editor)

    assert (led[0], nothing[0]) == (303, 409)
    sign_in(other_browser(services), editor)


@pytest.mark.parametrize(
    ("act", "fields", "told"),
    [
        ("remove", {}, "their own account"),
        ("role", {"role": "editor"}, "last operator"),
        ("role", {"role": "king"}, ""),
        ("remove", {"account": "nobody@desk.example"}, "has no account"),
        ("fire", {}, ""),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: TestClient, services: Services, operator: str, act: str, fields: dict[str, str], told: str
) -> None:
    sign_in(client, operator)

    status, said = post(client, f"/desk/staff/{act}", **{"account": operator, **fields})

    assert status in {404, 409, 422}
    assert told in said
    with services.reading() as session:
        assert [row.role for row in store.listing(session)] == ["operator"]


def test_the_audit_trail_of_a_name_that_no_database_keeps_is_not_understood(client: TestClient, operator: str) -> None:
    sign_in(client, operator)

    answer = client.get("/desk/staff/audit?by=a%00b")

    assert answer.status_code == 422


def test_the_audit_trail_has_pages_of_a_hundred_by_person(
    client: TestClient, services: Services, operator: str, clock: FixedClock
) -> None:
    sign_in(client, operator)
    with services.session() as session:
        for number in range(150):
            at = clock.now() + dt.timedelta(minutes=number)
            audit.write(session, by="eve@desk.example", act=f"act {number}", at=at, detail='<img src="x">\u202e')

    def acts(path: str) -> list[str]:
        page = parsed(client.get(path).text)
        assert page.xpath("//main//img") == []
        return [row.strip() for row in page.xpath("//tbody/tr/td[3]/text()")]

    first = acts("/desk/staff/audit?by=eve%40desk.example")
    older = parsed(client.get("/desk/staff/audit?by=eve%40desk.example").text).xpath("//nav//a[text()='Older']/@href")
    second = acts(older[0])

    assert first == [f"act {number}" for number in range(149, 49, -1)]
    assert second == [f"act {number}" for number in range(49, -1, -1)]
    assert acts("/desk/staff/audit?by=otto%40desk.example") == ["sign in"]
    assert acts("/desk/staff/audit?by=nobody") == []
