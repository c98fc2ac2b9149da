"""The Draft page without scripts: every act is a form, and no typed text is ever lost."""

import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from digest.desk import editing, fetching, opening
from digest.desk.fetching import Card
from digest.model.draft import Draft, Picture
from digest.model.edition import Edition
from digest.model.ids import ArticleId, EditionId
from digest.model.staff import Role
from digest.services import Services
from digest.web.app import create_app
from tests.digest.web.newsroom import BASE, OWN, account, csrf, drafted, edition, paper, parsed, sign_in, story
from tests.fakes import FixedClock


class Desk:
    """One editor's browser without scripts, on the page of one Edition."""

    def __init__(self, services: Services, client: TestClient, edition_id: EditionId) -> None:
        self.services, self.client, self.edition_id = services, client, edition_id
        self.page = f"/desk/edition/{edition_id}"
        self.csrf = csrf(client)

    @property
    def draft(self) -> Draft:
        return opening.open_edition(self.services, self.edition_id).draft

    @property
    def keys(self) -> list[list[str]]:
        return [[each.key for each in section.stories] for section in self.draft.sections]

    @property
    def version(self) -> int:
        return edition(self.services, self.edition_id).draft_version

    def do(self, do: str, version: int | None = None, **fields: str) -> str:
        """Press a button; return where it leads to, or the page that says why it has not been done."""
        data = {"csrf": self.csrf, "version": str(version or self.version), "do": do, **fields}
        answer = self.client.post(f"{self.page}/edit", data=data, headers=OWN)
        return answer.headers["location"] if answer.status_code == 303 else f"{answer.status_code} {answer.text}"

    def shown(self, path: str = "") -> str:
        answer = self.client.get(f"{self.page}{path}")
        assert answer.status_code == 200
        return answer.text


def desk_of(services: Services, email: str, edition_id: EditionId) -> Desk:
    client = TestClient(create_app(services), base_url=BASE, follow_redirects=False)
    sign_in(client, email)
    return Desk(services, client, edition_id)


@pytest.fixture
def edition_id(services: Services, clock: FixedClock) -> EditionId:
    """Give an Edition whose bench can be placed, and one of whose Stories has other pictures to choose from."""
    draft = paper(clock)
    bench = tuple(
        replace(seat, story=replace(story(5, clock), article_id=ArticleId(900 + n), also=(), headline=seat.headline))
        for n, seat in enumerate(draft.bench)
    )
    first = draft.sections[0].stories[0]
    also = tuple(replace(link, image=f"https://pictures.example/{n}.jpg") for n, link in enumerate(first.also))
    first = replace(first, also=also, picture=Picture(url="https://pictures.example/own.jpg"))
    electric = replace(draft.sections[0], stories=(first, *draft.sections[0].stories[1:]))
    return drafted(services, replace(draft, bench=bench, sections=(electric, *draft.sections[1:])))


@pytest.fixture
def eve(services: Services, editor: str, edition_id: EditionId) -> Desk:
    return desk_of(services, editor, edition_id)


@pytest.fixture
def ben(services: Services, edition_id: EditionId) -> Desk:
    return desk_of(services, account(services, "ben@desk.example", Role.EDITOR), edition_id)


def test_pinning_puts_a_story_first_and_leads_back_to_it(eve: Desk) -> None:
    version = eve.version

    where = eve.do("pin a3")

    assert where == f"{eve.page}?since={version}#story-a3"
    assert eve.keys[0] == ["a3", "a1", "a2"]
    assert 'value="unpin a3"' in eve.shown()
    eve.do("unpin a3")
    assert 'value="pin a3"' in eve.shown()


def test_a_dropped_story_lies_on_the_bench_and_can_be_placed_again(eve: Desk) -> None:
    eve.do("drop a2")
    benched = parsed(eve.shown()).xpath("string(//ul[@class='bench']/li[1])")

    where = eve.do("place a2")

    assert "dropped by an editor" in benched
    assert where.endswith("#story-a2")
    assert eve.keys[0] == ["a1", "a3", "a2"]


def test_stories_go_up_and_down_and_over_the_edge_of_their_section(eve: Desk) -> None:
    eve.do("down a1")
    eve.do("up a4")

    assert eve.keys == [["a2", "a1", "a3", "a4"], ["a5"], ["a6"]]


