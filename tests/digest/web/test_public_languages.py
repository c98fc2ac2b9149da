"""The public pages in the reader's language: whole catalogues, the right one chosen, dates and places in it."""

import ast
import dataclasses
import datetime as dt
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from babel.support import NullTranslations
from fastapi.testclient import TestClient

from digest import resources
from digest.readers import admitting, signing_up
from digest.services import Services
from digest.settings import Settings
from digest.web import said, wishes, words
from digest.web.app import create_app
from digest.web.pages import Pages, negotiated
from digest.web.words import Words
from subscribers import address
from subscribers.cadence import Cadence
from subscribers.model import Subscriber, Subscription
from subscribers.tokens import Claim, Purpose, sign
from tests.digest.web.newsroom import BASE, gone_out, parsed
from tests.digest.web.test_archive_pages import draft
from tests.fakes import FixedClock

WEB = resources.templates() / "web"
CODE = Path(__file__).parents[3] / "digest" / "web"
LANGUAGES = ("ar", "de", "es", "fr", "it", "nl", "pt", "pt-PT")
JINJA = {"trim_blocks": "true", "lstrip_blocks": "true"}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
#: The templates that have no words of their own.
WORDLESS = {"public/_edition_head.html", "public/_feed_link.html", "public/_name.html", "public/_small.html"}

Phrase = tuple[str | None, str | tuple[str, ...]]


def phrases() -> Iterator[tuple[str, Phrase]]:
    """Give every phrase of the pages with the file that it stands in."""
    templates = extract_from_dir(WEB, method_map=[("**.html", "jinja2")], options_map={"**.html": JINJA})
    code = extract_from_dir(CODE, method_map=[("**.py", "python")], keywords={**DEFAULT_KEYWORDS, "phrase": None})
    for file, _, message, _, context in (*templates, *code):
        yield file, (context, message)


def catalogue(language: str) -> Catalog:
    with (WEB / "languages" / f"{language}.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


# -- catalogues --------------------------------------------------------------------------------------------------------


def test_the_pages_speak_the_languages_of_the_mails() -> None:
    mails = {path.stem for path in (resources.templates() / "email" / "languages").iterdir()}

    assert {path.stem for path in (WEB / "languages").iterdir()} == mails == set(LANGUAGES)


def test_no_public_template_says_anything_past_the_catalogues() -> None:
    silent = {str(path.relative_to(WEB)) for path in (WEB / "public").glob("*.html")} - {file for file, _ in phrases()}
    bare = [text for path in (WEB / "public").glob("*.html") for text in _bare_words(path.read_text())]

    assert silent == WORDLESS
    assert bare == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_of_the_pages_is_said_in_each_language(language: str) -> None:
    words = catalogue(language)
    said = {(message.context, message.id) for message in words if message.id and not message.fuzzy}
    empty = {(message.context, message.id) for message in words if not _forms(message.string)[0]}

    wanted = {phrase for _, phrase in phrases()}
    missing, stale = wanted - (said - empty), said - wanted

    assert missing == set()
    assert stale == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_has_all_plurals_keeps_its_values_and_adds_no_tag(language: str) -> None:
    words = catalogue(language)

    for message in words:
        if not message.id:
            continue
        said = _forms(message.string)
        asked = set(PLACEHOLDER.findall(str(message.id)))
        assert len(said) == (words.num_plurals if message.pluralizable else 1), message.id
        assert all(said), message.id
        assert all(asked - {"num"} <= set(PLACEHOLDER.findall(form)) <= asked for form in said), message.id
        assert not set("".join(said)) & set('<>&\\{}"'), message.id


def _bare_words(template: str) -> list[str]:
    """Return what of *template* a reader sees or hears as it stands there."""
    markup = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<style>.*?</style>", "", template, flags=re.DOTALL)
    spoken = re.findall(r'\b(?:alt|aria-label|placeholder|title)="([^"]*)"', markup)
    texts = re.sub(r"<[^>]*>", "\n", markup).splitlines()
    return [text.strip() for text in (*spoken, *texts) if re.search(r"[A-Za-z]", text)]


def _forms(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string] if isinstance(string, str) else list(string or [""])


# -- whose language ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.8,en;q=0.5", "de"),
        ("sv,nl;q=0.3,fr;q=0.7", "fr"),
        ("pt-BR", "pt"),
        ("PT-pt", "pt-PT"),
        ("en-GB,de;q=0.9", "en"),
        ("fr;q=0, it", "it"),
        ("fr;q=0", "en"),
        ("*", "en"),
        ("sv", "en"),
        ("zh-Hant-TW, ar-EG;q=0.2", "ar"),
        ("de;q=nan, es ; q=0.1", "es"),
        ("../../etc, %s%n,, ;q=1", "en"),
        ("x" * 100_000, "en"),
        ("de;q=0.1," * 20_000, "de"),
    ],
)
def test_the_browser_is_answered_in_the_language_that_it_wants_most(header: str, language: str) -> None:
    assert negotiated(header, ("en", *LANGUAGES)) == language


@pytest.mark.parametrize(
    ("header", "language", "direction", "heading"),
    [
        ("de-CH", "de", "ltr", "Hilfe"),
        ("ar", "ar", "rtl", "المساعدة"),
        ("sv", "en", "ltr", "Help"),
    ],
)
def test_front_and_help_speak_as_the_browser_asks_and_tell_caches(
    client: TestClient, header: str, language: str, direction: str, heading: str
) -> None:
    answer = client.get("/help", headers={"Accept-Language": header})
    page = parsed(answer.text)

    assert (page.get("lang"), page.get("dir"), page.xpath("string(//h1)")) == (language, direction, heading)
    assert answer.headers["vary"] == "Accept-Language"
    assert parsed(client.get("/", headers={"Accept-Language": header}).text).get("lang") == language


def test_what_went_wrong_is_said_in_the_language_of_the_browser_but_at_the_desk_in_english(client: TestClient) -> None:
    german = {"Accept-Language": "de"}

    missing, broken = client.get("/nothing", headers=german), client.get("/confirm/none", headers=german)
    desk = client.get("/desk/nothing", headers=german)

    assert "Nicht gefunden" in missing.text
    assert "Unter dieser Adresse ist nichts." in missing.text
    assert "Dieser Link funktioniert nicht" in broken.text
    assert 'lang="de"' in missing.text
    assert "Not found" in desk.text


@pytest.fixture
def speaking(services: Services) -> Services:
    """Have the newsletter be in Spanish."""
    with_language(services.settings, "es")
    return services


def with_language(settings: Settings, language: str) -> None:
    (newsletter,) = settings.newsletters
    object.__setattr__(settings, "newsletters", (dataclasses.replace(newsletter, language=language),))


def test_the_archive_speaks_the_language_of_its_newsletter(
    client: TestClient, speaking: Services, clock: FixedClock
) -> None:
    gone_out(speaking, *(draft(clock, dt.date(2026, 11, day), number=day) for day in (21, 22)))

    months = parsed(client.get("/archive/wattage", headers={"Accept-Language": "de"}).text)
    strip = parsed(client.get("/archive/wattage/daily/2026-11-22").text).xpath("//header[1]")[0]

    assert (months.get("lang"), months.xpath("string(//h1)")) == ("es", "Noviembre de 2026")
    assert "N.º 22 · dom, 22 nov 2026" in " ".join(months.text_content().split())
    assert "Cada día, o cada sábado, a las 07:00 (hora de Berlín)" in months.text_content()
    assert (strip.get("lang"), strip.get("dir")) == ("es", "ltr")
    assert "Todas las ediciones" in strip.text_content()


@pytest.mark.parametrize(
    ("language", "spoken", "title"),
    [
        ("ar", "ar", "أهلًا بك في The Wattage"),
        ("de-AT", "de-AT", "Willkommen bei The Wattage"),
        ("pt-PT", "pt-PT", "Boas-vindas a The Wattage"),
        ("sv", "en", "Welcome to The Wattage"),
        ("de-QQ-nonsense-tag", "de", "Willkommen bei The Wattage"),
        ("../de", "en", "Welcome to The Wattage"),
    ],
)
def test_a_readers_page_speaks_the_readers_language_whatever_the_browser_asks(
    client: TestClient, services: Services, clock: FixedClock, language: str, spoken: str, title: str
) -> None:
    form = {"address": "bea@reader.example", "section": ["electric"], "time_zone": "Europe/Berlin"}
    assert client.post("/subscribe/wattage", data=form).status_code == 200
    signing_up.take_up(services)
    with services.session() as session:
        session.query(Subscriber).one().language = language
        row = session.query(Subscription).one()
        claim = Claim(row.public_id, row.confirmation_nonce)
    link = f"/confirm/{sign(Purpose.CONFIRM, claim, services.keys.tokens, issued=clock.now())}"

    page = parsed(client.post(link, headers={"Accept-Language": "fr"}).text)

    assert (page.get("lang"), " ".join(page.xpath("string(//h1)").split())) == (spoken, title)


# -- what is wrong with a form -----------------------------------------------------------------------------------------


def test_every_sentence_about_an_address_is_one_that_the_pages_can_say() -> None:
    assert _sentences(address) | _sentences(admitting) == said.SENTENCES


def _sentences(module: ModuleType) -> set[str]:
    """Return the texts of *module* that are sentences for readers: no docstrings, and no message with a detail."""
    tree = ast.parse(inspect.getsource(module))
    parts = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.Expr) for part in ast.walk(node)
    }
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in parts)
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"[A-Z].* .*\.", text)}


@pytest.mark.parametrize("path", ["/subscribe/wattage", "/subscribe/wattage/form"])
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("ana", "La dirección no tiene arroba; indíquela entera, como name@mail.example."),
        ("ana@-b.example", "La dirección no se puede usar. Compruebe si hay erratas."),
        ("a" * 400, "La dirección es demasiado larga; indique una de 254 caracteres como máximo."),
        (
            "é" * 33 + "@mail.example",
            "La parte anterior a la arroba ocupa 66 bytes y el correo admite 64 como máximo; acórtela.",
        ),
    ],
)
def test_a_mistyped_address_is_told_in_the_language_of_the_form(
    client: TestClient, speaking: Services, path: str, typed: str, told: str
) -> None:
    answer = client.post(path, data={"address": typed, "section": ["electric"]})

    assert (answer.status_code, parsed(answer.text).xpath('string(//*[@id="fault"])')) == (422, told)


@pytest.mark.parametrize("language", ["en", "sv"])
def test_english_keeps_the_detail_of_a_mistyped_address(client: TestClient, services: Services, language: str) -> None:
    with_language(services.settings, language)

    answer = client.post("/subscribe/wattage", data={"address": "ana@-b.example", "section": ["electric"]})

    assert "cannot be used: An email address cannot have a hyphen immediately after the @-sign." in answer.text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"section": []}, "Elija al menos una sección."),
        ({"name": "n" * 201}, "El nombre es demasiado largo: 200 caracteres como máximo."),
        ({"time_zone": "Moon/Base"}, "No conocemos uno de los valores: elíjalo de nuevo."),
    ],
)
def test_a_choice_that_cannot_be_is_told_in_the_language_of_the_form(
    client: TestClient, speaking: Services, change: dict[str, object], told: str
) -> None:
    form = {"address": "bea@reader.example", "section": ["electric"], "time_zone": "Europe/Berlin"}

    answer = client.post("/subscribe/wattage", data=form | change)

    assert (answer.status_code, parsed(answer.text).xpath('string(//*[@role="alert"]//a)')) == (422, told)


@pytest.mark.parametrize("path", ["/u/none", "/a/none", "/d/none", "/f/none", "/confirm/none", "/p/none"])
def test_a_link_that_tells_no_reader_is_answered_as_the_browser_asks(client: TestClient, path: str) -> None:
    page = parsed(client.get(path, headers={"Accept-Language": "de"}).text)

    assert page.get("lang") == "de"


# -- dates, hours and places -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "zone", "cadences", "said"),
    [
        ("en", "Europe/Berlin", (Cadence.DAILY,), "Every day at 07:00 Berlin time"),
        ("de", "Europe/Berlin", (Cadence.DAILY,), "Jeden Tag um 07:00 Uhr (Ortszeit Berlin)"),
        ("fr", "America/New_York", (Cadence.WEEKLY,), "Chaque samedi à 07:00 (heure locale : New York)"),
        ("it", "UTC", (Cadence.DAILY,), "Ogni giorno alle 07:00 (UTC)"),
        (
            "ar",
            "Europe/Berlin",
            (Cadence.DAILY, Cadence.WEEKLY),
            "كل يوم، أو كل أسبوع يوم السبت، الساعة 07:00 بتوقيت برلين",
        ),
    ],
)
def test_the_rhythm_of_a_newsletter_is_one_sentence_in_each_language(
    services: Services, language: str, zone: str, cadences: tuple[Cadence, ...], said: str
) -> None:
    newsletter = services.newsletter("wattage")
    plan = dataclasses.replace(newsletter.schedule, zone=ZoneInfo(zone), cadences=cadences)

    page = Pages(services).fill(
        "public/index.html", language=language, newsletters=[dataclasses.replace(newsletter, schedule=plan)]
    )

    assert parsed(page).xpath("string(//article/p[@class='small muted'])") == said


def test_the_words_for_every_day_of_the_week_are_its_own(services: Services) -> None:
    pages = Pages(services)
    newsletter = services.newsletter("wattage")
    spoken = []
    for day in range(1, 8):
        plan = dataclasses.replace(newsletter.schedule, cadences=(Cadence.WEEKLY,), weekly_day=day)
        paper = dataclasses.replace(newsletter, schedule=plan)
        page = parsed(pages.fill("public/index.html", language="nl", newsletters=[paper]))
        spoken.append(page.xpath("string(//article/p[@class='small muted'])").split()[1])

    assert spoken == ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"]


def test_the_places_of_time_zones_are_named_and_sorted_in_each_language(services: Services) -> None:
    newsletter = services.newsletter("wattage")
    form = wishes.choices(newsletter, wishes.usual(newsletter))
    europe, america = (dict(form.zones)[area] for area in ("Europe", "America"))
    german, french = (Words(language, NullTranslations()) for language in ("de", "fr"))

    named = dict(german.places(europe))
    order = [name for _, name in french.places(europe)]

    assert (named["Europe/Vienna"], named["Europe/Belfast"]) == ("Wien", "London (Belfast)")
    assert dict(german.places(america))["America/Argentina/Buenos_Aires"] == "Argentina/Buenos Aires"
    assert order.index("Helsinki") < order.index("Île de Man") < order.index("Istanbul")
    assert {key for key, _ in german.places(europe)} == {key for key, _ in europe}
    assert words.places(europe) == europe


def test_a_title_cannot_add_markup_to_a_phrase(services: Services) -> None:
    (newsletter,) = services.settings.newsletters
    sly = dataclasses.replace(newsletter, title="<b>%(title)s & %s</b>")
    object.__setattr__(services.settings, "newsletters", (sly,))
    client = TestClient(create_app(services), base_url=BASE)

    page = client.post("/subscribe/wattage", data={"website": "x"}).text

    assert "&lt;b&gt;%(title)s &amp; %s&lt;/b&gt;" in page
    assert "<b>" not in page
