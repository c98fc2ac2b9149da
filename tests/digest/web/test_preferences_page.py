"""The page of a reader's preferences: every choice, a pause, what else there is to read, in their own language."""

import re
import shutil
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page

from digest import resources
from digest.demo.background import Background, listening
from digest.services import Services
from digest.store import editions
from digest.web import wishes
from digest.web.app import create_app
from digest.web.forms import Fields
from subscribers import address, preferences, signup, suppression
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadWish
from subscribers.model import ConsentEvent, ConsentKind, Subscription, SubscriptionState, SuppressionReason
from subscribers.tokens import Purpose
from subscribers.wishes import Wishes
from tests.browser import needs_chromium
from tests.digest.web.conftest import Serve
from tests.digest.web.newsroom import CONFIG, parsed, subscription, token
from tests.fakes import FixedClock

GRAVE = {"serious", "critical"}
Scheme = Literal["light", "dark"]
TODAY = date(2026, 11, 23)
GROUND = Evidence(wording="Signed up on paper.", source="a test")
MORE = "".join(
    f"""
[[newsletter]]
slug = "{slug}"
title = "{title}"
description = "{title}: in short."
sender = "{title} <{slug}@news.example.org>"
postal_address = "1 Example Street, Exampleton"
[[newsletter.source]]
feed = "https://{slug}.example/rss"
section = "World"
"""
    for slug, title in (
        ("tide", "Tide Tables"),
        ("labs", "Lab Notes"),
        ("ledger", "The Ledger"),
        ("attic", "Attic Finds"),
    )
)


