"""The pictures of an Edition: fetched once before it is frozen, kept, served from our own address; never in its way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from digest import illustration, pipeline, sending
from digest.demo.inbox import Inbox
from digest.model.draft import Draft, Picture, Story
from digest.model.edition import Edition, EditionState
from digest.model.ids import EditionId
from digest.model.look import Place
from digest.model.picture import StoredPicture
from digest.pipeline import Held, Skipped
from digest.services import Services
from digest.store import editions
from digest.web.app import create_app
from tests.conftest import MakeServices
from tests.flow.publisher import Site
from tests.flow.walk import STORIES, mails, prepare, subscribe
from tests.pictures import BLUE, GREEN, RED, YELLOW, colours, is_like, picture

Start = Callable[..., Services]
LOOPBACK = '[gather]\nallow_networks = ["127.0.0.0/8"]'


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as started:
        for place in STORIES:
            started.pages[f"/{place}.jpg"] = ("image/jpeg", picture())
        yield started


@pytest.fixture
def start(make_services: MakeServices, inbox: Inbox, site: Site) -> Start:
    """Give a function that wires services which may ask the site, and drops one illustrated story of each town."""

    def make(database_url: str, *, look: str = "", more: str = "", more_news: str = "") -> Services:
        services = make_services(
            database_url,
            smtp_port=inbox.port,
            more_site=LOOPBACK,
            more=f"{more}\n[newsletter.look]\n{look}\n{more_news}",
        )
        drop(services, site)
        return services

    return make


@pytest.fixture
def services(start: Start, sqlite_url: str) -> Services:
    return start(sqlite_url)


def drop(services: Services, site: Site) -> None:
    """Put a feed of all STORIES, each an hour older than the one before, into the folder `news`."""
    items = (
        f"<item><title>{title}</title><link>https://{place}.example/story</link><description>{summary}</description>"
        f'<enclosure url="{site.url}/{place}.jpg" type="image/jpeg" length="1"/>'
        f"<pubDate>{format_datetime(services.clock.now() - timedelta(hours=hours))}</pubDate></item>"
        for hours, (place, (title, summary)) in enumerate(STORIES.items(), 1)
    )
    feed = f'<rss version="2.0"><channel><title>Wire</title>{"".join(items)}</channel></rss>'
    (services.settings.state.parent / "news" / "a.xml").write_text(feed, encoding="utf-8")


def only_edition(services: Services) -> EditionId:
    with services.reading() as session:
        return session.scalars(select(Edition)).one().id


def draft(services: Services, edition_id: EditionId) -> Draft:
    with services.reading() as session:
        return editions.get(session, edition_id).draft


def pictures(services: Services, edition_id: EditionId) -> list[Picture]:
    """Return the pictures of the Edition's Stories in reading order."""
    found = [story.picture for story in draft(services, edition_id).stories]
    assert None not in found
    return [one for one in found if one is not None]


def places(found: list[Picture]) -> list[list[Place]]:
    return [[copy.place for copy in one.copies] for one in found]


def state(services: Services, edition_id: EditionId) -> EditionState:
    with services.reading() as session:
        return editions.get(session, edition_id).state


def stored(services: Services) -> int | None:
    with services.reading() as session:
        return session.scalar(select(func.count()).select_from(StoredPicture))


def edit(services: Services, change: Callable[[tuple[Story, ...]], tuple[Story, ...]]) -> None:
    """Do with the Stories of the only Edition's only Section as an editor would."""
    with services.session() as session:
        edition = session.scalars(select(Edition).with_for_update()).one()
        (section,) = edition.draft.sections
        changed = replace(edition.draft, sections=(replace(section, stories=change(section.stories)),))
        edition.draft_json = changed.to_json()


# -- fetched once ------------------------------------------------------------------------------------------------------


def test_a_prepared_edition_has_its_pictures_and_we_serve_them(start: Start, database_url: str) -> None:
    services = start(database_url)

    made = prepare(services)

    found = pictures(services, made.edition_id)
    assert places(found) == [[Place.LEAD, Place.MEDIUM], [Place.MEDIUM], [], []]
    assert [one.fault for one in found] == [""] * 4
    browser = TestClient(create_app(services), base_url=services.links.base_url)
    for copy in found[0].copies:
        answer = browser.get(services.links.picture(copy.sha256))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert all(is_like(*pair) for pair in zip(colours(answer.content), (RED, GREEN, BLUE, YELLOW), strict=True))


