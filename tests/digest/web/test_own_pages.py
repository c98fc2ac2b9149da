"""The pages of what is a reader's own: a GET changes nothing, a POST acts once, and no cache keeps any of it."""

import csv
import io
import json

import pytest
from fastapi.testclient import TestClient

from digest import notices
from digest.model.ids import EditionId
from digest.model.notice import Notice
from digest.services import Services
from digest.store import editions
from digest.web.pages import Pages
from subscribers.address import fingerprint
from subscribers.cadence import Cadence
from subscribers.model import Subscriber, Subscription, SubscriptionState
from subscribers.tokens import Purpose
from tests.digest.web.newsroom import token
from tests.fakes import FixedClock

KINDS = {"address": "a", "export": "d", "erase": "f"}


@pytest.fixture
def preferences(services: Services, reader: str) -> str:
    return token(services, Purpose.PREFERENCES, reader)


def mailed(services: Services) -> str:
    """Return the address in the newest mail, without the host."""
    with services.reading() as session:
        newest = session.query(Notice).order_by(Notice.id.desc()).first()
        assert newest is not None
        return str(notices.opened(services, newest.wish)["confirm_url"]).removeprefix(services.links.base_url)


def addresses(services: Services) -> list[str]:
    with services.reading() as session:
        return [reader.address for reader in session.query(Subscriber)]


def ask(client: TestClient, services: Services, preferences: str, what: str) -> str:
    data = {"address": "ana@new.example"} if what == "address" else {}
    assert client.post(f"/p/{preferences}/{what}", data=data).status_code == 200
    return mailed(services)


