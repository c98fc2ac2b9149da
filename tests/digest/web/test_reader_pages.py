import re
from datetime import time, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from digest.desk import releasing
from digest.model.ids import EditionId
from digest.model.notice import Notice
from digest.readers import signing_up
from digest.sending import send_edition
from digest.services import Services
from digest.web import words
from subscribers.cadence import Cadence
from subscribers.model import ConsentEvent, ConsentKind, SignupRequest, Subscriber, SubscriptionState
from subscribers.tokens import Claim, Purpose, sign
from tests.digest.web.newsroom import subscription, token
from tests.fakes import FixedClock

FORM = {
    "address": "bea@reader.example",
    "name": "Bea",
    "section": ["electric", "research"],
    "cadence": "weekdays",
    "hour": "06:00",
    "time_zone": "America/Lima",
}


def subscribers(services: Services) -> list[Subscriber]:
    with services.reading() as session:
        return list(session.query(Subscriber))


def waiting(services: Services) -> int:
    with services.reading() as session:
        return session.query(SignupRequest).count()


def notices(services: Services) -> list[Notice]:
    with services.reading() as session:
        return list(session.query(Notice))


# -- sign up -----------------------------------------------------------------------------------------------------------


def test_the_front_page_lists_the_newsletters(client: TestClient) -> None:
    page = client.get("/").text

    assert "The Wattage" in page
    assert 'href="/subscribe/wattage"' in page
    assert "Every day or every Saturday at 07:00 Berlin time" in page


def test_a_sign_up_waits_for_its_owner_and_keeps_every_choice(client: TestClient, services: Services) -> None:
    answer = client.post("/subscribe/wattage", data=FORM)

    assert answer.status_code == 200
    assert "Check your mail" in answer.text
    assert subscribers(services) == []
    signing_up.take_up(services)
    (bea,) = subscribers(services)
    assert (bea.name, bea.time_zone) == ("Bea", "America/Lima")
    (notice,) = notices(services)
    assert (notice.kind, notice.address) == ("confirm", "bea@reader.example")


def test_known_and_unknown_addresses_get_the_same_answer(client: TestClient, services: Services, reader: str) -> None:
    known = client.post("/subscribe/wattage", data=FORM | {"address": "ana@reader.example"})
    unknown = client.post("/subscribe/wattage", data=FORM)
    signing_up.take_up(services)

    assert known.text == unknown.text
    assert subscription(services, reader).state == SubscriptionState.ACTIVE


def test_a_machine_that_fills_in_the_hidden_field_gets_the_same_answer_and_nothing_else(
    client: TestClient, services: Services
) -> None:
    human = client.post("/subscribe/wattage", data=FORM)
    machine = client.post("/subscribe/wattage", data=FORM | {"address": "c@bot.example", "website": "http://x.example"})
    signing_up.take_up(services)

    assert machine.text == human.text
    assert [subscriber.address for subscriber in subscribers(services)] == ["bea@reader.example"]


@pytest.mark.parametrize(
    "address", ["", "bea", "bea@", "bea@reader.example, c@x.example", "a\r\nBcc: c@x.example", "<script>@x"]
)
def test_a_mistyped_address_is_said_beside_the_form_and_nothing_typed_is_lost(
    client: TestClient, services: Services, address: str
) -> None:
    answer = client.post("/subscribe/wattage", data=FORM | {"address": address})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "<script>" not in answer.text
    assert 'value="Bea"' in answer.text
    assert re.findall(r'value="(\w+)" checked', answer.text) == ["electric", "research", "weekdays"]
    assert '"America/Lima" selected' in answer.text
    assert waiting(services) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"section": ["politics"]},
        {"cadence": "hourly"},
        {"hour": "25:00"},
        {"hour": "noon"},
        {"time_zone": "Mars/Olympus"},
        {"language": "tlh"},
        {"time_zone": "../../etc/passwd"},
        {"section": []},
        {"name": "x" * 300},
    ],
)
def test_what_the_form_does_not_offer_is_refused_and_nothing_else_is_lost(
    client: TestClient, services: Services, change: dict[str, str | list[str]]
) -> None:
    answer = client.post("/subscribe/wattage", data=FORM | change)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="bea@reader.example"' in answer.text
    assert ('"America/Lima" selected' in answer.text) is ("time_zone" not in change)
    assert waiting(services) == 0


def test_one_network_cannot_sign_up_the_whole_town(client: TestClient, services: Services, clock: FixedClock) -> None:
    answers = [
        client.post("/subscribe/wattage", data=FORM | {"address": f"r{n}@reader.example"}).status_code
        for n in range(21)
    ]
    clock.advance(timedelta(hours=1, seconds=1))
    later = client.post("/subscribe/wattage", data=FORM | {"address": "late@reader.example"})

    assert answers == [200] * 20 + [429]
    assert later.status_code == 200


# -- confirm -----------------------------------------------------------------------------------------------------------


def confirm_link(services: Services, clock: FixedClock) -> str:
    with services.reading() as session:
        row = session.query(Subscriber).one().subscriptions[0]
        claim = Claim(row.public_id, row.confirmation_nonce)
        return f"/confirm/{sign(Purpose.CONFIRM, claim, services.keys.tokens, issued=clock.now())}"