def test_a_story_is_moved_before_another_or_to_the_end_of_a_section(eve: Desk) -> None:
    eve.do("move a6", section="electric", before="a2")
    eve.do("move", key="a1", section="industry", back="story")

    assert eve.keys == [["a6", "a2", "a3"], ["a4", "a5", "a1"]]


def test_a_section_without_a_story_is_shown_as_a_place_to_put_one(eve: Desk) -> None:
    eve.do("move a6", section="electric")

    assert parsed(eve.shown()).xpath("count(//section[@data-slug='research']//li)") == 0
    assert parsed(eve.shown()).xpath("count(//section[@data-slug='research'])") == 1


def test_texts_are_saved_and_marked_as_edited(eve: Desk) -> None:
    where = eve.do("rewrite", key="a4", headline="Brann calls 12,000 vans back", note="We asked.", back="story")

    found = eve.draft.sections[1].stories[0]
    assert (found.headline, found.note, found.is_edited) == ("Brann calls 12,000 vans back", "We asked.", True)
    assert found.summary.startswith("Brann recalls")
    assert where.startswith(f"{eve.page}/story/a4?")
    assert "Edited" in parsed(eve.shown()).xpath("string(//li[@id='story-a4'])")


def test_the_words_around_the_stories_are_saved(eve: Desk) -> None:
    eve.do("word", subject="Sodium in the snow", preheader="And a plug", intro="Good morning.")

    assert (eve.draft.subject, eve.draft.preheader, eve.draft.intro) == (
        "Sodium in the snow",
        "And a plug",
        "Good morning.",
    )
    assert "Saved 06:00 · eve@desk.example changed the subject" in " ".join(eve.shown().split())


def test_lengths_are_told_beside_the_words(eve: Desk) -> None:
    hint = parsed(eve.shown()).xpath("string(//small[@id='subject-hint'])")

    assert hint == f"{len(eve.draft.subject)} characters; phones show about 70"


def test_another_source_can_lead_or_go_its_own_way(eve: Desk) -> None:
    eve.do("split a1 101")
    eve.do("lead a1 102", back="story")

    assert eve.keys[0] == ["a102", "a101", "a2", "a3"]
    assert eve.draft.sections[0].stories[0].source == "Cell & Grid"


def test_two_stories_on_one_event_are_merged(eve: Desk) -> None:
    where = eve.do("merge", key="a5", into="a4", back="story")

    assert eve.keys[1] == ["a4"]
    assert 5 in eve.draft.sections[1].stories[0].article_ids
    assert where.endswith("#story-a4")


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"image": "https://pictures.example/3.jpg"}, "https://pictures.example/3.jpg"),
        ({"image": "other", "address": "https://elsewhere.example/x.jpg"}, "https://elsewhere.example/x.jpg"),
        ({"image": ""}, None),
    ],
)
def test_a_picture_is_chosen_given_or_taken_off(eve: Desk, fields: dict[str, str], url: str | None) -> None:
    shown = eve.shown("/story/a1")

    eve.do("show a1", None, **fields)

    picture = eve.draft.sections[0].stories[0].picture
    assert (picture and picture.url) == url
    assert 'value="https://pictures.example/3.jpg"' in shown


def test_a_story_is_marked_as_an_update_and_not(eve: Desk) -> None:
    eve.do("update a1 yes")
    eve.do("update a4 no")

    assert [each.is_update for each in eve.draft.stories] == [True, False, False, False, False, False]


def test_an_item_of_ones_own_is_added_once_however_often_the_button_is_pressed(eve: Desk) -> None:
    key = re.search(r'name="own_key" value="(o[0-9a-f]{12})"', eve.shown("/add"))
    assert key is not None
    version = eve.version

    for _ in range(2):
        where = eve.do(
            "add", version, own_key=key[1], headline="We move house", section="research", summary="To Sorn.", article=""
        )

    assert where.endswith(f"#story-{key[1]}")
    assert eve.keys[2] == ["a6", key[1]]
    assert "Own" in parsed(eve.shown()).xpath(f"string(//li[@id='story-{key[1]}'])")


def test_a_link_that_was_found_stands_in_the_form_of_an_item_of_ones_own(eve: Desk) -> None:
    url = 'https://a.example/1?a=b&c=d#"><b>'

    led = eve.client.get(eve.page, params={"add": url}).headers["location"]
    field = parsed(eve.client.get(led).text).xpath("//form[@id='add']//input[@name='url']")[0]

    assert led.startswith(f"{eve.page}/add?")
    assert field.get("value") == url


