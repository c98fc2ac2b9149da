"""The archive at the desk, and search through it: what is listed, found and said."""

import dataclasses
import datetime as dt

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model.article import Article
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.source import Source
from digest.services import Services
from digest.store import editions
from subscribers.cadence import Cadence
from tests.digest.web.newsroom import TODAY, drafted, gone_out, paper, parsed, sign_in
from tests.fakes import FixedClock

ARCHIVE = "/desk/archive"
SEARCH = "/desk/archive/search"
DAY = dt.timedelta(days=1)


@pytest.fixture
def desk(client: TestClient, editor: str) -> TestClient:
    sign_in(client, editor)
    return client


@pytest.fixture
def past(services: Services, clock: FixedClock, edition_id: EditionId) -> None:
    """Store yesterday's Edition and one of October as sent, and a day without one."""
    today = paper(clock)
    gone_out(
        services,
        dataclasses.replace(today, date=TODAY - DAY, number=41, subject="Ferries for Eastmouth"),
        dataclasses.replace(today, date=dt.date(2026, 10, 5), number=3, subject="An October paper"),
    )
    with services.session() as session:
        skipped = editions.open_for(
            session, "wattage", Cadence.DAILY, TODAY - 2 * DAY, due_at=dt.datetime(2026, 11, 21, 6, tzinfo=dt.UTC)
        )
        skipped.skip("too little news")


def texts(page: str, path: str = "//ol[@class='found']/li/h2") -> list[str]:
    return [" ".join(node.text_content().split()) for node in parsed(page).xpath(path)]


@pytest.mark.parametrize("path", [ARCHIVE, SEARCH])
def test_only_staff_may_look(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/sign-in?next={path}")


def test_an_empty_archive_says_what_to_do_first(desk: TestClient) -> None:
    text = desk.get(ARCHIVE).text

    assert "No edition has been decided yet" in text
    assert 'role="search"' in text


def test_the_newest_month_is_listed_newest_first_also_what_never_went_out(desk: TestClient, past: None) -> None:
    text = desk.get(ARCHIVE).text

    assert texts(text) == ["Ferries for Eastmouth", "No edition"]
    assert "Too little news." in text
    assert texts(text, "//h1") == ["November 2026"]


def test_a_past_edition_leads_to_its_desk_and_to_what_readers_see(
    desk: TestClient, services: Services, past: None
) -> None:
    links = parsed(desk.get(ARCHIVE).text).xpath("//ol[@class='found']//a/@href")

    with services.reading() as session:
        sent = editions.find(session, "wattage", Cadence.DAILY, TODAY - DAY)
    assert sent is not None
    assert links == [f"/desk/edition/{sent.id}", f"/archive/wattage/daily/{TODAY - DAY}"]
    assert all(desk.get(link).status_code == 200 for link in links)
    assert (sent.rendered_hash or "")[:12] in desk.get(ARCHIVE).text


def test_the_months_lead_to_each_other(desk: TestClient, past: None) -> None:
    page = parsed(desk.get(ARCHIVE, params={"newsletter": "wattage"}).text)
    (older,) = page.xpath("//a[@rel='prev']/@href")

    text = desk.get(older).text

    assert "newsletter=wattage" in older
    assert texts(text) == ["An October paper"]


@pytest.mark.parametrize(
    ("choice", "subjects"),
    [
        ({"state": "skipped"}, ["No edition"]),
        ({"state": "sent"}, ["Ferries for Eastmouth"]),
        ({"cadence": "weekly"}, []),
        ({"newsletter": "wattage", "cadence": "daily", "state": "sent"}, ["Ferries for Eastmouth"]),
        ({"month": "2026-10"}, ["An October paper"]),
        ({"month": "1999-01"}, []),
        ({"month": "rubbish", "state": "draft", "cadence": "<b>"}, ["Ferries for Eastmouth", "No edition"]),
    ],
)
def test_the_archive_is_sifted(desk: TestClient, past: None, choice: dict[str, str], subjects: list[str]) -> None:
    answer = desk.get(ARCHIVE, params=choice)

    assert (answer.status_code, texts(answer.text)) == (200, subjects)


def test_a_newsletter_that_there_is_not_is_not_found(desk: TestClient) -> None:
    assert desk.get(ARCHIVE, params={"newsletter": "nix"}).status_code == 404
    assert desk.get(SEARCH, params={"newsletter": "nix", "q": "ferry"}).status_code == 404


def test_an_edition_of_a_newsletter_that_is_gone_is_listed_without_a_way_into_it(
    desk: TestClient, services: Services, past: None
) -> None:
    with services.session() as session:
        for edition in session.query(Edition):
            edition.newsletter = "gone"

    page = desk.get(ARCHIVE)

    assert "Ferries for Eastmouth" in page.text
    assert parsed(page.text).xpath("//ol[@class='found']//a") == []


def test_an_article_is_found_with_its_source_its_editions_and_a_way_into_an_open_one(
    desk: TestClient, services: Services, clock: FixedClock, edition_id: EditionId
) -> None:
    with services.session() as session:
        editions.remember_stories(session, editions.get(session, edition_id), paper(clock), key_of=str)

    page = parsed(desk.get(SEARCH, params={"q": "mends cracks"}).text)

    (item, *_) = page.xpath("//ol[@class='found']/li")
    assert [mark.text for mark in item.xpath("h2//mark")] == ["mends", "cracks"]
    assert item.xpath("h2/a/@rel") == ["noopener noreferrer"]
    assert f"/desk/edition/{edition_id}" in item.xpath(".//a/@href")
    assert "Used in The Wattage · No. 42" in " ".join(item.text_content().split())
    assert f"/desk/edition/{edition_id}?add=https%3A//news.example/5" in "".join(item.xpath(".//a/@href"))


def test_an_edition_is_found_by_what_its_readers_were_shown(desk: TestClient, past: None) -> None:
    text = desk.get(SEARCH, params={"q": '"plug-and-pay" eastmouth', "in": "editions"}).text

    assert texts(text) == ["Ferries for Eastmouth"]
    assert "<mark>plug-and-pay</mark>" in text


def test_what_nobody_has_been_shown_is_no_edition_to_be_found(desk: TestClient, edition_id: EditionId) -> None:
    assert "Nothing found" in desk.get(SEARCH, params={"q": "sodium", "in": "editions"}).text


def test_a_corrected_edition_is_found_by_its_new_words(
    desk: TestClient, services: Services, clock: FixedClock, past: None
) -> None:
    with services.session() as session:
        edition = editions.find(session, "wattage", Cadence.DAILY, TODAY - DAY)
        assert edition is not None
        edition.draft_json = dataclasses.replace(edition.draft, subject="Bridges for Eastmouth").to_json()
        edition.corrected_at = clock.now()

    found = [texts(desk.get(SEARCH, params={"q": word, "in": "editions"}).text) for word in ("bridges", "ferries")]

    assert found == [["Bridges for Eastmouth"], []]
    assert "Corrected" in desk.get(ARCHIVE).text


@pytest.mark.parametrize(
    ("days", "count"),
    [
        ({"from": "2026-11-22", "to": "2026-11-22"}, 1),
        ({"from": "2026-10-01"}, 2),
        ({"to": "2026-10-31"}, 1),
        ({"from": "0001-01-01", "to": "9999-12-31"}, 2),
    ],
)
def test_the_first_and_the_last_day_count(desk: TestClient, past: None, days: dict[str, str], count: int) -> None:
    answer = desk.get(SEARCH, params={"q": "sodium", "in": "editions", **days})

    assert (answer.status_code, len(texts(answer.text))) == (200, count)


def test_a_day_of_articles_is_one_of_the_newsletters_zone(
    desk: TestClient, services: Services, edition_id: EditionId
) -> None:
    with services.session() as session:
        wire = session.query(Source).one()
        wire.key = "https://axle.example/rss"
        article = session.query(Article).first()
        assert article is not None
        article.title, article.published_at = "Zeppelin", dt.datetime(2026, 11, 19, 23, 30, tzinfo=dt.UTC)

    def found(day: str, newsletter: str) -> list[str]:
        return texts(desk.get(SEARCH, params={"q": "zeppelin", "from": day, "to": day, "newsletter": newsletter}).text)

    assert found("2026-11-20", "wattage") == found("2026-11-19", "") == ["Zeppelin"]
    assert found("2026-11-19", "wattage") == found("2026-11-20", "") == []


@pytest.mark.parametrize("among", ["articles", "editions"])
def test_the_days_farthest_away_are_days_too(desk: TestClient, past: None, among: str) -> None:
    days = {"from": "0001-01-01", "to": "9999-12-31", "newsletter": "wattage"}

    assert desk.get(SEARCH, params={"q": "sodium", "in": among, **days}).status_code == 200


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({"from": "yesterday"}, "This is no date; write it as 2026-11-23."),
        ({"to": "2026-02-30"}, "This is no date; write it as 2026-11-23."),
        ({"from": "2026-11-23", "to": "2026-11-22"}, "This is before the first day"),
    ],
)
def test_days_that_are_none_are_said_at_their_field(desk: TestClient, days: dict[str, str], words: str) -> None:
    answer = desk.get(SEARCH, params={"q": "ferry", **days})

    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="ferry"' in answer.text