@pytest.mark.parametrize(
    ("what", "masked"), [("address", "a***@n***"), ("export", "a***@r***"), ("erase", "a***@r***")]
)
def test_asking_says_where_the_mail_went_and_shows_no_address(
    client: TestClient, services: Services, preferences: str, what: str, masked: str
) -> None:
    answers = [client.post(f"/p/{preferences}/{what}", data={"address": "ana@new.example"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert f'We have written to <bdi dir="ltr">{masked}</bdi>.' in answers[0].text
    assert 'or write to <bdi dir="ltr">wattage@news.example.org</bdi>.' in answers[0].text
    assert "@new.example" not in answers[0].text
    assert mailed(services).startswith(f"/{KINDS[what]}/")


def test_a_mistyped_address_is_said_beside_the_form(client: TestClient, services: Services, preferences: str) -> None:
    form = client.get(f"/p/{preferences}")
    answer = client.post(f"/p/{preferences}/address", data={"address": 'ana"><script>'})

    # Browsers would keep jürgen@… from us.
    assert [" formnovalidate>" in page.text for page in (form, answer)] == [True, True]
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "The address has angle brackets round it" in answer.text
    assert 'value="ana&#34;&gt;&lt;script&gt;"' in answer.text
    with services.reading() as session:
        assert session.query(Notice).count() == 0


def test_the_present_address_is_told_kindly(client: TestClient, preferences: str) -> None:
    answer = client.post(f"/p/{preferences}/address", data={"address": "Ana@Reader.example"})

    assert answer.status_code == 409
    assert "That is your address already" in answer.text


@pytest.mark.parametrize("what", KINDS)
def test_a_strange_preferences_link_asks_for_nothing(client: TestClient, services: Services, what: str) -> None:
    assert client.post(f"/p/{'x' * 57}/{what}", data={"address": "ana@new.example"}).status_code == 404
    with services.reading() as session:
        assert session.query(Notice).count() == 0


@pytest.mark.parametrize("what", KINDS)
def test_who_opens_the_address_of_a_wish_is_led_back_to_the_preferences(
    client: TestClient, preferences: str, what: str
) -> None:
    answer = client.get(f"/p/{preferences}/{what}")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/p/{preferences}")


@pytest.mark.parametrize("what", KINDS)
def test_a_link_that_is_done_says_so_in_the_language_of_the_browser(
    client: TestClient, services: Services, preferences: str, what: str
) -> None:
    path = ask(client, services, preferences, what)
    client.post(path)

    answers = [client.request(method, path, headers={"Accept-Language": "de"}) for method in ("GET", "POST")]

    assert [answer.status_code for answer in answers] == [410, 410]
    assert ['<html lang="de"' in answer.text for answer in answers] == [True, True]


@pytest.mark.parametrize("what", KINDS)
def test_looking_ten_times_changes_nothing_and_is_kept_by_no_cache(
    client: TestClient, services: Services, preferences: str, what: str
) -> None:
    path = ask(client, services, preferences, what)

    answers = [client.request(method, path) for method in ("GET", "HEAD") * 5]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert '<form method="post"' in answers[0].text
    assert addresses(services) == ["ana@reader.example"]


def test_the_button_moves_the_reader_once(client: TestClient, services: Services, preferences: str) -> None:
    path = ask(client, services, preferences, "address")

    done, again, page = client.post(path), client.post(path), client.get(path)

    assert (done.status_code, again.status_code, page.status_code) == (200, 410, 410)
    assert 'From now on everything comes to <bdi dir="ltr">a***@n***</bdi>.' in done.text
    assert "It has done its work already" in again.text
    assert addresses(services) == ["ana@new.example"]


def test_an_address_with_a_reader_of_its_own_is_refused(
    client: TestClient, services: Services, preferences: str, clock: FixedClock
) -> None:
    path = ask(client, services, preferences, "address")
    with services.session() as session:
        other = Subscriber(
            address="ana@new.example",
            address_key="ana@new.example",
            fingerprint=fingerprint("ana@new.example", services.keys.fingerprint),
            language="en",
            time_zone="UTC",
            created_at=clock.at,
        )
        wish = Subscription(
            subscriber=other,
            newsletter="wattage",
            state=SubscriptionState.PENDING,
            cadence=Cadence.DAILY,
            created_at=clock.at,
        )
        wish.confirm(clock.at)
        session.add(wish)

    answer = client.post(path)

    assert answer.status_code == 409
    assert "leave with one of the two" in answer.text


def test_own_data_come_as_a_file_once(client: TestClient, services: Services, preferences: str) -> None:
    path = ask(client, services, preferences, "export")

    answer, again = client.post(path, data={"format": "json"}), client.post(path, data={"format": "json"})

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="own-data-2026-11-23.json"'
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.text)["reader"]["address"] == "ana@reader.example"
    assert again.status_code == 410


def test_own_data_come_as_a_table_too(client: TestClient, services: Services, preferences: str) -> None:
    answer = client.post(ask(client, services, preferences, "export"), data={"format": "csv"})

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.headers["content-disposition"] == 'attachment; filename="own-data-2026-11-23.csv"'
    assert ["reader", "", "address", "ana@reader.example"] in rows
    assert ["subscriptions", "1", "newsletter", "wattage"] in rows


def test_the_button_erases_and_says_that_no_mail_follows(
    client: TestClient, services: Services, preferences: str
) -> None:
    path = ask(client, services, preferences, "erase")

    done, again = client.post(path), client.post(path)

    assert (done.status_code, again.status_code) == (200, 410)
    assert "No mail confirms this" in done.text
    assert addresses(services) == []
    assert client.get(f"/p/{preferences}").status_code == 404


@pytest.mark.parametrize("letter", KINDS.values())
def test_a_link_copied_in_part_is_told_so(client: TestClient, services: Services, letter: str) -> None:
    answers = [client.get(f"/{letter}/abc"), client.post(f"/{letter}/abc")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert "copied only in part" in answers[0].text


def test_the_forms_lead_where_they_are_taken(services: Services) -> None:
    pages = Pages(services)

    text = pages.fill("public/_own.html", token="abc")

    for path in ("/p/abc/address", "/p/abc/export", "/p/abc/erase"):
        assert f'method="post" action="{path}"' in text


def test_a_welcome_shows_the_headlines_of_the_readers_sections(
    services: Services, reader: str, edition_id: EditionId, clock: FixedClock
) -> None:
    with services.session() as session:
        subscription = Subscription.by_public_id(session, reader)
        edition = editions.get(session, edition_id)
        sections = {section.slug: section for section in edition.draft.sections}
        subscription.sections = ("research",)
        notices.welcome(services, session, subscription, edition, clock.at)
        values = notices.opened(services, session.query(Notice).one().wish)

    stories = [story.headline for story in sections["research"].stories]
    assert {values["latest_subject"], *values["latest_headlines"]} == set(stories)
    assert values["latest_subject"] == max(sections["research"].stories, key=lambda story: story.score.total).headline
    assert "latest_url" in values