def test_what_a_page_says_of_itself_fills_the_fields_that_are_empty(eve: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card(url="https://a.example/1", title="Theirs", summary="Said there.", source="A", article_id=ArticleId(77))
    monkeypatch.setattr(fetching, "fetch_card", lambda *_: card)

    shown = eve.do(
        "fetch", url="a.example/1?utm_source=x", headline="Mine", summary="", section="industry", own_key="o1"
    )

    form = parsed(shown.partition(" ")[2]).xpath("//form[@id='add']")[0]
    assert form.fields["url"] == "https://a.example/1"
    assert (form.fields["headline"], form.fields["summary"], form.fields["article"]) == ("Mine", "Said there.", "77")
    assert (form.fields["section"], form.fields["own_key"]) == ("industry", "o1")


def test_a_page_that_cannot_be_fetched_is_told_and_the_form_keeps_what_it_holds(
    eve: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "fetch_card", lambda *_: "a.example did not answer.")

    shown = eve.do("fetch", url="https://a.example", headline="Mine")

    assert "a.example did not answer. You can fill the fields in yourself." in shown
    assert 'value="Mine"' in shown


def test_undo_and_redo_say_what_they_would_do_and_do_it(eve: Desk) -> None:
    eve.do("drop a2")
    undo = parsed(eve.shown()).xpath("string(//button[@value='undo'])")

    eve.do("undo")
    back = eve.keys[0]
    redo = parsed(eve.shown()).xpath("string(//button[@value='redo'])")
    eve.do("redo")

    assert undo.startswith("Undo: dropped “Three motorway")
    assert back == ["a1", "a2", "a3"]
    assert redo.startswith("Redo: dropped “Three motorway")
    assert eve.keys[0] == ["a1", "a3"]


def test_the_history_tells_who_did_what_and_when(eve: Desk, ben: Desk) -> None:
    empty = eve.shown("/history")
    eve.do("pin a3")
    ben.do("drop a2")

    lines = parsed(eve.shown("/history")).xpath("//tbody/tr")

    assert "Nobody has changed anything yet" in empty
    assert ["ben@desk.example" in lines[0].text_content(), "eve@desk.example" in lines[1].text_content()] == [True] * 2
    assert "06:00" in lines[0].text_content()
    assert "shown now" in lines[0].text_content()


def test_what_others_did_meanwhile_is_told_where_it_does_not_collide(eve: Desk, ben: Desk) -> None:
    version = eve.version
    ben.do("drop a2")

    where = eve.do("pin a3", version)

    assert eve.keys[0] == ["a3", "a1"]
    meanwhile = parsed(eve.client.get(where).text).xpath("string(//div[@id='meanwhile'])")
    assert "ben@desk.example dropped “Three motorway" in meanwhile


def test_a_collision_names_who_and_what_and_mine_can_be_done_all_the_same(eve: Desk, ben: Desk) -> None:
    version = eve.version
    ben.do("rewrite a4", headline="Ben was here")

    shown = eve.do("rewrite a4", version, headline="Eve was <here>")

    assert shown.startswith("409")
    page = parsed(shown.partition(" ")[2])
    assert "ben@desk.example was there first" in page.xpath("string(//h1)")
    assert "Ben was here" in page.xpath("string(//ul[@class='told'])")
    assert eve.draft.sections[1].stories[0].headline == "Ben was here"
    form = page.xpath("//form[@method='post'][contains(@action, '/edit')]")[0]
    answer = eve.client.post(f"{eve.page}/edit", data=dict(form.form_values()), headers=OWN)
    assert answer.status_code == 303
    assert eve.draft.sections[1].stories[0].headline == "Eve was <here>"


@pytest.mark.parametrize("verb", ["pin a3", "drop a3", "down a1", "update a1 yes", "undo"])
def test_a_button_that_is_pressed_twice_acts_once(eve: Desk, verb: str) -> None:
    eve.do("pin a2")
    version = eve.version
    eve.do(verb, version)
    once = eve.draft

    where = eve.do(verb, version)

    assert where.startswith(eve.page)
    assert eve.draft == once


def test_what_makes_no_sense_is_said_with_all_that_was_typed(eve: Desk) -> None:
    shown = eve.do("rewrite a1", headline="  ", summary="A long thought that must not be lost.")

    assert shown.startswith("409")
    assert "Not done" in shown
    assert "A long thought that must not be lost.</textarea>" in shown


def test_a_frozen_edition_has_no_buttons_and_takes_no_act(eve: Desk) -> None:
    eve.client.post(f"{eve.page}/approve", data={"csrf": eve.csrf}, headers=OWN)

    refused = eve.do("drop a1")

    shown = eve.shown()
    assert refused.startswith("409")
    assert "approved" in refused
    assert not parsed(shown).xpath("//button[@name='do']")
    assert parsed(shown).xpath("string(//h1)") == eve.draft.subject
    assert not parsed(eve.shown("/story/a1")).xpath("//form[contains(@action, '/edit')]")
    assert "nothing can be added any more" in eve.shown("/add")


@pytest.mark.parametrize(
    "do", ["", "publish a1", "__class__ a1", "split a1 x", "lead a1", "lead a1 99999999999999999999"]
)
def test_an_act_that_there_is_not_is_not_understood(eve: Desk, do: str) -> None:
    before = eve.version

    assert eve.do(do, section="electric").startswith("422")
    assert eve.version == before


@pytest.mark.parametrize("version", ["", "x", "-1", "²"])
def test_a_form_that_does_not_say_what_it_has_seen_is_not_understood(eve: Desk, version: str) -> None:
    data = {"csrf": eve.csrf, "version": version, "do": "drop a1"}

    assert eve.client.post(f"{eve.page}/edit", data=data, headers=OWN).status_code == 422


@pytest.mark.parametrize("key", ["a99", "o1", "<b>", "a1%0d%0aX-Evil:1"])
def test_a_story_that_there_is_not_is_not_found_and_not_acted_on(eve: Desk, key: str) -> None:
    answer = eve.client.get(f"{eve.page}/story/{key}")

    assert answer.status_code == 404
    assert eve.do(f"pin {key}").startswith("409")


RUBBISH = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "\u202egnippals\u2066 a\u200bb\u0007",
    "x" * 290,
    "{{ 7 * 7 }} {% raw %}",
)


