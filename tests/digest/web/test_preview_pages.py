"""The preview at the desk: as any reader gets it, with its checks and its test mails, all without scripts."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from digest.desk import releasing
from digest.model.draft import SourceLink
from digest.model.ids import EditionId
from digest.model.notice import Notice
from digest.render import render
from digest.services import Services
from digest.web.editor.preview import PreviewWish, Scheme, View, read_wish
from subscribers.model import Subscription
from tests.digest.web.newsroom import OWN, csrf, drafted, edition, paper, parsed, sign_in, story
from tests.fakes import FixedClock

ANA = "ana@reader.example"


@pytest.fixture
def page(client: TestClient, editor: str, edition_id: EditionId) -> str:
    """Give the address of today's Edition, in a browser that has signed in."""
    sign_in(client, editor)
    return f"/desk/edition/{edition_id}"


def follow(services: Services, reader: str, *sections: str) -> None:
    with services.session() as session:
        Subscription.by_public_id(session, reader).sections = sections


def ask(client: TestClient, page: str, form: str, **fields: str) -> Response:
    return client.post(f"{page}/{form}", data={"csrf": csrf(client), **fields}, headers=OWN)


def test_an_editor_sees_the_mail_as_one_reader_gets_it(
    client: TestClient, page: str, services: Services, reader: str
) -> None:
    follow(services, reader, "industry")

    answer = ask(client, page, "reader", address=f" {ANA.upper()} ", wish="view=phone&section=electric")
    shown = client.get(answer.headers["location"])
    source = parsed(shown.text).xpath("//iframe/@src")[0]
    mail = client.get(source).text
    checks = " ".join(client.get(source.replace("/preview?", "/checks?")).text.split())

    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query == {"view": ["phone"], "reader": [reader]}
    assert "ana" not in answer.headers["location"].lower()
    assert "Ana" in mail
    assert "Lindqvist" in mail
    assert "sodium" not in mail
    assert "<strong>Ana</strong>, a***@r***, gets it: Industry · Berlin time" in checks


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("nobody@reader.example", "Nobody with this address gets The Wattage."),
        ("ana", "has no @-sign"),
        ("", ""),
        ('"><script>alert(1)</script>@x', ""),
    ],
)
def test_an_address_that_is_no_readers_is_told_where_it_was_typed(
    client: TestClient, page: str, reader: str, typed: str, words: str
) -> None:
    assert reader

    answer = ask(client, page, "reader", address=typed, wish="scheme=dark")

    assert answer.status_code == 422
    fault = parsed(answer.text).xpath("string(//p[@id='reader-fault'])")
    assert fault
    assert words in fault
    assert parsed(answer.text).xpath("//input[@name='address']/@value") == [typed]
    assert parsed(answer.text).xpath("string(//details[@open]//summary)") == "As one reader gets it"
    assert "<script>alert" not in answer.text


def test_a_reader_of_another_newsletter_is_no_reader_of_this_one(
    client: TestClient, page: str, services: Services, reader: str
) -> None:
    with services.session() as session:
        Subscription.by_public_id(session, reader).newsletter = "other"

    answer = ask(client, page, "reader", address=ANA)
    framed = client.get(f"{page}/preview", params={"reader": reader})
    checks = client.get(f"{page}/checks", params={"reader": reader})

    assert answer.status_code == 422
    assert "This reader does not get The Wattage any more." in framed.text
    assert "sandbox" in framed.headers["content-security-policy"]
    assert "This reader does not get The Wattage any more." in checks.text


def test_a_reader_whose_sections_hold_no_news_is_told_of_and_not_invented(
    client: TestClient, page: str, services: Services, reader: str
) -> None:
    follow(services, reader, "nowhere")

    framed = client.get(f"{page}/preview", params={"reader": reader})
    checks = client.get(f"{page}/checks", params={"reader": reader})
    sent = ask(client, page, "test", to="eve@desk.example", wish=f"reader={reader}")

    for answer in (framed, checks, sent):
        assert "hold no news today, so that no mail goes to them." in answer.text
    assert sent.status_code == 422


def test_a_finding_leads_to_the_story_that_it_is_about(
    client: TestClient, editor: str, services: Services, clock: FixedClock
) -> None:
    draft = paper(clock)
    also = (SourceLink(article_id=None, name="Open Wire", url="http://open.example/" + 80 * "x", title="Open"),)
    section = replace(draft.sections[2], stories=(replace(story(5, clock), also=also),))
    edition_id = drafted(services, replace(draft, sections=(*draft.sections[:2], section)))
    sign_in(client, editor)

    found = parsed(client.get(f"/desk/edition/{edition_id}/checks").text)

    (finding,) = found.xpath("//ul[@aria-label='Findings']/li")
    assert "without https" in finding.text_content()
    assert finding.xpath("a/@href") == [f"/desk/edition/{edition_id}#story-a6"]


