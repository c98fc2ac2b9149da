from pathlib import Path

from fastapi.testclient import TestClient

from digest.model.staff import Role
from digest.store import audit
from digest.web.app import create_app
from tests.conftest import MakeServices
from tests.digest.web.newsroom import BASE, OWN, account, csrf, sign_in
from tests.factories import write_feed


def test_preparing_now_gathers_and_opens_the_draft(
    make_services: MakeServices, sqlite_url: str, tmp_path: Path
) -> None:
    services = make_services(sqlite_url)
    write_feed(tmp_path / "news", ("Harbour of Eastmouth frozen shut for the first time", "https://wire.example/1"))
    client = TestClient(create_app(services), base_url=BASE, follow_redirects=False)
    sign_in(client, account(services, "eve@desk.example", Role.EDITOR))

    answer = client.post("/desk/prepare/morning", data={"csrf": csrf(client)}, headers=OWN)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/desk/edition/")
    with services.reading() as session:
        entry = audit.recent(session)[0]
    assert (entry.by, entry.act) == ("eve@desk.example", "prepare")
    assert "Harbour of Eastmouth frozen shut" in client.get(answer.headers["location"]).text


def test_where_there_is_no_news_the_desk_says_that_the_edition_is_skipped(
    make_services: MakeServices, sqlite_url: str, tmp_path: Path
) -> None:
    services = make_services(sqlite_url)
    client = TestClient(create_app(services), base_url=BASE, follow_redirects=False)
    sign_in(client, account(services, "eve@desk.example", Role.EDITOR))

    answer = client.post("/desk/prepare/morning", data={"csrf": csrf(client)}, headers=OWN)

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert "skipped" in client.get("/desk").text


def test_a_newsletter_that_there_is_not_is_not_prepared(make_services: MakeServices, sqlite_url: str) -> None:
    services = make_services(sqlite_url)
    client = TestClient(create_app(services), base_url=BASE, follow_redirects=False)
    sign_in(client, account(services, "eve@desk.example", Role.EDITOR))

    answer = client.post("/desk/prepare/evening", data={"csrf": csrf(client)}, headers=OWN)

    assert answer.status_code == 404