@pytest.mark.parametrize("text", RUBBISH)
def test_rubbish_is_shown_as_text(eve: Desk, text: str) -> None:
    eve.do("rewrite a1", headline=text, summary=text, note=text)
    eve.do("word", subject=text[:200], preheader=text, intro=text)

    for path in ("", "/story/a1", "/history", "/add"):
        shown = eve.shown(path)
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert "\u202e" not in shown
        assert "49 " not in parsed(shown).xpath("string(//h1)")


def test_a_text_that_is_too_long_is_refused_and_kept(eve: Desk) -> None:
    shown = eve.do("rewrite a1", headline="y" * 10_000)

    assert shown.startswith("409")
    assert "300" in shown
    assert "y" * 10_000 in shown


def test_an_open_page_is_told_of_what_others_did(eve: Desk, ben: Desk) -> None:
    version = eve.version
    same = eve.client.get(f"{eve.page}/version?since={version}&state=draft")
    ben.do("drop a2")

    moved = eve.client.get(f"{eve.page}/version?since={version}&state=draft")

    assert (same.status_code, same.text) == (204, "")
    assert "ben@desk.example, 06:00: dropped “Three motorway" in moved.text
    assert f'href="{eve.page}"' in moved.text


def test_an_open_page_is_told_that_it_is_approved(eve: Desk, ben: Desk) -> None:
    ben.client.post(f"{ben.page}/approve", data={"csrf": ben.csrf}, headers=OWN)

    moved = eve.client.get(f"{eve.page}/version?since={eve.version}&state=draft").text

    assert "The Edition is approved now." in moved


@pytest.fixture
def signed_out(eve: Desk) -> Desk:
    """Give the desk of an editor whose sign-in has ended while the page was open."""
    eve.client.cookies.clear()
    return eve


def test_what_was_typed_when_the_sign_in_ended_is_saved_after_the_next(signed_out: Desk, editor: str) -> None:
    version = signed_out.version
    shown = signed_out.do("rewrite a1", version, headline='My "work" & more\nthan <one> line')
    assert shown.startswith("401")
    form = parsed(shown.partition(" ")[2]).xpath("//form")[0]
    fields = dict(form.form_values()) | {"email": editor, "password": "wrong"}

    again = signed_out.client.post("/desk/sign-in", data=fields, headers=OWN)
    form = parsed(again.text).xpath("//form")[0]
    fields = dict(form.form_values()) | {"password": "correct horse battery"}
    inside = signed_out.client.post("/desk/sign-in", data=fields, headers=OWN)
    form = parsed(inside.text).xpath("//form[contains(@action, '/edit')]")[0]
    saved = signed_out.client.post(form.action, data=dict(form.form_values()), headers=OWN)

    assert again.status_code == 401
    assert "Your unsaved change" in inside.text
    assert saved.status_code == 303
    assert signed_out.draft.stories[0].headline == 'My "work" & more than <one> line'