@pytest.fixture
def services(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Give services with five newsletters."""
    monkeypatch.setattr("tests.digest.web.conftest.CONFIG", CONFIG + MORE)
    return serve()


@pytest.fixture
def link(services: Services, reader: str) -> str:
    return f"/p/{token(services, Purpose.PREFERENCES, reader)}"


def join(services: Services, newsletter: str) -> str:
    """Let the reader read another newsletter too."""
    wish = signup.SignupWish(
        newsletter=newsletter,
        address=address.parse("ana@reader.example", allow_special=True),
        language="en",
        time_zone="Europe/Berlin",
    )
    with services.session() as session:
        begun = signup.add(session, wish, GROUND, fingerprint_key=services.keys.fingerprint, now=services.clock.now())
        return begun.subscription.public_id


def ledger(services: Services) -> list[ConsentKind]:
    with services.reading() as session:
        return [event.kind for event in session.query(ConsentEvent).order_by(ConsentEvent.id)][1:]


# -- every choice ------------------------------------------------------------------------------------------------------


def test_every_choice_is_kept_and_shown_again(client: TestClient, services: Services, reader: str, link: str) -> None:
    form = {
        "section": ["electric", "research"],
        "cadence": "weekly",
        "hour": "06:00",
        "time_zone": "America/Lima",
        "name": "Ana María",
        "language": "de",
    }

    saved = client.post(link, data=form)
    shown = client.get(link).text

    row = subscription(services, reader)
    assert (row.sections, row.cadence, row.hour) == (("electric", "research"), Cadence.WEEKLY, time(6))
    person = row.subscriber
    assert (person.name, person.language, person.time_zone) == ("Ana María", "de", "America/Lima")
    assert saved.status_code == 200
    for page in (saved.text, shown):
        assert re.findall(r'value="(\w+)" checked', page) == ["electric", "research", "weekly"]
        assert re.findall(r'value="([^"]*)"[^>]* selected', page) == ["06:00", "America/Lima", "de"]
        assert 'value="Ana María"' in page


def test_what_a_form_leaves_out_stays_as_it_was(client: TestClient, services: Services, reader: str, link: str) -> None:
    client.post(link, data={"section": ["electric"], "name": "Ana", "language": "fr", "hour": "09:00"})

    client.post(link, data={"section": ["research"]})

    row = subscription(services, reader)
    assert (row.sections, row.hour, row.subscriber.language) == (("research",), time(9), "fr")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"section": []}, "Choose at least one section."),
        ({"name": "n" * 201}, "give at most 200 characters"),
        ({"time_zone": "Mars/Olympus"}, "choose it anew"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_typed_is_lost(
    client: TestClient, services: Services, reader: str, link: str, change: dict[str, str | list[str]], told: str
) -> None:
    form = {"section": ["electric"], "cadence": "weekly", "name": "Bea", "language": "de", "hour": "05:00"}

    answer = client.post(link, data=form | change)

    assert answer.status_code == 422
    assert told in parsed(answer.text).xpath("string(//*[@role='alert'])")
    assert re.findall(r'value="(\d\d:00|de)"[^>]* selected', answer.text) == ["05:00", "de"]
    assert f'value="{change.get("name", "Bea")}"' in answer.text
    assert subscription(services, reader).cadence is Cadence.DAILY


@pytest.mark.parametrize("change", [{"cadence": "special"}, {"language": "tlh"}, {"language": "<b>"}])
def test_what_the_form_never_offered_is_refused(
    client: TestClient, services: Services, reader: str, link: str, change: dict[str, str]
) -> None:
    answer = client.post(link, data={"section": ["electric"], **change})

    assert answer.status_code == 422
    assert subscription(services, reader).sections is None


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, "Mon 23 Nov 2026, 07:00."),
        ({"cadence": "weekly"}, "Sat 28 Nov 2026, 07:00."),
        ({"hour": "05:00"}, "Tue 24 Nov 2026, 05:00."),
        ({"time_zone": "Pacific/Kiritimati"}, "Tue 24 Nov 2026, 07:00."),
        ({"time_zone": "Asia/Kolkata", "hour": "23:00"}, "Mon 23 Nov 2026, 23:00."),
        ({"language": "de"}, "Ihre nächste Mail: Mo., 23. Nov. 2026, 07:00 Uhr."),
    ],
)
def test_the_page_tells_when_the_next_mail_comes_by_the_readers_clock(
    client: TestClient, link: str, form: dict[str, str], told: str
) -> None:
    saved = client.post(link, data={"section": ["electric"], **form})

    assert told in saved.text
    assert told in client.get(link).text


def test_the_page_counts_on_the_editions_that_there_are(client: TestClient, services: Services, link: str) -> None:
    with services.session() as session:
        due_at = services.clock.now() + timedelta(hours=1)
        edition = editions.open_for(session, "wattage", Cadence.DAILY, TODAY, due_at=due_at)
        edition.skip("too little news")

    page = client.get(link).text

    assert "Your next mail: Tue 24 Nov 2026, 07:00." in page


def test_a_pause_tells_the_first_mail_after_it_and_none_where_it_has_no_end(client: TestClient, link: str) -> None:
    client.post(link, data={"section": ["electric"], "cadence": "weekly"})

    until = client.post(f"{link}/pause", data={"until": "2026-11-29"}).text
    open_end = client.post(f"{link}/pause", data={"for": "open"}).text

    assert "Your next mail: Sat 5 Dec 2026, 07:00." in until
    assert "Your next mail" not in open_end


@pytest.mark.parametrize("gone", [{"sections": ("tariffs",)}, {"cadence": Cadence.WEEKLY}])
def test_who_gets_nothing_since_what_they_chose_is_no_more_is_told_so_and_helped_by_a_press(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, gone: dict[str, object]
) -> None:
    monkeypatch.setattr("tests.digest.web.conftest.CONFIG", CONFIG.replace('["daily", "weekly"]', '["daily"]'))
    services = serve()
    client = TestClient(create_app(services), base_url="http://127.0.0.1:8025")
    public_id = join(services, "wattage")
    link = f"/p/{token(services, Purpose.PREFERENCES, public_id)}"
    with services.session() as session:
        row = Subscription.by_public_id(session, public_id)
        for name, value in gone.items():
            setattr(row, name, value)

    before = client.get(link).text
    after = client.post(link, data={"section": ["electric", "industry", "research"], "was": shown(before)}).text

    assert "Nothing comes at present" in before
    assert "Your next mail" not in before
    assert "Nothing comes at present" not in after
    assert "Your next mail: Mon 23 Nov 2026, 07:00." in after


def test_a_reader_whose_address_gets_no_mail_is_told_so(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    with services.session() as session:
        mark = Subscription.by_public_id(session, reader).subscriber.fingerprint
        suppression.suppress(session, mark, SuppressionReason.HARD_BOUNCE, at=services.clock.now())

    page = client.get(link).text

    assert "Your address gets no mail from us at present." in page
    assert "Your next mail" not in page


# -- two tabs ----------------------------------------------------------------------------------------------------------


def shown(page: str) -> str:
    """Return what a browser sends back of how the form stood."""
    return str(parsed(page).xpath("//input[@name='was']")[0].get("value"))


def test_a_form_that_has_stood_open_takes_nothing_back_that_was_saved_meanwhile(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    every = ["electric", "industry", "research"]
    stale = shown(client.get(link).text)
    form = dict(parse_qsl(stale, keep_blank_values=True))
    meanwhile = {"cadence": "weekly", "time_zone": "Asia/Tokyo", "language": "de", "name": "Bea"}
    client.post(link, data={**form, **meanwhile, "section": ["electric"], "was": stale})

    client.post(link, data={**form, "section": every, "hour": "05:00", "was": stale})

    row = subscription(services, reader)
    assert (row.hour, row.sections, row.cadence) == (time(5), ("electric",), Cadence.WEEKLY)
    person = row.subscriber
    assert (person.time_zone, person.language, person.name) == ("Asia/Tokyo", "de", "Bea")


def test_what_is_set_back_in_a_fresh_form_is_a_choice(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    first = client.post(link, data={"section": ["electric"], "cadence": "weekly", "hour": "05:00"}).text

    client.post(link, data={"section": ["research"], "cadence": "daily", "hour": "", "was": shown(first)})

    row = subscription(services, reader)
    assert (row.hour, row.sections, row.cadence) == (None, ("research",), Cadence.DAILY)


def test_a_section_unticked_by_a_link_of_a_mail_is_left_out_when_saved(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    page = client.get(f"{link}?mute=industry").text

    client.post(link, data={"section": ["electric", "research"], "was": shown(page)})

    assert subscription(services, reader).sections == ("electric", "research")


def test_a_reader_of_all_sections_gets_one_that_was_added_while_the_form_stood_open(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    before = shown(client.get(link).text).replace("&section=research", "")  # as if there had been but two

    client.post(link, data={"section": ["electric", "industry"], "hour": "05:00", "was": before})

    assert (subscription(services, reader).sections, subscription(services, reader).hour) == (None, time(5))


def test_a_fault_mended_keeps_how_the_form_stood_at_first(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    stale = shown(client.get(link).text)
    client.post(link, data={"section": ["electric"], "cadence": "weekly"})

    wrong = client.post(link, data={"section": [], "cadence": "daily", "was": stale})
    client.post(link, data={"section": ["research"], "cadence": "daily", "was": shown(wrong.text)})

    assert (subscription(services, reader).sections, subscription(services, reader).cadence) == (
        ("research",),
        Cadence.WEEKLY,
    )


# -- languages ---------------------------------------------------------------------------------------------------------


def test_languages_are_english_and_those_of_the_mails_by_their_own_names(services: Services) -> None:
    newsletter = services.newsletter("wattage")

    offered = wishes.choices(newsletter, wishes.usual(newsletter)).languages

    assert offered[0] == ("en", "English")
    assert {("de", "Deutsch"), ("fr", "Français"), ("pt-PT", "Português (Portugal)"), ("ar", "العربية")} <= set(offered)


@pytest.mark.parametrize(("tag", "name"), [("pl", "Polski"), ("pt-BR", "Português (Brasil)"), ("tlh", "tlh")])
def test_a_language_that_a_reader_came_with_stays_among_them(services: Services, tag: str, name: str) -> None:
    newsletter = services.newsletter("wattage")
    before = Wishes(language=tag, time_zone="UTC")

    offered = wishes.choices(newsletter, before).languages
    kept = wishes.chosen(Fields((("section", "electric"),)), newsletter, before)

    assert (tag, name) in offered
    assert kept.language == tag


def test_the_answer_to_a_changed_language_is_in_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: FixedClock
) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(resources.templates(), templates)
    (templates / "web" / "languages").mkdir(exist_ok=True)
    catalogue = (
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "Your preferences"\nmsgstr "كما تحب"\n\nmsgid "Paused until %(day)s."\nmsgstr "متوقف حتى %(day)s."\n'
    )
    (templates / "web" / "languages" / "ar.po").write_text(catalogue, encoding="utf-8")
    monkeypatch.setattr(resources, "templates", lambda: templates)
    services = serve()
    client = TestClient(create_app(services), base_url="http://127.0.0.1:8025")
    link = f"/p/{token(services, Purpose.PREFERENCES, join(services, 'wattage'))}"
    before = client.get(link).text

    saved = client.post(link, data={"section": ["electric"], "language": "ar"}).text
    paused = client.post(f"{link}/pause", data={"for": "week"}).text

    assert '<html lang="en" dir="ltr">' in before
    assert '<html lang="ar" dir="rtl">' in saved
    assert "<h1>كما تحب</h1>" in saved
    assert "متوقف حتى ٣٠ نوفمبر ٢٠٢٦." in paused or "متوقف حتى 30 نوفمبر 2026." in paused


# -- pauses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "until", "told"),
    [
        ({"for": "week"}, date(2026, 11, 30), "Paused until 30 November 2026."),
        ({"for": "month"}, date(2026, 12, 23), "Paused until 23 December 2026."),
        ({"for": "open"}, None, "Nothing comes until you resume it."),
        ({"until": "2027-01-31"}, date(2027, 1, 31), "Paused until 31 January 2027."),
    ],
)
def test_a_reader_pauses_sees_until_when_and_resumes(
    client: TestClient,
    services: Services,
    reader: str,
    link: str,
    form: dict[str, str],
    until: date | None,
    told: str,
) -> None:
    paused = client.post(f"{link}/pause", data=form)
    kept = subscription(services, reader)
    shown = client.get(link).text
    back = client.post(f"{link}/resume")

    assert (kept.state, kept.paused_until) == (SubscriptionState.PAUSED, until)
    assert told in paused.text
    assert told in shown
    assert "Resume now" in shown
    assert "Good to have you back" in back.text
    assert "Resume now" not in back.text
    assert subscription(services, reader).state is SubscriptionState.ACTIVE
    assert ledger(services) == [ConsentKind.PAUSED, ConsentKind.RESUMED]


@pytest.mark.parametrize("until", ["", "soon", "2026-02-30", "2026-11-23", "2020-01-01", "2030-01-01"])
def test_a_day_that_cannot_end_a_pause_is_refused_with_those_that_can(
    client: TestClient, services: Services, reader: str, link: str, until: str
) -> None:
    answer = client.post(f"{link}/pause", data={"until": until})

    assert answer.status_code == 422
    assert "Choose a day from 24 November 2026 to 24 November 2027." in answer.text
    assert subscription(services, reader).state is SubscriptionState.ACTIVE


def test_a_pause_of_a_length_that_is_not_offered_is_refused(client: TestClient, link: str) -> None:
    assert client.post(f"{link}/pause", data={"for": "ever"}).status_code == 422


def test_a_pause_that_is_over_is_not_shown_any_more(
    client: TestClient, services: Services, clock: FixedClock, reader: str, link: str
) -> None:
    client.post(f"{link}/pause", data={"for": "week"})

    clock.advance(timedelta(days=7))

    assert "Resume now" not in client.get(link).text
    assert subscription(services, reader).state is SubscriptionState.PAUSED  # until the upkeep comes


@pytest.mark.parametrize(
    ("day", "then"), [("2026-01-31", "2026-02-28"), ("2026-11-23", "2026-12-23"), ("2027-12-31", "2028-01-31")]
)
def test_a_month_ends_on_the_same_day_or_the_last_one(day: str, then: str) -> None:
    assert wishes.pause_end(Fields((("for", "month"),)), date.fromisoformat(day)) == date.fromisoformat(then)


def test_a_pause_needs_a_day() -> None:
    with pytest.raises(BadWish, match="no day"):
        wishes.pause_end(Fields(), TODAY)


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_who_opens_the_address_of_an_act_is_led_back_to_the_page(client: TestClient, link: str, act: str) -> None:
    answer = client.get(f"{link}/{act}")

    assert (answer.status_code, answer.headers["location"]) == (303, link)


@pytest.mark.parametrize("act", ["", "/pause", "/resume"])
def test_who_has_left_is_told_how_to_begin_anew(
    client: TestClient, services: Services, reader: str, link: str, act: str
) -> None:
    client.post(f"/u/{token(services, Purpose.UNSUBSCRIBE, reader)}")

    answer = client.post(f"{link}{act}", data={"section": ["electric"], "for": "week"})

    assert answer.status_code == 410
    assert 'href="/subscribe/wattage"' in answer.text
    assert subscription(services, reader).state is SubscriptionState.ENDED


def test_who_has_left_finds_what_else_they_get_and_may_still_have_their_data_and_be_erased(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    other = join(services, "tide")
    client.post(f"/u/{token(services, Purpose.UNSUBSCRIBE, reader)}")

    page = parsed(client.get(link).text)
    forms = page.xpath("//main//form/@action")
    asked = [client.post(action).status_code for action in (f"{link}/export", f"{link}/erase")]

    assert {f"{link}/export", f"{link}/erase"} <= set(forms)
    assert asked == [200, 200]
    assert f"/p/{token(services, Purpose.PREFERENCES, other)}" in page.xpath("//main//a/@href")


def test_a_foreign_token_pauses_nobody(client: TestClient, services: Services, reader: str) -> None:
    for rubbish in ("x", token(services, Purpose.UNSUBSCRIBE, reader)):
        for act in ("pause", "resume"):
            assert client.post(f"/p/{rubbish}/{act}", data={"for": "week"}).status_code == 404
    assert subscription(services, reader).state is SubscriptionState.ACTIVE


# -- what else there is ------------------------------------------------------------------------------------------------


def test_the_page_leads_to_all_else_that_the_reader_has_and_could_have(
    client: TestClient, services: Services, reader: str, link: str
) -> None:
    got, paused, left = join(services, "tide"), join(services, "labs"), join(services, "ledger")
    with services.session() as session:
        preferences.pause(session, paused, date(2026, 12, 24), GROUND, now=services.clock.now())
    client.post(f"/u/{token(services, Purpose.UNSUBSCRIBE, left)}")

    page = client.get(link).text
    rows = {
        row.findtext("span/strong"): (row.findtext("span/small"), row.find("a").get("href"))
        for row in parsed(page).xpath("//ul[@class='rows']/li")
    }

    assert rows == {
        "Tide Tables": ("You get it.", f"/p/{token(services, Purpose.PREFERENCES, got)}"),
        "Lab Notes": ("Paused until 24 December 2026.", f"/p/{token(services, Purpose.PREFERENCES, paused)}"),
        "The Ledger": ("The Ledger: in short.", "/subscribe/ledger"),
        "Attic Finds": ("Attic Finds: in short.", "/subscribe/attic"),
    }
    for _, href in rows.values():
        assert client.get(href).status_code == 200
    assert f'href="/u/{token(services, Purpose.UNSUBSCRIBE, reader)}"' in page


# -- in a browser ------------------------------------------------------------------------------------------------------


@pytest.fixture
def web(services: Services) -> Iterator[str]:
    """Serve the pages on a free port of this machine and give their address."""
    socket = listening(0)
    with Background(create_app(services), [socket]):
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"


def opened(page: Page) -> None:
    """Open all that is folded."""
    for summary in page.locator("summary").all():
        summary.click()


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_is_for_everybody_on_every_screen(
    browser: Browser, services: Services, web: str, link: str, width: int, scheme: Scheme
) -> None:
    join(services, "tide")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(web + link)
    folded = page.evaluate("document.documentElement.scrollHeight")
    opened(page)

    faults = [fault["id"] for fault in Axe().run(page).response["violations"] if fault["impact"] in GRAVE]
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    targets = page.locator("main button, main a, main select, main input[type=date], main summary, main .choice")
    heights = [box["height"] for box in (one.bounding_box() for one in targets.all()) if box is not None]
    context.close()

    assert (faults, wider) == ([], 0)
    assert min(heights) >= 44
    assert folded < 1440  # the rarer choices are folded away


@needs_chromium
def test_a_reader_without_scripts_pauses_and_resumes(
    browser: Browser, services: Services, web: str, link: str, reader: str
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(web + link)

    page.get_by_text("Pause for a while").click()
    page.get_by_label("Or until this day").fill("2026-12-06")
    page.get_by_role("button", name="Pause", exact=True).click()
    paused = subscription(services, reader).paused_until
    told = page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Resume now").click()
    back = page.get_by_role("status").inner_text()
    context.close()

    assert paused == date(2026, 12, 6)
    assert "Paused until 6 December 2026." in told
    assert "Good to have you back" in back
    assert subscription(services, reader).state is SubscriptionState.ACTIVE


@needs_chromium
def test_return_in_the_day_of_a_pause_means_that_day(
    browser: Browser, services: Services, web: str, link: str, reader: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(web + link)
    page.get_by_text("Pause for a while").click()
    field = page.get_by_label("Or until this day")
    field.fill("2026-12-06")

    field.press("Enter")
    page.wait_for_url("**/pause")
    context.close()

    assert subscription(services, reader).paused_until == date(2026, 12, 6)


def test_a_cadence_that_the_newsletter_has_given_up_can_be_left_behind(services: Services) -> None:
    newsletter = services.newsletter("wattage")
    before = Wishes(language="en", time_zone="UTC", cadence=Cadence.WEEKLY)

    kept = wishes.chosen(Fields((("section", "electric"),)), newsletter, before)

    assert kept.cadence in newsletter.schedule.cadences
