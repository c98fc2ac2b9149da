"""What is wrong with a form stands at its top, as a way to the field, and once more beside that field."""

import re

import pytest
from fastapi.testclient import TestClient

from digest.model.look import Look
from digest.services import Services
from digest.web.public import brand
from subscribers.tokens import Purpose
from tests.digest.web.newsroom import parsed, token

FORM = {"address": "bea@reader.example", "section": ["electric"], "cadence": "daily", "language": "en"}


@pytest.fixture
def preferences(services: Services, reader: str) -> str:
    """Give the path of a reader's preferences."""
    return f"/p/{token(services, Purpose.PREFERENCES, reader)}"


@pytest.mark.parametrize("is_reader", [False, True])
@pytest.mark.parametrize(
    ("wrong", "field", "told"),
    [
        ({"section": []}, "section", "Choose at least one section."),
        ({"name": "n" * 201}, "name", "The name is too long: give at most 200 characters."),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "One of the values is none that we know: choose it anew."),
        # As a form holds that has stood open while the newsletter changed.
        ({"section": ["electric", "gone"]}, "section", "One of the values is none that we know: choose it anew."),
        ({"cadence": "special"}, "cadence", "One of the values is none that we know: choose it anew."),
        ({"language": "tlh"}, "language", "One of the values is none that we know: choose it anew."),
        ({"hour": "noon"}, "hour", "One of the values is none that we know: choose it anew."),
    ],
)
def test_a_fault_leads_to_its_field_and_stands_beside_it(
    client: TestClient, preferences: str, wrong: dict[str, object], field: str, told: str, *, is_reader: bool
) -> None:
    page = parsed(client.post(preferences if is_reader else "/subscribe/wattage", data=FORM | wrong).text)

    (way,) = page.xpath("//*[@role='alert']//a")
    (reached,) = page.xpath(f"//*[@id='{way.get('href')[1:]}']")
    (beside,) = page.xpath("//*[contains(@class, 'fault-here')]")
    assert (way.text_content(), reached.get("name"), beside.text_content()) == (told, field, told)
    assert beside.xpath("ancestor::label | ancestor::fieldset")[-1] in reached.iterancestors()
    assert [folded.get("open") for folded in reached.iterancestors("details")] in ([], [""])


def test_all_faults_of_a_sign_up_are_told_at_once_in_the_order_of_the_form(client: TestClient) -> None:
    wrong = {"address": "bea", "section": [], "name": "n" * 201, "time_zone": "Mars/Olympus"}

    page = parsed(client.post("/subscribe/wattage", data=FORM | wrong).text)

    ways = page.xpath("//*[@role='alert']//a")
    assert [way.get("href") for way in ways] == ["#address", "#sections", "#time-zone", "#name"]
    reached = [page.xpath(f"//*[@id='{way.get('href')[1:]}']")[0].get("name") for way in ways]
    assert reached == ["address", "section", "time_zone", "name"]
    beside = [told.text_content() for told in page.xpath("//*[contains(@class, 'fault-here')]")]
    assert beside == [way.text_content() for way in ways[1:]]
    assert page.xpath("string(//*[@id=//input[@name='address']/@aria-describedby])").strip() == ways[0].text_content()


def test_what_a_form_offers_no_longer_is_told_with_its_other_faults(client: TestClient) -> None:
    stale = FORM | {"address": "bea", "section": ["gone"], "hour": "soon"}

    page = parsed(client.post("/subscribe/wattage", data=stale).text)

    ways = page.xpath("//*[@role='alert']//a/@href")
    assert ways == ["#address", "#sections", "#hour"]
    assert page.xpath("//details[@id='choice']/@open") == [""]


def test_a_day_that_no_pause_can_end_on_is_told_beside_the_day(client: TestClient, preferences: str) -> None:
    page = parsed(client.post(f"{preferences}/pause", data={"until": "2020-01-01"}).text)

    (way,) = page.xpath("//*[@role='alert']//a")
    (beside,) = page.xpath("//*[contains(@class, 'fault-here')]")
    assert page.xpath("string(//*[@id='pause']/@name)") == "until"
    assert (way.get("href"), way.text_content()) == (
        "#pause",
        "Choose a day from 24 November 2026 to 24 November 2027.",
    )
    assert beside.text_content() == way.text_content()
    assert beside.xpath("ancestor::label//input/@name") == ["until"]


@pytest.mark.parametrize("path", ["/subscribe/wattage", "/p"])
def test_a_form_without_a_fault_tells_of_none(client: TestClient, preferences: str, path: str) -> None:
    page = parsed(client.get(preferences if path == "/p" else path).text)

    assert page.xpath("//*[@role='alert'] | //*[@aria-invalid] | //*[contains(@class, 'fault-here')]") == []


def test_no_brand_changes_the_colour_of_what_is_wrong(client: TestClient) -> None:
    own = brand.written(Look(accent="#006644", accent_dark="#7fe0b8", link="#8a8a8a"))
    palette, site = (client.get(f"/static/{sheet}.css").text for sheet in ("palette", "site"))

    rules = re.findall(r"([^{}]*(?:fault|aria-invalid)[^{}]*)\{([^{}]*)\}", site)
    assert (palette.count("--bad: #"), "--bad" in own) == (2, False)
    assert sum("var(--bad)" in rule for _, rule in rules) == 3
    assert [selector for selector, rule in rules if "--accent" in rule] == []