def test_a_script_is_told_on_the_spot_that_the_sign_in_has_ended(signed_out: Desk) -> None:
    data = {"csrf": "x", "version": "1", "do": "word", "subject": "Mine"}

    answer = signed_out.client.post(f"{signed_out.page}/edit", data=data, headers={**OWN, "HX-Request": "true"})

    assert answer.status_code == 401
    answer_box = parsed(answer.text)
    assert answer_box.get("id") == "answer"
    assert "Mine" in answer_box.xpath("string(.//textarea[@name='subject'])")
    assert "password" not in answer.text


def test_another_site_cannot_leave_a_change_at_the_door(signed_out: Desk) -> None:
    data = {"csrf": "x", "version": "1", "do": "word", "subject": "Theirs"}

    answer = signed_out.client.post(f"{signed_out.page}/edit", data=data, headers={"Sec-Fetch-Site": "cross-site"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in")


@pytest.mark.parametrize("path", ["//evil.example/edit", "https://evil.example/desk/edition/1/edit", "/desk/sign-out"])
def test_no_other_address_is_carried_through_the_sign_in(signed_out: Desk, editor: str, path: str) -> None:
    fields = {"email": editor, "password": "correct horse battery", "kept_to": path, "kept.do": "x"}

    answer = signed_out.client.post("/desk/sign-in", data=fields, headers=OWN)

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")


def test_a_form_older_than_the_sign_in_is_offered_again_with_its_texts(eve: Desk) -> None:
    eve.csrf = "older"

    shown = eve.do("word", subject="Typed before")

    assert shown.startswith("403")
    form = parsed(shown.partition(" ")[2]).xpath("//form[contains(@action, '/edit')]")[0]
    assert form.fields["subject"].strip() == "Typed before"
    assert eve.client.post(form.action, data=dict(form.form_values()), headers=OWN).status_code == 303
    assert eve.draft.subject == "Typed before"


def test_the_page_stays_small_with_two_hundred_stories(services: Services, editor: str, clock: FixedClock) -> None:
    draft = paper(clock)
    many = tuple(
        replace(story(n % 3, clock), article_id=ArticleId(1000 + n), also=(), headline=f"The {n}th story of a long day")
        for n in range(200)
    )
    electric = replace(draft.sections[0], stories=many)
    desk = desk_of(services, editor, drafted(services, replace(draft, sections=(electric,), bench=())))

    page = desk.client.get(desk.page, headers={"Accept-Encoding": "gzip", **OWN})
    files = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page.text)
    answers = [page, *(desk.client.get(path, headers={"Accept-Encoding": "gzip"}) for path in files)]

    assert {answer.headers["content-encoding"] for answer in answers if len(answer.content) > 1000} == {"gzip"}
    assert sum(answer.num_bytes_downloaded for answer in answers) < 150_000
    assert sum(len(answer.content) for answer in answers) < 300_000


@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_what_another_site_has_the_browser_ask_for_does_not_tell_its_length(eve: Desk, site: str | None) -> None:
    headers = {"Accept-Encoding": "gzip"} | ({"Sec-Fetch-Site": site} if site else {})

    answer = eve.client.get(f"{eve.page}?reader=guess", headers=headers)

    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


def test_pages_that_hold_a_readers_token_are_not_packed(client: TestClient, reader: str) -> None:
    answer = client.get("/help", headers={"Accept-Encoding": "gzip"})

    assert reader
    assert "content-encoding" not in answer.headers


def test_ways_and_history_are_empty_before_anybody_edits(services: Services, edition_id: EditionId) -> None:
    assert editing.history(services, edition_id) == ()
    assert editing.ways(services, edition_id) == editing.Ways(undo=None, redo=None)


def test_the_page_of_a_draft_renders_no_mail(eve: Desk, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def rendered(*_: object) -> None:
        raise AssertionError("the page has asked for the mail")

    monkeypatch.setattr("digest.proof.render", rendered)

    assert eve.client.get(eve.page).status_code == 200
    with services.reading() as session:
        assert session.get_one(Edition, eve.edition_id).rendered_hash is None
