"""The three forms of a sign-up: what they say is what is kept as evidence, and nothing typed is lost."""

import dataclasses
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml import html
from sqlalchemy import select

from digest.model.look import Logo
from digest.services import Services
from digest.web.app import create_app
from digest.web.public.subscribe import Form
from subscribers.model import SignupRequest
from tests.digest.web.newsroom import BASE

PAGE, EMBEDDED = "/subscribe/wattage", "/subscribe/wattage/form"


def parsed(page: str) -> Any:
    return html.fromstring(page)


def waiting(services: Services) -> list[SignupRequest]:
    with services.reading() as session:
        return list(session.scalars(select(SignupRequest)))


def fields(page: str) -> dict[str, str]:
    """Return what a browser posts of the one form on *page* when nobody touches it."""
    (form,) = parsed(page).forms
    return dict(form.form_values())


def words(page: str) -> str:
    return " ".join(parsed(page).text_content().split())


@pytest.mark.parametrize(("path", "form"), [(PAGE, Form.PAGE), (EMBEDDED, Form.EMBEDDED)])
def test_the_evidence_is_the_very_text_that_stood_on_the_form(
    client: TestClient, services: Services, path: str, form: Form
) -> None:
    page = client.get(path).text

    client.post(path, data=fields(page) | {"address": "bea@reader.example"})

    (row,) = waiting(services)
    text, _, language = row.wording.rpartition(" ")
    assert text in words(page)
    assert "ask you to confirm" in text
    assert "The Wattage" in text
    assert (language, row.source) == ("[en]", form)


@pytest.mark.parametrize(
    ("named", "source"), [("pasted", Form.PASTED), ("embedded form", Form.PAGE), ("x" * 999, Form.PAGE)]
)
def test_a_form_is_only_what_we_know_it_as(client: TestClient, services: Services, named: str, source: Form) -> None:
    client.post(PAGE, data={"address": "bea@reader.example", "section": "electric", "form": named})

    (row,) = waiting(services)
    assert row.source == source


def test_the_small_form_and_the_pasted_one_ask_for_everything_as_it_usually_comes(
    client: TestClient, services: Services
) -> None:
    client.post(EMBEDDED, data={"address": "bea@reader.example"})
    client.post(PAGE, data={"address": "cid@reader.example", "form": "pasted"})

    rows = waiting(services)
    assert [(row.sections, row.cadence, row.time_zone) for row in rows] == [(None, "daily", "Europe/Berlin")] * 2


def test_the_small_form_may_be_framed_by_anybody_and_the_page_by_nobody(client: TestClient) -> None:
    small, whole = client.get(EMBEDDED), client.get(PAGE)
    answered = client.post(EMBEDDED, data={"address": "bea@reader.example"})
    refused = client.post(EMBEDDED, data={"address": "bea"})

    assert [answer.status_code for answer in (small, answered, refused)] == [200, 200, 422]
    for answer in (small, answered, refused):
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors *" in policy
        assert "script-src 'none'" in policy
        assert "x-frame-options" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert "<script" not in answer.text
    assert "frame-ancestors 'none'" in whole.headers["content-security-policy"]
    assert "script-src 'sha256-" in whole.headers["content-security-policy"]


def test_the_answer_in_the_frame_is_small_and_the_same_for_machines(client: TestClient, services: Services) -> None:
    human = client.post(EMBEDDED, data={"address": "bea@reader.example"})
    machine = client.post(EMBEDDED, data={"address": "bot@reader.example", "website": "http://x.example"})

    assert "Check your mail" in human.text
    assert parsed(human.text).forms == []
    assert machine.text == human.text
    assert [row.address for row in waiting(services)] == ["bea@reader.example"]


@pytest.mark.parametrize("path", [PAGE, EMBEDDED])
def test_a_mistyped_address_stays_in_its_field_with_its_fault_beside_it(client: TestClient, path: str) -> None:
    answer = client.post(path, data={"address": "bea@reader.example.", "section": "electric"})

    (field,) = parsed(answer.text).xpath('//input[@name="address"]')
    (fault,) = parsed(answer.text).xpath('//*[@id="fault"]')
    assert field.get("value") == "bea@reader.example."
    assert (field.get("aria-invalid"), field.get("aria-describedby")) == ("true", "fault")
    assert "ends with a dot; leave that out." in fault.text_content()


def test_a_fault_of_a_pasted_form_leads_to_the_page_with_all_chosen(client: TestClient, services: Services) -> None:
    answer = client.post(PAGE, data={"address": "bea", "form": "pasted"})
    client.post(PAGE, data=fields(answer.text) | {"address": "bea@reader.example", "section": ["electric", "research"]})

    assert answer.status_code == 422
    assert re.findall(r'value="(\w+)" checked', answer.text) == ["electric", "industry", "research", "daily"]
    assert [row.source for row in waiting(services)] == [Form.PAGE]


def test_a_chosen_language_is_kept_and_shown_again(client: TestClient, services: Services) -> None:
    client.post(PAGE, data={"address": "bea@reader.example", "section": "electric", "language": "de"})
    again = client.post(PAGE, data={"address": "bea", "section": "electric", "language": "fr"})

    assert [row.language for row in waiting(services)] == ["de"]
    assert 'value="fr" lang="fr" selected' in again.text


def test_what_a_form_in_another_language_said_is_kept_in_it(client: TestClient, services: Services) -> None:
    (newsletter,) = services.settings.newsletters
    german = dataclasses.replace(newsletter, language="de")
    object.__setattr__(services.settings, "newsletters", (german,))
    page = client.get(EMBEDDED).text

    client.post(EMBEDDED, data=fields(page) | {"address": "bea@reader.example"})

    (row,) = waiting(services)
    assert row.wording.rpartition(" ")[0] in words(page)
    assert parsed(page).get("lang") == "de"
    assert row.language == "de"


@pytest.mark.parametrize(("is_title", "alt", "words"), [(False, "", "The Wattage"), (True, "The Wattage", "")])
def test_the_small_form_bears_the_logo_of_its_newsletter(
    services: Services, alt: str, words: str, *, is_title: bool
) -> None:
    logo = Logo(url="https://cdn.example/logo.png", is_title=is_title)
    (wattage,) = services.settings.newsletters
    branded = dataclasses.replace(wattage, look=dataclasses.replace(wattage.look, logo=logo))
    settings = dataclasses.replace(services.settings, newsletters=(branded,))
    client = TestClient(create_app(dataclasses.replace(services, settings=settings)), base_url=BASE)

    answer = client.get(EMBEDDED)

    (heading,) = parsed(answer.text).xpath("//h1")
    (shown,) = heading.xpath(".//img")
    assert (shown.get("src"), shown.get("alt"), heading.text_content().strip()) == (logo.url, alt, words)
    assert "img-src 'self' https://cdn.example" in answer.headers["content-security-policy"]