def test_the_hash_of_what_is_frozen_is_shown_from_approval_on(
    client: TestClient, page: str, services: Services, edition_id: EditionId
) -> None:
    before = client.get(f"{page}/checks").text
    releasing.approve(services, edition_id, by="eve@desk.example")

    after = client.get(f"{page}/checks").text

    frozen = edition(services, edition_id).rendered_hash
    assert frozen is not None
    assert "Frozen as" not in before
    assert f"<code>{frozen}</code>" in after


def test_a_test_goes_to_the_editor_unless_others_are_named(
    client: TestClient, page: str, services: Services, editor: str
) -> None:
    typed = parsed(client.get(page).text).xpath("string(//textarea[@name='to'])")

    answer = ask(client, page, "test", to=f"{typed}\nOtto@desk.example,", wish="section=industry&scheme=dark")
    after = client.get(answer.headers["location"])

    assert typed == editor
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{page}?scheme=dark&section=industry&mailed=2#preview"
    assert "2 test mails are on the way." in after.text
    with services.reading() as session:
        made = session.scalars(select(Notice).order_by(Notice.id)).all()
    assert [(notice.kind, notice.address) for notice in made] == [
        ("proof", editor),
        ("proof", "Otto@desk.example"),
    ]
    assert made[0].values["sections"] == ["industry"]


def test_a_test_that_is_refused_says_why_and_keeps_what_was_typed(
    client: TestClient, page: str, services: Services
) -> None:
    answer = ask(client, page, "test", to="eve@desk.example, <nobody>", wish="view=text")

    assert answer.status_code == 422
    tree = parsed(answer.text)
    assert "cannot be written to" in tree.xpath("string(//p[@id='mail-fault'])")
    assert tree.xpath("string(//textarea[@name='to'])") == "eve@desk.example, <nobody>"
    with services.reading() as session:
        assert session.scalars(select(Notice)).all() == []


@pytest.mark.parametrize("form", ["reader", "test"])
def test_forms_of_others_are_refused(client: TestClient, page: str, form: str) -> None:
    assert client.post(f"{page}/{form}", data={"to": "a@desk.example"}, headers=OWN).status_code == 403


@pytest.mark.parametrize("path", ["preview", "checks", "proof"])
def test_whoever_has_not_signed_in_sees_no_draft(client: TestClient, edition_id: EditionId, path: str) -> None:
    answer = client.get(f"/desk/edition/{edition_id}/{path}")

    sign_in_page = f"/desk/sign-in?next=/desk/edition/{edition_id}/{path}"
    assert (answer.status_code, answer.headers["location"]) == (303, sign_in_page)


def test_opening_an_edition_renders_nothing(client: TestClient, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("something was rendered")

    monkeypatch.setattr("digest.proof.render", never)

    assert client.get(page).status_code == 200
    assert client.get(f"{page}/proof").status_code == 200


def test_tabs_and_checks_of_one_version_are_rendered_once(
    client: TestClient, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    def counted(*given: Any) -> object:
        made.append(given)
        return render(*given)

    monkeypatch.setattr("digest.proof.render", counted)

    for query in ("", "?scheme=dark", "?view=text", "?section=industry", "?section=industry&section=research"):
        assert client.get(f"{page}/preview{query}").status_code == 200
        assert client.get(f"{page}/checks{query}").status_code == 200

    assert len(made) == 1


@pytest.mark.parametrize(
    "wish",
    [
        PreviewWish(),
        PreviewWish(view=View.PHONE, scheme=Scheme.DARK, pictures=False),
        PreviewWish(view=View.TEXT, sections=("a", "b&c=d", "ü")),
        PreviewWish(reader="abc"),
    ],
)
def test_a_wish_is_read_from_its_query(wish: PreviewWish) -> None:
    assert read_wish(wish.query()) == wish


@pytest.mark.parametrize("query", ["view=upside-down&scheme=mauve", "a=b", "%", "&&&", "view"])
def test_a_wish_that_is_none_is_as_usual(query: str) -> None:
    assert read_wish(query) == PreviewWish()


def test_a_section_is_added_to_those_chosen_and_taken_out_again() -> None:
    wish = PreviewWish(sections=("electric",))

    both, none = wish.with_section("industry"), wish.with_section("electric")

    assert (both, none) == ("section=electric&section=industry", "")
    assert re.fullmatch(r"section=electric", PreviewWish(reader="abc").with_section("electric"))