def test_a_picture_is_asked_for_once_however_often_the_edition_is_prepared_and_approved(
    services: Services, site: Site
) -> None:
    made = prepare(services)
    asked = list(site.asked)

    prepare(services)
    pipeline.illustrate(services, made.edition_id)
    pipeline.approve(services, made.edition_id, by="anna@example.org")
    pipeline.illustrate(services, made.edition_id)

    assert len(asked) == len(set(asked)) == 2
    assert site.asked == asked


def test_two_stories_with_the_same_picture_ask_for_it_once(start: Start, sqlite_url: str, site: Site) -> None:
    services = start(sqlite_url)
    path = services.settings.state.parent / "news" / "a.xml"
    path.write_text(path.read_text().replace("brackwater.jpg", "aldmere.jpg"), encoding="utf-8")

    made = prepare(services)

    assert site.asked == ["/aldmere.jpg"]
    first, second = pictures(services, made.edition_id)[:2]
    assert places([first, second]) == [[Place.LEAD, Place.MEDIUM], [Place.MEDIUM]]
    assert first.copy(Place.MEDIUM) == second.copy(Place.MEDIUM)
    assert stored(services) == 2


@pytest.mark.parametrize("look", ['images = "link"', 'images = "none"', 'theme = "compact"'])
def test_a_mail_that_shows_no_picture_of_ours_has_none_fetched(
    start: Start, sqlite_url: str, site: Site, look: str
) -> None:
    services = start(sqlite_url, look=look)

    made = prepare(services)
    pipeline.approve(services, made.edition_id, by="anna@example.org")

    assert site.asked == []
    assert places(pictures(services, made.edition_id)) == [[]] * 4
    assert stored(services) == 0


