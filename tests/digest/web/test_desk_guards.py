"""Every address of the desk, whichever it is: who may open it, and from where a form may come."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient

from digest.model.ids import EditionId
from digest.services import Services
from digest.store import audit
from digest.web import outside
from tests.digest.web.newsroom import OWN, PASSWORD, csrf, parsed, sign_in

#: It is asked for the addresses alone, which FastAPI finds in each route; HEAD shares the name of its GET.
pytestmark = pytest.mark.filterwarnings("ignore:Duplicate Operation ID")

#: What stands in the place of each part of an address that is in braces.
PARTS = {"edition_id": "1", "source_id": "1", "slug": "wattage", "key": "a1", "which": "sent", "secret": "none"}
#: The door itself, which is there for those who have not signed in.
DOOR = "/desk/sign-in"
#: Of operators alone.
THEIRS = ("/desk/staff", "/desk/status")


def addresses(client: TestClient, method: str) -> Iterator[str]:
    """Give every address of the desk that takes *method*."""
    app = client.app
    for path, acts in app.openapi()["paths"].items():  # type: ignore[attr-defined]  # the FastAPI of create_app
        if path.startswith("/desk") and method.lower() in acts:
            yield re.sub(r"\{(\w+)\}", lambda part: PARTS.get(part[1], "remove"), path)


@pytest.fixture
def behind_the_door(client: TestClient) -> dict[str, list[str]]:
    """Give the addresses by their methods, without those of the door."""
    found = {method: [path for path in addresses(client, method) if DOOR not in path] for method in ("GET", "POST")}
    assert len(found["GET"]) > 20, "the list of addresses has been lost"
    assert len(found["POST"]) > 20, "the list of addresses has been lost"
    return found


def acts_of(services: Services) -> int:
    with services.reading() as session:
        return len(audit.recent(session))


def test_no_address_of_the_desk_opens_without_a_sign_in(
    client: TestClient, edition_id: EditionId, behind_the_door: dict[str, list[str]]
) -> None:
    for method, paths in behind_the_door.items():
        for path in paths:
            answer = client.request(method, path, headers=OWN)

            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, DOOR), path


def test_no_form_of_the_desk_works_from_another_site_or_without_its_token(
    client: TestClient, services: Services, operator: str, edition_id: EditionId, behind_the_door: dict[str, list[str]]
) -> None:
    sign_in(client, operator)
    token, before = csrf(client), acts_of(services)

    for path in behind_the_door["POST"]:
        for site in ("cross-site", "same-site", "none"):
            foreign = client.post(path, data={"csrf": token}, headers={"Sec-Fetch-Site": site})
            assert foreign.status_code == 403, (path, site)
        assert client.post(path, data={"csrf": token}).status_code == 403, path  # nobody says where it is from
        assert client.post(path, data={"csrf": "wrong"}, headers=OWN).status_code == 403, path
        assert client.post(path, headers=OWN).status_code == 403, path

    assert acts_of(services) == before


def test_what_is_for_operators_is_for_no_editor(
    client: TestClient, editor: str, edition_id: EditionId, behind_the_door: dict[str, list[str]]
) -> None:
    sign_in(client, editor)
    token = csrf(client)

    for method, paths in behind_the_door.items():
        theirs = [path for path in paths if path.startswith(THEIRS)]
        assert theirs, method
        for path in theirs:
            answer = client.request(method, path, headers=OWN, data={"csrf": token} if method == "POST" else None)

            assert answer.status_code == 403, path


def test_to_look_at_the_desk_writes_nothing(
    client: TestClient, services: Services, operator: str, edition_id: EditionId, behind_the_door: dict[str, list[str]]
) -> None:
    sign_in(client, operator)
    before = acts_of(services)

    for path in behind_the_door["GET"]:
        if path.endswith("/progress"):  # goes on as long as somebody listens
            continue
        answer = client.get(path)
        assert answer.status_code < 500, path

    assert acts_of(services) == before


@pytest.mark.parametrize("path", ["/desk/%2e%2e/u/token", "/desk/.%2e/.%2E/elsewhere", "/desk/%2E./x?a=b"])
def test_a_sign_in_leads_to_no_path_that_a_browser_takes_out_of_the_desk(
    client: TestClient, editor: str, path: str
) -> None:
    answer = client.post(DOOR, data={"email": editor, "password": PASSWORD, "next": path}, headers=OWN)

    assert answer.headers["location"] == "/desk"


@pytest.mark.parametrize("version", ["0" * 5000, "0" * 20 + "9" * 100, "9" * 19, "-1", "\uff11"])
@pytest.mark.parametrize("act", ["undo", "pin a1", "word"])
def test_a_number_that_nobody_could_mean_is_not_understood(
    client: TestClient, editor: str, edition_id: EditionId, version: str, act: str
) -> None:
    sign_in(client, editor)
    data = {"csrf": csrf(client), "do": act, "version": version, "subject": "x"}

    assert client.post(f"/desk/edition/{edition_id}/edit", data=data, headers=OWN).status_code == 422


def whole_edition() -> dict[str, str]:
    """Return the form of a correction of 200 Stories, each with texts of 1,000 letters."""
    names = ("headline", "summary", "note", "url")
    return {"said": "All of it."} | {f"{name}-a{n}": "ä" * 250 for n in range(200) for name in names}


def test_the_words_of_two_hundred_stories_are_posted_at_once(
    client: TestClient, editor: str, edition_id: EditionId
) -> None:
    sign_in(client, editor)

    data = whole_edition() | {"csrf": csrf(client)}
    answer = client.post(f"/desk/edition/{edition_id}/correct", data=data, headers=OWN)

    assert answer.status_code == 409, "it is read, and refused for what it is: a Draft is not corrected"


def test_the_words_of_two_hundred_stories_outlive_the_end_of_a_sign_in(
    client: TestClient, editor: str, edition_id: EditionId
) -> None:
    shown = client.post(f"/desk/edition/{edition_id}/correct", data=whole_edition() | {"csrf": "old"}, headers=OWN)
    form = parsed(shown.text).xpath("//form[@action='/desk/sign-in']")[0]
    filled = dict(form.form_values()) | {"email": editor, "password": PASSWORD}
    offered = client.post("/desk/sign-in", data=filled, headers=OWN)

    kept = parsed(offered.text).xpath("//form[contains(@action, '/correct')]")[0]
    assert kept.fields["summary-a199"].strip() == "ä" * 250


def test_more_than_a_form_of_the_desk_can_hold_is_refused(
    client: TestClient, editor: str, edition_id: EditionId
) -> None:
    sign_in(client, editor)
    path, token = f"/desk/edition/{edition_id}/correct", csrf(client)

    long = client.post(path, data={"csrf": token, "said": "x" * 2_000_000}, headers=OWN)
    many = client.post(path, data={"csrf": token} | {f"x{n}": "" for n in range(2000)}, headers=OWN)

    assert (long.status_code, many.status_code) == (413, 422)


@pytest.mark.parametrize(
    "typed",
    ["a@b.example,c@d.example", "<a@b.example>", "A <a@b.example>", "a@b@c.example", "a;b@c.example", "a@[127.0.0.1]"],
)
def test_nobody_is_invited_whose_address_could_name_others(
    client: TestClient, services: Services, operator: str, typed: str
) -> None:
    sign_in(client, operator)
    data = {"csrf": csrf(client), "email": typed, "role": "editor"}

    answer = client.post("/desk/staff/invite", data=data, headers=OWN)

    assert (answer.status_code, "is no mail address" in answer.text) == (422, True)


def test_to_ask_whether_somebody_is_a_reader_is_written_down_without_their_address(
    client: TestClient, services: Services, editor: str, edition_id: EditionId, reader: str
) -> None:
    assert reader
    sign_in(client, editor)

    for typed in ("ana@reader.example", "nobody@reader.example"):
        data = {"csrf": csrf(client), "address": typed}
        client.post(f"/desk/edition/{edition_id}/reader", data=data, headers=OWN)

    with services.reading() as session:
        no, yes = audit.recent(session, limit=2)
    assert {no.act, yes.act} == {"look up reader"}
    assert {no.by, yes.by} == {editor}
    assert (yes.detail, no.detail) == ("a***@r***: a reader", "n***@r***: no reader")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/desk/sources/find", {"address": "https://site.example"}),
        ("/desk/sources/look", {"address": "https://site.example"}),
        ("/desk/edition/1/edit", {"do": "fetch", "url": "https://site.example/story"}),
    ],
)
def test_while_three_wait_for_other_sites_a_fourth_asks_none(
    client: TestClient, editor: str, edition_id: EditionId, path: str, fields: dict[str, str]
) -> None:
    assert edition_id == 1
    sign_in(client, editor)
    token = csrf(client)

    with ExitStack() as others:
        for _ in range(outside.MOST_AT_ONCE):
            others.enter_context(outside.turn())
        crowded = client.post(path, data={"csrf": token, **fields}, headers=OWN)

    assert "Press the button again in a moment." in crowded.text
    assert "https://site.example" in crowded.text
    with outside.turn():  # all places are free again
        pass
