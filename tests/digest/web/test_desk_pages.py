import datetime as dt
import re
import zlib
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from digest import proof, spam
from digest.desk import proofs
from digest.errors import TemplateError
from digest.model import layout
from digest.model.edition import Edition
from digest.model.ids import EditionId
from digest.services import Services
from digest.spam import SpamScore
from digest.store import job_runs, sources
from digest.web.editor.preview import Scheme, in_scheme
from subscribers.cadence import Cadence
from subscribers.segments import EVERYBODY, Segment
from tests.digest.web.newsroom import OWN, csrf, drafted, edition, gone_out, paper, parsed, sign_in, story
from tests.fakes import FixedClock


@pytest.fixture
def page(client: TestClient, editor: str, edition_id: EditionId) -> str:
    """Give the address of today's Edition, in a browser that has signed in."""
    sign_in(client, editor)
    return f"/desk/edition/{edition_id}"


def act(client: TestClient, page: str, name: str) -> int:
    return client.post(f"{page}/{name}", data={"csrf": csrf(client)}, headers=OWN).status_code


def test_the_desk_says_for_each_newsletter_what_will_happen(client: TestClient, page: str) -> None:
    text = client.get("/desk").text

    assert "The Wattage" in text
    assert "No. 42" in text
    assert "automatically" in text
    assert "37 of 40 sources answered" in text
    assert f'href="{page}"' in text


def test_an_edition_that_is_not_made_can_be_made_now(client: TestClient, editor: str) -> None:
    sign_in(client, editor)

    assert 'action="/desk/prepare/wattage"' in client.get("/desk").text


def test_an_edition_shows_every_story_and_leads_to_why_it_is_there(client: TestClient, page: str) -> None:
    text = client.get(page).text

    why = client.get(f"{page}/story/a1").text

    assert "7 sources" in text
    assert len(re.findall(r"<li class=story id=story-a\d>", text)) == 6
    assert f'href="{page}/story/a1#why"' in text
    assert "section full" in text
    assert "<script>" not in text
    assert "6 in the last 3 hours" in parsed(why).xpath("string(//section[@id='why'])")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", " https://x.example"])
def test_a_story_is_linked_only_to_the_web(
    client: TestClient, services: Services, editor: str, clock: FixedClock, url: str
) -> None:
    draft = paper(clock)
    hostile = replace(story(5, clock), url=url, headline='<img src=x onerror="alert(1)">', source="<b>", also=())
    section = replace(draft.sections[2], stories=(hostile,))
    edition_id = drafted(services, replace(draft, sections=(*draft.sections[:2], section)))
    sign_in(client, editor)

    page = f"/desk/edition/{edition_id}"
    text = client.get(page).text + client.get(f"{page}/story/a6").text

    assert "<h3>&lt;img src=x" in text
    assert not re.search(r'href="\s*(javascript|data):', text)
    assert "<b>" not in text