def test_a_held_edition_has_its_pictures_too(start: Start, sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    services = start(
        sqlite_url, more="coverage_floor = 0.8", more_news='[[newsletter.source]]\nfolder = "gone"\nsection = "World"'
    )
    (tmp_path / "gone").rmdir()

    made = prepare(services)

    assert isinstance(made, Held)
    assert places(pictures(services, made.edition_id))[0] == [Place.LEAD, Place.MEDIUM]


def test_an_edition_that_is_skipped_asks_for_nothing(start: Start, sqlite_url: str, site: Site) -> None:
    services = start(sqlite_url, more="max_age_days = 0.001")

    assert isinstance(prepare(services), Skipped)
    assert site.asked == []


def test_another_theme_gets_pictures_of_another_shape_before_approval(
    start: Start, sqlite_url: str, make_services: MakeServices, inbox: Inbox
) -> None:
    made = prepare(start(sqlite_url))

    services = start(sqlite_url, look='theme = "magazine"')
    pipeline.approve(services, made.edition_id, by="anna@example.org")

    first = pictures(services, made.edition_id)[0]
    assert [(copy.place, copy.width, copy.height) for copy in first.copies] == [
        (Place.LEAD, 1200, 676), (Place.MEDIUM, 288, 192),
    ]  # fmt: skip


# -- editors and the Draft as it is then -------------------------------------------------------------------------------


def test_a_story_that_an_editor_moves_to_the_top_gets_its_picture_at_approval(services: Services, site: Site) -> None:
    made = prepare(services)
    site.asked.clear()

    edit(services, lambda stories: (stories[3], *stories[:3]))
    pipeline.approve(services, made.edition_id, by="anna@example.org")

    moved = draft(services, made.edition_id).stories[0]
    assert moved.picture is not None
    assert site.asked == [moved.picture.url.removeprefix(site.url)]
    assert [copy.place for copy in moved.picture.copies] == [Place.LEAD, Place.MEDIUM]


def test_a_draft_that_nobody_touched_gets_its_missing_pictures_when_its_hour_comes(
    services: Services, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as interrupted:
        interrupted.setattr(illustration, "fetch", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare(services)
    edition_id = only_edition(services)
    before = places(pictures(services, edition_id))

    assert pipeline.approve_automatically(services, edition_id)

    assert before == [[]] * 4
    assert places(pictures(services, edition_id))[:2] == [[Place.LEAD, Place.MEDIUM], [Place.MEDIUM]]
    assert len(site.asked) == 2


def test_what_an_editor_changes_while_pictures_are_fetched_stays_changed(
    start: Start, database_url: str, site: Site
) -> None:
    services = start(database_url)
    headlines: list[str] = []

    def change(stories: tuple[Story, ...]) -> tuple[Story, ...]:
        headlines[:] = [story.headline for story in stories]
        return (replace(stories[1], headline="As the editor has it", note="Mine."), stories[3], stories[0])

    def on_asked(_: str) -> None:
        site.on_asked = lambda _: None
        edit(services, change)

    site.on_asked = on_asked
    made = prepare(services)

    stories = draft(services, made.edition_id).stories
    assert [story.headline for story in stories] == ["As the editor has it", headlines[3], headlines[0]]
    assert stories[0].note == "Mine."
    # The second was fetched for a place beside the text only, the fourth not at all, and the first is the third now.
    assert places(pictures(services, made.edition_id)) == [[Place.MEDIUM], [], []]
    pipeline.approve(services, made.edition_id, by="anna@example.org")
    assert places(pictures(services, made.edition_id)) == [[Place.MEDIUM, Place.LEAD], [Place.MEDIUM], []]


def test_an_edition_that_is_no_draft_any_more_when_its_pictures_come_is_left_alone(
    services: Services, site: Site
) -> None:
    def on_asked(_: str) -> None:
        site.on_asked = lambda _: None
        with services.session() as session:
            session.scalars(select(Edition).with_for_update()).one().skip("superseded")

    site.on_asked = on_asked
    made = prepare(services)

    assert state(services, made.edition_id) is EditionState.SKIPPED
    assert places(pictures(services, made.edition_id)) == [[]] * 4
    assert stored(services) == 0


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def test_a_broken_picture_leaves_its_fault_and_the_edition_goes_out(
    services: Services, site: Site, inbox: Inbox
) -> None:
    subscribe(services, "ana")
    del site.pages["/aldmere.jpg"]
    site.pages["/brackwater.jpg"] = ("image/jpeg", "<html>not here</html>")
    site.pages["/corvane.jpg"] = ("image/jpeg", picture(120, 90))

    made = prepare(services)
    faults = {one.url.rpartition("/")[2]: one.fault for one in pictures(services, made.edition_id)}
    asked = list(site.asked)
    pipeline.approve(services, made.edition_id, by="anna@example.org")
    sent = sending.send_edition(services, made.edition_id, every_wave=True)

    assert faults == {
        "aldmere.jpg": "127.0.0.1 answered 404 Not Found.",
        "brackwater.jpg": "It is no picture that can be read.",
        "corvane.jpg": "",
        "dunmoor.jpg": "",
    }
    assert site.asked == asked
    assert (sent.state, len(mails(inbox))) == (EditionState.SENT, 1)


def test_a_picture_that_is_too_small_for_the_top_still_stands_beside_its_story(services: Services, site: Site) -> None:
    site.pages["/aldmere.jpg"] = ("image/jpeg", picture(120, 90))

    made = prepare(services)

    first = pictures(services, made.edition_id)[0]
    assert first.url.endswith("/aldmere.jpg")
    assert [copy.place for copy in first.copies] == [Place.MEDIUM]
    assert first.fault == "It has only 120 by 90 pixels, too few for the top of the mail."


def test_a_picture_has_tighter_limits_than_a_page(services: Services, site: Site) -> None:
    site.pages["/aldmere.jpg"] = ("image/jpeg", picture() + bytes(8_000_000))

    made = prepare(services)

    assert pictures(services, made.edition_id)[0].fault == "127.0.0.1 sent more than 8 MB."


@pytest.mark.parametrize("where", ["fetch", "illustrated", "keep"])
def test_a_fault_of_our_own_costs_the_edition_no_more_than_its_pictures(
    start: Start, database_url: str, monkeypatch: pytest.MonkeyPatch, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    services = start(database_url)
    with monkeypatch.context() as broken:
        broken.setattr(illustration, where, _broken)

        made = prepare(services)

    assert state(services, made.edition_id) is EditionState.DRAFT
    assert places(pictures(services, made.edition_id)) == [[]] * 4
    assert stored(services) == 0
    assert "edition_not_illustrated" in capsys.readouterr().out


def test_pictures_and_draft_are_kept_together_or_not_at_all(
    start: Start, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = start(database_url)
    with monkeypatch.context() as broken:
        broken.setattr(Edition, "illustrate", _broken)

        made = prepare(services)

    assert stored(services) == 0
    assert places(pictures(services, made.edition_id)) == [[]] * 4
    pipeline.approve(services, made.edition_id, by="anna@example.org")
    assert stored(services) == 3


def test_an_edition_whose_pictures_fail_for_a_fault_of_our_own_is_approved_all_the_same(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(illustration, "fetch", _broken)
    made = prepare(services)

    pipeline.approve(services, made.edition_id, by="anna@example.org")

    assert state(services, made.edition_id) is EditionState.APPROVED


def _broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt
