"""A newsletter that was taken out of config.toml: its readers' links still let them leave, have their data, and go."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from digest.model.notice import Notice
from digest.notices import opened
from digest.services import Services
from digest.web.app import create_app
from subscribers import address, signup
from subscribers.consent import Evidence
from subscribers.model import Subscriber, Subscription, SubscriptionState
from subscribers.tokens import Claim, Purpose, sign
from tests.digest.web.conftest import Serve
from tests.digest.web.newsroom import BASE, subscription, token

GONE = "Diesen Newsletter gibt es nicht mehr"


@pytest.fixture
def services(serve: Serve) -> Services:
    """Give services whose config.toml names two other newsletters than the one that the reader of the tests has."""
    made = serve()
    (wattage,) = made.settings.newsletters
    others = tuple(
        replace(wattage, slug=slug, title=title, sender=replace(wattage.sender, address=f"{slug}@news.example.org"))
        for slug, title in (("rail", "The Rail"), ("tide", "The Tide"))
    )
    return replace(made, settings=replace(made.settings, newsletters=others))


@pytest.fixture
def reader(services: Services, reader: str) -> str:
    """Give the Subscription to what is no more, of somebody who speaks German and reads the second of the others."""
    wish = signup.SignupWish(
        newsletter="tide",
        address=address.parse("ana@reader.example", allow_special=True),
        language="de",
        time_zone="Europe/Berlin",
    )
    seen, now = Evidence(wording="Send it to me", source="a test"), services.clock.now()
    with services.session() as session:
        begun = signup.add(session, wish, seen, fingerprint_key=services.keys.fingerprint, now=now)
        begun.subscription.subscriber.language = "de"
    return reader


@pytest.fixture
def client(services: Services) -> TestClient:
    return TestClient(create_app(services), base_url=BASE, follow_redirects=False)


@pytest.fixture
def preferences(services: Services, reader: str) -> str:
    return f"/p/{token(services, Purpose.PREFERENCES, reader)}"


def link(services: Services, reader: str) -> str:
    return f"/u/{token(services, Purpose.UNSUBSCRIBE, reader)}"


def state(services: Services, reader: str) -> SubscriptionState:
    return subscription(services, reader).state


@pytest.mark.parametrize("act", ["", "/pause", "/resume"])
def test_preferences_of_what_is_gone_say_so_and_show_the_way_on(
    client: TestClient, services: Services, reader: str, preferences: str, act: str
) -> None:
    answer = client.post(f"{preferences}{act}", data={"for": "week"}) if act else client.get(preferences)

    assert answer.status_code == 410
    assert GONE in answer.text
    assert f'action="{link(services, reader)}"' in answer.text
    assert f'action="{preferences}/export"' in answer.text
    assert f'action="{preferences}/erase"' in answer.text
    assert "The Tide" in answer.text
    assert "ana@reader.example" not in answer.text
    assert state(services, reader) is SubscriptionState.ACTIVE


def test_the_page_to_leave_what_is_gone_ends_it_and_gives_no_power_over_the_rest(
    client: TestClient, services: Services, reader: str
) -> None:
    own = link(services, reader)

    asked = client.get(own)
    left = client.post(own, data={"from": "page"})
    taken_back = client.post(f"{own}/undo")

    assert [answer.status_code for answer in (asked, left, taken_back)] == [200, 200, 200]
    assert [GONE in answer.text for answer in (asked, left, taken_back)] == [True, True, True]
    assert ["Abbestellen</button>" in answer.text for answer in (asked, left)] == [True, False]
    assert "/p/" not in asked.text
    assert state(services, reader) is SubscriptionState.ENDED


def test_one_click_and_leaving_everything_work_without_the_newsletter(
    client: TestClient, services: Services, reader: str
) -> None:
    own = link(services, reader)

    one_click = client.post(own, data={"List-Unsubscribe": "One-Click"})
    less = client.post(f"{own}/less", data={"pause": "week"})
    everything = client.post(f"{own}/all")

    assert (one_click.status_code, one_click.text) == (200, "You are unsubscribed.\n")
    assert (less.status_code, everything.status_code) == (200, 200)
    assert "Sie haben alles abbestellt" in everything.text
    with services.reading() as session:
        found = session.scalars(select(Subscriber)).one()
        assert {each.state for each in found.subscriptions} == {SubscriptionState.ENDED}


def test_own_data_and_erasure_are_written_of_by_a_newsletter_that_they_still_read(
    client: TestClient, services: Services, reader: str, preferences: str
) -> None:
    pages, links = [], []
    for act in ("export", "erase"):
        pages.append(client.post(f"{preferences}/{act}"))
        with services.reading() as session:
            newest = session.scalars(select(Notice).order_by(Notice.id.desc())).first()
            assert newest is not None
            assert newest.newsletter == "tide"
            links.append(str(opened(services, newest.wish)["confirm_url"]).removeprefix(services.links.base_url))
    shown = [client.get(own) for own in links]
    data = client.post(links[0], data={"format": "json"})
    erased = client.post(links[1])

    assert [page.status_code for page in (*pages, *shown)] == [200, 200, 200, 200]
    assert "tide@news.example.org" in pages[0].text
    assert "ana@reader.example" in data.text
    assert erased.status_code == 200
    assert "Ihre Daten sind gelöscht" in erased.text
    with services.reading() as session:
        assert session.scalar(select(func.count(Subscriber.id))) == 0


def test_a_reader_of_what_is_gone_moves_and_the_old_address_is_told(
    client: TestClient, services: Services, preferences: str
) -> None:
    client.post(f"{preferences}/address", data={"address": "ana@new.example"})
    with services.reading() as session:
        asked = session.scalars(select(Notice)).one()
        own = str(opened(services, asked.wish)["confirm_url"]).removeprefix(services.links.base_url)

    moved = client.post(own)

    assert moved.status_code == 200
    with services.reading() as session:
        told = session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1)).one()
        assert (told.kind, told.address, told.newsletter) == ("moved", "ana@reader.example", "tide")


def test_a_link_that_is_none_of_ours_is_told_of_no_newsletter(client: TestClient) -> None:
    strange = [client.get(f"/p/{'A' * 40}"), client.post(f"/p/{'A' * 40}/pause"), client.get(f"/u/{'A' * 40}")]

    assert [answer.status_code for answer in strange] == [404, 404, 200]
    assert not any("no longer exists" in answer.text for answer in strange)


def test_a_confirmation_of_what_is_gone_says_so_and_begins_nothing(
    client: TestClient, services: Services, reader: str
) -> None:
    with services.session() as session:
        asked = Subscription.by_public_id(session, reader)
        asked.state, asked.confirmation_nonce = SubscriptionState.PENDING, "nonce"
    claim, now = Claim(reader, "nonce"), services.clock.now()
    own = f"/confirm/{sign(Purpose.CONFIRM, claim, services.keys.tokens, issued=now)}"

    answers = [client.get(own), client.post(own)]

    assert [(answer.status_code, GONE in answer.text) for answer in answers] == [(410, True)] * 2
    assert state(services, reader) is SubscriptionState.PENDING