@pytest.mark.parametrize("view", ["desktop", "phone", "text"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("whole", [True, False], ids=["on the Edition's page", "alone"])
def test_each_tab_of_the_preview_opens(client: TestClient, page: str, view: str, scheme: str, *, whole: bool) -> None:
    answer = client.get(
        page if whole else f"{page}/proof", params={"view": view, "scheme": scheme, "section": "industry"}
    )

    assert answer.status_code == 200
    assert "srcdoc" not in answer.text
    source = re.search(r'<iframe sandbox src="([^"]+)"', answer.text)
    assert source is not None
    mail = client.get(source[1].replace("&amp;", "&"))
    assert mail.status_code == 200
    assert "Lindqvist" in mail.text
    assert "sandbox" in mail.headers["Content-Security-Policy"]
    assert mail.headers["Content-Type"].startswith("text/html")


def test_the_preview_without_pictures_lets_the_browser_load_none(client: TestClient, page: str) -> None:
    shown = client.get(page, params={"pictures": "false"}).text

    source = re.search(r'<iframe sandbox src="([^"]+)"', shown)
    assert source is not None
    policy = client.get(source[1].replace("&amp;", "&")).headers["Content-Security-Policy"]
    assert "img-src 'none'" in policy
    assert "sandbox" in policy
    assert "img-src 'none'" not in client.get(f"{page}/preview").headers["Content-Security-Policy"]


def test_sections_that_gave_way_for_room_are_named(
    client: TestClient, page: str, services: Services, edition_id: EditionId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "BUDGET", proofs.checks(services, edition_id).layout.size_bytes - 1)

    # The plan for all is kept; that of a reader who has chosen each section is as long, and is not made yet.
    every = {"section": ["electric", "industry", "research"]}
    text = " ".join(client.get(f"{page}/checks", params=every).text.split())

    assert re.search(r"For room, <strong>(Electric|Industry|Research)</strong> stands in lines\.", text)


def test_findings_of_the_lint_stand_beside_the_preview(
    client: TestClient, editor: str, services: Services, clock: FixedClock
) -> None:
    draft = paper(clock)
    open_one = replace(draft.sections[2].stories[0], url="http://cellandgrid.example/1", also=())
    section = replace(draft.sections[2], stories=(open_one,))
    edition_id = drafted(services, replace(draft, sections=(*draft.sections[:2], section)))
    sign_in(client, editor)

    text = client.get(f"/desk/edition/{edition_id}/checks").text

    assert '<span class="state warn">warning</span>' in text
    assert "a link leads to http://cellandgrid.example/1 without https" in text


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (None, "There is no spam filter on this machine"),
        (SpamScore(score=-0.3, required=5, rules=()), "says SpamAssassin."),
        (SpamScore(score=2, required=5, rules=(("MANY_CAPITALS", 2.0),)), "MANY_CAPITALS 2"),
    ],
)
def test_the_spam_filter_is_asked_on_wish(
    score: SpamScore | None, said: str, client: TestClient, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def check(mail: bytes) -> SpamScore | None:
        asked.append(mail)
        return score

    monkeypatch.setattr(spam, "check", check)

    unasked = client.get(f"{page}/checks").text
    text = client.get(f"{page}/checks", params={"spam": "true"}).text

    assert "Ask the spam filter" in unasked
    assert said in text
    assert len(asked) == 1
    assert b"\r\nList-Unsubscribe: <" in asked[0]


def test_a_template_at_fault_is_told_with_its_line(
    client: TestClient, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise TemplateError("digest/body.mjml, line 7: 'storry' is undefined; mend the template")

    monkeypatch.setattr(proof, "render", broken)

    answer = client.get(f"{page}/checks")

    assert client.get(page).status_code == 200
    assert answer.status_code == 409
    assert "digest/body.mjml, line 7: &#39;storry&#39; is undefined; mend the template." in answer.text


def test_pages_that_were_kept_by_another_version_are_gone_and_not_a_fault(
    client: TestClient, services: Services, clock: FixedClock
) -> None:
    gone_out(services, paper(clock))
    with services.session() as session:
        session.execute(update(Edition).values(rendered_bytes=zlib.compress(b'{"version": 1}')))

    answer = client.get("/archive/wattage/daily/2026-11-23")

    assert answer.status_code == 410
    assert "kept by another version" in answer.text


def test_the_preview_is_the_mail_itself_shut_in(client: TestClient, services: Services, page: str) -> None:
    answer = client.get(f"{page}/preview")

    assert answer.headers["content-security-policy"] == (
        "sandbox; default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
    )
    mail = proofs.preview(services, EditionId(int(page.rpartition("/")[2])))
    assert answer.text == in_scheme(mail.html, Scheme.LIGHT)


def test_the_preview_of_a_reader_holds_only_their_sections(client: TestClient, page: str) -> None:
    text = client.get(f"{page}/preview", params={"section": ["industry", "research"]}).text

    assert "Lindqvist" in text
    assert "motorway operators" not in text


@pytest.mark.parametrize(
    ("scheme", "holds", "never"), [(Scheme.DARK, "dark", "light"), (Scheme.LIGHT, "light", "dark")]
)
def test_a_scheme_makes_its_own_queries_hold_and_the_others_never(scheme: Scheme, holds: str, never: str) -> None:
    html = (
        '<meta name="color-scheme" content="light dark"><style>:root{color-scheme:light dark}'
        "@media (prefers-color-scheme: dark){.dark{}}@media screen and (prefers-color-scheme:light) {.light{}}"
        "@media (max-width:479px){.small{}}</style><p>@media (prefers-reduced-motion)</p>"
    )

    shown = in_scheme(html, scheme)

    assert f'content="{scheme}"' in shown
    assert f":root{{color-scheme:{scheme}}}" in shown
    assert re.search(rf"\(min-width:0px\) ?{{\.{holds}", shown)
    assert re.search(rf"\(max-width:0px\) ?{{\.{never}", shown)
    assert "@media (max-width:479px){.small{}}" in shown
    assert "@media (prefers-reduced-motion)" in shown


def test_approving_freezes_what_readers_get(
    client: TestClient, services: Services, page: str, edition_id: EditionId
) -> None:
    status = act(client, page, "approve")

    assert status == 303
    row = edition(services, edition_id)
    assert (row.state, row.approved_by) == ("approved", "eve@desk.example")
    text = client.get(page, params={"done": "approve"}).text
    assert "From now on this is what readers get" in text
    assert f'action="{page}/approve"' not in text


def test_holding_and_taking_it_back(client: TestClient, services: Services, page: str, edition_id: EditionId) -> None:
    act(client, page, "hold")
    held, text = edition(services, edition_id), client.get(page).text

    act(client, page, "release")

    assert (held.state, held.reason) == ("held", "held by eve@desk.example")
    assert "Take back the hold" in text
    assert edition(services, edition_id).state == "draft"


def test_what_cannot_be_done_any_more_is_said_on_the_page(client: TestClient, page: str) -> None:
    act(client, page, "approve")

    answer = client.post(f"{page}/hold", data={"csrf": csrf(client)}, headers=OWN)

    assert answer.status_code == 409
    assert "Not done: " in answer.text
    assert "is approved" in answer.text


@pytest.mark.parametrize("name", ["publish", "preview", "__class__"])
def test_an_act_that_there_is_not_is_not_found(client: TestClient, page: str, name: str) -> None:
    assert act(client, page, name) in {404, 405}


@pytest.mark.parametrize("done", ["approve", "nonsense", "<script>", ""])
def test_an_address_cannot_put_words_on_the_page(client: TestClient, page: str, done: str) -> None:
    text = client.get(page, params={"done": done}).text

    assert "<script>" not in text
    assert "nonsense" not in text


@pytest.mark.parametrize("path", ["/desk/edition/7", "/desk/edition/0", "/desk/edition/x", "/desk/edition/7/preview"])
def test_an_edition_that_there_is_not_is_not_found(client: TestClient, editor: str, path: str) -> None:
    sign_in(client, editor)

    assert client.get(path).status_code == 404


def test_a_view_that_there_is_not_is_not_understood(client: TestClient, page: str) -> None:
    assert client.get(page, params={"view": "upside-down"}).status_code == 422


def test_nobody_can_put_the_desk_into_a_frame_or_keep_it(client: TestClient, page: str) -> None:
    headers = client.get(page).headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "script-src 'self';" in headers["content-security-policy"]
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "same-origin")


def test_the_status_page_is_for_operators(client: TestClient, editor: str) -> None:
    sign_in(client, editor)

    answer = client.get("/desk/status")

    assert (answer.status_code, "Ask an operator" in answer.text) == (403, True)
    assert "/desk/status" not in client.get("/desk").text


def test_the_status_page_names_what_is_failing_and_why(
    client: TestClient, services: Services, operator: str, edition_id: EditionId, clock: FixedClock
) -> None:
    with services.session() as session:
        sources.enlist(session, services.settings.newsletters, clock.now())
        source = sources.named(session, "https://axle.example/rss")
        source.failures, source.last_fault = 3, "axle.example did not answer within 30 s"
        run = job_runs.begin(session, "send", clock.now() - dt.timedelta(minutes=2))
        run.fail("RelayHalted: the relay refuses us", {}, clock.now())
        job_runs.begin(session, "gather", clock.now()).finish({"new": 12, "changed": 0}, clock.now())
    sign_in(client, operator)

    answer = client.get("/desk/status")

    assert answer.status_code == 200
    for words in ("One source is in trouble", "axle.example did not answer", "the relay refuses us", "12 new"):
        assert words in answer.text


def test_the_status_page_of_an_empty_house_says_what_to_expect(client: TestClient, operator: str) -> None:
    sign_in(client, operator)

    text = client.get("/desk/status").text

    assert "The first is planned within a few minutes" in text
    assert "Nothing has run yet" in text


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        (Segment(time_zones=("Europe/",)), "Special, for readers in Europe/: 1 reader now."),
        (Segment(languages=("ja",)), "Special, for readers with the language ja: 0 readers now."),
        (EVERYBODY, "Special, for every reader: 1 reader now."),
    ],
)
def test_a_special_edition_says_beside_the_button_whom_it_is_for(
    client: TestClient,
    page: str,
    services: Services,
    edition_id: EditionId,
    reader: str,
    segment: Segment,
    words: str,
) -> None:
    with services.session() as session:
        made = session.get_one(Edition, edition_id)
        made.cadence = Cadence.SPECIAL
        made.aim(segment)

    text = client.get(page).text
    decide = parsed(text).xpath("string(//div[@class='decide'])")

    assert words in " ".join(decide.split())
    assert "Goes out at once, when approved." in decide
    assert "due " not in decide
    assert "Special" in client.get("/desk").text
