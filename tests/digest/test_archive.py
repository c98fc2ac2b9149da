"""What anybody may read of the Editions that have gone out."""

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from digest import archive, sending
from digest.archive import ArchiveMonth, LeadPicture
from digest.desk import releasing
from digest.errors import UnknownNewsletter
from digest.model.candidate import Score, ScorePart
from digest.model.draft import Draft, Picture, PictureCopy, Section, Story
from digest.model.edition import Edition, EditionState
from digest.model.ids import ArticleId, EditionId
from digest.model.look import Place
from digest.render import render
from digest.services import Services
from digest.store import editions
from subscribers.cadence import Cadence
from tests.conftest import MakeServices
from tests.factories import write_feed

DAY = date(2026, 11, 23)
PUBLISHERS = Picture(url="https://news.example/ferry boat.jpg", alt="A ferry")
COPIED = dataclasses.replace(
    PUBLISHERS, copies=(PictureCopy(place=Place.LEAD, sha256="ab" * 32, width=1104, height=620),)
)


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str) -> Services:
    return make_services(sqlite_url)


def story(headline: str, *, standing: float = 1.0, picture: Picture | None = None) -> Story:
    return Story(
        article_id=ArticleId(1),
        headline=headline,
        url="https://news.example/1",
        source="Wire",
        summary="",
        published=None,
        score=Score(parts=(ScorePart(name="coverage", weight=1.0, value=standing, fact=""),), decay=1.0),
        picture=picture,
    )


def draft(*sections: tuple[Story, ...], day: date = DAY, cadence: Cadence = Cadence.DAILY, number: int = 1) -> Draft:
    return Draft(
        newsletter="morning",
        cadence=cadence,
        date=day,
        number=number,
        subject=f"Ferry line opens, {day}",
        preheader="",
        sections=tuple(Section(slug=f"s{n}", title=f"S{n}", stories=stories) for n, stories in enumerate(sections)),
    )


def gone_out(services: Services, given: Draft) -> EditionId:
    now, newsletter = services.clock.now(), services.newsletter("morning")
    with services.session() as session:
        edition = editions.open_for(session, "morning", given.cadence, given.date, due_at=now)
        edition.save(given, period=(now, now), coverage=(1, 1))
        edition.approve(render(given, newsletter, services.press(newsletter, edition.id)), by="anna", at=now)
        edition.begin()
        return edition.id


def shown(services: Services, wanted: date | None = None) -> ArchiveMonth:
    month = archive.month(services, "morning", wanted)
    assert month is not None
    return month


def test_an_edition_is_in_the_archive_from_its_first_delivery_on(
    make_services: MakeServices, sqlite_url: str, tmp_path: Path
) -> None:
    services = make_services(sqlite_url, smtp_port=1)
    write_feed(tmp_path / "news", ("Quarry council settles stone dispute", "https://aldmere.example/stone"))
    edition_id = releasing.prepare(services, "morning")
    before = (archive.month(services, "morning"), archive.page(services, "morning", Cadence.DAILY, DAY))

    releasing.approve(services, edition_id, by="anna@example.org")
    approved = archive.month(services, "morning")
    sending.send_edition(services, edition_id)

    assert (before, approved) == ((None, None), None)
    (past,) = shown(services).editions
    page = archive.page(services, "morning", past.cadence, past.date)
    assert (past.id, past.number, past.date) == (edition_id, 1, DAY)
    assert page is not None
    assert page.edition == past
    assert "Quarry council" in page.html
    assert "/u/" not in page.html


def test_the_newest_month_is_shown_unless_another_is_asked_for(services: Services) -> None:
    for day in (date(2025, 12, 31), date(2026, 9, 30), date(2026, 11, 2), DAY):
        gone_out(services, draft((story("Ferry"),), day=day))

    newest, other = shown(services), shown(services, date(2026, 9, 12))

    assert [past.date for past in newest.editions] == [DAY, date(2026, 11, 2)]
    assert (newest.newer, newest.older) == (None, date(2026, 9, 1))
    assert [past.date for past in other.editions] == [date(2026, 9, 30)]
    assert (other.newer, other.older) == (date(2026, 11, 1), date(2025, 12, 1))
    assert newest.years == [(2026, [date(2026, 9, 1), date(2026, 11, 1)]), (2025, [date(2025, 12, 1)])]