def state(services: Services) -> SubscriptionState:
    with services.reading() as session:
        return session.query(Subscriber).one().subscriptions[0].state


def test_opening_the_link_shows_a_button_and_pressing_it_begins(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    client.post("/subscribe/wattage", data=FORM)
    signing_up.take_up(services)
    link = confirm_link(services, clock)

    shown = [client.request(method, link) for method in ("GET", "HEAD", "GET")]
    before = state(services)
    pressed = client.post(link)
    again = client.post(link)

    assert [answer.status_code for answer in shown] == [200, 200, 200]
    assert "Yes, send it to me" in shown[0].text
    assert before == SubscriptionState.PENDING
    assert state(services) == SubscriptionState.ACTIVE
    assert ("Welcome to" in pressed.text, again.text == pressed.text) == (True, True)


def test_a_link_of_last_week_says_what_to_do(client: TestClient, services: Services, clock: FixedClock) -> None:
    client.post("/subscribe/wattage", data=FORM)
    signing_up.take_up(services)
    link = confirm_link(services, clock)

    clock.advance(timedelta(days=8))

    for answer in (client.get(link), client.post(link)):
        assert answer.status_code == 410
        assert "Sign up again" in answer.text
        assert 'href="/subscribe/wattage"' in answer.text
        assert "bea" not in answer.text
    assert state(services) == SubscriptionState.PENDING


def test_a_link_of_last_week_speaks_the_language_of_its_reader(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    client.post("/subscribe/wattage", data=FORM | {"language": "de"})
    signing_up.take_up(services)
    link = confirm_link(services, clock)
    clock.advance(timedelta(days=8))

    answer = client.get(link, headers={"Accept-Language": "fr"})

    assert (answer.status_code, '<html lang="de"' in answer.text) == (410, True)


def test_the_ledger_keeps_what_stood_on_the_page_of_each_step_in_its_language(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    client.post("/subscribe/wattage", data={**FORM, "language": "de"})
    signing_up.take_up(services)
    link = confirm_link(services, clock)
    page = client.get(link).text

    client.post(link)

    with services.reading() as session:
        said = dict(session.execute(select(ConsentEvent.kind, ConsentEvent.wording)).all())
    question, button = "Möchten Sie The Wattage bekommen?", "Ja, schicken Sie es mir"
    assert said[ConsentKind.REQUESTED].startswith("We write to you once and ask you to confirm.")
    assert said[ConsentKind.REQUESTED].endswith(" [en]")
    assert said[ConsentKind.CONFIRMED] == f"{question} {button} [de]"
    assert button in page


def test_no_link_but_the_one_in_the_mail_confirms(
    client: TestClient, services: Services, clock: FixedClock, reader: str
) -> None:
    client.post("/subscribe/wattage", data=FORM)
    signing_up.take_up(services)
    with services.reading() as session:
        row = session.query(Subscriber).filter_by(address="bea@reader.example").one().subscriptions[0]
    of_another = Claim(reader, row.confirmation_nonce)
    keys = services.keys.tokens
    link = sign(Purpose.CONFIRM, Claim(row.public_id, row.confirmation_nonce), keys, issued=clock.now())
    others = [
        *(sign(purpose, Claim(row.public_id), keys) for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES)),
        sign(Purpose.CONFIRM, of_another, keys, issued=clock.now()),
        sign(Purpose.CONFIRM, Claim(row.public_id, "aaaaaaaaaaaaa"), keys, issued=clock.now()),
        link[:-1],
        link[1:],
        f"{link}A",
        link.swapcase(),
    ]

    refused = [client.post(f"/confirm/{token}").status_code for token in others]

    assert refused == [404, 404, 410, 410, 404, 404, 404, 404]
    assert subscription(services, row.public_id).state == SubscriptionState.PENDING
    assert client.post(f"/confirm/{link}").status_code == 200


# -- preferences -------------------------------------------------------------------------------------------------------


def test_preferences_show_what_is_chosen_and_keep_what_is_changed(
    client: TestClient, services: Services, reader: str
) -> None:
    link = f"/p/{token(services, Purpose.PREFERENCES, reader)}"
    shown = client.get(link).text

    saved = client.post(link, data={key: value for key, value in FORM.items() if key not in {"address", "name"}})

    assert re.findall(r'value="(\w+)" checked', shown) == ["electric", "industry", "research", "daily"]
    assert "Saved." in saved.text
    row = subscription(services, reader)
    assert (row.sections, row.cadence, row.hour) == (("electric", "research"), Cadence.WEEKDAYS, time(6))


def test_all_sections_ticked_means_also_those_to_come(client: TestClient, services: Services, reader: str) -> None:
    link = f"/p/{token(services, Purpose.PREFERENCES, reader)}"
    client.post(link, data={"section": ["electric"]})
    before = subscription(services, reader).sections

    client.post(link, data={"section": ["research", "industry", "electric"]})

    assert (before, subscription(services, reader).sections) == (("electric",), None)


def test_muting_unticks_a_section_and_holds_only_when_saved(
    client: TestClient, services: Services, reader: str
) -> None:
    link = f"/p/{token(services, Purpose.PREFERENCES, reader)}"

    shown = client.get(link, params={"mute": "industry"}).text

    assert re.findall(r'value="(\w+)" checked', shown) == ["electric", "research", "daily"]
    assert subscription(services, reader).sections is None


@pytest.mark.parametrize("mute", ["nothing", "<script>", "electric"])
def test_muting_what_is_not_there_or_the_last_section_unticks_nothing(
    client: TestClient, services: Services, reader: str, mute: str
) -> None:
    link = f"/p/{token(services, Purpose.PREFERENCES, reader)}"
    client.post(link, data={"section": ["electric"]})

    shown = client.get(link, params={"mute": mute}).text

    assert re.findall(r'value="(\w+)" checked', shown) == ["electric", "daily"]
    assert "<script>" not in shown


def test_no_section_at_all_is_refused_with_the_reason(client: TestClient, services: Services, reader: str) -> None:
    answer = client.post(f"/p/{token(services, Purpose.PREFERENCES, reader)}", data={"cadence": "daily"})

    assert (answer.status_code, "Choose at least one" in answer.text) == (422, True)
    assert subscription(services, reader).sections is None


def test_who_has_left_has_no_preferences(client: TestClient, services: Services, reader: str) -> None:
    client.post(f"/u/{token(services, Purpose.UNSUBSCRIBE, reader)}")
    link = f"/p/{token(services, Purpose.PREFERENCES, reader)}"

    assert client.get(link).status_code == 410
    assert client.post(link, data={"section": ["electric"]}).status_code == 410


def test_a_foreign_token_shows_nobodys_preferences(client: TestClient, services: Services, reader: str) -> None:
    for rubbish in ("x", token(services, Purpose.UNSUBSCRIBE, reader)):
        assert client.get(f"/p/{rubbish}").status_code == 404
        assert client.post(f"/p/{rubbish}", data={"section": ["electric"]}).status_code == 404


# -- read --------------------------------------------------------------------------------------------------------------


def test_the_archive_shows_only_what_has_gone_out_and_runs_nothing(
    client: TestClient, services: Services, edition_id: EditionId
) -> None:
    page = "/archive/wattage/daily/2026-11-23"
    before = (client.get(page).status_code, "has not come out yet" in client.get("/archive/wattage").text)

    releasing.approve(services, edition_id, by="eve@desk.example")
    send_edition(services, edition_id)
    listed, shown = client.get("/archive/wattage"), client.get(page)

    assert before == (404, True)
    assert f'href="{page}"' in listed.text
    assert "sodium battery passes 600 km" in shown.text
    policy = shown.headers["content-security-policy"]
    assert policy.startswith(
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        "img-src http: https: data:; style-src 'unsafe-inline'"
    )


def test_a_reader_sees_their_own_edition_in_the_browser(
    client: TestClient, services: Services, reader: str, edition_id: EditionId
) -> None:
    client.post(f"/p/{token(services, Purpose.PREFERENCES, reader)}", data={"section": ["industry"]})
    releasing.approve(services, edition_id, by="eve@desk.example")

    shown = client.get(f"/v/{edition_id}/{token(services, Purpose.VIEW, reader)}")

    assert shown.status_code == 200
    assert "Lindqvist" in shown.text
    assert "mends its own cracks" not in shown.text
    assert shown.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/archive/nothing",
        "/archive/wattage/hourly/2026-11-23",
        "/archive/wattage/daily/2026-13-45",
        "/archive/wattage/daily/1999-01-01",
        "/v/1/rubbish",
        "/v/one/rubbish",
        "/v/99999999999999999999999/rubbish",
        "/subscribe/nothing",
        "/static/../app.py",
        "/static/%2e%2e/_base.html",
        "/docs",
        "/openapi.json",
        "/nowhere",
    ],
)
def test_what_is_not_there_gets_a_friendly_page(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_every_public_page_is_whole_and_loads_only_what_is_ours(
    client: TestClient, services: Services, reader: str
) -> None:
    for path in (
        "/",
        "/help",
        "/subscribe/wattage",
        "/archive/wattage",
        f"/u/{token(services, Purpose.UNSUBSCRIBE, reader)}",
        f"/p/{token(services, Purpose.PREFERENCES, reader)}",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.text.startswith("<!doctype html>")
        assert answer.text.rstrip().endswith("</html>")
        # The one script of the public pages: it finds the time zone, and the page works without it.
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert scripts == (["<script>"] if path == "/subscribe/wattage" else [])
        assert not re.findall(r'(?:src|action)="(?!/)', answer.text)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert client.head(path).status_code == 200


def test_the_service_says_that_it_lives_and_can_work(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    ready = client.get("/readyz")

    assert (ready.status_code, ready.json()["database"]) == (200, True)


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "told"),
    [("Europe/Berlin", "Berlin time"), ("America/Argentina/Buenos_Aires", "Buenos Aires time"), ("UTC", "UTC")],
)
def test_an_hour_is_told_in_the_time_of_its_city(zone: str, told: str) -> None:
    assert words.zone_time(zone) == told
