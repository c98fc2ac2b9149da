"""The sources at the desk: how they are doing, and how they are added, changed, paused, exchanged and taken out."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from digest import pipeline, source_list
from digest.model.newsletter import SourceKind, SourcePlan
from digest.model.source import SourceState
from digest.services import Services
from digest.store import audit, sources
from digest.web.app import create_app
from digest.web.editor.sources import bars
from tests.digest.web.conftest import Serve
from tests.digest.web.newsroom import BASE, CONFIG, OWN, csrf, parsed, sign_in
from tests.flow.publisher import Site

FEED = "https://aldmere.example/feed.xml"
FILED = "https://motorpost.example/feed.xml"
HOSTILE = "<script>alert(1)</script>"
RSS = """<rss version="2.0"><channel><title>The &lt;b&gt;Aldmere&lt;/b&gt; Post &amp;amp; \u202e Sons</title>
<item><title>Bridge &lt;img src=x onerror=alert(1)&gt; opens &amp;amp; closes</title><link>https://aldmere.example/1</link>
<pubDate>Mon, 23 Nov 2026 02:00:00 GMT</pubDate></item>
<item><title>Council votes</title><link>javascript:alert(1)</link></item></channel></rss>"""
LIST = """<opml version="1.0"><body><outline text="Research"><outline text="Sea &amp; Post" xmlUrl="https://sea.example/f"/></outline>
<outline text="Gardens"><outline text="Rose &lt;script&gt;" xmlUrl="https://rose.example/f"/></outline>
<outline text="Electric"><outline text="Motorpost" xmlUrl="https://motorpost.example/feed.xml"/>
<outline text="Paid" xmlUrl="https://ana:secret@paid.example/f"/></outline></body></opml>"""


@pytest.fixture
def services(serve: Serve) -> Services:
    return serve(more_site='[gather]\nallow_networks = ["127.0.0.0/8"]')


@pytest.fixture
def desk(client: TestClient, editor: str) -> TestClient:
    """Give the browser of an editor who has signed in."""
    sign_in(client, editor)
    return client


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as started:
        started.pages["/feed.xml"] = ("application/rss+xml", RSS)
        links = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
        started.pages["/"] = ("text/html", f"<html><head>{links}</head><body>News</body></html>")
        yield started


def add(services: Services, address: str = FEED, section: str = "Electric", **values: Any) -> str:
    """Add a source and return the address of its page."""
    source_list.add(services, "wattage", SourcePlan(address=address, section=section, **values), by="ana")
    return page_of(services, address)


def page_of(services: Services, address: str) -> str:
    source_list.listing(services)
    with services.reading() as session:
        return f"/desk/sources/{sources.named(session, address).id}"


def post(desk: TestClient, path: str, files: Any = None, **data: str) -> Any:
    return desk.post(path, data={"csrf": csrf(desk), **data}, headers=OWN, files=files)


def plans(services: Services) -> dict[str, SourcePlan]:
    with services.reading() as session:
        return {plan.address: plan for plan in sources.complete(session, services.newsletter("wattage")).sources}


def trouble(services: Services, address: str, failures: int = 4, fault: str = "It answered 500.") -> None:
    with services.session() as session:
        source = sources.named(session, address)
        source.state, source.failures, source.last_fault = SourceState.FAILING, failures, fault
        source.last_checked_at = services.clock.now() - timedelta(hours=1)


def texts(page: str, where: str) -> list[str]:
    return [" ".join(one.text_content().split()) for one in parsed(page).xpath(where)]


# -- the list ----------------------------------------------------------------------------------------------------------


def test_the_list_tells_of_every_source_how_it_is_doing_those_in_trouble_first(
    desk: TestClient, services: Services
) -> None:
    add(services, "https://ana:secret@paid.example/f", name="Paid")
    trouble(services, FILED, fault=f"It answered {HOSTILE}.")

    page = desk.get("/desk/sources").text

    names = texts(page, "//section[contains(@class, 'sources')]//li//*[self::a or self::strong][1]")
    assert names == ["Motorpost", "cellandgrid.example", "Paid", "The Axle"]
    assert "One source is in trouble" in page
    assert "The Wattage: 0 of 4 sources answered" in page
    assert "failed 4 times in a row" in page
    assert "https://paid.example/f" in page
    assert "secret" not in page
    assert HOSTILE not in page
    assert "New items on each of the last 14 days, oldest first: 0, 0" in page


def test_the_list_is_narrowed_to_a_newsletter_and_to_trouble(desk: TestClient, services: Services) -> None:
    add(services)
    trouble(services, FILED)

    narrowed = desk.get("/desk/sources?newsletter=wattage&only=trouble").text
    none = desk.get("/desk/sources?only=resting").text
    strange = desk.get("/desk/sources?newsletter=%3Cb%3E&only=%3Cb%3E")

    assert "Motorpost" in narrowed
    assert "aldmere" not in narrowed
    assert "No source is at rest." in none
    assert (strange.status_code, "<b>" in strange.text) == (200, False)


def test_the_list_writes_nothing(desk: TestClient, services: Services) -> None:
    page = desk.get("/desk/sources").text

    assert "not asked yet" in page
    with services.reading() as session:
        assert not sources.of_keys(session, [FILED])


def test_nobody_sees_the_sources_without_signing_in(client: TestClient, services: Services) -> None:
    page = add(services)

    assert client.get("/desk/sources").status_code == 303
    assert client.post(f"{page}/pause", headers=OWN).status_code == 303
    assert client.get("/desk/sources/opml/wattage").status_code == 303


@pytest.mark.parametrize(
    ("days", "path"),
    [
        ((0, 0), ""),
        ((4, 0, 2, 1), "M0 24v-24h4v24zM12 24v-12h4v12zM18 24v-6h4v6z"),
        ((1, 999), "M0 24v-1h4v1zM6 24v-24h4v24z"),
    ],
)
def test_a_bar_is_as_high_as_its_day_and_never_lost(days: tuple[int, ...], path: str) -> None:
    assert bars(days) == path


# -- one source --------------------------------------------------------------------------------------------------------


def test_a_source_shows_what_it_has_brought_and_links_only_to_the_web(
    desk: TestClient, services: Services, site: Site
) -> None:
    page = add(services, f"{site.url}/feed.xml")
    pipeline.gather_due(services)

    shown = desk.get(page).text

    assert "Council votes" in shown
    assert 'href="https://aldmere.example/1" rel="noopener noreferrer"' in shown
    assert not re.search(r'href="\s*javascript:', shown)
    assert "<img src=x" not in shown
    assert "no date; seen just now" in shown


def test_a_source_is_paused_and_resumed_by_an_editor(desk: TestClient, services: Services) -> None:
    page = page_of(services, FILED)

    paused = post(desk, f"{page}/pause")
    said = desk.get(paused.headers["location"]).text
    again = post(desk, f"{page}/resume")
    twice = post(desk, f"{page}/resume")

    assert (paused.status_code, again.status_code, twice.status_code) == (303, 303, 409)
    assert "Paused. Nobody asks it" in said
    assert "only a paused, failing or gone one can be resumed" in twice.text
    with services.reading() as session:
        acts = [(line.by, line.act, line.about) for line in audit.recent(session)][:2]
    assert acts == [("eve@desk.example", "resume source", FILED), ("eve@desk.example", "pause source", FILED)]


def change(**values: str) -> dict[str, str]:
    usual = {"newsletter": "wattage", "section": "research", "name": "", "weight": "1", "kind": "feed", "language": ""}
    return usual | values


def test_an_added_source_is_changed(desk: TestClient, services: Services) -> None:
    page = add(services)

    answer = post(
        desk,
        f"{page}/change",
        **change(name="Post", weight="0,5", kind="page", language="de", full_text="yes", selector_links="h2 a"),
    )

    plan = plans(services)[FEED]
    assert answer.status_code == 303
    assert (plan.section, plan.name, plan.weight, plan.kind) == ("research", "Post", 0.5, SourceKind.PAGE)
    assert (plan.language, plan.full_text, plan.selectors.links) == ("de", True, "h2 a")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"weight": "much"}, "is no number"),
        ({"weight": "nan"}, "out of bounds"),
        ({"kind": "folder"}, "Choose whether it is a feed"),
        ({"section": "gardens"}, "has no section"),
        ({"language": HOSTILE}, "is no language"),
        ({"selector_links": "h2 >"}, "The selector links"),
        ({"newsletter": "noon"}, "noon"),
    ],
)
def test_a_change_that_cannot_be_is_told_where_it_was_typed(
    desk: TestClient, services: Services, wrong: dict[str, str], words: str
) -> None:
    page = add(services)

    answer = post(desk, f"{page}/change", **change(name="Kept as typed", **wrong))

    assert answer.status_code == 409
    assert words in answer.text
    assert HOSTILE not in answer.text
    assert plans(services)[FEED].section == "electric"
    if "newsletter" not in wrong:
        assert 'value="Kept as typed"' in answer.text


def test_what_was_added_is_taken_out_and_what_config_toml_names_is_not(desk: TestClient, services: Services) -> None:
    page, filed = add(services), page_of(services, FILED)

    shown = desk.get(filed).text
    gone = post(desk, f"{page}/remove", newsletter="wattage")
    refused = post(desk, f"{filed}/remove", newsletter="wattage")

    assert "It stands in <code>config.toml</code>" in shown
    assert f'action="{filed}/remove"' not in shown
    assert gone.headers["location"] == "/desk/sources?done=remove"
    assert (refused.status_code, FEED in plans(services)) == (409, False)
    assert "stands in config.toml; take it out there" in refused.text


def test_a_source_that_left_config_toml_meanwhile_is_shown_and_cannot_be_acted_on(
    desk: TestClient, services: Services, serve: Serve, editor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(services, FILED)
    monkeypatch.setattr(
        "tests.digest.web.conftest.CONFIG",
        re.sub(r"\[\[newsletter.source\]\]\nfeed = \"https://motorpost.*\n.*\n.*\n", "", CONFIG),
    )
    later = TestClient(create_app(serve()), base_url=BASE, follow_redirects=False)
    sign_in(later, editor)

    shown, acted = later.get(page), post(later, f"{page}/pause")

    assert "No newsletter uses it any more" in shown.text
    assert f'action="{page}/pause"' not in shown.text
    assert acted.status_code == 409
    assert "No newsletter uses this source any more" in acted.text


def test_a_source_that_never_was_and_an_act_that_is_none_are_not_found(desk: TestClient, services: Services) -> None:
    page = add(services)

    assert desk.get("/desk/sources/999").status_code == 404
    assert desk.get("/desk/sources/x").status_code == 404
    assert post(desk, "/desk/sources/999/pause").status_code == 404
    assert post(desk, f"{page}/explode").status_code == 404


def test_a_foreign_form_changes_nothing(desk: TestClient, services: Services) -> None:
    page = add(services)

    assert desk.post(f"{page}/pause", data={"csrf": "guessed"}, headers=OWN).status_code == 403
    assert desk.post("/desk/sources/opml/add", data={"csrf": "guessed"}, headers=OWN).status_code == 403


# -- adding ------------------------------------------------------------------------------------------------------------


def test_a_site_is_looked_at_then_its_feed_then_it_is_added(desk: TestClient, services: Services, site: Site) -> None:
    found = post(desk, "/desk/sources/find", address=site.url).text
    seen = post(desk, "/desk/sources/look", address=f"{site.url}/feed.xml", kind="feed").text
    nothing = plans(services)
    added = post(
        desk,
        "/desk/sources/add",
        address=f"{site.url}/feed.xml",
        kind="feed",
        place="wattage/research",
        name="Post",
        weight="2",
    )

    assert f'value="{site.url}/feed.xml"' in found
    assert "feed · 2 items · newest 3 h ago" in found
    assert "What would be taken" in seen
    assert ("3 h ago" in seen, "no date" in seen) == (True, True)
    for page in (found, seen):
        assert "<img src=x" not in page
        assert "\u202e" not in page
        assert not re.search(r'href="\s*javascript:', page)
    assert f"{site.url}/feed.xml" not in nothing
    assert added.headers["location"] == f"{page_of(services, f'{site.url}/feed.xml')}?done=add"
    assert plans(services)[f"{site.url}/feed.xml"].weight == 2


def test_a_page_is_looked_at_by_its_selector(desk: TestClient, services: Services, site: Site) -> None:
    items = "".join(f'<li><a class="s" href="/{n}">Short {n}</a></li>' for n in range(3))
    site.pages["/list"] = ("text/html", f"<ul>{items}</ul>")

    seen = post(desk, "/desk/sources/find", address=f"{site.url}/list", links="a.s").text

    assert "Short 2" in seen
    assert 'name="links" value="a.s"' in seen


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"address": ""}, "Give the address"),
        ({"address": "http://10.0.0.1/"}, "not public"),
        ({"address": "http://[::1"}, "is no web address"),
        ({"address": "https://x.example", "links": "h2 >"}, "The selector links"),
        ({"address": f"file:///{HOSTILE}"}, "is no web address"),
    ],
)
def test_a_site_that_cannot_be_asked_is_told_beside_the_field(
    desk: TestClient, typed: dict[str, str], words: str
) -> None:
    whole = post(desk, "/desk/sources/find", **typed)
    part = desk.post("/desk/sources/find", data={"csrf": csrf(desk), **typed}, headers=OWN | {"HX-Request": "true"})

    assert (whole.status_code, part.status_code) == (422, 200)
    assert texts(whole.text, "//*[@id='fault']")[0]
    assert words in whole.text
    assert HOSTILE not in whole.text


def test_a_site_with_nothing_to_read_is_told_in_words(desk: TestClient, site: Site) -> None:
    site.pages = {"/": ("text/html", "<html><body>Hello</body></html>")}

    assert "Nothing to read was found" in post(desk, "/desk/sources/find", address=site.url).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"place": ""}, "Choose the section"),
        ({"place": "wattage/gardens"}, "has no section"),
        ({"place": "noon/x"}, "noon"),
        ({"place": "wattage/research", "address": FILED}, "is a source of The Wattage already"),
        ({"place": "wattage/research", "weight": "x"}, "is no number"),
    ],
)
def test_what_cannot_be_added_keeps_what_was_typed(desk: TestClient, typed: dict[str, str], words: str) -> None:
    usual = {"address": FEED, "kind": "feed", "name": "Kept as typed", "weight": "1"}

    answer = post(desk, "/desk/sources/add", **usual | typed)

    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Kept as typed"' in answer.text


def test_whoever_reloads_an_answer_is_led_to_the_form(desk: TestClient) -> None:
    for path, target in (("find", "add"), ("look", "add"), ("opml/add", "opml")):
        assert desk.get(f"/desk/sources/{path}").headers["location"] == f"/desk/sources/{target}"
    assert desk.get("/desk/sources/add").status_code == 200


# -- lists -------------------------------------------------------------------------------------------------------------


def upload(desk: TestClient, body: bytes, place: str = "wattage/") -> Any:
    return post(desk, "/desk/sources/opml", files={"list": ("feeds.opml", body, "text/x-opml")}, place=place)


def test_a_list_is_tried_and_then_just_what_was_shown_is_added(desk: TestClient, services: Services) -> None:
    before = plans(services)

    tried = upload(desk, LIST.encode())
    untouched = plans(services)
    again = parsed(tried.text).xpath("//input[@name='list' and @type='hidden']/@value")[0]
    added = post(desk, "/desk/sources/opml/add", files={"x": ("", b"")}, newsletter="wattage", list=again)

    assert "2 sources would be added" in tried.text
    assert "1 known already · 1 left out" in tried.text
    assert 'is in the category "Gardens"' in " ".join(texts(tried.text, "//ul[@class='findings']/li"))
    assert "<script>" not in tried.text
    assert "secret" not in " ".join(texts(tried.text, "//table"))
    assert untouched == before
    assert "2 sources added" in added.text
    assert set(plans(services)) - set(before) == {"https://sea.example/f", "https://ana:secret@paid.example/f"}
    assert plans(services)["https://sea.example/f"].section == "research"


def test_a_section_takes_the_feeds_that_no_category_places(desk: TestClient) -> None:
    assert "3 sources would be added" in upload(desk, LIST.encode(), place="wattage/industry").text


@pytest.mark.parametrize(
    ("body", "place", "status", "words"),
    [
        (b"<html/>", "wattage/", 422, "no OPML list"),
        (b"", "wattage/", 422, "Choose the file"),
        (LIST.encode(), "", 422, "Choose the section"),
        (LIST.encode(), "wattage/gardens", 422, "has no section"),
        (b"x" * 1_000_001, "wattage/", 422, "more than 1 MB"),
        (b"x" * 3_000_000, "wattage/", 413, "more than our forms can hold"),
    ],
)
def test_a_list_that_cannot_be_taken_is_told_in_words(
    desk: TestClient, body: bytes, place: str, status: int, words: str
) -> None:
    answer = upload(desk, body, place)

    assert answer.status_code == status
    assert words in answer.text


def test_a_newsletters_sources_are_taken_along_without_passwords(desk: TestClient, services: Services) -> None:
    add(services, "https://ana:secret@paid.example/f", name="Paid")

    answer = desk.get("/desk/sources/opml/wattage")

    assert answer.headers["content-type"].startswith("text/x-opml")
    assert answer.headers["content-disposition"] == 'attachment; filename="wattage.opml"'
    assert "https://paid.example/f" in answer.text
    assert "secret" not in answer.text
    assert desk.get("/desk/sources/opml/noon").status_code == 404