def test_where_nothing_fits_the_page_says_what_to_try(desk: TestClient, past: None) -> None:
    assert "Try fewer words" in desk.get(SEARCH, params={"q": "zeppelin"}).text
    assert "Give a word to look for" in desk.get(SEARCH).text
    assert "a -word alone only leaves out" in desk.get(SEARCH, params={"q": "-ferry"}).text


def test_pages_lead_to_each_other_and_one_too_far_says_so(
    desk: TestClient, services: Services, edition_id: EditionId
) -> None:
    with services.session() as session:
        wire = session.query(Article).first()
        assert wire is not None
        session.add_all(
            Article(
                source_id=wire.source_id,
                guid=f"z{n}",
                url=f"https://wire.example/z{n}",
                url_key=f"z{n}",
                title=f"Zeppelin {n}",
                published_at=wire.published_at,
                first_seen_at=wire.first_seen_at,
                updated_at=wire.updated_at,
            )
            for n in range(25)
        )

    first = desk.get(SEARCH, params={"q": "zeppelin", "from": "2026-01-01"}).text
    (link,) = parsed(first).xpath("//a[@rel='next']/@href")
    second = desk.get(link).text
    far = desk.get(SEARCH, params={"q": "zeppelin", "page": "9999"}).text

    assert len(texts(first)) == 20
    assert len(texts(second)) == 5
    assert not set(texts(first)) & set(texts(second))
    assert "There is no page 50" in far
    assert "25 articles" in far


HOSTILE_TITLE = "<script>alert(1)</script> zeppelin </mark><img src=x onerror=alert(1)>\u202egnp\x07"


def test_hostile_titles_and_addresses_stay_text(desk: TestClient, services: Services, edition_id: EditionId) -> None:
    with services.session() as session:
        article = session.query(Article).first()
        assert article is not None
        article.title, article.url, article.summary = HOSTILE_TITLE, "javascript:alert(1)", "zeppelin <b>"

    text = desk.get(SEARCH, params={"q": "zeppelin script"}).text
    page = parsed(text)

    assert page.xpath("//ol[@class='found']//script | //ol[@class='found']//img | //ol[@class='found']//b") == []
    assert not [href for href in page.xpath("//a/@href") if "javascript" in href]
    assert "\u202e" not in text
    assert "<mark>zeppelin</mark>" in text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    typed=st.text(alphabet=st.sampled_from("ab\"'<>&*-()\x00é東 "), max_size=30) | st.text(max_size=30),
    page=st.text(max_size=6),
    day=st.text(max_size=12),
)
def test_whatever_is_typed_is_answered_and_escaped(
    desk: TestClient, past: None, typed: str, page: str, day: str
) -> None:
    typed = typed.encode(errors="replace").decode()

    answer = desk.get(
        SEARCH, params={"q": f"<i>{typed}", "page": page.encode(errors="replace"), "from": day.encode(errors="replace")}
    )

    assert answer.status_code in {200, 422}
    assert "<i>" not in answer.text


def test_a_question_that_is_far_too_long_is_cut_or_refused(desk: TestClient) -> None:
    assert desk.get(SEARCH, params={"q": "ferry " * 300}).status_code == 200
    assert desk.get(SEARCH, params={"q": "ferry " * 3000}).status_code == 422


def test_states_that_are_listed_are_past_their_decision(
    desk: TestClient, services: Services, clock: FixedClock
) -> None:
    drafted(services, paper(clock))

    assert "No edition has been decided yet" in desk.get(ARCHIVE).text
    assert desk.get(ARCHIVE, params={"state": EditionState.DRAFT.value}).status_code == 200
