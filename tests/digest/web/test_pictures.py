"""Our copies of pictures: served to anybody as what never changes, and shown at the desk with their faults."""

import hashlib
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from digest.model.developed import Print
from digest.model.draft import Draft, Picture, PictureCopy
from digest.model.look import Place
from digest.model.picture import StoredPicture
from digest.services import Services
from digest.store import pictures
from tests.digest.web.newsroom import drafted, paper, sign_in
from tests.fakes import FixedClock
from tests.pictures import picture

CONTENT = picture(176, 176)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ADDRESS = f"/i/{SHA256}.jpg"


@pytest.fixture(autouse=True)
def stored(services: Services) -> None:
    copy = PictureCopy(place=Place.MEDIUM, sha256=SHA256, width=176, height=176)
    with services.session() as session:
        row = StoredPicture.of(
            Print(copy=copy, content=CONTENT), source_url="https://paper.example/ice.jpg", at=services.clock.now()
        )
        pictures.keep(session, [row])


def test_a_picture_is_given_to_anybody_and_may_be_kept_for_ever(client: TestClient) -> None:
    answer = client.get(ADDRESS)

    assert (answer.status_code, answer.content) == (200, CONTENT)
    expected = {
        "content-type": "image/jpeg",
        "content-length": str(len(CONTENT)),
        "cache-control": "public, max-age=31536000, immutable",
        "etag": f'"{SHA256}"',
        "cross-origin-resource-policy": "cross-origin",
        "content-security-policy": "default-src 'none'",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert "set-cookie" not in answer.headers


def test_a_picture_tells_nobody_where_it_came_from(client: TestClient) -> None:
    answer = client.get(ADDRESS)

    assert "paper.example" not in str(answer.headers)
    assert b"paper.example" not in answer.content


def test_its_head_is_the_same_without_the_bytes(client: TestClient) -> None:
    head, whole = client.head(ADDRESS), client.get(ADDRESS)

    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(whole.headers)


@pytest.mark.parametrize("known", [f'"{SHA256}"', f'W/"{SHA256}"', "*", f'"0", W/"1" , "{SHA256}"'])
def test_whoever_has_it_is_told_that_it_has_not_changed(client: TestClient, known: str) -> None:
    answer = client.get(ADDRESS, headers={"If-None-Match": known})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{SHA256}"'
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("known", ["", SHA256, '"0"', f'"{SHA256}x"', "W/", ",,"])
def test_whoever_has_another_one_gets_it(client: TestClient, known: str) -> None:
    assert client.get(ADDRESS, headers={"If-None-Match": known}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"/i/{'0' * 64}.jpg",
        f"/i/{SHA256.upper()}.jpg",
        f"/i/{SHA256[:63]}.jpg",
        f"/i/{SHA256}0.jpg",
        f"/i/{SHA256}%0A.jpg",
        f"/i/{SHA256}.png",
        f"/i/{SHA256}",
        f"/i/{SHA256}.jpg/",
        f"/i/x/../{SHA256[:10]}.jpg",
        f"/i/{SHA256[:-1]}%00.jpg",
        "/i/.jpg",
        "/i/",
        "/i",
    ],
)
@pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}])
def test_there_is_nothing_at_any_other_address(client: TestClient, path: str, headers: dict[str, str]) -> None:
    answer = client.get(path, headers=headers)

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "immutable" not in answer.headers.get("cache-control", "")


def test_a_picture_is_only_read(client: TestClient) -> None:
    assert client.post(ADDRESS).status_code == 405


# -- at the desk -------------------------------------------------------------------------------------------------------


def with_pictures(draft: Draft, *found: Picture) -> Draft:
    """Return *draft* with these pictures in its first Section."""
    first = draft.sections[0]
    stories = tuple(replace(story, picture=one) for story, one in zip(first.stories, found, strict=True))
    return replace(draft, sections=(replace(first, stories=stories), *draft.sections[1:]))


def test_the_desk_shows_our_copies_and_says_what_is_wrong_with_the_others(
    client: TestClient, services: Services, editor: str, clock: FixedClock
) -> None:
    copy = PictureCopy(place=Place.MEDIUM, sha256=SHA256, width=176, height=176)
    draft = with_pictures(
        paper(clock),
        Picture(url="https://a.example/1.jpg", copies=(copy,), fault="It has only 120 by 90 pixels."),
        Picture(url="https://a.example/2.jpg", fault='a.example <answered> "404".'),
        Picture(url="https://a.example/3.jpg"),
    )
    edition_id = drafted(services, draft)
    sign_in(client, editor)

    text = client.get(f"/desk/edition/{edition_id}").text

    assert re.findall(r'<li class=story [^>]*><img src="([^"]+)"', text) == [ADDRESS, "https://a.example/3.jpg"]
    assert "No large picture: It has only 120 by 90 pixels." in text
    assert "No picture: a.example &lt;answered&gt; &#34;404&#34;." in text
    assert text.count("icture: ") == 2


def test_a_lead_alone_is_shown_at_the_desk_too(
    client: TestClient, services: Services, editor: str, clock: FixedClock
) -> None:
    lead = PictureCopy(place=Place.LEAD, sha256=SHA256, width=1104, height=620)
    draft = with_pictures(paper(clock), *[Picture(url="https://a.example/1.jpg", copies=(lead,))] * 3)
    edition_id = drafted(services, draft)
    sign_in(client, editor)

    assert client.get(f"/desk/edition/{edition_id}").text.count(f'<img src="{ADDRESS}"') == 3