@pytest.mark.parametrize("month", [date(2026, 10, 1), date(2026, 12, 1), date(1, 1, 1), date(9999, 12, 31)])
def test_a_month_without_an_edition_is_none(services: Services, month: date) -> None:
    gone_out(services, draft((story("Ferry"),)))

    assert archive.month(services, "morning", month) is None


def test_a_newsletter_that_does_not_exist_is_named(services: Services) -> None:
    for act in (archive.month, archive.newest):
        with pytest.raises(UnknownNewsletter):
            act(services, "evening")
    for find in (archive.find, archive.page):
        with pytest.raises(UnknownNewsletter):
            find(services, "evening", Cadence.DAILY, DAY)


def test_an_edition_that_is_called_off_is_taken_out(services: Services) -> None:
    edition_id = gone_out(services, draft((story("Ferry"),)))

    with services.session() as session:
        session.execute(update(Edition).where(Edition.id == edition_id).values(state=EditionState.CANCELLED))

    assert archive.month(services, "morning") is None
    assert archive.newest(services, "morning") == []
    assert archive.find(services, "morning", Cadence.DAILY, DAY) is None
    assert archive.page(services, "morning", Cadence.DAILY, DAY) is None


def test_a_page_knows_its_neighbours(services: Services) -> None:
    for days in range(3):
        gone_out(services, draft((story("Ferry"),), day=DAY + timedelta(days=days), number=days + 1))

    first, middle = (archive.page(services, "morning", Cadence.DAILY, DAY + timedelta(days=days)) for days in (0, 1))

    assert first is not None
    assert middle is not None
    assert (first.older, first.newer) == (None, middle.edition)
    assert middle.older == first.edition
    assert middle.newer is not None
    assert middle.newer.number == 3


# -- the lead's picture ------------------------------------------------------------------------------------------------


def picture(services: Services, given: Draft) -> LeadPicture | None:
    gone_out(services, given)
    page = archive.page(services, "morning", Cadence.DAILY, DAY)
    assert page is not None
    return page.picture


def test_the_picture_is_our_copy_of_the_best_first_storys(services: Services) -> None:
    first = (story("Fog", picture=PUBLISHERS), story("Not first", standing=9.0, picture=PUBLISHERS))
    best = (story("Ferry", standing=2.0, picture=COPIED),)

    found = picture(services, draft(first, best))

    url = services.links.picture("ab" * 32)
    assert found == LeadPicture(url=url, alt="A ferry", width=1104, height=620)


def test_a_picture_without_words_is_named_by_its_story(services: Services) -> None:
    found = picture(services, draft((story("Ferry", picture=dataclasses.replace(COPIED, alt="")),)))

    assert found is not None
    assert found.alt == "Ferry"


def test_a_publishers_picture_is_pointed_at_only_where_the_look_links(
    make_services: MakeServices, sqlite_url: str, services: Services
) -> None:
    without = picture(services, draft((story("Ferry", picture=PUBLISHERS),)))
    linking = make_services(sqlite_url, more='look.images = "link"')
    linked = archive.page(linking, "morning", Cadence.DAILY, DAY)

    assert without is None
    assert linked is not None
    assert linked.picture == LeadPicture(url="https://news.example/ferry%20boat.jpg", alt="A ferry")


def test_a_look_without_pictures_shows_none(make_services: MakeServices, sqlite_url: str) -> None:
    services = make_services(sqlite_url, more='look.images = "none"')

    assert picture(services, draft((story("Ferry", picture=COPIED),))) is None


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:image/png;base64,AA", "//news.example/x.jpg", "ferry.jpg"]
)
def test_what_is_no_web_address_is_no_picture(make_services: MakeServices, sqlite_url: str, url: str) -> None:
    services = make_services(sqlite_url, more='look.images = "link"')

    assert picture(services, draft((story("Ferry", picture=Picture(url=url)),))) is None
